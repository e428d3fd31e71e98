#include "parsers/syslog_timestamp.h"

#include "core/time.h"
#include "parsers/syslog_text.h"
#include "parsers/syslog_zone.h"

#include <algorithm>
#include <array>

namespace weir {

namespace {

using namespace syslog_text;

struct Fields {
    int year = -1;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int fraction_digits = 0;
    std::uint32_t nanos = 0;
    bool possible = true;
};

constexpr std::array<std::string_view, 12> month_names = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

bool take(std::string_view& rest, char c) {
    if (first(rest) != c || rest.empty()) {
        return false;
    }
    rest.remove_prefix(1);
    return true;
}

// 1 or 2 to `digits_max` digits, not followed by another digit.
bool take_number(std::string_view& rest, std::size_t digits_min, std::size_t digits_max,
                 int& value) {
    int number = 0;
    std::size_t at = 0;
    while (at < rest.size() && at < digits_max && is_digit(rest[at])) {
        number = number * 10 + (rest[at] - '0');
        ++at;
    }
    if (at < digits_min || (at < rest.size() && is_digit(rest[at]))) {
        return false;
    }
    value = number;
    rest.remove_prefix(at);
    return true;
}

bool take_blanks(std::string_view& rest) {
    const std::size_t before = rest.size();
    rest = skip_blanks(rest);
    return rest.size() != before;
}

constexpr std::uint32_t pack3(char a, char b, char c) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(a)) << 16 |
           static_cast<std::uint32_t>(static_cast<unsigned char>(b)) << 8 |
           static_cast<std::uint32_t>(static_cast<unsigned char>(c));
}

// Months (1 to 12) and weekdays (13 on) by a perfect hash of their three letters: this is looked up
// at the start of nearly every line.
constexpr std::uint32_t name_hash(std::uint32_t packed) {
    return (packed * 0x9c546497U) >> 27;
}

struct NameEntry {
    std::uint32_t packed = 0;
    std::int8_t number = 0;
};

constexpr std::array<NameEntry, 32> make_names() {
    constexpr std::string_view letters =
        "janfebmaraprmayjunjulaugsepoctnovdecmontuewedthufrisatsun";
    std::array<NameEntry, 32> names{};
    for (std::size_t i = 0; i * 3 < letters.size(); ++i) {
        const std::uint32_t packed = pack3(letters[i * 3], letters[i * 3 + 1], letters[i * 3 + 2]);
        names[name_hash(packed)] = {packed, static_cast<std::int8_t>(i + 1)};
    }
    return names;
}

constexpr std::array<NameEntry, 32> calendar_names = make_names();

int name_number(std::uint32_t packed) {
    const NameEntry& entry = calendar_names[name_hash(packed)];
    return entry.packed == packed ? entry.number : 0;
}

// 1 to 12, or 0.
int month_of(std::uint32_t packed) {
    const int number = name_number(packed);
    return number <= 12 ? number : 0;
}

bool is_weekday(std::uint32_t packed) {
    return name_number(packed) > 12;
}

std::uint32_t packed_word(std::string_view text) {
    return text.size() < 3 ? 0
                           : pack3(lower_case(text[0]), lower_case(text[1]), lower_case(text[2]));
}

// "Jan", "JAN", "Sept", "January"; a '.' after it is taken.
bool take_month(std::string_view& rest, int& month) {
    const int number = month_of(packed_word(rest));
    if (number == 0) {
        return false;
    }
    std::size_t length = 3;
    if (rest.size() > 3 && is_letter(rest[3])) {
        length = span_of(rest, upper | lower, 10);
        const std::string_view name = month_names[static_cast<std::size_t>(number - 1)];
        const bool sept = number == 9 && length == 4 && lower_case(rest[3]) == 't';
        if (!sept && !equals_ignoring_case(rest.substr(0, length), name)) {
            return false;
        }
    }
    month = number;
    rest.remove_prefix(length);
    take(rest, '.');
    return true;
}

