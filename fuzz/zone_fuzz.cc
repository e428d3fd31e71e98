// Any bytes as a TZif file: the reader stays inside them, and a zone that was accepted answers for
// every time. What to_utc gives must be the local time again, except in a skipped hour.
#include "core/assert.h"
#include "pipeline/zone.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weir;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    (void)ZoneRule::parse(bytes);
    const Result<Zone> zone = Zone::from_tzif(bytes);
    if (!zone) {
        return 0;
    }
    (void)zone->offset_at(INT64_MIN);
    (void)zone->offset_at(INT64_MAX);
    for (std::int64_t local_s = -9'000'000'000; local_s < 9'000'000'000; local_s += 123'456'789) {
        const std::int64_t utc_s = zone->to_utc(local_s, local_s);
        const std::int64_t offset_s = local_s - utc_s;
        WEIR_ASSERT(offset_s == zone->offset_at(local_s - 86400) ||
                    offset_s == zone->offset_at(local_s + 86400));
        (void)zone->offset_of("CEST", local_s);
    }
    return 0;
}
