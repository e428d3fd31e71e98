// Times: in range, inside the text, and a time read once is read the same from its own text alone.
#include "fuzz/record_checks.h"
#include "parsers/syslog_timestamp.h"

namespace {

void check_scan(std::string_view input, weir::ZoneNames zones) {
    weir::DeviceTime time;
    const weir::TimeScan scan = weir::scan_device_time(input, zones, time);
    WEIR_ASSERT(scan.length <= input.size());
    if (scan.reading != weir::TimeReading::ok) {
        WEIR_ASSERT(!time.present);
        return;
    }
    WEIR_ASSERT(time.present && scan.length >= 13);
    weir::fuzz::check_time(input, time);
    weir::DeviceTime again;
    const std::string_view own = input.substr(0, scan.length);
    const weir::TimeScan second = weir::scan_device_time(own, zones, again);
    WEIR_ASSERT(second.reading == weir::TimeReading::ok);
    WEIR_ASSERT(again.month == time.month && again.day == time.day && again.hour == time.hour &&
                again.second == time.second && again.nanos == time.nanos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    check_scan(input, weir::ZoneNames::known);
    check_scan(input, weir::ZoneNames::any_before_colon);
    check_scan(input, weir::ZoneNames::none);
    weir::DeviceTime epoch;
    const std::size_t epoch_length = weir::scan_epoch_time(input, epoch);
    WEIR_ASSERT(epoch_length <= size);
    WEIR_ASSERT(epoch.present == (epoch_length > 0));
    weir::fuzz::check_time(input, epoch);
    WEIR_ASSERT(weir::scan_uptime(input) <= size);
    return 0;
}
