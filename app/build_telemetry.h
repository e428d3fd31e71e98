// Turns the configuration of telemetry into the parts of the machine; see app/build_parts.h.
#pragma once

#include "app/config.h"
#include "core/result.h"
#include "receivers/mdt_listener.h"
#include "receivers/mdt_settings.h"

#include <cstddef>

namespace weir {

// Whether any listener of the configuration does.
[[nodiscard]] bool takes_telemetry(const Config& config);

// Fails naming the line of the rule that cannot be carried out. Every ingest thread has its share
// of the limits on series and devices.
[[nodiscard]] Result<MdtSettings> make_mdt_settings(const Config& config, std::size_t threads);

[[nodiscard]] MdtLimits make_mdt_limits(const ListenerLimits& limits);
// What the threads of a listener share takes the limits at once.
void set_shared_limits(MdtShared& shared, const ListenerLimits& limits);
// What waits for the exposition of the latest values.
inline constexpr std::size_t exposition_queue_bytes = 16UL * 1024 * 1024;

// All but its number and its socket's family.
[[nodiscard]] MdtListener::Options make_mdt_options(const ListenerConfig& listener);

}  // namespace weir
