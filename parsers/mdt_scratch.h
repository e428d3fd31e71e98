// What the readers of telemetry share: the memory that they use again for every message, text made
// valid, defects counted, and the one place that knows what a row consists of.
#pragma once

#include "core/telemetry.h"
#include "parsers/utf8.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Text without a byte over 127, as nearly all text of telemetry is; cheaper than to ask for UTF-8.
[[nodiscard]] inline bool is_ascii(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
    std::uint64_t seen = 0;
    while (text.size() >= sizeof(seen)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), sizeof(word));
        seen |= word;
        text.remove_prefix(sizeof(word));
    }
    for (const char c : text) {
        seen |= static_cast<unsigned char>(c);
    }
    return (seen & high_bits) == 0;
}

// Value. How often each defect was met since it was last told.
class MdtDefects {
  public:
    void add(TelemetryDefect defect, std::uint64_t count = 1) {
        counts_[static_cast<std::size_t>(defect)] += count;
        any_ = true;
    }

    void tell(TelemetryReader& reader) {
        if (!any_) {
            return;
        }
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            if (counts_[i] > 0) {
                reader.defect(static_cast<TelemetryDefect>(i), counts_[i]);
            }
        }
        counts_ = {};
        any_ = false;
    }

  private:
    std::array<std::uint64_t, telemetry_defect_count> counts_{};
    bool any_ = false;
};

// Resource. Repaired copies of what was not UTF-8; at most three times the text, until clear().
class MdtTexts {
  public:
    [[nodiscard]] std::string_view valid(std::string_view text, MdtDefects& defects) {
        if (is_ascii(text) || is_valid_utf8(text)) {
            return text;
        }
        defects.add(TelemetryDefect::invalid_utf8);
        append_valid_utf8(text, repaired_.emplace_back());
        return repaired_.back();
    }

    void clear() {
        if (!repaired_.empty()) {
            repaired_.clear();
        }
    }

  private:
    std::deque<std::string> repaired_;  // its elements stay where they are
};

class MdtJsonMemory;  // of parsers/mdt_json

struct MdtJsonMemoryDeleter {
    void operator()(MdtJsonMemory* memory) const;
};

// Resource. Of one thread; given to every call, and empty between two of them. Grows to what the
// largest row needs (TelemetryLimits::row_fields_max) and, for JSON, the largest message.
struct MdtScratch {
    std::vector<TelemetryNode> nodes;
    MdtTexts header_texts;
    MdtTexts row_texts;
    MdtDefects defects;
    std::unique_ptr<MdtJsonMemory, MdtJsonMemoryDeleter> json;
};

// Begins a message of `rows` rows. False when no row can be handed on, for want of a path.
[[nodiscard]] inline bool begin_mdt_message(const TelemetryHeader& header, std::uint64_t rows,
                                            MdtDefects& defects, TelemetryReader& reader) {
    reader.begin(header);
    const bool named = !header.encoding_path.empty();
    if (rows > 0 && header.node_id.empty()) {
        defects.add(TelemetryDefect::no_node_id);
    }
    if (rows > 0 && !named) {
        defects.add(TelemetryDefect::no_encoding_path, rows);
    }
    return rows > 0 && named;
}

// Hands on the row that nodes[0] is. Each `content` of it is one; a row that has neither `keys` nor
// `content` is content itself.
inline void hand_on_mdt_row(TelemetryNodes nodes, MdtDefects& defects, TelemetryReader& reader) {
    TelemetryRow row{.timestamp_ms = nodes[0].timestamp_ms, .deleted = nodes[0].deleted};
    const TelemetryNodes fields = telemetry_children(nodes, 0);
    bool has_keys = false;
    bool has_content = false;
    bool has_others = false;
    for (std::size_t at = 0; at < fields.size(); at += fields[at].size) {
        if (fields[at].name == "keys" && !has_keys) {
            has_keys = true;
            row.keys = telemetry_children(fields, at);
            row.deleted = row.deleted || fields[at].deleted;
        } else if (fields[at].name == "content") {
            has_content = true;
        } else {
            has_others = true;
        }
    }
    if (has_others == (has_keys || has_content)) {
        defects.add(TelemetryDefect::row_shape);
    }
    if (has_others && !has_keys && !has_content) {
        row.content = fields;
    }
    if (!has_content) {
        if (has_keys || has_others) {
            reader.row(row);
        }
        return;
    }
    for (std::size_t at = 0; at < fields.size(); at += fields[at].size) {
        if (fields[at].name == "content") {
            TelemetryRow each = row;
            each.content = telemetry_children(fields, at);
            each.deleted = row.deleted || fields[at].deleted;
            each.timestamp_ms =
                fields[at].timestamp_ms > 0 ? fields[at].timestamp_ms : row.timestamp_ms;
            reader.row(each);
        }
    }
}

}  // namespace weir