// ".123" or ",123". A comma also separates CSV columns, so after it only 3 or 6 digits count.
void take_fraction(std::string_view& rest, Fields& fields) {
    if (rest.size() < 2 || (rest[0] != '.' && rest[0] != ',') || !is_digit(rest[1])) {
        return;
    }
    std::uint32_t nanos = 0;
    int digits = 0;
    std::size_t at = 1;
    for (; at < rest.size() && is_digit(rest[at]); ++at) {
        if (digits < 9) {
            nanos = nanos * 10 + static_cast<std::uint32_t>(rest[at] - '0');
            ++digits;
        }
    }
    if (rest[0] == ',' && at != 4 && at != 7) {
        return;
    }
    for (int i = digits; i < 9; ++i) {
        nanos *= 10;
    }
    fields.fraction_digits = digits;
    fields.nanos = nanos;
    rest.remove_prefix(at);
}

// " PM", "PM", " AM.484": Cisco Unified CM puts the milliseconds after the half of the day.
void take_half_day(std::string_view& rest, Fields& fields) {
    std::string_view at = rest;
    take(at, ' ');
    if (at.size() < 2 || (at[1] != 'M' && at[1] != 'm')) {
        return;
    }
    const bool pm = at[0] == 'P' || at[0] == 'p';
    if (!pm && at[0] != 'A' && at[0] != 'a') {
        return;
    }
    at.remove_prefix(2);
    if (!at.empty() && at[0] != '.' && at[0] != ' ' && at[0] != '\t' && at[0] != ':') {
        return;
    }
    if (fields.hour < 1 || fields.hour > 12) {
        fields.possible = false;
    }
    fields.hour = fields.hour % 12 + (pm ? 12 : 0);
    take_fraction(at, fields);
    rest = at;
}

// "hh:mm:ss" with fraction. One digit is enough for the hour (AireOS, UCS).
bool take_clock(std::string_view& rest, Fields& fields) {
    const auto two_digits = [&rest](std::size_t at, int& value) {
        const auto tens = static_cast<unsigned char>(rest[at] - '0');
        const auto ones = static_cast<unsigned char>(rest[at + 1] - '0');
        value = tens * 10 + ones;
        return tens <= 9 && ones <= 9;
    };
    // "hh:mm:ss" at fixed places, or "h:mm:ss".
    const std::size_t colon = rest.size() > 2 && rest[2] == ':' ? 2 : 1;
    if (rest.size() < colon + 6 || rest[colon] != ':' || rest[colon + 3] != ':' ||
        !two_digits(colon + 1, fields.minute) || !two_digits(colon + 4, fields.second)) {
        return false;
    }
    const std::size_t end = colon + 6;
    if (rest.size() > end && is_digit(rest[end])) {
        return false;
    }
    if (colon == 1) {
        fields.hour = rest[0] - '0';
    }
    if (colon == 1 ? !is_digit(rest[0]) : !two_digits(0, fields.hour)) {
        return false;
    }
    rest.remove_prefix(end);
    take_fraction(rest, fields);
    return true;
}

// A four-digit year of this or the last century, as a word.
bool take_year(std::string_view& rest, int& year) {
    std::string_view at = rest;
    int number = 0;
    if (!take_number(at, 4, 4, number) || number < 1900 || number > 2199) {
        return false;
    }
    // "2001:db8::1" is a host.
    const bool ends =
        at.empty() || is_blank(at[0]) || (at[0] == ':' && (at.size() == 1 || is_blank(at[1])));
    if (!ends) {
        return false;
    }
    year = number;
    rest = at;
    return true;
}

void take_year_after(std::string_view& rest, Fields& fields) {
    std::string_view at = rest;
    if (fields.year < 0 && take_blanks(at) && take_year(at, fields.year)) {
        rest = at;
    }
}

int days_of_month(int year, int month) {
    constexpr std::array<std::int8_t, 12> days = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool short_february =
        month == 2 && year >= 0 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0));
    return short_february ? 28 : days[static_cast<std::size_t>(month - 1)];
}

bool is_possible(const Fields& fields) {
    return fields.possible && fields.year != 0 && fields.month >= 1 && fields.month <= 12 &&
           fields.day >= 1 && fields.day <= days_of_month(fields.year, fields.month) &&
           fields.hour <= 23 && fields.minute <= 59 && fields.second <= 60;
}

