// Zones: inside the text, offsets within a day, and either an offset or a name.
#include "fuzz/record_checks.h"
#include "parsers/syslog_zone.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    for (const weir::ZoneNames zones :
         {weir::ZoneNames::known, weir::ZoneNames::any_before_colon, weir::ZoneNames::none}) {
        weir::DeviceTime time;
        const std::size_t length = weir::scan_zone(input, zones, time);
        WEIR_ASSERT(length <= size);
        weir::fuzz::check_time(input, time);
        WEIR_ASSERT(time.offset_minutes > -24 * 60 && time.offset_minutes < 24 * 60);
        const bool named = time.zone_name.data() != nullptr;
        WEIR_ASSERT((length > 0) == (named != time.has_offset));
        WEIR_ASSERT(!(named && time.has_offset));
    }
    return 0;
}
