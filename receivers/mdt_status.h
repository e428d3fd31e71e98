// What an ingest thread tells of its telemetry, as plain values.
#pragma once

#include "core/metric.h"
#include "core/telemetry.h"
#include "core/time.h"
#include "pipeline/series_table.h"
#include "pipeline/telemetry_mapper.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

// Value. Of one thread, since its start.
struct MdtCounts {
    std::uint64_t messages = 0;
    std::uint64_t rows = 0;
    std::uint64_t device_errors = 0;
    std::uint64_t events = 0;  // sent as log lines
    std::uint64_t devices = 0;
    std::uint64_t devices_refused = 0;  // messages of devices past devices_max
    std::uint64_t sessions = 0;
    std::array<std::uint64_t, telemetry_defect_count> defects{};
    std::array<std::uint64_t, leaf_skip_count> skipped{};
    TelemetryMapperCounts mapper;
    SeriesCounts series;
    std::uint64_t series_bytes = 0;
    std::uint64_t mapper_bytes = 0;
};

// Value. One device, for the status.
struct MdtDeviceStatus {
    std::string name;
    std::string address;
    std::string certificate_subject;
    std::uint64_t sessions = 0;
    Timestamp last_message;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t defects = 0;
    std::uint64_t errors = 0;
    std::int64_t skew_ms = 0;
    std::uint64_t series = 0;
    std::uint64_t series_refused = 0;
    std::vector<SeriesTable::FeedStatus> feeds;
};

}  // namespace weir
