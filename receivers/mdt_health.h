// MdtHealth: series that tell of the devices themselves: whether one is there, when it last spoke,
// whether it keeps to its rhythm. docs/telemetry.md lists them.
#pragma once

#include "core/metric.h"
#include "core/time.h"
#include "pipeline/metric_families.h"
#include "pipeline/series_table.h"
#include "receivers/mdt_devices.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

// Resource. One thread.
class MdtHealth {
  public:
    static constexpr std::int64_t every_ns = 15 * ns_per_s;
    // Feeds of one device that are told of one by one.
    static constexpr std::size_t feeds_max = 200;

    // Both outlive it.
    MdtHealth(MetricFamilies& families, SeriesTable& series, std::uint64_t seed);

    // Gives the samples of every device to the series table.
    void tell(MdtDevices& devices, std::int64_t now_ns, Timestamp now);
    // Its series are gone.
    void forget(const MdtDevice& device, std::int64_t now_ns, Timestamp now);

  private:
    struct Names {
        const MetricFamily* up = nullptr;
        const MetricFamily* last_message = nullptr;
        const MetricFamily* messages = nullptr;
        const MetricFamily* bytes = nullptr;
        const MetricFamily* defects = nullptr;
        const MetricFamily* errors = nullptr;
        const MetricFamily* skew = nullptr;
        const MetricFamily* series = nullptr;
        const MetricFamily* series_refused = nullptr;
        const MetricFamily* feed_last = nullptr;
        const MetricFamily* feed_interval = nullptr;
        const MetricFamily* feed_missed = nullptr;
    };

    using Statuses = std::unordered_map<std::string_view, const SeriesTable::DeviceStatus*>;

    void tell_device(const MdtDevice& device, const SeriesTable::DeviceStatus* status);
    void tell_feeds(const MdtDevice& device, const SeriesTable::DeviceStatus& status);
    void give(const MetricFamily* family, const std::vector<MetricLabel>& labels, double value);

    SeriesTable& series_;
    std::uint64_t seed_;
    Names names_;
    std::int64_t now_ns_ = 0;
    Timestamp now_;
    std::vector<MetricLabel> labels_;  // scratch: a feed's
};

// The key of a feed: its path, and the subscription behind a unit separator.
[[nodiscard]] std::string mdt_feed_key(std::string_view path, std::string_view subscription);

}  // namespace weir
