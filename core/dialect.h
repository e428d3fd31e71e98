// Dialect: the shape a listener or a classification rule may pin; `any` lets the chain decide.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

enum class Dialect : std::uint8_t {
    any,      // the lenient chain
    rfc5424,  // RFC 5424 first and only; what does not fit stays message text
    rfc3164,  // BSD header, no vendor reading
    cisco,    // IOS, IOS XE, IOS XR, NX-OS, ASA/FTD, WLC
    nutanix,  // ISO 8601 header with or without PRI
    raw,      // PRI at most; everything else is message text
};

[[nodiscard]] std::string_view dialect_name(Dialect dialect);
[[nodiscard]] std::optional<Dialect> dialect_from_name(std::string_view name);

}  // namespace weir
