#include "sinks/http_answer.h"

#include "core/assert.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace weir {

namespace {

// A proxy that says "tomorrow" is not obeyed: data would pile up behind an endpoint that is back.
constexpr std::chrono::milliseconds wait_max = std::chrono::minutes(15);

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::string_view transport_error_name(TransportError error) {
    static constexpr std::array<std::string_view, 9> names{
        "none", "settings",        "resolve", "refused", "connect_timeout",
        "tls",  "request_timeout", "closed",  "protocol"};
    const auto index = static_cast<std::size_t>(error);
    WEIR_ASSERT(index < names.size());
    return names[index];
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
    constexpr std::size_t date_bytes = 29;
    static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != date_bytes || !text.ends_with(" GMT")) {
        return std::nullopt;
    }
    const std::size_t month = months.find(text.substr(8, 3));
    const std::array fields{number(text.substr(12, 4)), number(text.substr(5, 2)),
                            number(text.substr(17, 2)), number(text.substr(20, 2)),
                            number(text.substr(23, 2))};
    for (const std::optional<int>& field : fields) {
        if (!field) {
            return std::nullopt;
        }
    }
    if (month == std::string_view::npos || month % 3 != 0) {
        return std::nullopt;
    }
    const CivilTime civil{*fields[0], static_cast<int>(month / 3) + 1,
                          *fields[1], *fields[2],
                          *fields[3], *fields[4]};
    const bool in_range = civil.year >= 1970 && civil.year <= 2250;
    return in_range ? std::optional(Timestamp{unix_seconds(civil) * ns_per_s}) : std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, Timestamp now) {
    if (value.empty()) {
        return std::nullopt;
    }
    const bool all_digits = value.find_first_not_of("0123456789") == std::string_view::npos;
    if (all_digits) {
        const std::optional<int> seconds = number(value);
        // More digits than an int holds is more than any wait we accept.
        return seconds
                   ? std::min<std::chrono::milliseconds>(std::chrono::seconds(*seconds), wait_max)
                   : wait_max;
    }
    const std::optional<Timestamp> date = parse_http_date(value);
    if (!date) {
        return std::nullopt;
    }
    const std::int64_t wait_s = (date->unix_ns - now.unix_ns) / ns_per_s;
    const std::chrono::seconds wait(std::clamp<std::int64_t>(wait_s, 0, 86'400));
    return std::min<std::chrono::milliseconds>(wait, wait_max);
}

std::optional<std::uint64_t> parse_written(std::string_view value) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    const bool whole = error == std::errc() && end == value.data() + value.size();
    return whole ? std::optional(count) : std::nullopt;
}

bool is_html(std::string_view body) {
    const std::size_t start = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
    return start != std::string_view::npos && body[start] == '<';
}

bool is_json(std::string_view body) {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t start = body.find_first_not_of(space);
    if (start == std::string_view::npos || (body[start] != '{' && body[start] != '[')) {
        return false;
    }
    // A label set has a name there, without quotes.
    const std::size_t next = body.find_first_not_of(space, start + 1);
    return next != std::string_view::npos &&
           std::string_view("\"{[]}").find(body[next]) != std::string_view::npos;
}

}  // namespace weir
