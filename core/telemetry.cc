#include "core/telemetry.h"

namespace weir {

std::string_view telemetry_defect_name(TelemetryDefect defect) {
    switch (defect) {
        case TelemetryDefect::truncated:
            return "truncated";
        case TelemetryDefect::bad_wire:
            return "bad_wire";
        case TelemetryDefect::bad_json:
            return "bad_json";
        case TelemetryDefect::too_deep:
            return "too_deep";
        case TelemetryDefect::too_many_fields:
            return "too_many_fields";
        case TelemetryDefect::invalid_utf8:
            return "invalid_utf8";
        case TelemetryDefect::compact_gpb:
            return "compact_gpb";
        case TelemetryDefect::row_shape:
            return "row_shape";
        case TelemetryDefect::no_rows:
            return "no_rows";
        case TelemetryDefect::no_node_id:
            return "no_node_id";
        case TelemetryDefect::no_encoding_path:
            return "no_encoding_path";
    }
    return "unknown";
}

}  // namespace weir
