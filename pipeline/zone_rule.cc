#include "core/time.h"
#include "pipeline/zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace weir {

namespace {

// Takes a POSIX TZ string apart from the left. Every step says whether it found what it wanted.
class TzText {
  public:
    explicit TzText(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    [[nodiscard]] bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }

    bool take(char c) {
        if (!next_is(c)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    bool take_number(int low, int high, int& out) {
        const auto parsed = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
        if (parsed.ec != std::errc{} || rest_.front() == '-' || out < low || out > high) {
            return false;
        }
        rest_.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest_.data()));
        return true;
    }

    // "CET" or "<+0330>".
    bool take_name(std::string& out) {
        const bool quoted = take('<');
        const auto is_part = [quoted](char c) {
            const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            return alpha || (quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-'));
        };
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_part);
        const auto length = static_cast<std::size_t>(end - rest_.begin());
        out.assign(rest_.substr(0, length));
        rest_.remove_prefix(length);
        return length >= 3 && length <= 16 && (!quoted || take('>'));
    }

    // [+-]hh[:mm[:ss]]
    bool take_time(int hours_max, std::int32_t& out_s) {
        const bool negative = take('-');
        if (!negative) {
            take('+');
        }
        int hours = 0;
        int minutes = 0;
        int seconds = 0;
        if (!take_number(0, hours_max, hours) || (take(':') && !take_number(0, 59, minutes)) ||
            (take(':') && !take_number(0, 59, seconds))) {
            return false;
        }
        out_s = (hours * 60 + minutes) * 60 + seconds;
        out_s = negative ? -out_s : out_s;
        return true;
    }

    // Mm.w.d, Jn or n, then an optional /time.
    bool take_change(ZoneChange& out) {
        bool ok = false;
        if (take('M')) {
            out.form = ZoneChange::Form::month_week_day;
            ok = take_number(1, 12, out.month) && take('.') && take_number(1, 5, out.week) &&
                 take('.') && take_number(0, 6, out.day);
        } else if (take('J')) {
            out.form = ZoneChange::Form::julian;
            ok = take_number(1, 365, out.day);
        } else {
            out.form = ZoneChange::Form::day_of_year;
            ok = take_number(0, 365, out.day);
        }
        return ok && (!take('/') || take_time(167, out.time_s));
    }

  private:
    std::string_view rest_;
};

// Local time of the change in a year, as seconds since the epoch as if it were UTC.
std::int64_t local_seconds_of(const ZoneChange& change, int year) {
    std::int64_t day = 0;
    if (change.form == ZoneChange::Form::month_week_day) {
        const std::int64_t first = days_from_civil(year, change.month, 1);
        // 1970-01-01 was a Thursday (4).
        const auto weekday = static_cast<int>(((first + 4) % 7 + 7) % 7);
        int in_month = (change.day - weekday + 7) % 7 + (change.week - 1) * 7;
        while (in_month >= days_in_month(year, change.month)) {
            in_month -= 7;
        }
        day = first + in_month;
    } else if (change.form == ZoneChange::Form::julian) {
        // Julian days leave 29 February out: day 60 is 1 March in every year.
        const bool after_leap_day = change.day >= 60 && days_in_month(year, 2) == 29;
        day = days_from_civil(year, 1, 1) + change.day - 1 + (after_leap_day ? 1 : 0);
    } else {
        day = days_from_civil(year, 1, 1) + change.day;
    }
    return day * 86400 + change.time_s;
}

}  // namespace

Result<ZoneRule> ZoneRule::parse(std::string_view text) {
    TzText rest(text);
    ZoneRule rule;
    std::int32_t west_s = 0;
    if (!rest.take_name(rule.standard.abbreviation) || !rest.take_time(24, west_s)) {
        return fail(fmt::format("\"{}\" is not a POSIX TZ string", text));
    }
    rule.standard.offset_s = -west_s;
    if (rest.at_end()) {
        return rule;
    }
    ZoneType daylight{.offset_s = rule.standard.offset_s + 3600, .daylight = true};
    if (!rest.take_name(daylight.abbreviation)) {
        return fail(fmt::format("\"{}\" has a bad daylight saving name", text));
    }
    if (!rest.next_is(',')) {
        if (!rest.take_time(24, west_s)) {
            return fail(fmt::format("\"{}\" has a bad daylight saving offset", text));
        }
        daylight.offset_s = -west_s;
    }
    rule.daylight = daylight;
    if (!rest.take(',') || !rest.take_change(rule.to_daylight) || !rest.take(',') ||
        !rest.take_change(rule.to_standard) || !rest.at_end()) {
        return fail(fmt::format("\"{}\" has no valid dates for daylight saving", text));
    }
    return rule;
}

const ZoneType& ZoneRule::type_at(std::int64_t unix_s) const {
    if (!daylight) {
        return standard;
    }
    const int year = civil_from_unix_seconds(unix_s + standard.offset_s).year;
    const std::int64_t start = local_seconds_of(to_daylight, year) - standard.offset_s;
    const std::int64_t end = local_seconds_of(to_standard, year) - daylight->offset_s;
    // South of the equator daylight saving runs over the new year.
    const bool in_daylight =
        start < end ? unix_s >= start && unix_s < end : unix_s >= start || unix_s < end;
    return in_daylight ? *daylight : standard;
}

}  // namespace weir
