// Points in time and the clock that gives them. No code below app/ reads a clock except through a
// Clock handed to it at construction; pure functions take `now`.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace weir {

inline constexpr std::int64_t ns_per_s = 1'000'000'000;
inline constexpr std::int64_t ns_per_ms = 1'000'000;

// Value. Nanoseconds since the Unix epoch, UTC.
struct Timestamp {
    std::int64_t unix_ns = 0;

    friend constexpr auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

// Value. A date and time of day in the proleptic Gregorian calendar, without a zone.
struct CivilTime {
    int year = 1970;
    int month = 1;   // 1..12
    int day = 1;     // 1..31
    int hour = 0;    // 0..23
    int minute = 0;  // 0..59
    int second = 0;  // 0..60, 60 being a leap second
};

// Days since 1970-01-01; `month` and `day` are taken as they are (day 31 of a short month rolls
// on).
[[nodiscard]] std::int64_t days_from_civil(int year, int month, int day);

// Number of days in a month, 29 for February of a leap year.
[[nodiscard]] int days_in_month(int year, int month);

// Seconds since the epoch of a civil time read as UTC.
[[nodiscard]] std::int64_t unix_seconds(const CivilTime& civil);

// The civil time in UTC of a point in time, to the second.
[[nodiscard]] CivilTime civil_from_unix_seconds(std::int64_t seconds);

// RFC 3339 in UTC with as many fraction digits as asked (0..9): "2026-11-21T06:47:00.123Z".
[[nodiscard]] std::string to_rfc3339(Timestamp time, int fraction_digits = 9);

// Resource interface. The one door to the time of day and to elapsed time.
class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    // Wall clock; may step. Any thread.
    [[nodiscard]] virtual Timestamp now() const = 0;
    // Nanoseconds from an arbitrary start; never steps back. Any thread.
    [[nodiscard]] virtual std::int64_t monotonic_ns() const = 0;
};

// Resource. The machine's clocks; made once, in app/topology.
class SystemClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override;
    [[nodiscard]] std::int64_t monotonic_ns() const override;
};

// Resource. A clock that a test moves by hand.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(Timestamp start) : now_(start) {}

    [[nodiscard]] Timestamp now() const override { return now_; }

    [[nodiscard]] std::int64_t monotonic_ns() const override { return now_.unix_ns; }

    void advance_ns(std::int64_t by) { now_.unix_ns += by; }

    void set(Timestamp now) { now_ = now; }

  private:
    Timestamp now_;
};

}  // namespace weir
