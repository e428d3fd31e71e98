// The reader of the times in Loki's texts.
#include "sinks/loki_answer.h"

#include <array>

namespace weir {

namespace {

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    if (text.size() < count || at > text.size() - count) {
        return std::nullopt;
    }
    int value = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + (c - '0');
    }
    return value;
}

// Consumes ".123" in front and gives it in nanoseconds.
std::int64_t eat_fraction(std::string_view& rest) {
    if (rest.empty() || (rest.front() != '.' && rest.front() != ',')) {
        return 0;
    }
    rest.remove_prefix(1);
    std::int64_t nanos = 0;
    std::int64_t unit = ns_per_s / 10;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
        nanos += (rest.front() - '0') * unit;
        unit /= 10;
        rest.remove_prefix(1);
    }
    return nanos;
}

// Seconds east of UTC from "Z", "+01:00" or " +0100 CET"; no zone means UTC.
std::int64_t read_offset(std::string_view rest) {
    if (!rest.empty() && rest.front() == ' ') {
        rest.remove_prefix(1);
    }
    if (rest.empty() || (rest.front() != '+' && rest.front() != '-')) {
        return 0;
    }
    const std::size_t minutes_at = rest.size() > 3 && rest[3] == ':' ? 4 : 3;
    const std::optional<int> hours = digits(rest, 1, 2);
    const std::optional<int> minutes = digits(rest, minutes_at, 2);
    if (!hours || !minutes) {
        return 0;
    }
    const std::int64_t seconds = *hours * 3600 + *minutes * 60;
    return rest.front() == '-' ? -seconds : seconds;
}

}  // namespace

std::optional<Timestamp> read_time(std::string_view text) {
    constexpr std::size_t plain_bytes = 19;  // "2026-11-21T06:47:00"
    const std::array fields{digits(text, 0, 4),  digits(text, 5, 2),  digits(text, 8, 2),
                            digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)};
    for (const std::optional<int>& field : fields) {
        if (!field) {
            return std::nullopt;
        }
    }
    const CivilTime civil{*fields[0], *fields[1], *fields[2], *fields[3], *fields[4], *fields[5]};
    const bool in_range = civil.year >= 1700 && civil.year <= 2250 && civil.month >= 1 &&
                          civil.month <= 12 && civil.day >= 1 && civil.day <= 31 &&
                          civil.hour < 24 && civil.minute < 60 && civil.second <= 60;
    if (!in_range) {
        return std::nullopt;
    }
    std::string_view rest = text.substr(plain_bytes);
    const std::int64_t nanos = eat_fraction(rest);
    return Timestamp{(unix_seconds(civil) - read_offset(rest)) * ns_per_s + nanos};
}

}  // namespace weir
