// Turns the configuration of telemetry into the parts of the machine; see app/build_parts.h.
#pragma once

#include "app/config.h"
#include "core/result.h"
#include "receivers/mdt_settings.h"

#include <cstddef>

namespace weir {

// Fails naming the line of the rule that cannot be carried out. Every ingest thread has its share
// of the limits on series and devices.
[[nodiscard]] Result<MdtSettings> make_mdt_settings(const Config& config, std::size_t threads);

}  // namespace weir
