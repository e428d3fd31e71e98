#include "sinks/mimir_answer.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace weir {

namespace {

using C = MimirComplaint;

struct Known {
    std::string_view text;
    MimirComplaint complaint;
};

// Mimir's catalogue of errors; the identifiers are stable, the words around them are not.
constexpr std::array<Known, 28> by_id{{
    {"sample-out-of-order", C::out_of_order},
    {"sample-timestamp-too-old", C::too_old},
    {"too-far-in-past", C::too_old},
    {"too-far-in-future", C::too_new},
    {"sample-duplicate-timestamp", C::duplicate_timestamp},
    {"max-series-per-user", C::series_limit},
    {"max-series-per-metric", C::series_limit},
    {"max-active-series", C::series_limit},
    {"max-label-names-per-series", C::label_names_too_many},
    {"max-label-names-per-info-series", C::label_names_too_many},
    {"label-name-too-long", C::label_name_too_long},
    {"label-value-too-long", C::label_value_too_long},
    {"duplicate-label-names", C::label_duplicate},
    {"labels-not-sorted", C::labels_invalid},
    {"label-invalid", C::labels_invalid},
    {"label-value-invalid", C::labels_invalid},
    {"metric-name-invalid", C::labels_invalid},
    {"missing-metric-name", C::labels_invalid},
    {"metadata-missing-metric-name", C::metadata},
    {"metric-name-too-long", C::metadata},
    {"unit-too-long", C::metadata},
    {"help-too-long", C::metadata},
    {"max-metadata-per-user", C::metadata},
    {"max-metadata-per-metric", C::metadata},
    {"tenant-max-ingestion-rate", C::rate_limited},
    {"tenant-max-request-rate", C::request_limited},
    {"distributor-max-write-message-size", C::message_too_large},
    {"distributor-max-write-request-data-item-size", C::item_too_large},
}};

// What Prometheus says, and Mimir where it gives no identifier; in lower case.
constexpr std::array<Known, 12> by_text{{
    {"duplicate sample for timestamp", C::duplicate_timestamp},
    {"out of order sample", C::out_of_order},
    {"out-of-order sample", C::out_of_order},
    {"too old sample", C::too_old},
    {"out of bounds", C::too_old},
    {"too far in the future", C::too_new},
    {"snappy: corrupt input", C::undecodable},
    {"s2: corrupt input", C::undecodable},
    {"proto: ", C::undecodable},
    {"unexpected eof", C::undecodable},
    {"invalid metric name or labels", C::labels_invalid},
    {"invalid labels", C::labels_invalid},
}};

bool contains(std::string_view body, std::string_view lower) {
    const auto same = [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    };
    return std::search(body.begin(), body.end(), lower.begin(), lower.end(), same) != body.end();
}

// The whole number behind `words`; a fraction is left off.
std::optional<std::uint64_t> number_behind(std::string_view body, std::string_view words) {
    const std::size_t at = body.find(words);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const char* begin = body.data() + at + words.size();
    const char* end = body.data() + body.size();
    // Go prints large limits as 1e+06.
    double value = 0;
    const auto [stop, error] = std::from_chars(begin, end, value);
    constexpr double believable_max = 1e15;
    if (error != std::errc() || !(value >= 0) || value > believable_max) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(value);
}

// "... 3 series were rejected from this request of a total of 10 ..."
std::optional<std::uint64_t> number_before(std::string_view body, std::string_view words) {
    const std::size_t end = body.find(words);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    std::size_t begin = end;
    while (begin > 0 && body[begin - 1] >= '0' && body[begin - 1] <= '9') {
        --begin;
    }
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(body.data() + begin, body.data() + end, value);
    return error == std::errc() ? std::optional(value) : std::nullopt;
}

MimirComplaint find_complaint(std::string_view body) {
    const std::string_view id = mimir_error_id(body);
    for (const Known& known : by_id) {
        if (known.text == id) {
            return known.complaint;
        }
    }
    for (const Known& known : by_text) {
        if (contains(body, known.text)) {
            return known.complaint;
        }
    }
    return MimirComplaint::unknown;
}

}  // namespace

std::string_view mimir_error_id(std::string_view body) {
    constexpr std::string_view begin = "err-mimir-";
    const std::size_t at = body.find(begin);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = body.substr(at + begin.size());
    return rest.substr(0, rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"));
}

MimirAnswer read_mimir_answer(std::string_view body) {
    MimirAnswer answer{.complaint = find_complaint(body)};
    if (answer.complaint == MimirComplaint::rate_limited) {
        if (const auto burst = number_behind(body, "burst size limit, set to ")) {
            return {.complaint = MimirComplaint::burst_limited, .limit = burst};
        }
        answer.limit = number_behind(body, "ingestion rate limit, set to ");
        if (!answer.limit) {
            answer.limit = number_behind(body, "ingestion rate limit (");  // older Mimirs
        }
    }
    if (answer.complaint == MimirComplaint::series_limit) {
        answer.refused_series = number_before(body, " series were rejected from this request");
    }
    return answer;
}

}  // namespace weir
