// The PRI part, "<N>" (RFC 5424 section 6.2.1, RFC 3164 section 4.1.1): first step of the chain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

enum class PriReading : std::uint8_t {
    none,  // the text does not begin with '<' and a digit or '>'
    ok,
    bad,  // "<" is there, but not 1 to 3 digits of at most 191 and a ">"
};

// Value.
struct Pri {
    PriReading reading = PriReading::none;
    std::uint8_t facility = 0;
    std::uint8_t severity = 0;
    std::size_t length = 0;  // bytes of "<N>", 0 unless ok
};

// Reads a PRI at the start of `text`. Leading zeros ("<013>") are taken: devices send them.
[[nodiscard]] Pri scan_pri(std::string_view text);

}  // namespace weir
