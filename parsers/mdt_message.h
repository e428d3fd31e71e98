// One message of telemetry, whatever it is encoded in. docs/telemetry.md
#pragma once

#include "core/telemetry.h"
#include "parsers/mdt_scratch.h"

#include <string_view>

namespace weir {

// Whether a message of which nothing is known is JSON. A JSON object begins with '{'; kvGPB begins
// with 0x0A, which is a line feed in JSON, and the length of the node's name, which may be '{'.
[[nodiscard]] bool is_mdt_json(std::string_view bytes);

// Reads one message. `begin` always comes, even where nothing can be read.
void read_mdt(std::string_view bytes, MdtBody body, const TelemetryLimits& limits,
              MdtScratch& scratch, TelemetryReader& reader);

}  // namespace weir
