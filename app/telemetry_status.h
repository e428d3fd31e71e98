// What weir tells of telemetry: sums over the threads, devices, and messages that were kept. A part
// of Status, and answers of their own on the admin port.
#pragma once

#include "receivers/mdt_kept.h"
#include "receivers/mdt_status.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Adds what one thread counted.
void add_counts(MdtCounts& sum, const MdtCounts& more);

// The body of /api/v1/telemetry/devices: one JSON object; by name.
[[nodiscard]] std::string devices_json(std::vector<MdtDeviceStatus> devices);

// The body of /api/v1/telemetry/messages: one JSON object without the messages' bytes; the latest
// first.
[[nodiscard]] std::string kept_messages_json(std::vector<KeptMessage> messages);

// The bytes of the message with the id that the text gives; none when it is not kept (any more).
[[nodiscard]] std::optional<std::string> kept_message_bytes(
    const std::vector<KeptMessage>& messages, std::string_view id);

}  // namespace weir
