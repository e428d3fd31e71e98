// Device time: what the device wrote, completed to a point in time. The year comes from the receive
// time; the zone from the wire, the rule's zone, or what the source's stream has taught us. Pure;
// sits between parse and append.
#pragma once

#include "core/record.h"
#include "core/time.h"
#include "pipeline/zone.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

// Where the offset of a resolved time came from, best first.
enum class ZoneSource : std::uint8_t {
    wire,         // Z, UTC, GMT or a numeric offset in the message
    name,         // a zone name in the message
    rule,         // the zone of the source's classification rule
    learned,      // a steady distance between the source's times and their arrival
    assumed_utc,  // none of these
};

[[nodiscard]] std::string_view zone_source_name(ZoneSource source);

// Value that borrows. What is known about a source's zone besides the message.
struct ZoneRef {
    const Zone* rule = nullptr;             // of the classification rule; null: none
    std::optional<std::int32_t> learned_s;  // SkewEstimator::offset_s
};

// Value.
struct ResolvedTime {
    std::optional<Timestamp> time;  // none: no time on the wire, or a year beyond 1678..2261
    int year = 0;                   // of the device's local date, guessed or sent
    std::int32_t offset_s = 0;      // east of UTC, that `time` was made with
    bool year_guessed = false;
    ZoneSource zone_source = ZoneSource::assumed_utc;
};

// Completes a device time. An unsynchronised clock (DeviceTime::clock_mark) is resolved like any
// other: whether to trust it is the caller's decision. No allocation.
[[nodiscard]] ResolvedTime resolve_device_time(const DeviceTime& device, Timestamp received_at,
                                               const ZoneRef& zone);

// The year that puts a date without one nearest to `received_at`, reading it `offset_s` east of
// UTC; 29 February falls in a leap year. Expects DeviceTime::present.
[[nodiscard]] int nearest_year(const DeviceTime& device, Timestamp received_at,
                               std::int32_t offset_s = 0);

// Offset of an abbreviation that means one zone wherever network devices stand; none for those that
// mean several (IST, CST, AST, ...).
[[nodiscard]] std::optional<std::int32_t> offset_of_zone_name(std::string_view name);

// Value. Learns how far a source's clock stands from UTC, for sources that say no zone. Sixteen
// messages over at least a minute that all arrive within two minutes of the same quarter hour
// teach an offset; sixteen that agree on another one (daylight saving) replace it, and sixteen that
// agree on none (a clock that is simply wrong) forget it. The minute keeps a burst of old messages,
// sent after a link came back, from being taken for a zone.
class SkewEstimator {
  public:
    // Looks at one message. Ignores times with a zone of their own and clocks that say they are not
    // synchronised.
    void observe(const DeviceTime& device, Timestamp received_at);

    // East of UTC; none until learned.
    [[nodiscard]] std::optional<std::int32_t> offset_s() const;

  private:
    static constexpr std::int8_t unknown = 127;  // no quarter hour of a zone, which end at +-64

    std::int64_t candidate_since_ns_ = 0;
    std::int8_t learned_ = unknown;    // in quarter hours
    std::int8_t candidate_ = unknown;  // unknown: a clock that is wrong
    std::uint8_t agreeing_ = 0;        // messages in a row that name the candidate
};

static_assert(sizeof(SkewEstimator) <= 32);

// Room for any device time: "2026-11-21T06:47:00.123456789+05:45".
using DeviceTimeText = std::array<char, 40>;

// RFC 3339 with the resolved year and, when one is known, the offset; without an offset when the
// zone would be a guess. As many fraction digits as the device sent. The view is into `text`; empty
// when there is no time on the wire.
[[nodiscard]] std::string_view format_device_time(const DeviceTime& device,
                                                  const ResolvedTime& resolved,
                                                  DeviceTimeText& text);

}  // namespace weir
