#include "pipeline/source_survey.h"

#include "pipeline/classifier.h"
#include "pipeline/source_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace weir {

namespace {

constexpr std::int64_t pass_ns = 10 * ns_per_s;
constexpr std::size_t steps_a_pass = 200;  // half of the ticks, so that a pass is never late
// A source must have been regular before its silence says anything.
constexpr std::uint64_t regular_messages = 10;
constexpr std::int64_t regular_ns = 60 * ns_per_s;
constexpr std::int64_t gaps_missed = 10;
// Silence that is older is no news.
constexpr std::int64_t silent_forgotten_ns = 24 * 3600 * ns_per_s;

}  // namespace

void keep_top(std::vector<SourceActivity>& top) {
    const std::size_t kept = std::min(top.size(), SurveyReport::top_max);
    std::partial_sort(
        top.begin(), top.begin() + static_cast<std::ptrdiff_t>(kept), top.end(),
        [](const SourceActivity& a, const SourceActivity& b) { return a.messages > b.messages; });
    top.resize(kept);
}

void keep_newest(std::vector<SilentSource>& silent) {
    const std::size_t kept = std::min(silent.size(), SurveyReport::silent_max);
    std::partial_sort(
        silent.begin(), silent.begin() + static_cast<std::ptrdiff_t>(kept), silent.end(),
        [](const SilentSource& a, const SilentSource& b) { return a.last_seen > b.last_seen; });
    silent.resize(kept);
}

SourceSurvey::SourceSurvey(EventSink& events)
    : events_(events), published_(std::make_shared<const SurveyReport>()) {}

std::shared_ptr<const SurveyReport> SourceSurvey::report() const {
    const std::lock_guard lock(mutex_);
    return published_;
}

void SourceSurvey::step(SourceTable& sources, Timestamp now, std::int64_t now_ns) {
    if (next_ == 0) {
        pass_began_ns_ = pass_began_ns_ == 0 ? now_ns : pass_began_ns_;
        if (now_ns - pass_began_ns_ < pass_ns) {
            return;
        }
        slice_ = sources.size() / steps_a_pass + 1;
    }
    const std::size_t end = std::min(next_ + slice_, sources.size());
    for (; next_ < end; ++next_) {
        look_at(sources.at(next_), now);
    }
    // Twice the length at most: what is cut at the end of a pass must not grow with the table.
    if (current_.top.size() > 4 * SurveyReport::top_max) {
        keep_top(current_.top);
    }
    if (current_.silent.size() > 4 * SurveyReport::silent_max) {
        keep_newest(current_.silent);
    }
    if (next_ >= sources.size()) {
        end_pass(now_ns);
    }
}

bool SourceSurvey::is_silent(const SourceState& source, Timestamp now) const {
    const std::int64_t lived_ns = source.last_seen.unix_ns - source.first_seen.unix_ns;
    const std::int64_t silent_ns = now.unix_ns - source.last_seen.unix_ns;
    if (silent_after_ns_ == 0 || silent_ns < silent_after_ns_ || silent_ns > silent_forgotten_ns ||
        source.records < regular_messages || lived_ns < regular_ns) {
        return false;
    }
    return silent_ns / gaps_missed >= lived_ns / static_cast<std::int64_t>(source.records);
}

void SourceSurvey::look_at(SourceState& source, Timestamp now) {
    SourceState::Surveyed& before = source.surveyed;
    const std::uint64_t messages = source.records - before.records;
    if (messages > 0) {
        ++current_.active_sources;
        current_.messages += messages;
        current_.top.push_back({.address = source.address,
                                .messages = messages,
                                .bytes = source.bytes - before.bytes,
                                .hostnames = static_cast<unsigned>(std::popcount(before.hostnames)),
                                .trusted_relay = source.classification != nullptr &&
                                                 source.classification->trusted_relay});
        before.told_silent = false;
    } else if (is_silent(source, now)) {
        ++current_.silent_sources;
        current_.silent.push_back(
            {.address = source.address, .last_seen = source.last_seen, .messages = source.records});
        if (!before.told_silent) {
            before.told_silent = true;
            events_.emit({EventId::source_silent, source.address.to_string(),
                          fmt::format("last heard {}, {} messages before",
                                      to_rfc3339(source.last_seen, 0), source.records)});
        }
    }
    before.records = source.records;
    before.bytes = source.bytes;
    before.hostnames = 0;
}

void SourceSurvey::end_pass(std::int64_t now_ns) {
    keep_top(current_.top);
    keep_newest(current_.silent);
    current_.duration_ns = now_ns - pass_began_ns_;
    auto report = std::make_shared<const SurveyReport>(std::move(current_));
    current_ = {};
    next_ = 0;
    pass_began_ns_ = now_ns;
    const std::lock_guard lock(mutex_);
    published_ = std::move(report);
}

}  // namespace weir
