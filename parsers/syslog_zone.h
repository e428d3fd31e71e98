// What follows the clock of a device's time: Z, an offset, UTC with an offset, or a zone's name.
// Part of the grammar of parsers/syslog_timestamp.
#pragma once

#include "core/record.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

// Which words after a time may be its zone. UTC, GMT, Z and offsets always may.
enum class ZoneNames : std::uint8_t {
    known,             // an abbreviation in use; others only before ": %" (a Cisco mnemonic)
    any_before_colon,  // also any short word directly before ':' (Cisco "clock timezone")
    none,
};

// Reads a zone at the start of `text`, which begins right behind the clock, blanks included. Sets
// the offset or the zone's name in `time`; returns the length, 0 when there is none.
[[nodiscard]] std::size_t scan_zone(std::string_view text, ZoneNames zones, DeviceTime& time);

// True for abbreviations such as "CEST", "AEDT", "EST"; UTC and GMT too.
[[nodiscard]] bool is_zone_name(std::string_view word);

}  // namespace weir
