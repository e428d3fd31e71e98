#include "core/time.h"

#include <fmt/format.h>

#include <chrono>
#include <time.h>

namespace weir {

namespace {

std::int64_t read_clock(clockid_t clock) {
    timespec spec{};
    clock_gettime(clock, &spec);
    return static_cast<std::int64_t>(spec.tv_sec) * ns_per_s + spec.tv_nsec;
}

}  // namespace

std::int64_t days_from_civil(int year, int month, int day) {
    const auto first = std::chrono::sys_days{std::chrono::year_month_day{
        std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
        std::chrono::day{1}}};
    return first.time_since_epoch().count() + day - 1;
}

int days_in_month(int year, int month) {
    const std::chrono::year_month_day_last last{
        std::chrono::year{year},
        std::chrono::month_day_last{std::chrono::month{static_cast<unsigned>(month)}}};
    return static_cast<int>(static_cast<unsigned>(last.day()));
}

std::int64_t unix_seconds(const CivilTime& civil) {
    return days_from_civil(civil.year, civil.month, civil.day) * 86400 + civil.hour * 3600 +
           civil.minute * 60 + civil.second;
}

CivilTime civil_from_unix_seconds(std::int64_t seconds) {
    const std::int64_t day_number = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400;
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day_number}}};
    const int in_day = static_cast<int>(seconds - day_number * 86400);
    return {.year = static_cast<int>(date.year()),
            .month = static_cast<int>(static_cast<unsigned>(date.month())),
            .day = static_cast<int>(static_cast<unsigned>(date.day())),
            .hour = in_day / 3600,
            .minute = in_day / 60 % 60,
            .second = in_day % 60};
}

std::string to_rfc3339(Timestamp time, int fraction_digits) {
    std::int64_t seconds = time.unix_ns / ns_per_s;
    std::int64_t nanos = time.unix_ns % ns_per_s;
    if (nanos < 0) {
        nanos += ns_per_s;
        --seconds;
    }
    const CivilTime civil = civil_from_unix_seconds(seconds);
    std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", civil.year, civil.month,
                                   civil.day, civil.hour, civil.minute, civil.second);
    if (fraction_digits > 0) {
        text += '.';
        text += fmt::format("{:09}", nanos).substr(0, static_cast<std::size_t>(fraction_digits));
    }
    return text + 'Z';
}

Timestamp SystemClock::now() const {
    return {read_clock(CLOCK_REALTIME)};
}

std::int64_t SystemClock::monotonic_ns() const {
    return read_clock(CLOCK_MONOTONIC);
}

}  // namespace weir
