#include "parsers/mdt_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <string>

namespace weir {

class MdtJsonMemory {
  public:
    simdjson::dom::parser parser;
    std::string repaired;      // the message, when it is not UTF-8
    std::string subscription;  // as text, when it is a number
};

void MdtJsonMemoryDeleter::operator()(MdtJsonMemory* memory) const {
    std::default_delete<MdtJsonMemory>()(memory);
}

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// So deep may the reader call itself, whatever the limits say.
constexpr std::size_t depth_ceiling = 256;

// "node_id_str", "nodeIdStr" and "NodeIdStr" are one name, in the styles of devices and of dumps.
// `wanted` is in lower case without underscores.
bool is_name(std::string_view name, std::string_view wanted) {
    std::size_t at = 0;
    for (const char c : name) {
        if (c == '_') {
            continue;
        }
        const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (at == wanted.size() || low != wanted[at]) {
            return false;
        }
        ++at;
    }
    return at == wanted.size();
}

// Numbers of a header are text on IOS-XR. 0 if it is none.
std::uint64_t number_of(const element& value) {
    std::uint64_t number = 0;
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        return error == std::errc{} && end == text.data() + text.size() ? number : 0;
    }
    return value.get(number) == simdjson::SUCCESS ? number : 0;
}

std::string_view text_of(const element& value) {
    std::string_view text;
    return value.get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

bool truth_of(const element& value) {
    bool truth = false;
    return value.get(truth) == simdjson::SUCCESS && truth;
}

// How rows are written.
enum class RowForm : std::uint8_t { plain, kvgpb };

// Value that borrows. The header, and where the rows are.
struct Outline {
    TelemetryHeader header;
    std::optional<element> rows;
    RowForm form = RowForm::plain;
};

void read_header_member(std::string_view name, const element& value, MdtJsonMemory& memory,
                        Outline& outline) {
    TelemetryHeader& header = outline.header;
    if (is_name(name, "nodeidstr")) {
        header.node_id = text_of(value);
    } else if (is_name(name, "subscriptionidstr") || is_name(name, "subscriptionid")) {
        header.subscription = text_of(value);
        if (header.subscription.empty() && !value.is_string()) {
            memory.subscription = fmt::format("{}", number_of(value));
            header.subscription = memory.subscription;
        }
    } else if (is_name(name, "encodingpath")) {
        header.encoding_path = text_of(value);
    } else if (is_name(name, "modelversion")) {
        header.model_version = text_of(value);
    } else if (is_name(name, "collectionid")) {
        header.collection_id = number_of(value);
    } else if (is_name(name, "collectionstarttime")) {
        header.collection_start_ms = number_of(value);
    } else if (is_name(name, "collectionendtime")) {
        header.collection_end_ms = number_of(value);
    } else if (is_name(name, "msgtimestamp")) {
        header.msg_timestamp_ms = number_of(value);
    } else if (is_name(name, "datajson") || is_name(name, "data") || is_name(name, "rows")) {
        outline.rows = value;
        outline.form = RowForm::plain;
    } else if (is_name(name, "datagpbkv") && !outline.rows) {
        outline.rows = value;
        outline.form = RowForm::kvgpb;
    }
}

Outline read_outline(const object& message, MdtJsonMemory& memory) {
    Outline outline;
    for (const auto [name, value] : message) {
        object inner;
        if (name == "Telemetry" && value.get(inner) == simdjson::SUCCESS) {
            for (const auto [inner_name, inner_value] : inner) {
                read_header_member(inner_name, inner_value, memory, outline);
            }
            continue;
        }
        read_header_member(name, value, memory, outline);
    }
    return outline;
}

// Turns rows into nodes.
class RowReader {
  public:
    RowReader(const TelemetryLimits& limits, MdtScratch& scratch)
        : nodes_(scratch.nodes),
          defects_(scratch.defects),
          depth_max_(std::min(limits.depth_max, depth_ceiling)),
          fields_max_(std::min<std::size_t>(limits.row_fields_max, UINT32_MAX)) {}

    void read(const element& row, RowForm form) {
        nodes_.clear();
        full_ = false;
        if (form == RowForm::kvgpb) {
            add_kvgpb_field(row, 0);
            return;
        }
        object members;
        if (row.get(members) != simdjson::SUCCESS) {
            add_one({}, row, 0);
            return;
        }
        const std::optional<std::size_t> at = begin_node({});
        if (!at) {
            return;
        }
        std::uint64_t timestamp_ms = 0;
        bool deleted = false;
        for (const auto [name, value] : members) {
            if (is_name(name, "timestamp")) {
                timestamp_ms = number_of(value);
            } else if (name == "delete" && value.is_bool()) {
                deleted = truth_of(value);
            } else if (is_name(name, "keys")) {
                add_keys(value);
            } else {
                add(is_name(name, "content") ? "content" : name, value, 1);
            }
        }
        nodes_[*at].timestamp_ms = timestamp_ms;
        nodes_[*at].deleted = deleted;
        end_node(*at);
    }

  private:
    // None if the row is full.
    [[nodiscard]] std::optional<std::size_t> begin_node(std::string_view name) {
        if (nodes_.size() >= fields_max_) {
            if (!full_) {
                defects_.add(TelemetryDefect::too_many_fields);
            }
            full_ = true;
            return std::nullopt;
        }
        nodes_.emplace_back().name = name;
        return nodes_.size() - 1;
    }

    void end_node(std::size_t at) {
        nodes_[at].size = static_cast<std::uint32_t>(nodes_.size() - at);
    }

    // [{"a": 1}, {"b": 2}] and {"a": 1, "b": 2} are the same keys.
    void add_keys(const element& value) {
        array elements;
        if (value.get(elements) != simdjson::SUCCESS) {
            add("keys", value, 1);
            return;
        }
        const std::optional<std::size_t> at = begin_node("keys");
        if (!at) {
            return;
        }
        for (const element each : elements) {
            object members;
            if (each.get(members) == simdjson::SUCCESS) {
                add_members(members, 2);
            } else {
                add({}, each, 2);
            }
        }
        end_node(*at);
    }

    void add_members(const object& members, std::size_t depth) {
        for (const auto [name, value] : members) {
            if (full_) {
                return;
            }
            add(name, value, depth);
        }
    }

    // A member of an object, at `depth` below its row.
    void add(std::string_view name, const element& value, std::size_t depth) {
        array elements;
        if (value.get(elements) != simdjson::SUCCESS) {
            add_one(name, value, depth);
            return;
        }
        for (const element each : elements) {
            if (full_) {
                return;
            }
            add_one(name, each, depth);
        }
    }

    // One value, or one element of a list.
    void add_one(std::string_view name, const element& value, std::size_t depth) {
        const std::optional<std::size_t> at = begin_node(name);
        if (!at) {
            return;
        }
        object members;
        array elements;
        const bool is_object = value.get(members) == simdjson::SUCCESS;
        const bool is_array = value.get(elements) == simdjson::SUCCESS;
        if (!is_object && !is_array) {
            set_value(nodes_[*at], value);
            return;
        }
        if (depth >= depth_max_) {
            const bool empty = is_object ? members.size() == 0 : elements.size() == 0;
            if (!empty) {
                defects_.add(TelemetryDefect::too_deep);
            }
            return;
        }
        if (is_object) {
            add_members(members, depth + 1);
        } else {
            add({}, value, depth + 1);
        }
        end_node(*at);
    }

    static void set_value(TelemetryNode& node, const element& value) {
        std::int64_t whole = 0;
        double number = 0;
        if (value.get(node.text) == simdjson::SUCCESS) {
            node.kind = TelemetryKind::text;
        } else if (value.get(node.bits) == simdjson::SUCCESS) {
            node.kind = TelemetryKind::u64;
        } else if (value.get(whole) == simdjson::SUCCESS) {
            node.kind = TelemetryKind::i64;
            node.bits = std::bit_cast<std::uint64_t>(whole);
        } else if (value.get(number) == simdjson::SUCCESS) {
            node.kind = TelemetryKind::f64;
            node.bits = std::bit_cast<std::uint64_t>(number);
        } else if (value.is_bool()) {
            node.kind = TelemetryKind::boolean;
            node.bits = truth_of(value) ? 1 : 0;
        }
    }

    // {"timestamp":, "name":, "delete":, one of the values, "fields": [...]}
    void add_kvgpb_field(const element& field, std::size_t depth) {
        object members;
        if (field.get(members) != simdjson::SUCCESS) {
            defects_.add(TelemetryDefect::bad_json);
            return;
        }
        const std::optional<std::size_t> at = begin_node({});
        if (!at) {
            return;
        }
        TelemetryNode node;
        for (const auto [name, value] : members) {
            array fields;
            object inner;
            if (is_name(name, "fields") && value.get(fields) == simdjson::SUCCESS) {
                add_kvgpb_fields(fields, depth);
            } else if (is_name(name, "valuebytype") && value.get(inner) == simdjson::SUCCESS) {
                for (const auto [inner_name, inner_value] : inner) {
                    read_kvgpb_member(inner_name, inner_value, node);
                }
            } else {
                read_kvgpb_member(name, value, node);
            }
        }
        const std::size_t size = nodes_.size() - *at;
        node.size = static_cast<std::uint32_t>(size);
        if (size > 1) {
            node.kind = TelemetryKind::container;
        }
        nodes_[*at] = node;
    }

    void add_kvgpb_fields(const array& fields, std::size_t depth) {
        if (depth >= depth_max_) {
            if (fields.size() > 0) {
                defects_.add(TelemetryDefect::too_deep);
            }
            return;
        }
        for (const element each : fields) {
            if (full_) {
                return;
            }
            add_kvgpb_field(each, depth + 1);
        }
    }

    static void read_kvgpb_member(std::string_view name, const element& value,
                                  TelemetryNode& node) {
        if (is_name(name, "name")) {
            node.name = text_of(value);
        } else if (is_name(name, "timestamp")) {
            node.timestamp_ms = number_of(value);
        } else if (is_name(name, "delete")) {
            node.deleted = truth_of(value);
        } else if (name.ends_with("alue")) {
            set_typed_value(name, value, node);
        }
    }

    // "uint64Value": "123" is a number: the member's name says so.
    static void set_typed_value(std::string_view name, const element& value, TelemetryNode& node) {
        const bool number = !is_name(name, "stringvalue") && !is_name(name, "bytesvalue");
        const std::string_view text = text_of(value);
        set_value(node, value);
        if (!number || text.empty()) {
            return;
        }
        const bool with_sign = text[0] == '-';
        const char* const end = text.data() + text.size();
        std::int64_t negative = 0;
        std::uint64_t positive = 0;
        const auto read = with_sign ? std::from_chars(text.data(), end, negative)
                                    : std::from_chars(text.data(), end, positive);
        if (read.ec == std::errc{} && read.ptr == end) {
            node.kind = with_sign ? TelemetryKind::i64 : TelemetryKind::u64;
            node.bits = with_sign ? std::bit_cast<std::uint64_t>(negative) : positive;
            node.text = {};
        }
    }

    std::vector<TelemetryNode>& nodes_;
    MdtDefects& defects_;
    const std::size_t depth_max_;
    const std::size_t fields_max_;
    bool full_ = false;
};

// None if it is not JSON, or no object.
std::optional<object> parse(std::string_view bytes, MdtJsonMemory& memory, MdtDefects& defects) {
    if (bytes.empty()) {
        return std::nullopt;
    }
    // The parser copies the message: it reads a little beyond the end of what it is given.
    auto result = memory.parser.parse(bytes.data(), bytes.size(), true);
    if (result.error() == simdjson::UTF8_ERROR) {
        memory.repaired.clear();
        append_valid_utf8(bytes, memory.repaired);
        result = memory.parser.parse(memory.repaired.data(), memory.repaired.size(), true);
        if (result.error() == simdjson::SUCCESS) {
            defects.add(TelemetryDefect::invalid_utf8);
        }
    }
    object message;
    if (result.get(message) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    return message;
}

}  // namespace

void read_mdt_json(std::string_view bytes, const TelemetryLimits& limits, MdtScratch& scratch,
                   TelemetryReader& reader) {
    MdtDefects& defects = scratch.defects;
    if (!scratch.json) {
        scratch.json.reset(std::make_unique<MdtJsonMemory>().release());
    }
    const std::optional<object> message = parse(bytes, *scratch.json, defects);
    if (!message) {
        defects.add(TelemetryDefect::bad_json);
        reader.begin({.encoding = TelemetryEncoding::json});
        defects.tell(reader);
        return;
    }
    Outline outline = read_outline(*message, *scratch.json);
    outline.header.encoding = TelemetryEncoding::json;
    array rows;
    const bool is_array = outline.rows && outline.rows->get(rows) == simdjson::SUCCESS;
    const bool is_single = outline.rows && !is_array && !outline.rows->is_null();
    std::uint64_t count = is_single ? 1 : 0;
    for (auto row = rows.begin(); is_array && row != rows.end(); ++row) {
        ++count;
    }
    if (count == 0 && outline.header.collection_end_ms == 0) {
        defects.add(TelemetryDefect::no_rows);
    }
    if (begin_mdt_message(outline.header, count, defects, reader)) {
        RowReader row_reader(limits, scratch);
        const auto hand_on = [&](const element& row) {
            row_reader.read(row, outline.form);
            if (!scratch.nodes.empty()) {
                hand_on_mdt_row(scratch.nodes, defects, reader);
            }
            defects.tell(reader);
        };
        for (auto row = rows.begin(); is_array && row != rows.end(); ++row) {
            hand_on(*row);
        }
        if (is_single) {
            hand_on(*outline.rows);
        }
    }
    defects.tell(reader);
}

}  // namespace weir
