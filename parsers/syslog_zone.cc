#include "parsers/syslog_zone.h"

#include "parsers/syslog_text.h"

#include <algorithm>
#include <array>

namespace weir {

namespace {

using namespace syslog_text;

// Sorted, for binary search. UTC and GMT are among them, but are read as offsets.
constexpr std::array<std::string_view, 99> zone_names = {
    "ACDT", "ACST", "ACWST", "ADT",  "AEDT", "AEST", "AFT",  "AKDT", "AKST", "ALMT", "AMST",
    "AMT",  "ART",  "AST",   "AWDT", "AWST", "AZT",  "BDT",  "BNT",  "BOT",  "BRST", "BRT",
    "BST",  "CAT",  "CDT",   "CEST", "CET",  "CLST", "CLT",  "COT",  "CST",  "DST",  "EAT",
    "ECT",  "EDT",  "EEST",  "EET",  "EST",  "FJT",  "GET",  "GMT",  "GST",  "HADT", "HAST",
    "HDT",  "HKT",  "HST",   "ICT",  "IDT",  "IRDT", "IRKT", "IRST", "IST",  "JST",  "KRAT",
    "KST",  "MDT",  "MEST",  "MESZ", "MET",  "MEZ",  "MMT",  "MSD",  "MSK",  "MST",  "MUT",
    "MVT",  "MYT",  "NDT",   "NOVT", "NPT",  "NST",  "NZDT", "NZST", "OMST", "PDT",  "PET",
    "PHT",  "PKT",  "PST",   "PYT",  "SAST", "SGT",  "SST",  "THA",  "TRT",  "UTC",  "UYT",
    "UZT",  "VET",  "VLAT",  "WAST", "WAT",  "WEST", "WET",  "WIB",  "WIT",  "WITA", "YEKT"};

bool take(std::string_view& rest, char c) {
    if (first(rest) != c || rest.empty()) {
        return false;
    }
    rest.remove_prefix(1);
    return true;
}

// Exactly two digits, no third.
bool take_two_digits(std::string_view& rest, int& value) {
    if (span_of(rest, digit, 3) != 2) {
        return false;
    }
    value = (rest[0] - '0') * 10 + (rest[1] - '0');
    rest.remove_prefix(2);
    return true;
}

// "+05:30", "-0500", "+02", and Check Point's "--5:00".
bool take_offset(std::string_view& rest, DeviceTime& time) {
    std::string_view at = rest;
    const bool negative = first(at) == '-';
    if (at.size() < 2 || (!negative && at[0] != '+')) {
        return false;
    }
    at.remove_prefix(1);
    if (negative) {
        take(at, '-');
    }
    const std::size_t digits = span_of(at, digit, 5);
    int hours = 0;
    int minutes = 0;
    if (digits == 4) {
        hours = (at[0] - '0') * 10 + (at[1] - '0');
        minutes = (at[2] - '0') * 10 + (at[3] - '0');
        at.remove_prefix(4);
    } else if (digits == 1 || digits == 2) {
        hours = digits == 1 ? at[0] - '0' : (at[0] - '0') * 10 + (at[1] - '0');
        at.remove_prefix(digits);
        std::string_view behind = at;
        if (take(behind, ':') && take_two_digits(behind, minutes)) {
            at = behind;
        }
    } else {
        return false;
    }
    if (hours > 23 || minutes > 59 || (!at.empty() && is(at[0], digit | upper | lower))) {
        return false;
    }
    const int offset = hours * 60 + minutes;
    time.offset_minutes = static_cast<std::int16_t>(negative ? -offset : offset);
    time.has_offset = true;
    rest = at;
    return true;
}

bool ends_word(std::string_view rest) {
    return rest.empty() || is_blank(rest[0]) || rest[0] == ':';
}

// "UTC", "GMT", "UTC+07:30" at the start of a word.
bool take_utc(std::string_view& rest, DeviceTime& time) {
    if (!rest.starts_with("UTC") && !rest.starts_with("GMT")) {
        return false;
    }
    std::string_view at = after(rest, 3);
    if (!take_offset(at, time)) {
        time.has_offset = time.zulu = true;
        time.offset_minutes = 0;
    }
    if (!ends_word(at)) {
        time.has_offset = time.zulu = false;
        time.offset_minutes = 0;
        return false;
    }
    rest = at;
    return true;
}

bool take_named_zone(std::string_view& rest, ZoneNames zones, DeviceTime& time) {
    const std::size_t length = span_of(rest, upper | lower, 9);
    std::string_view at = after(rest, length);
    if (length < 2 || length > 8 || zones == ZoneNames::none || at.empty() || !ends_word(at)) {
        return false;
    }
    const std::string_view name = rest.substr(0, length);
    std::string_view behind = skip_blanks(at);
    const bool colon = take(behind, ':') && (behind.empty() || is_blank(behind[0]));
    bool taken = is_zone_name(name);
    if (!taken && colon) {
        taken = zones == ZoneNames::any_before_colon ||
                (length <= 5 && all_of_class(name, upper) && first(skip_blanks(behind)) == '%');
    }
    if (taken) {
        time.zone_name = name;
        rest = at;
    }
    return taken;
}

// What may follow the clock: Z, an offset, or after a blank an offset, UTC or a zone's name.
void take_zone(std::string_view& rest, ZoneNames zones, DeviceTime& time) {
    if (rest.empty()) {
        return;
    }
    if ((rest[0] == 'Z' || rest[0] == 'z') && (rest.size() == 1 || !is(rest[1], tag_char))) {
        time.has_offset = time.zulu = true;
        rest.remove_prefix(1);
        return;
    }
    if (rest[0] == '+' || rest[0] == '-') {
        take_offset(rest, time);
        return;
    }
    std::string_view at = skip_blanks(rest);
    if (at.empty() || at.size() == rest.size()) {
        return;
    }
    if (at[0] == '+' || at[0] == '-') {
        // A lone "+2" is text; a zone has at least its two hour digits.
        if (at.size() >= 3 && is_digit(at[1]) && is_digit(at[2]) && take_offset(at, time) &&
            ends_word(at)) {
            rest = at;
        } else {
            time.has_offset = false;
            time.offset_minutes = 0;
        }
    } else if (is_letter(at[0]) && (take_utc(at, time) || take_named_zone(at, zones, time))) {
        rest = at;
    }
}

}  // namespace

bool is_zone_name(std::string_view word) {
    return word.size() >= 3 && word.size() <= 5 &&
           std::binary_search(zone_names.begin(), zone_names.end(), word);
}

std::size_t scan_zone(std::string_view text, ZoneNames zones, DeviceTime& time) {
    std::string_view rest = text;
    take_zone(rest, zones, time);
    return text.size() - rest.size();
}

}  // namespace weir
