#include "pipeline/spool_book.h"

#include "core/assert.h"

#include <algorithm>
#include <iterator>

namespace weir {

SpoolBook::Next SpoolBook::next_from(Next at) const {
    if (at.number <= state_.frontier) {
        return next();
    }
    auto ended = state_.ended.upper_bound(at.number);
    if (ended != state_.ended.begin() && std::prev(ended)->second.last >= at.number) {
        at = {.number = std::prev(ended)->second.last + 1,
              .position = std::prev(ended)->second.end};
    }
    auto out = out_.lower_bound(at.number);
    for (;;) {
        if (ended != state_.ended.end() && ended->first == at.number) {
            at = {.number = ended->second.last + 1, .position = ended->second.end};
            ++ended;
        } else if (out != out_.end() && out->first == at.number) {
            at = {.number = out->second.last + 1, .position = out->second.end};
            ++out;
        } else {
            return at;
        }
    }
}

SpoolBook::Next SpoolBook::run_end(Next at, Next end) const {
    for (const auto* spans : {&state_.ended, &out_}) {
        const auto behind = spans->lower_bound(at.number);
        if (behind != spans->end() && behind->first < end.number) {
            end = {.number = behind->first, .position = behind->second.begin};
        }
    }
    return end;
}

bool SpoolBook::is_waiting(std::uint64_t number) const {
    if (number <= state_.frontier || out_.contains(number)) {
        return false;
    }
    const auto behind = state_.ended.upper_bound(number);
    return behind == state_.ended.begin() || std::prev(behind)->second.last < number;
}

void SpoolBook::take(Next at, std::uint64_t records) {
    WEIR_ASSERT(is_waiting(at.number));
    out_.emplace(at.number,
                 Span{.last = at.number, .begin = at.position, .end = at.position + records});
}

void SpoolBook::settle(std::uint64_t number, const Outcome& outcome) {
    const auto out = out_.find(number);
    WEIR_ASSERT(out != out_.end());
    const Span span = out->second;
    const std::uint64_t records = span.end - span.begin;
    WEIR_ASSERT(outcome.total() == records);
    out_.erase(out);
    state_.ends.add(outcome);
    if (number <= state_.frontier) {
        state_.given_up_out -= records;
    } else {
        end(number, span);
    }
}

void SpoolBook::lose(std::uint64_t first, const Span& span, const char* reason) {
    WEIR_ASSERT(first <= span.last && is_waiting(first) && is_waiting(span.last));
    if (span.end > span.begin) {
        state_.ends.dropped[reason] += span.end - span.begin;
    }
    end(first, span);
}

std::uint64_t SpoolBook::give_up(std::uint64_t last, std::uint64_t position, const char* reason) {
    if (last <= state_.frontier) {
        return 0;
    }
    std::uint64_t lost = position - state_.frontier_position;
    auto& ended = state_.ended;
    while (!ended.empty() && ended.begin()->first <= last) {
        const Span span = ended.begin()->second;
        ended.erase(ended.begin());
        lost -= std::min(span.end, position) - span.begin;
        if (span.last > last) {
            ended.emplace(last + 1, Span{.last = span.last, .begin = position, .end = span.end});
        }
    }
    for (auto out = out_.upper_bound(state_.frontier); out != out_.end() && out->first <= last;
         ++out) {
        const std::uint64_t records = out->second.end - out->second.begin;
        lost -= records;
        state_.given_up_out += records;
    }
    if (lost > 0) {
        state_.ends.dropped[reason] += lost;
    }
    state_.frontier = last;
    state_.frontier_position = position;
    advance();
    return lost;
}

std::uint64_t SpoolBook::queued(std::uint64_t head_position) const {
    std::uint64_t queued = head_position - state_.frontier_position + state_.given_up_out;
    for (const auto& [first, span] : state_.ended) {
        queued -= span.end - span.begin;
    }
    return queued;
}

void SpoolBook::end(std::uint64_t first, const Span& span) {
    auto& ended = state_.ended;
    auto place = ended.upper_bound(first);
    // A long run is one span.
    if (place != ended.begin() && std::prev(place)->second.last + 1 == first) {
        --place;
        place->second.last = span.last;
        place->second.end = span.end;
    } else {
        place = ended.emplace(first, span).first;
    }
    if (const auto behind = std::next(place);
        behind != ended.end() && behind->first == place->second.last + 1) {
        place->second.last = behind->second.last;
        place->second.end = behind->second.end;
        ended.erase(behind);
    }
    advance();
}

void SpoolBook::advance() {
    auto& ended = state_.ended;
    while (!ended.empty() && ended.begin()->first == state_.frontier + 1) {
        state_.frontier = ended.begin()->second.last;
        state_.frontier_position = ended.begin()->second.end;
        ended.erase(ended.begin());
    }
}

}  // namespace weir
