// Self-describing GPB: the message `Telemetry` of telemetry_bis.proto with rows of TelemetryField,
// as IOS-XR, IOS-XE and NX-OS send it. Read row by row; no tree is built.
#pragma once

#include "core/telemetry.h"
#include "parsers/mdt_scratch.h"

#include <string_view>

namespace weir {

// Reads one message. Any bytes are taken: what was read before something wrong is handed on, a row
// that is wrong within is left out. `bytes` and `scratch` are borrowed for the call.
void read_mdt_kvgpb(std::string_view bytes, const TelemetryLimits& limits, MdtScratch& scratch,
                    TelemetryReader& reader);

}  // namespace weir
