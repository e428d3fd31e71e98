#include "pipeline/telemetry_events.h"

#include "pipeline/telemetry_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace weir {

namespace {

bool must_be_quoted(std::string_view value) {
    return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
               return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' ||
                      c == 0x7f;
           });
}

void append_quoted(std::string_view value, std::string& line) {
    line += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (c == '\n') {
            line += "\\n";
        } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
            fmt::format_to(std::back_inserter(line), "\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            line += c;
        }
    }
    line += '"';
}

// A key holds neither blanks nor '='.
void append_key(std::string_view key, std::string& line) {
    for (const char c : key) {
        const bool bad = static_cast<unsigned char>(c) <= ' ' || c == '=' || c == '"' || c == 0x7f;
        line += bad ? '_' : c;
    }
}

}  // namespace

void append_logfmt(std::string_view key, std::string_view value, std::string& line) {
    // An escaped character has up to four bytes.
    if (line.size() + key.size() + 4 * value.size() + 4 > event_line_bytes_max) {
        return;
    }
    if (!line.empty()) {
        line += ' ';
    }
    append_key(key, line);
    line += '=';
    if (must_be_quoted(value)) {
        append_quoted(value, line);
    } else {
        line += value;
    }
}

void append_object_event(std::string_view object_class, std::string_view dn,
                         TelemetryNodes attributes, std::string& line) {
    append_logfmt("class", object_class, line);
    if (!dn.empty()) {
        append_logfmt("dn", dn, line);
    }
    std::string buffer;
    for (const bool status : {true, false}) {
        for (std::size_t at = 0; at < attributes.size(); at += attributes[at].size) {
            const TelemetryNode& leaf = attributes[at];
            const bool told = leaf.name == "dn" || leaf.name == "rn" || leaf.name == "childAction";
            const std::string_view value = leaf_text(leaf, buffer);
            if (!told && !value.empty() && (leaf.name == "status") == status) {
                append_logfmt(leaf.name, value, line);
            }
        }
    }
}

std::optional<std::uint32_t> StateMemory::changed(std::uint64_t series, std::uint32_t word) {
    Slot& slot = slots_[series % slots];
    const bool known = slot.used && slot.series == series;
    const std::uint32_t before = slot.word;
    slot = {.series = series, .word = word, .used = true};
    return known && before != word ? std::optional(before) : std::nullopt;
}

}  // namespace weir
