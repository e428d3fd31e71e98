// What the body of a message says of itself: its form (CEF, LEEF, JSON, key=value, CSV), and the
// device's own time and name where the header has none (Fortinet, Sophos, PAN-OS, Check Point).
#pragma once

#include "core/record.h"

#include <string_view>

namespace weir {

// Value that borrows.
struct BodyFacts {
    std::string_view format;     // a string literal, or without data
    std::string_view time_text;  // as written, from the date to the end of the clock
    std::string_view device;     // the device's name
    DeviceTime time;             // what `time_text` and a separate zone field say
};

// Reads the facts of a message body; looks at its first kilobyte only.
[[nodiscard]] BodyFacts read_body(std::string_view msg);

// Stores the extras `format`, and `vendor_timestamp` and `vendor_host` where the header has no time
// with a year, or no hostname.
void read_body_facts(Record& record);

}  // namespace weir
