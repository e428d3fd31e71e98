// What an ingest thread needs to turn telemetry into samples, as a part of IntakeSettings.
#pragma once

#include "core/labels.h"
#include "core/telemetry.h"
#include "pipeline/metric_rules.h"
#include "pipeline/series_table.h"
#include "pipeline/telemetry_mapper.h"

#include <cstddef>
#include <memory>

namespace weir {

// Value, immutable once published.
struct MdtSettings {
    Labels series_labels;  // job and the configured ones, on every series
    Labels stream_labels;  // of the streams that events go to
    std::shared_ptr<const TelemetryMapping> mapping = std::make_shared<TelemetryMapping>();
    std::shared_ptr<const MetricRules> rules;  // null: none
    SeriesLimits series;
    std::size_t devices_max = 10'000;  // of this thread
    TelemetryLimits decode;
    bool events = true;
    std::size_t kept_messages = 64;
};

}  // namespace weir
