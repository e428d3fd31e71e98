#include "sinks/loki_canary_answer.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

namespace weir {

namespace {

constexpr std::string_view sequence_mark = " sequence=";
constexpr std::string_view made_mark = " made=";
// Loki leaves out what lies at the end of the range itself.
constexpr std::int64_t range_margin_ns = ns_per_s;

std::string text_begin(std::string_view run) {
    return fmt::format("weir canary run={}{}", run, sequence_mark);
}

bool eat(std::string_view& rest, std::string_view wanted) {
    if (!rest.starts_with(wanted)) {
        return false;
    }
    rest.remove_prefix(wanted.size());
    return true;
}

template <class Number>
bool eat_number(std::string_view& rest, Number& number) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{}) {
        return false;
    }
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return true;
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

// One stream's "values": [[nanoseconds, line, ...], ...]. False when they are not that.
bool read_values(const simdjson::dom::element& stream, std::string_view run,
                 std::vector<CanaryLine>& lines) {
    simdjson::dom::array values;
    if (stream["values"].get(values) != simdjson::SUCCESS) {
        return false;
    }
    for (const simdjson::dom::element value : values) {
        std::string_view text;
        if (value.at(1).get(text) != simdjson::SUCCESS) {
            return false;
        }
        const std::optional<CanaryLine> line = read_canary_text(text, run);
        if (line && lines.size() < canary_query_lines_max) {
            lines.push_back(*line);
        }
    }
    return true;
}

}  // namespace

std::string canary_text(std::string_view run, const CanaryLine& line) {
    return fmt::format(
        "{}{}{}{}: weir wrote this line itself, to see whether what it delivers can be read back",
        text_begin(run), line.sequence, made_mark, line.made.unix_ns);
}

std::optional<CanaryLine> read_canary_text(std::string_view text, std::string_view run) {
    std::string_view rest = text;
    CanaryLine line;
    if (!eat(rest, text_begin(run)) || !eat_number(rest, line.sequence) || !eat(rest, made_mark) ||
        !eat_number(rest, line.made.unix_ns) || canary_text(run, line) != text) {
        return std::nullopt;
    }
    return line;
}

std::string canary_query(std::string_view run, Timestamp from, Timestamp to) {
    const std::string selector =
        fmt::format("{{job=\"{}\"}} |= \"{}\"", canary_job, text_begin(run));
    return fmt::format("query={}&start={}&end={}&limit={}&direction=forward",
                       percent_encoded(selector), from.unix_ns, to.unix_ns + range_margin_ns,
                       canary_query_lines_max);
}

Result<std::vector<CanaryLine>> read_canary_answer(std::string_view body, std::string_view run) {
    simdjson::dom::parser parser(body.size());
    const simdjson::padded_string padded(body);
    simdjson::dom::element answer;
    if (const auto error = parser.parse(padded).get(answer); error != simdjson::SUCCESS) {
        return fail(fmt::format("the answer is not JSON: {}", simdjson::error_message(error)));
    }
    std::string_view status;
    if (answer["status"].get(status) != simdjson::SUCCESS || status != "success") {
        return fail("the answer is not a successful one of query_range");
    }
    std::string_view type;
    simdjson::dom::array streams;
    if (answer["data"]["resultType"].get(type) != simdjson::SUCCESS || type != "streams" ||
        answer["data"]["result"].get(streams) != simdjson::SUCCESS) {
        return fail("the answer has no streams");
    }
    std::vector<CanaryLine> lines;
    for (const simdjson::dom::element stream : streams) {
        if (!read_values(stream, run, lines)) {
            return fail("a stream of the answer has no lines");
        }
    }
    return lines;
}

}  // namespace weir
