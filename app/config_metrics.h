// The part of the configuration that says what becomes of telemetry, as plain values. Included by
// app/config.h.
#pragma once

#include "core/labels.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace weir {

struct MetricBatchConfig {
    std::size_t bytes_max = 1024 * 1024;  // WriteRequest before snappy
    std::size_t samples_max = 2000;
    std::chrono::milliseconds age_max{1000};
};

// Value. How telemetry becomes series. Limits on series are of all threads together.
struct MetricsConfig {
    bool network_interface = true;
    bool state_sets = true;
    std::vector<std::string> info;  // ends of schema paths whose text becomes a label
    bool events = true;             // to Loki
    std::size_t series_max = 200'000;
    std::size_t series_per_device_max = 50'000;
    std::size_t devices_max = 10'000;
    std::size_t stale_intervals = 3;
    std::chrono::milliseconds stale_min{std::chrono::seconds{30}};
    std::chrono::milliseconds stale_after_disconnect{std::chrono::minutes{1}};
    std::chrono::milliseconds repeat_after{std::chrono::minutes{2}};  // 0: never
    std::size_t row_fields_max = 250'000;  // nodes of one row of a message
    std::size_t kept_messages = 64;        // with defects, for a look at them; a thread
    bool exposition = true;                // the latest values, on the admin port
    std::size_t exposition_series_max = 200'000;
    MetricBatchConfig batch;
};

// As weir::MetricRuleAction.
enum class MetricAction : std::uint8_t { drop, keep, rename, set_label, limit };

// Value. One step of `metric_rules:`, which every new series passes.
struct MetricRuleConfig {
    std::string name;
    MetricAction action = MetricAction::drop;
    std::string metric;                         // RE2 over the whole name; empty: any
    std::map<std::string, std::string> labels;  // label -> RE2 over the whole value
    std::string to;                             // rename: the new name
    Labels set;                                 // set_label
    std::vector<std::string> remove;            // set_label: labels to take away
    std::size_t series_max = 0;                 // limit: per device
    int line = 0;
};

}  // namespace weir
