#include "app/telemetry_status.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace weir {

namespace {

using Json = nlohmann::ordered_json;

// Text of devices may be anything; a byte that is not UTF-8 must not break the answer.
std::string text_of(const Json& root) {
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

double seconds(std::int64_t ns) {
    return static_cast<double>(ns) / static_cast<double>(ns_per_s);
}

Json feeds_json(const std::vector<SeriesTable::FeedStatus>& feeds) {
    Json result = Json::array();
    for (const SeriesTable::FeedStatus& feed : feeds) {
        const std::size_t end = std::min(feed.key.find('\x1f'), feed.key.size());
        result.push_back({{"path", feed.key.substr(0, end)},
                          {"subscription", feed.key.substr(std::min(end + 1, feed.key.size()))},
                          {"interval_seconds", seconds(feed.interval_ns)},
                          {"missed", feed.missed}});
    }
    return result;
}

}  // namespace

void add_counts(MdtCounts& sum, const MdtCounts& more) {
    sum.messages += more.messages;
    sum.rows += more.rows;
    sum.device_errors += more.device_errors;
    sum.events += more.events;
    sum.devices += more.devices;
    sum.devices_refused += more.devices_refused;
    sum.sessions += more.sessions;
    for (std::size_t i = 0; i < sum.defects.size(); ++i) {
        sum.defects[i] += more.defects[i];
    }
    for (std::size_t i = 0; i < sum.skipped.size(); ++i) {
        sum.skipped[i] += more.skipped[i];
    }
    sum.mapper.leaves += more.mapper.leaves;
    sum.mapper.keys_by_table += more.mapper.keys_by_table;
    sum.mapper.keys_by_siblings += more.mapper.keys_by_siblings;
    sum.mapper.keys_by_index += more.mapper.keys_by_index;
    sum.mapper.precision_lost += more.mapper.precision_lost;
    sum.mapper.clock_skewed += more.mapper.clock_skewed;
    sum.mapper.name_clashes += more.mapper.name_clashes;
    sum.mapper_bytes += more.mapper_bytes;
    sum.series.given += more.series.given;
    sum.series.appended += more.series.appended;
    sum.series.waiting += more.series.waiting;
    sum.series.repeated += more.series.repeated;
    sum.series.retimed += more.series.retimed;
    for (std::size_t i = 0; i < sample_drop_count; ++i) {
        sum.series.dropped[i] += more.series.dropped[i];
    }
    sum.series.stale_markers += more.series.stale_markers;
    sum.series.stale_waiting += more.series.stale_waiting;
    sum.series.series += more.series.series;
    sum.series.devices += more.series.devices;
    sum.series.batches += more.series.batches;
    sum.series.vanish_skipped += more.series.vanish_skipped;
    sum.series_bytes += more.series_bytes;
}

std::string devices_json(std::vector<MdtDeviceStatus> devices) {
    std::sort(devices.begin(), devices.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    Json list = Json::array();
    for (const MdtDeviceStatus& device : devices) {
        list.push_back({{"device", device.name},
                        {"address", device.address},
                        {"certificate_subject", device.certificate_subject},
                        {"sessions", device.sessions},
                        {"last_message", to_rfc3339(device.last_message, 3)},
                        {"messages", device.messages},
                        {"bytes", device.bytes},
                        {"defects", device.defects},
                        {"errors", device.errors},
                        {"clock_skew_seconds", static_cast<double>(device.skew_ms) / 1000},
                        {"series", device.series},
                        {"series_refused", device.series_refused},
                        {"feeds", feeds_json(device.feeds)}});
    }
    return text_of({{"devices", std::move(list)}});
}

std::string kept_messages_json(std::vector<KeptMessage> messages) {
    std::sort(messages.begin(), messages.end(),
              [](const auto& a, const auto& b) { return a.id > b.id; });
    Json list = Json::array();
    for (const KeptMessage& message : messages) {
        list.push_back({{"id", message.id},
                        {"at", to_rfc3339(message.at, 3)},
                        {"device", message.device},
                        {"peer", message.peer},
                        {"listener", message.listener},
                        {"defects", message.defects},
                        {"bytes", message.size},
                        {"kept_bytes", message.bytes.size()}});
    }
    return text_of({{"messages", std::move(list)}});
}

std::optional<std::string> kept_message_bytes(const std::vector<KeptMessage>& messages,
                                              std::string_view id) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(id.data(), id.data() + id.size(), number);
    if (read.ec != std::errc{} || read.ptr != id.data() + id.size()) {
        return std::nullopt;
    }
    const auto found =
        std::find_if(messages.begin(), messages.end(),
                     [number](const KeptMessage& message) { return message.id == number; });
    return found == messages.end() ? std::nullopt : std::optional(found->bytes);
}

}  // namespace weir
