// The harmonised family: network_interface_{receive,transmit}_{bytes,packets,errors,discards}_total
// and the like, the same whichever model a device's counters came by.
#pragma once

#include "core/metric.h"
#include "pipeline/yang_facts.h"

#include <span>
#include <string_view>

namespace weir {

// Value that borrows from the table.
struct NetworkInterfaceMetric {
    std::string_view name;  // "network_interface_receive_bytes_total"
    MetricType type = MetricType::counter;
    std::string_view unit = {};
    std::string_view help = {};
    double scale = 1;
    // For a state: the words that mean 1 ("up"); everything else is 0.
    std::span<const std::string_view> true_words = {};
};

// Value that borrows from the table. Leaves of which one metric of the family is made.
struct NetworkInterfaceSource {
    // Schema paths of what the leaf is in, separated by '|'; ":*/x" stands for any x of the module.
    std::string_view parents;
    std::string_view leaf;
    NetworkInterfaceMetric metric;
};

[[nodiscard]] std::span<const NetworkInterfaceSource> network_interface_sources();

// What the leaf at a schema path is in the family; null when it is not of it.
[[nodiscard]] const NetworkInterfaceMetric* network_interface_metric(std::string_view leaf_path);

}  // namespace weir