void store(const Fields& fields, DeviceTime& time) {
    time.present = true;
    time.year = static_cast<std::int16_t>(fields.year);
    time.month = static_cast<std::int8_t>(fields.month);
    time.day = static_cast<std::int8_t>(fields.day);
    time.hour = static_cast<std::int8_t>(fields.hour);
    time.minute = static_cast<std::int8_t>(fields.minute);
    time.second = static_cast<std::int8_t>(fields.second);
    time.fraction_digits = static_cast<std::int8_t>(fields.fraction_digits);
    time.nanos = fields.nanos;
}

constexpr std::size_t time_bytes_min = 13;  // "Jan 1 0:00:00"

// "Thu Oct 03 2024", "Wed, 05 Apr 2023" (RFC 5322).
void skip_weekday(std::string_view& rest) {
    std::string_view at = rest;
    if (!is_letter(at[0]) || !is_weekday(packed_word(at))) {
        return;
    }
    at.remove_prefix(3);
    take(at, ',');
    if (take_blanks(at) && at.size() >= time_bytes_min) {
        rest = at;
    }
}

// "Oct  3 [2024 ]11:12:36": RFC 3164 with what Cisco and NetApp add.
bool take_month_first(std::string_view& rest, Fields& fields) {
    std::string_view at = rest;
    if (!take_month(at, fields.month)) {
        return false;
    }
    if (!take_blanks(at) || !take_number(at, 1, 2, fields.day)) {
        return false;
    }
    take(at, ',');
    if (!take_blanks(at)) {
        return false;
    }
    std::string_view behind = at;
    if (take_year(behind, fields.year) && take_blanks(behind)) {
        at = behind;
    } else {
        fields.year = -1;
    }
    if (!take_clock(at, fields)) {
        return false;
    }
    rest = at;
    return true;
}

// "2023 Apr 26 09:16:56" (NX-OS); the year has been read.
bool take_after_leading_year(std::string_view& rest, Fields& fields) {
    std::string_view at = rest;
    if (!take_blanks(at) || !take_month(at, fields.month) || !take_blanks(at) ||
        !take_number(at, 1, 2, fields.day) || !take_blanks(at) || !take_clock(at, fields)) {
        return false;
    }
    rest = at;
    return true;
}

// "-04-28T16:44:53", "/04/28 16:44:53", ":04:28-16:44:53" (Sophos UTM); the year has been read.
bool take_numeric_date(std::string_view& rest, Fields& fields) {
    std::string_view at = rest;
    const char separator = first(at);
    if (!take(at, separator) || !take_number(at, 1, 2, fields.month) || !take(at, separator) ||
        !take_number(at, 1, 2, fields.day) || at.empty()) {
        return false;
    }
    const char between = at[0];
    const bool fits = separator == ':' ? between == '-'
                                       : (between == 'T' || between == 't' || between == ' ' ||
                                          (separator == '/' && between == ':'));  // NetScaler 14
    if (!fits) {
        return false;
    }
    at.remove_prefix(1);
    if (!take_clock(at, fields)) {
        return false;
    }
    // Huawei counts the messages of one millisecond: "01:00:34.270.1".
    if (fields.fraction_digits > 0 && at.size() > 2 && at[0] == '.' && is_digit(at[1]) &&
        is_blank(at[2])) {
        at.remove_prefix(2);
    }
    rest = at;
    return true;
}

