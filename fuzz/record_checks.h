// Oracles for the syslog fuzz targets: what must hold of any record, whatever the input was.
#pragma once

#include "core/assert.h"
#include "core/record.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace weir::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// A view is absent, or lies within `input`.
inline void check_inside(std::string_view input, std::string_view view) {
    if (view.data() == nullptr) {
        return;
    }
    const std::less_equal<const char*> not_behind;
    WEIR_ASSERT(not_behind(input.data(), view.data()));
    WEIR_ASSERT(not_behind(view.data() + view.size(), input.data() + input.size()));
}

// Fields in range; a day that its month has.
inline void check_time(std::string_view input, const DeviceTime& time) {
    check_inside(input, time.zone_name);
    check_inside(input, time.uptime);
    WEIR_ASSERT(time.clock_mark == '\0' || time.clock_mark == '*' || time.clock_mark == '.');
    if (!time.present) {
        return;
    }
    WEIR_ASSERT(time.year == -1 || (time.year >= 1 && time.year <= 9999));
    WEIR_ASSERT(time.month >= 1 && time.month <= 12);
    WEIR_ASSERT(time.day >= 1 && time.day <= 31);
    WEIR_ASSERT(time.month != 2 || time.day <= 29);
    WEIR_ASSERT(time.hour >= 0 && time.hour <= 23);
    WEIR_ASSERT(time.minute >= 0 && time.minute <= 59);
    WEIR_ASSERT(time.second >= 0 && time.second <= 60);
    WEIR_ASSERT(time.fraction_digits >= 0 && time.fraction_digits <= 9);
    WEIR_ASSERT(time.nanos < 1'000'000'000);
    WEIR_ASSERT(time.offset_minutes > -24 * 60 && time.offset_minutes < 24 * 60);
    WEIR_ASSERT(!time.zulu || (time.has_offset && time.offset_minutes == 0));
    WEIR_ASSERT(time.has_offset || time.offset_minutes == 0);
}

inline void check_record(std::string_view input, const Record& record) {
    WEIR_ASSERT(record.facility >= -1 && record.facility <= 23);
    WEIR_ASSERT(record.severity >= -1 && record.severity <= 7);
    WEIR_ASSERT((record.facility < 0) == (record.severity < 0));
    check_time(input, record.timestamp);
    const std::string_view fields[] = {record.hostname, record.app_name,        record.proc_id,
                                       record.msg_id,   record.structured_data, record.msg};
    for (const std::string_view field : fields) {
        check_inside(input, field);
        WEIR_ASSERT(field.data() == nullptr || !field.empty());
    }
    for (const Extra* extra = record.begin_extras(); extra != record.end_extras(); ++extra) {
        if (extra->key != ExtraKey::format) {  // a literal
            check_inside(input, extra->value);
        }
        WEIR_ASSERT(extra->value.data() != nullptr);
    }
}

// The same text gives the same record.
inline bool same_text(std::string_view a, std::string_view b) {
    return a.data() == b.data() && a.size() == b.size();
}

}  // namespace weir::fuzz
