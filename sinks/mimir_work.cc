#include "sinks/mimir_work.h"

#include "core/assert.h"
#include "core/labels.h"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

// So many series are taken out one by one before halving is quicker.
constexpr std::uint32_t named_max = 4;

// As Mimir prints a series behind the word: up{device="sw1"}. Empty for one without labels, whose
// bare name could be part of any text.
std::string named_as(const WrittenSeries& series) {
    Labels labels;
    for (const MetricLabel& label : series.labels) {
        if (label.name != "__name__") {
            labels.insert_or_assign(std::string(label.name), std::string(label.value));
        }
    }
    return labels.empty() ? std::string()
                          : "series " + std::string(series.name()) + to_loki_labels(labels);
}

}  // namespace

MimirWork::MimirWork(BatchPtr batch) : batch_(std::move(batch)) {
    MimirPiece whole;
    whole.samples = batch_->records;
    whole.series = batch_->streams;
    pieces_.push_back(std::move(whole));
}

const WriteRequest* MimirWork::read() {
    MimirPiece& top = piece();
    if (!top.request) {
        Result<WriteRequest> request = decode_write_request(batch_->body);
        if (!request || request->samples() != top.samples) {
            return nullptr;
        }
        top.series = static_cast<std::uint32_t>(request->series.size());
        top.request = std::move(*request);
    }
    return &*top.request;
}

void MimirWork::delivered() {
    outcome_.delivered += piece().samples;
    pieces_.pop_back();
}

std::uint64_t MimirWork::drop(Reason reason) {
    const std::uint64_t samples = count_dropped(reason, piece().samples);
    pieces_.pop_back();
    return samples;
}

std::uint64_t MimirWork::refused(std::uint64_t samples, Reason reason) {
    WEIR_ASSERT(samples <= piece().samples);
    outcome_.delivered += piece().samples - samples;
    pieces_.pop_back();
    return count_dropped(reason, samples);
}

std::map<Reason, std::uint64_t> MimirWork::drop_known(const WhyNot& why_not) {
    std::map<Reason, std::uint64_t> dropped;
    const bool frozen = !piece().request;
    if (read() == nullptr) {
        return dropped;  // told when it is sent
    }
    MimirPiece& top = piece();
    std::erase_if(top.request->series, [&](const WrittenSeries& series) {
        const std::optional<Reason> reason = why_not(series);
        if (reason) {
            dropped[*reason] += count_dropped(*reason, series.samples.size());
        }
        return reason.has_value();
    });
    if (dropped.empty() && frozen) {
        top.request.reset();  // the frozen bytes will do
    }
    for (const auto& [reason, samples] : dropped) {
        top.samples -= static_cast<std::uint32_t>(samples);
    }
    if (top.request) {
        top.series = static_cast<std::uint32_t>(top.request->series.size());
    }
    if (top.samples == 0 && !dropped.empty()) {
        pieces_.pop_back();
    }
    return dropped;
}

std::uint64_t MimirWork::find_refused(Reason reason, std::string_view words,
                                      const OnRefused& on_refused) {
    if (read() == nullptr) {
        return drop(Reason::batch_unreadable);
    }
    MimirPiece& top = piece();
    const std::optional<std::size_t> named = named_in(words);
    auto& series = top.request->series;
    if (series.size() < 2) {
        if (on_refused && !series.empty()) {
            on_refused(series.front());
        }
        return drop(reason);
    }
    if (named && may_ask(1)) {
        const auto place = series.begin() + static_cast<std::ptrdiff_t>(*named);
        if (on_refused) {
            on_refused(*place);
        }
        const std::uint64_t samples = count_dropped(reason, place->samples.size());
        top.samples -= static_cast<std::uint32_t>(samples);
        --top.series;
        series.erase(place);
        if (++top.named >= named_max && series.size() > 1 && may_ask(1)) {
            halve();
        }
        return samples;
    }
    if (!may_ask(2)) {
        return drop(reason);
    }
    halve();
    return 0;
}

std::uint64_t MimirWork::split(Reason reason) {
    if (read() == nullptr) {
        return drop(Reason::batch_unreadable);
    }
    if (piece().request->series.size() < 2) {
        return drop(reason);
    }
    halve();
    return 0;
}

bool MimirWork::may_ask(std::uint32_t requests) {
    if (extra_requests_ + requests > requests_max) {
        return false;
    }
    extra_requests_ += requests;
    return true;
}

std::uint64_t MimirWork::count_dropped(Reason reason, std::uint64_t samples) {
    if (samples > 0) {
        outcome_.dropped[std::string(reason_name(reason))] += samples;
    }
    return samples;
}

// The one series of the piece that the server's words name, whole.
std::optional<std::size_t> MimirWork::named_in(std::string_view words) const {
    std::optional<std::size_t> found;
    const std::vector<WrittenSeries>& series = pieces_.back().request->series;
    for (std::size_t i = 0; i < series.size(); ++i) {
        const std::string text = named_as(series[i]);
        if (!text.empty() && words.find(text) != std::string_view::npos) {
            if (found) {
                return std::nullopt;
            }
            found = i;
        }
    }
    return found;
}

void MimirWork::halve() {
    MimirPiece whole = std::move(piece());
    pieces_.pop_back();
    WriteRequestPair halves = split_by_series(std::move(*whole.request));
    push(std::move(halves.second), whole);
    push(std::move(halves.first), whole);
}

void MimirWork::push(WriteRequest request, const MimirPiece& from) {
    MimirPiece made;
    made.samples = request.samples();
    made.series = static_cast<std::uint32_t>(request.series.size());
    made.rate_limited = from.rate_limited;
    made.halved_undecodable = from.halved_undecodable;
    made.request = std::move(request);
    pieces_.push_back(std::move(made));
}

}  // namespace weir
