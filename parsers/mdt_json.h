// Telemetry as JSON: what IOS-XR and NX-OS send with `encoding json`, and what other collectors
// write when they dump kvGPB as JSON. Gives the same nodes as kvGPB.
#pragma once

#include "core/telemetry.h"
#include "parsers/mdt_scratch.h"

#include <string_view>

namespace weir {

// Reads one message. What is not JSON throughout is bad_json and nothing of it is handed on.
// Numbers are exact up to 64 bits; numbers as text stay text. `bytes` and `scratch` are borrowed
// for the call.
//
//   "a": {...}          a container
//   "a": [x, y]         a list: siblings a, a
//   "a": null, [null]   an empty container
//   "keys": [{"k": v}]  the same as "keys": {"k": v}
void read_mdt_json(std::string_view bytes, const TelemetryLimits& limits, MdtScratch& scratch,
                   TelemetryReader& reader);

}  // namespace weir
