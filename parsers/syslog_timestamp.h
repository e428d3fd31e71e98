// Times as syslog devices write them: RFC 3339 and its relaxed forms, BSD, Cisco, day first,
// 12-hour, epoch, uptime. Reads only what is written; resolving a missing year or zone is not done
// here.
#pragma once

#include "core/record.h"
#include "parsers/syslog_zone.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

enum class TimeReading : std::uint8_t {
    none,  // no time at the start of the text
    ok,
    out_of_range,  // the shape of a time, but a field is impossible ("Feb 30", hour 25)
};

// Value. `length` covers mark, date, time, year and zone, but not a ':' or blank after them.
struct TimeScan {
    TimeReading reading = TimeReading::none;
    std::size_t length = 0;
    bool iso = false;  // numeric date, year first
};

// Reads a time at the start of `text`; a Cisco clock mark ('*', '.') may come first. `time` is
// overwritten when the reading is ok and holds a view into `text` for a named zone.
[[nodiscard]] TimeScan scan_device_time(std::string_view text, ZoneNames zones, DeviceTime& time);

// Seconds since the epoch with 0 to 9 fraction digits, as Meraki and Check Point write it. Takes 9
// or 10 digits. Returns the length, 0 when there is none; fills `time` as UTC.
[[nodiscard]] std::size_t scan_epoch_time(std::string_view text, DeviceTime& time);

// A stamp that counts from boot: "00:16:23", "1d03h", "13w1d", "2y10w". Returns its length or 0.
[[nodiscard]] std::size_t scan_uptime(std::string_view text);

}  // namespace weir
