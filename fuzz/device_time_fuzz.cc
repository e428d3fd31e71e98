// Any device time within DeviceTime's own ranges, any zone knowledge, any receive time: the guessed
// year is the nearest of all, the text fits and reads as RFC 3339, the estimator learns only zones.
#include "core/assert.h"
#include "pipeline/device_time.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

// Numbers off the front of the input; zeros when it has run out.
struct Bytes {
    const std::uint8_t* data;
    std::size_t size;

    std::uint64_t take(std::size_t width) {
        std::uint64_t value = 0;
        const std::size_t taken = width < size ? width : size;
        std::memcpy(&value, data, taken);
        data += taken;
        size -= taken;
        return value;
    }

    int in(int low, int high) {
        return low + static_cast<int>(take(2) % static_cast<std::uint64_t>(high - low + 1));
    }
};

weir::DeviceTime read_device(Bytes& bytes) {
    constexpr std::array<std::string_view, 6> names = {"", "CEST", "CST", "EST", "XYZ", "UTC+7"};
    weir::DeviceTime time;
    time.present = true;
    time.year = static_cast<std::int16_t>(bytes.in(-1, 9999));
    time.year = bytes.take(1) % 2 == 0 ? std::int16_t{-1} : time.year;
    time.month = static_cast<std::int8_t>(bytes.in(1, 12));
    const int leap_or_own = time.year < 0 ? 2024 : time.year;
    time.day = static_cast<std::int8_t>(bytes.in(1, weir::days_in_month(leap_or_own, time.month)));
    time.hour = static_cast<std::int8_t>(bytes.in(0, 23));
    time.minute = static_cast<std::int8_t>(bytes.in(0, 59));
    time.second = static_cast<std::int8_t>(bytes.in(0, 60));
    time.fraction_digits = static_cast<std::int8_t>(bytes.in(0, 9));
    time.nanos = static_cast<std::uint32_t>(bytes.take(4) % 1'000'000'000);
    time.has_offset = bytes.take(1) % 4 == 0;
    time.offset_minutes = static_cast<std::int16_t>(bytes.in(-1439, 1439));
    time.zone_name = names[bytes.take(1) % names.size()];
    time.clock_mark = bytes.take(1) % 4 == 0 ? '*' : '\0';
    return time;
}

std::int64_t distance_s(const weir::DeviceTime& time, int year, weir::Timestamp received_at) {
    const std::int64_t at = weir::unix_seconds({.year = year,
                                                .month = time.month,
                                                .day = time.day,
                                                .hour = time.hour,
                                                .minute = time.minute,
                                                .second = time.second});
    return std::abs(at - received_at.unix_ns / weir::ns_per_s);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weir;
    Bytes bytes{data, size};
    const Zone fixed = Zone::fixed(bytes.in(-64'800, 64'800));
    SkewEstimator skew;
    while (bytes.size > 0) {
        const DeviceTime time = read_device(bytes);
        const Timestamp received_at{static_cast<std::int64_t>(bytes.take(8))};
        skew.observe(time, received_at);
        ZoneRef zone{.learned_s = skew.offset_s()};
        WEIR_ASSERT(!zone.learned_s ||
                    (*zone.learned_s % 900 == 0 && std::abs(*zone.learned_s) <= 54'000));
        if (bytes.take(1) % 2 == 0) {
            zone.rule = &fixed;
        }
        const ResolvedTime resolved = resolve_device_time(time, received_at, zone);
        DeviceTimeText text;
        const std::string_view printed = format_device_time(time, resolved, text);
        WEIR_ASSERT(printed.size() >= 16 && printed.size() <= 35);
        WEIR_ASSERT(printed.find_first_not_of("0123456789-:T+Z.") == std::string_view::npos);
        const int year = nearest_year(time, received_at);
        for (int other = year - 9; other <= year + 9; ++other) {
            WEIR_ASSERT(time.day > days_in_month(other, time.month) ||
                        distance_s(time, year, received_at) <=
                            distance_s(time, other, received_at) + 1);
        }
    }
    return 0;
}
