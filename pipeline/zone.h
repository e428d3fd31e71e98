// Zone: the rule that turns a device's local time into UTC. Loaded when the configuration is read
// (an IANA name from the system's TZif files, RFC 8536, or a fixed offset), then immutable and
// shared by every ingest thread.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Bounds on what a TZif file may hold; the largest real one has 236 transitions and 3.6 KB.
inline constexpr std::size_t zone_file_bytes_max = 256 * 1024;
inline constexpr std::size_t zone_transitions_max = 8192;
inline constexpr std::size_t zone_types_max = 256;
inline constexpr std::size_t zone_name_bytes_max = 64;

// Value. One kind of local time: "CEST", +7200, daylight saving.
struct ZoneType {
    std::int32_t offset_s = 0;  // east of UTC
    bool daylight = false;
    std::string abbreviation;

    friend bool operator==(const ZoneType&, const ZoneType&) = default;
};

// Value. One yearly change of a POSIX TZ string (IEEE Std 1003.1 section 8.3, with RFC 8536's
// hours -167..167).
struct ZoneChange {
    enum class Form : std::uint8_t { month_week_day, julian, day_of_year };
    Form form = Form::month_week_day;
    int month = 1;
    int week = 1;                // 5 is the last one
    int day = 0;                 // weekday 0 (Sunday)..6, Julian day 1..365, or day of year 0..365
    std::int32_t time_s = 7200;  // local time of day, may be negative or beyond a day
};

// Value. A POSIX TZ string: what holds after the last transition of the file.
struct ZoneRule {
    ZoneType standard;
    std::optional<ZoneType> daylight;
    ZoneChange to_daylight;
    ZoneChange to_standard;

    // "CET-1CEST,M3.5.0,M10.5.0/3". A daylight name without its two changes is an error.
    [[nodiscard]] static Result<ZoneRule> parse(std::string_view text);
    // The type in force at a point in time.
    [[nodiscard]] const ZoneType& type_at(std::int64_t unix_s) const;
};

// Value. Const access from any thread.
class Zone {
  public:
    // One offset for ever, within a day of UTC.
    [[nodiscard]] static Zone fixed(std::int32_t offset_s);
    // The bytes of a TZif file, version 1 to 4. Never reads past `bytes`.
    [[nodiscard]] static Result<Zone> from_tzif(std::string_view bytes);

    // Offset east of UTC in force at a point in time. Any value is answered.
    [[nodiscard]] std::int32_t offset_at(std::int64_t unix_s) const;

    // UTC of a local time given as "seconds since the epoch as if it were UTC". An hour that
    // happens twice resolves to the one nearer to `near_unix_s`; an hour that is skipped reads with
    // the offset from before the change.
    [[nodiscard]] std::int64_t to_utc(std::int64_t local_s, std::int64_t near_unix_s) const;

    // The offset this zone gives an abbreviation ("CST" in Asia/Shanghai), of the type in force
    // last before or at `unix_s`; none when the zone has never used it.
    [[nodiscard]] std::optional<std::int32_t> offset_of(std::string_view abbreviation,
                                                        std::int64_t unix_s) const;

  private:
    Zone() = default;

    [[nodiscard]] const ZoneType& type_at(std::int64_t unix_s) const;

    std::vector<std::int64_t> transitions_;  // ascending, UTC seconds
    std::vector<std::uint8_t> type_of_;      // type in force from the transition on
    std::vector<ZoneType> types_;            // at least one; the first holds before all transitions
    std::optional<ZoneRule> rule_;           // holds from the last transition on
};

using ZonePtr = std::shared_ptr<const Zone>;

// Reads a zone as configuration names it: "Europe/Berlin", "+02:00", "-0530", "Z", "UTC". The name
// is looked up below `directory` and can not leave it. Blocks on the file; start-up and reload
// only.
[[nodiscard]] Result<ZonePtr> load_zone(std::string_view name,
                                        const std::string& directory = "/usr/share/zoneinfo");

}  // namespace weir
