#include "sinks/loki_canary_book.h"

#include "core/assert.h"

#include <algorithm>
#include <array>
#include <limits>

namespace weir {

namespace {

// Lines in one question for overdue ones: an answer has room for them and what lies between.
constexpr std::uint64_t question_lines_max = canary_query_lines_max / 2;
static_assert(CanaryBook::waiting_max <= canary_query_lines_max);

}  // namespace

std::string_view canary_state_name(CanaryState state) {
    static constexpr std::array<std::string_view, canary_state_count> names{
        "waiting", "verified", "missing", "query_failed"};
    const auto index = static_cast<std::size_t>(state);
    WEIR_ASSERT(index < names.size());
    return names[index];
}

void CanaryBook::made(const CanaryLine& line, const CanaryMoment& now) {
    if (waiting_.size() >= waiting_max) {
        give_up_oldest(now);
    }
    waiting_.push_back({line, now.monotonic_ns});
    report_.waiting = waiting_.size();
    if (report_.state_since.unix_ns == 0) {
        report_.state_since = now.wall;
    }
    // After failures the pause goes on; a lone line has no question planned yet.
    if (failure_pause_ns_ == 0 || waiting_.size() == 1) {
        const std::int64_t soon = now.monotonic_ns + std::max(pause_min_ns, failure_pause_ns_);
        next_waiting_ns_ = waiting_.size() == 1 ? soon : std::min(next_waiting_ns_, soon);
    }
}

std::int64_t CanaryBook::next_question_ns() const {
    std::int64_t next = std::numeric_limits<std::int64_t>::max();
    if (!waiting_.empty()) {
        next = next_waiting_ns_;
    }
    if (!overdue_.empty()) {
        next = std::min(next, next_overdue_ns_);
    }
    return next;
}

std::optional<CanaryQuestion> CanaryBook::question(std::int64_t now_ns) {
    asking_overdue_ = false;
    if (!waiting_.empty() && now_ns >= next_waiting_ns_) {
        const auto earlier = [](const Line& a, const Line& b) { return a.line.made < b.line.made; };
        const auto [first, last] = std::minmax_element(waiting_.begin(), waiting_.end(), earlier);
        return CanaryQuestion{first->line.made, last->line.made};
    }
    if (!overdue_.empty() && now_ns >= next_overdue_ns_) {
        asking_overdue_ = true;
        return overdue_question();
    }
    return std::nullopt;
}

// The next lines in turn, no more than one answer can show.
CanaryQuestion CanaryBook::overdue_question() {
    auto begin = std::find_if(overdue_.begin(), overdue_.end(), [this](const Line& line) {
        return line.line.sequence > overdue_asked_;
    });
    if (begin == overdue_.end()) {
        begin = overdue_.begin();
    }
    CanaryQuestion question{begin->line.made, begin->line.made};
    const std::uint64_t first = begin->line.sequence;
    for (auto line = begin;
         line != overdue_.end() && line->line.sequence - first < question_lines_max; ++line) {
        question.from = std::min(question.from, line->line.made);
        question.to = std::max(question.to, line->line.made);
        overdue_asked_ = line->line.sequence;
    }
    return question;
}

void CanaryBook::answered(const std::vector<CanaryLine>& lines, std::int64_t asked_ns,
                          const CanaryMoment& now) {
    ++report_.queries;
    const bool was_well = failure_pause_ns_ == 0;
    failure_pause_ns_ = 0;
    refused_ = false;
    answered_from_ns_ = asked_ns;
    const CanaryState state_before = report_.state;
    const std::uint64_t verified_before = report_.verified;
    const std::uint64_t late_before = report_.late;
    for (const CanaryLine& line : lines) {
        see(line, now);
    }
    const bool comes_back =
        report_.verified > verified_before && state_before != CanaryState::verified;
    if (!was_well || comes_back || report_.late > late_before) {
        overdue_pause_ns_ = slow_pause_min_ns;  // what was not there may be there now
        next_overdue_ns_ = now.monotonic_ns + overdue_pause_ns_;
    } else if (asking_overdue_) {
        overdue_pause_ns_ = std::min(2 * overdue_pause_ns_, overdue_pause_max_ns);
        next_overdue_ns_ = now.monotonic_ns + overdue_pause_ns_;
    }
    give_up_older_than(asked_ns - timeout_ns_, now);
    plan(now);
}

void CanaryBook::failed(const CanaryQueryFailure& failure, std::int64_t asked_ns,
                        const CanaryMoment& now) {
    ++report_.queries;
    ++report_.query_failures[std::string(reason_name(failure.reason))];
    report_.last_query_error = failure.text;
    report_.last_query_error_at = now.wall;
    refused_ = failure.refused;
    failure_pause_ns_ = std::clamp(2 * failure_pause_ns_, slow_pause_min_ns, failure_pause_max_ns);
    next_overdue_ns_ = now.monotonic_ns + std::max(overdue_pause_ns_, failure_pause_ns_);
    give_up_older_than(asked_ns - timeout_ns_, now);
    plan(now);
}

void CanaryBook::see(const CanaryLine& line, const CanaryMoment& now) {
    const auto is_it = [&line](const Line& known) { return known.line == line; };
    if (const auto found = std::find_if(waiting_.begin(), waiting_.end(), is_it);
        found != waiting_.end()) {
        report_.latency_last = std::chrono::nanoseconds(now.monotonic_ns - found->made_ns);
        report_.latency.add(report_.latency_last);
        report_.last_verified_at = now.wall;
        ++report_.verified;
        waiting_.erase(found);
        report_.waiting = waiting_.size();
        decide(CanaryState::verified, now.wall);
    } else if (const auto overdue = std::find_if(overdue_.begin(), overdue_.end(), is_it);
               overdue != overdue_.end()) {
        ++report_.late;
        overdue_.erase(overdue);
    }
}

void CanaryBook::give_up_older_than(std::int64_t made_ns, const CanaryMoment& now) {
    while (!waiting_.empty() && waiting_.front().made_ns <= made_ns) {
        give_up_oldest(now);
    }
    while (!overdue_.empty() && now.monotonic_ns - overdue_.front().made_ns > overdue_age_max_ns) {
        overdue_.pop_front();
    }
}

void CanaryBook::give_up_oldest(const CanaryMoment& now) {
    const Line line = waiting_.front();
    waiting_.pop_front();
    report_.waiting = waiting_.size();
    // Whoever gets no answer to the question knows nothing of the line.
    if (refused_ && answered_from_ns_ < line.made_ns) {
        ++report_.unverified;
        decide(CanaryState::query_failed, now.wall);
    } else {
        ++report_.missing;
        decide(CanaryState::missing, now.wall);
    }
    if (overdue_.empty()) {
        overdue_pause_ns_ = slow_pause_min_ns;
        next_overdue_ns_ = now.monotonic_ns + overdue_pause_ns_;
    }
    overdue_.push_back(line);
    if (overdue_.size() > overdue_max) {
        overdue_.pop_front();
    }
}

void CanaryBook::decide(CanaryState state, Timestamp now) {
    if (report_.state != state) {
        report_.state = state;
        report_.state_since = now;
    }
}

// When to ask again: the later, the longer the last line is waited for, but not later than the
// first must be decided on.
void CanaryBook::plan(const CanaryMoment& now) {
    const std::int64_t now_ns = now.monotonic_ns;
    if (!waiting_.empty()) {
        const std::int64_t age = now_ns - waiting_.back().made_ns;
        const std::int64_t pause = failure_pause_ns_ > 0
                                       ? failure_pause_ns_
                                       : std::clamp(age / 4, pause_min_ns, pause_max_ns);
        const std::int64_t due_ns = waiting_.front().made_ns + timeout_ns_;
        next_waiting_ns_ = std::max(std::min(now_ns + pause, due_ns), now_ns + pause_min_ns);
    }
    next_overdue_ns_ = std::max(next_overdue_ns_, now_ns + pause_min_ns);
}

}  // namespace weir
