#include "receivers/mdt_health.h"

#include <algorithm>

namespace weir {

namespace {

constexpr char separator = '\x1f';

double seconds(std::int64_t ns) {
    return static_cast<double>(ns) / static_cast<double>(ns_per_s);
}

// A label in its place among those that are sorted.
void insert_label(std::vector<MetricLabel>& labels, MetricLabel label) {
    if (label.value.empty()) {
        return;
    }
    const auto place = std::lower_bound(
        labels.begin(), labels.end(), label,
        [](const MetricLabel& a, const MetricLabel& b) { return a.name < b.name; });
    if (place == labels.end() || place->name != label.name) {
        labels.insert(place, label);
    }
}

}  // namespace

std::string mdt_feed_key(std::string_view path, std::string_view subscription) {
    std::string key(path);
    key += separator;
    key += subscription;
    return key;
}

MdtHealth::MdtHealth(MetricFamilies& families, SeriesTable& series, std::uint64_t seed)
    : series_(series), seed_(seed) {
    const auto gauge = [&families](const char* name, const char* unit, const char* help) {
        return families.intern(
            {.name = name, .type = MetricType::gauge, .unit = unit, .help = help});
    };
    const auto counter = [&families](const char* name, const char* help) {
        return families.intern({.name = name, .type = MetricType::counter, .help = help});
    };
    names_ = {
        .up = gauge("telemetry_device_up", "",
                    "1 while the device has a session, or over UDP sends."),
        .last_message = gauge("telemetry_device_last_message_timestamp_seconds", "seconds",
                              "When the device's last message was received."),
        .messages = counter("telemetry_device_messages_total", "Messages of the device."),
        .bytes = counter("telemetry_device_bytes_total", "Bytes of its messages."),
        .defects = counter("telemetry_device_defects_total",
                           "What was wrong with its messages, each count of each kind."),
        .errors = counter("telemetry_device_errors_total", "Errors that the device reported."),
        .skew = gauge("telemetry_device_clock_skew_seconds", "seconds",
                      "Receive time less the device's own, of its last message."),
        .series = gauge("telemetry_device_series", "", "Live series of the device."),
        .series_refused = counter("telemetry_device_series_refused_total",
                                  "Series of the device that a limit had no place for."),
        .feed_last = gauge("telemetry_feed_last_message_timestamp_seconds", "seconds",
                           "When the last message of a path was received."),
        .feed_interval = gauge("telemetry_feed_interval_seconds", "seconds",
                               "The rhythm in which a path comes; absent while there is none."),
        .feed_missed = counter("telemetry_feed_missed_collections_total",
                               "Collections of a path that its rhythm says never came."),
    };
}

void MdtHealth::give(const MetricFamily* family, const std::vector<MetricLabel>& labels,
                     double value) {
    series_.sample({.family = family,
                    .labels = labels,
                    .labels_hash = metric_labels_hash(labels, seed_),
                    .value = value,
                    .timestamp_ms = now_.unix_ns / ns_per_ms});
}

void MdtHealth::tell(MdtDevices& devices, std::int64_t now_ns, Timestamp now) {
    now_ns_ = now_ns;
    now_ = now;
    const std::vector<SeriesTable::DeviceStatus> statuses = series_.devices();
    Statuses by_name;
    for (const SeriesTable::DeviceStatus& status : statuses) {
        by_name.emplace(status.name, &status);
    }
    devices.for_each([this, &by_name](MdtDevice& device) {
        if (device.label_views.empty()) {
            return;
        }
        const auto status = by_name.find(device.key);
        series_.begin(series_.device(device.health_key), SeriesTable::none, now_ns_, now_);
        tell_device(device, status == by_name.end() ? nullptr : status->second);
    });
}

void MdtHealth::tell_device(const MdtDevice& device, const SeriesTable::DeviceStatus* status) {
    const std::vector<MetricLabel>& labels = device.label_views;
    const bool up =
        device.had_session ? device.sessions > 0 : now_ns_ - device.last_ns < MdtDevices::quiet_ns;
    give(names_.up, labels, up ? 1 : 0);
    give(names_.last_message, labels, seconds(device.last_message.unix_ns));
    give(names_.messages, labels, static_cast<double>(device.messages));
    give(names_.bytes, labels, static_cast<double>(device.bytes));
    give(names_.defects, labels, static_cast<double>(device.defects));
    give(names_.errors, labels, static_cast<double>(device.errors));
    give(names_.skew, labels, static_cast<double>(device.skew_ms) / 1000);
    if (status != nullptr) {
        give(names_.series, labels, static_cast<double>(status->series));
        give(names_.series_refused, labels, static_cast<double>(status->refused));
        tell_feeds(device, *status);
    }
}

void MdtHealth::tell_feeds(const MdtDevice& device, const SeriesTable::DeviceStatus& status) {
    const std::size_t count = std::min(status.feeds.size(), feeds_max);
    for (std::size_t i = 0; i < count; ++i) {
        const SeriesTable::FeedStatus& feed = status.feeds[i];
        const std::string_view key = feed.key;
        const std::size_t end = std::min(key.find(separator), key.size());
        labels_ = device.label_views;
        insert_label(labels_, {"path", key.substr(0, end)});
        insert_label(labels_, {"subscription", key.substr(std::min(end + 1, key.size()))});
        const std::int64_t ago_ns = now_ns_ - feed.last_ns;
        give(names_.feed_last, labels_, seconds(now_.unix_ns - ago_ns));
        give(names_.feed_missed, labels_, static_cast<double>(feed.missed));
        if (feed.interval_ns > 0) {
            give(names_.feed_interval, labels_, seconds(feed.interval_ns));
        }
    }
}

void MdtHealth::forget(const MdtDevice& device, std::int64_t now_ns, Timestamp now) {
    series_.begin(series_.device(device.health_key), SeriesTable::none, now_ns, now);
    series_.vanish({.timestamp_ms = now.unix_ns / ns_per_ms});
}

}  // namespace weir