// "26 Apr 2023 09:16:56", "28/Jan/2025:10:46:06", and NetScaler's "07/09/2025:17:30:45".
bool take_day_first(std::string_view& rest, Fields& fields) {
    std::string_view at = rest;
    if (!take_number(at, 1, 2, fields.day) || at.empty()) {
        return false;
    }
    const char separator = at[0];
    if (separator != ' ' && separator != '-' && separator != '/') {
        return false;
    }
    at.remove_prefix(1);
    if (separator == '/' && !at.empty() && is_digit(at[0])) {
        // Two orders exist; month first is the device's default, and above 12 it must be a day.
        fields.month = fields.day;
        if (!take_number(at, 1, 2, fields.day)) {
            return false;
        }
        if (fields.month > 12) {
            std::swap(fields.month, fields.day);
        }
    } else if (!take_month(at, fields.month)) {
        return false;
    }
    if (!take(at, separator)) {
        return false;
    }
    std::string_view behind = at;
    if (take_number(behind, 4, 4, fields.year) && (take(behind, ':') || take_blanks(behind))) {
        at = behind;
    } else if (separator == '/') {
        return false;
    } else {
        fields.year = -1;
    }
    if (!take_clock(at, fields)) {
        return false;
    }
    rest = at;
    return true;
}

}  // namespace

TimeScan scan_device_time(std::string_view text, ZoneNames zones, DeviceTime& time) {
    std::string_view rest = text;
    Fields fields;
    DeviceTime read;
    TimeScan scan;
    if (first(rest) == '*' || first(rest) == '.') {
        read.clock_mark = rest[0];
        zones = ZoneNames::any_before_colon;
        rest.remove_prefix(1);
    }
    if (rest.size() < time_bytes_min) {
        return scan;
    }
    skip_weekday(rest);
    bool found = false;
    if (is_letter(rest[0])) {
        found = take_month_first(rest, fields);
    } else if (is_digit(rest[0])) {
        if (take_number(rest, 4, 4, fields.year)) {
            const char separator = first(rest);
            scan.iso = separator == '-' || separator == '/' || separator == ':';
            found =
                scan.iso ? take_numeric_date(rest, fields) : take_after_leading_year(rest, fields);
        } else {
            found = take_day_first(rest, fields);
        }
    }
    if (!found) {
        return {};
    }
    take_half_day(rest, fields);
    take_year_after(rest, fields);
    rest.remove_prefix(scan_zone(rest, zones, read));
    take_year_after(rest, fields);
    scan.length = text.size() - rest.size();
    if (!is_possible(fields)) {
        scan.reading = TimeReading::out_of_range;
        return scan;
    }
    scan.reading = TimeReading::ok;
    store(fields, read);
    time = read;
    return scan;
}

std::size_t scan_epoch_time(std::string_view text, DeviceTime& time) {
    const std::size_t digits = span_of(text, digit, 11);
    if (digits < 9 || digits > 10) {
        return 0;
    }
    std::int64_t seconds = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        seconds = seconds * 10 + (text[i] - '0');
    }
    std::string_view rest = after(text, digits);
    Fields fields;
    if (first(rest) == '.') {
        take_fraction(rest, fields);
    }
    const CivilTime civil = civil_from_unix_seconds(seconds);
    fields.year = civil.year;
    fields.month = civil.month;
    fields.day = civil.day;
    fields.hour = civil.hour;
    fields.minute = civil.minute;
    fields.second = civil.second;
    time = {};
    store(fields, time);
    time.has_offset = time.zulu = true;
    return text.size() - rest.size();
}

std::size_t scan_uptime(std::string_view text) {
    std::size_t at = span_of(text, digit, 6);
    if (at == 0 || at == text.size()) {
        return 0;
    }
    if (text[at] == ':') {
        std::string_view rest = text;
        Fields fields;
        int hours = 0;
        if (!take_number(rest, 1, 5, hours) || !take(rest, ':') ||
            !take_number(rest, 2, 2, fields.minute) || !take(rest, ':') ||
            !take_number(rest, 2, 2, fields.second)) {
            return 0;
        }
        take_fraction(rest, fields);
        return text.size() - rest.size();
    }
    at = 0;
    while (at < text.size() && is_digit(text[at])) {
        const std::size_t digits = span_of(after(text, at), digit, 4);
        const std::string_view unit = text.substr(at + digits, 1);
        if (digits > 3 || unit.empty() ||
            std::string_view("ywdhms").find(unit[0]) == std::string_view::npos) {
            return 0;
        }
        at += digits + 1;
    }
    return at < text.size() && is(text[at], tag_char) ? 0 : at;
}

}  // namespace weir
