// The labels of a series in the wire form of remote write: TimeSeries.labels, field 1, each a Label
// {1: name, 2: value}, sorted by name with __name__ among them. Pure.
#pragma once

#include "core/metric.h"
#include "pipeline/wire_buffer.h"

#include <span>
#include <string_view>
#include <vector>

namespace weir {

// Appends the labels of a series, sorted. `scratch` is cleared; it saves an allocation.
void append_series_labels(std::string_view name, std::span<const MetricLabel> labels,
                          std::vector<MetricLabel>& scratch, WireBuffer& out);

// Takes the next label off what append_series_labels wrote. False at the end.
[[nodiscard]] bool next_series_label(std::string_view& wire, MetricLabel& label);

// Whether the series has all of `wanted`, which is sorted by name.
[[nodiscard]] bool has_series_labels(std::string_view wire, std::span<const MetricLabel> wanted);

}  // namespace weir
