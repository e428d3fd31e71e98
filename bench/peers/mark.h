// What the programs of this folder agree on: the mark that every generated line carries once, and
// the clock that its time is read from. Values; no state.
#pragma once

#include <charconv>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>

namespace weir::bench {

// "~mk:", the line's number in ten digits, the time of sending in sixteen. '~' stands nowhere else
// in a line, so that one search for one character finds the marks in whatever surrounds the lines.
constexpr std::string_view mark_begin = "~mk:";
constexpr std::size_t number_digits = 10;
constexpr std::size_t time_digits = 16;
constexpr std::size_t mark_bytes = mark_begin.size() + number_digits + time_digits;

struct Mark {
    std::uint64_t number = 0;
    std::uint64_t sent_us = 0;  // monotonic_us() of the sender
};

// Microseconds of the machine's monotonic clock, which all processes share.
inline std::uint64_t monotonic_us() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

// Writes `value` right-aligned into `digits` characters, with leading zeros.
inline void write_digits(char* out, std::size_t digits, std::uint64_t value) {
    for (std::size_t i = digits; i > 0; --i) {
        out[i - 1] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

// The mark at the beginning of `text`, which begins with '~'.
inline std::optional<Mark> read_mark(std::string_view text) {
    if (text.size() < mark_bytes || !text.starts_with(mark_begin)) {
        return std::nullopt;
    }
    const char* number = text.data() + mark_begin.size();
    const char* time = number + number_digits;
    Mark mark;
    const auto first = std::from_chars(number, time, mark.number);
    const auto second = std::from_chars(time, time + time_digits, mark.sent_us);
    if (first.ptr != time || second.ptr != time + time_digits) {
        return std::nullopt;
    }
    return mark;
}

}  // namespace weir::bench
