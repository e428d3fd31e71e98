#include "pipeline/telemetry_value.h"

#include "core/time.h"
#include "pipeline/telemetry_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

namespace weir {

namespace {

constexpr std::uint64_t exact_max = std::uint64_t{1} << 53;
constexpr std::uint64_t all_ones_32 = 0xffffffffU;
constexpr std::uint64_t all_ones_64 = ~std::uint64_t{0};

LeafNumber no_number(LeafSkip reason) {
    return {.skip = reason};
}

bool is_time(LeafKind kind) {
    return kind == LeafKind::timestamp_s || kind == LeafKind::timestamp_ms ||
           kind == LeafKind::timestamp_us || kind == LeafKind::timestamp_ns ||
           kind == LeafKind::timestamp_text;
}

double ticks_per_second(LeafKind kind) {
    switch (kind) {
        case LeafKind::timestamp_ms:
            return 1e3;
        case LeafKind::timestamp_us:
            return 1e6;
        case LeafKind::timestamp_ns:
            return 1e9;
        default:
            return 1;
    }
}

// Zero and all ones are "never". Whole seconds and the rest apart, so that ns stay as exact as a
// double of today's time can be.
LeafNumber time_number(std::uint64_t ticks, LeafKind kind) {
    if (ticks == 0 || ticks == all_ones_32 || ticks == all_ones_64) {
        return no_number(LeafSkip::sentinel);
    }
    const double per_second = ticks_per_second(kind);
    const auto whole = static_cast<std::uint64_t>(per_second);
    return {.value = static_cast<double>(ticks / whole) +
                     static_cast<double>(ticks % whole) / per_second};
}

LeafNumber unsigned_number(std::uint64_t value, const LeafFact& fact) {
    if (is_time(fact.kind)) {
        return fact.kind == LeafKind::timestamp_text ? no_number(LeafSkip::not_number)
                                                     : time_number(value, fact.kind);
    }
    const bool all_ones = value == all_ones_32 || value == all_ones_64;
    if (all_ones && (fact.all_ones_is_none || fact.kind != LeafKind::counter)) {
        return no_number(LeafSkip::sentinel);
    }
    if (fact.kind == LeafKind::counter) {
        return {.value = static_cast<double>(value % exact_max) * fact.scale};
    }
    const auto nearest = static_cast<double>(value);
    const bool exact =
        value <= exact_max || (nearest < 0x1p64 && static_cast<std::uint64_t>(nearest) == value);
    return {.value = nearest * fact.scale, .precision_lost = !exact};
}

LeafNumber signed_number(std::int64_t value, const LeafFact& fact) {
    if (value >= 0) {
        return unsigned_number(static_cast<std::uint64_t>(value), fact);
    }
    if (is_time(fact.kind)) {
        return no_number(LeafSkip::not_number);
    }
    const auto nearest = static_cast<double>(value);
    const bool exact = value >= -static_cast<std::int64_t>(exact_max) ||
                       static_cast<std::int64_t>(nearest) == value;
    return {.value = nearest * fact.scale, .precision_lost = !exact};
}

LeafNumber real_number(double value, const LeafFact& fact) {
    if (is_time(fact.kind)) {
        if (!std::isfinite(value) || value <= 0 || fact.kind == LeafKind::timestamp_text) {
            return no_number(LeafSkip::not_number);
        }
        return {.value = value / ticks_per_second(fact.kind)};
    }
    // A NaN of the device's could be taken for a staleness marker.
    return std::isfinite(value) ? LeafNumber{.value = value * fact.scale}
                                : no_number(LeafSkip::not_number);
}

template <typename Number>
bool read_whole(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

LeafNumber text_number(std::string_view raw, const LeafFact& fact) {
    std::string_view text = trim_blanks(raw);
    if (text.empty()) {
        return no_number(LeafSkip::empty);
    }
    if (says_nothing(text)) {
        return no_number(LeafSkip::sentinel);
    }
    if (fact.kind == LeafKind::unknown) {
        return no_number(LeafSkip::text);
    }
    if (text.starts_with('+')) {
        text.remove_prefix(1);
    }
    std::uint64_t natural = 0;
    std::int64_t integer = 0;
    double real = 0;
    if (fact.kind != LeafKind::timestamp_text) {
        if (read_whole(text, natural)) {
            return unsigned_number(natural, fact);
        }
        if (read_whole(text, integer)) {
            return signed_number(integer, fact);
        }
        if (read_whole(text, real)) {
            return real_number(real, fact);
        }
    }
    if (is_time(fact.kind)) {
        const std::optional<double> seconds = date_seconds(text);
        if (seconds) {
            // A clock that was never set begins in 1970.
            return *seconds > 0 ? LeafNumber{.value = *seconds} : no_number(LeafSkip::sentinel);
        }
    }
    return no_number(LeafSkip::not_number);
}

// Reads exactly `digits` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) {
        return std::nullopt;
    }
    int number = 0;
    for (std::size_t at = 0; at < digits; ++at) {
        if (text[at] < '0' || text[at] > '9') {
            return std::nullopt;
        }
        number = number * 10 + (text[at] - '0');
    }
    text.remove_prefix(digits);
    return number;
}

bool take(std::string_view characters, std::string_view& text) {
    if (text.empty() || characters.find(text.front()) == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

std::optional<CivilTime> take_date_and_time(std::string_view& text) {
    const auto year = take_digits(text, 4);
    const bool one = year && take("-", text);
    const auto month = one ? take_digits(text, 2) : std::nullopt;
    const bool two = month && take("-", text);
    const auto day = two ? take_digits(text, 2) : std::nullopt;
    const bool three = day && take("Tt ", text);
    const auto hour = three ? take_digits(text, 2) : std::nullopt;
    const bool four = hour && take(":", text);
    const auto minute = four ? take_digits(text, 2) : std::nullopt;
    const bool five = minute && take(":", text);
    const auto second = five ? take_digits(text, 2) : std::nullopt;
    if (!second || *month < 1 || *month > 12 || *day < 1 || *day > days_in_month(*year, *month) ||
        *hour > 23 || *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    return CivilTime{.year = *year,
                     .month = *month,
                     .day = *day,
                     .hour = *hour,
                     .minute = *minute,
                     .second = *second};
}

double take_fraction(std::string_view& text) {
    double fraction = 0;
    double place = 0.1;
    if (!take(".,", text)) {
        return 0;
    }
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        fraction += place * (text.front() - '0');
        place /= 10;
        text.remove_prefix(1);
    }
    return fraction;
}

// Seconds east of UTC; 0 without an offset.
std::optional<int> take_offset(std::string_view& text) {
    if (text.empty() || ((text == "Z" || text == "z") && take("Zz", text))) {
        return 0;
    }
    const bool west = text.front() == '-';
    if (!take("+-", text)) {
        return std::nullopt;
    }
    const auto hours = take_digits(text, 2);
    if (!hours) {
        return std::nullopt;
    }
    take(":", text);
    const auto minutes = take_digits(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59) {
        return std::nullopt;
    }
    const int seconds = *hours * 3600 + *minutes * 60;
    return west ? -seconds : seconds;
}

}  // namespace

std::string_view trim_blanks(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

bool says_nothing(std::string_view text) {
    constexpr std::string_view nothing[] = {"never", "Never", "n/a",  "N/A",  "NA",           "-",
                                            "--",    "---",   "none", "None", "not-available"};
    return std::find(std::begin(nothing), std::end(nothing), text) != std::end(nothing);
}

std::optional<double> date_seconds(std::string_view text) {
    const std::optional<CivilTime> civil = take_date_and_time(text);
    if (!civil) {
        return std::nullopt;
    }
    const double fraction = take_fraction(text);
    const std::optional<int> offset = take_offset(text);
    if (!offset || !text.empty()) {
        return std::nullopt;
    }
    return static_cast<double>(unix_seconds(*civil) - *offset) + fraction;
}

LeafNumber leaf_number(const TelemetryNode& leaf, const LeafFact& fact) {
    switch (leaf.kind) {
        case TelemetryKind::u64:
            return unsigned_number(leaf.bits, fact);
        case TelemetryKind::i64:
            return signed_number(leaf.as_i64(), fact);
        case TelemetryKind::f64:
            return real_number(leaf.as_f64(), fact);
        case TelemetryKind::boolean:
            return is_time(fact.kind) ? no_number(LeafSkip::not_number)
                                      : LeafNumber{.value = leaf.bits != 0 ? 1.0 : 0.0};
        case TelemetryKind::text:
            return text_number(leaf.text, fact);
        case TelemetryKind::bytes:
            return no_number(LeafSkip::bytes);
        case TelemetryKind::container:
            break;
    }
    return no_number(LeafSkip::empty);
}

std::string_view leaf_text(const TelemetryNode& leaf, std::string& buffer) {
    buffer.clear();
    switch (leaf.kind) {
        case TelemetryKind::text:
            return trim_blanks(leaf.text);
        case TelemetryKind::u64:
            fmt::format_to(std::back_inserter(buffer), "{}", leaf.bits);
            return buffer;
        case TelemetryKind::i64:
            fmt::format_to(std::back_inserter(buffer), "{}", leaf.as_i64());
            return buffer;
        case TelemetryKind::f64:
            fmt::format_to(std::back_inserter(buffer), "{}", leaf.as_f64());
            return buffer;
        case TelemetryKind::boolean:
            return leaf.bits != 0 ? "true" : "false";
        case TelemetryKind::bytes:
        case TelemetryKind::container:
            break;
    }
    return {};
}

std::string_view state_word(std::string_view text) {
    return without_module(text);
}

}  // namespace weir
