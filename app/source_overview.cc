#include "app/source_overview.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

namespace {

// Under this many messages in a pass there is nothing to tell.
constexpr std::uint64_t messages_to_tell = 100;
constexpr std::size_t few_addresses = 3;
constexpr double nearly_all = 0.9;
constexpr double negligible = 0.05;
// One device names itself in one or two ways.
constexpr unsigned many_hostnames = 6;

// A relay that is not known as one looks the same, and costs the same: every device behind it is
// classified by the relay's address.
void judge_addresses(SourceOverview& overview) {
    double share = 0;
    std::string words;
    for (std::size_t i = 0; i < std::min(overview.top.size(), few_addresses); ++i) {
        const SourceOverview::Talker& talker = overview.top[i];
        if (talker.share < negligible) {
            break;
        }
        if (talker.activity.trusted_relay || talker.activity.hostnames < many_hostnames ||
            !talker.activity.address.is_private()) {
            return;
        }
        share += talker.share;
        words += fmt::format("{}{} ({} or more hostnames)", words.empty() ? "" : ", ",
                             talker.activity.address.to_string(), talker.activity.hostnames);
    }
    overview.addresses_hidden = share >= nearly_all;
    overview.hidden_by = overview.addresses_hidden ? words : "";
}

}  // namespace

SourceOverview make_source_overview(
    const std::vector<std::shared_ptr<const SurveyReport>>& reports) {
    SourceOverview overview;
    std::uint64_t messages = 0;
    double seconds = 0;
    std::vector<SourceActivity> top;
    for (const auto& report : reports) {
        messages += report->messages;
        seconds = std::max(seconds, static_cast<double>(report->duration_ns) / ns_per_s);
        overview.active_sources += report->active_sources;
        overview.silent_sources += report->silent_sources;
        top.insert(top.end(), report->top.begin(), report->top.end());
        overview.silent.insert(overview.silent.end(), report->silent.begin(), report->silent.end());
    }
    keep_top(top);
    keep_newest(overview.silent);
    for (const SourceActivity& activity : top) {
        overview.top.push_back(
            {.activity = activity,
             .messages_per_s = static_cast<double>(activity.messages) / std::max(seconds, 1.0),
             .bytes_per_s = static_cast<double>(activity.bytes) / std::max(seconds, 1.0),
             .share = static_cast<double>(activity.messages) / static_cast<double>(messages)});
    }
    if (messages >= messages_to_tell) {
        judge_addresses(overview);
    }
    return overview;
}

}  // namespace weir
