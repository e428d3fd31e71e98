#include "parsers/mdt_kvgpb.h"

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>

namespace weir {

namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

// So deep may the reader call itself, whatever the limits say.
constexpr std::size_t depth_ceiling = 256;

// Numbers of fields that have a meaning, as bits.
constexpr std::uint32_t message_fields = 0x0'3FCA;  // 1 3 6-13
constexpr std::uint32_t row_fields = 0x1'9FF6;      // 1 2 4-12 15 16

std::string_view view_of(pbf_reader& message) {
    const protozero::data_view view = message.get_view();
    return {view.data(), view.size()};
}

// Passes over a field; one that should be known has the wrong type.
void skip_field(pbf_reader& message, std::uint32_t known, MdtDefects& defects) {
    if (message.tag() < 32 && ((known >> message.tag()) & 1U) != 0) {
        defects.add(TelemetryDefect::bad_wire);
    }
    message.skip();
}

// Value. What one look at the fields of the message gives.
struct Outline {
    TelemetryHeader header;
    std::uint64_t rows = 0;
    std::uint64_t compact_rows = 0;
    std::size_t whole_bytes = 0;  // up to the end of the last field that is whole
    bool broken = false;
};

std::uint64_t count_compact_rows(pbf_reader table, MdtDefects& defects) {
    std::uint64_t rows = 0;
    try {
        while (table.next()) {
            if (table.tag() == 1) {
                ++rows;
            }
            table.skip();
        }
    } catch (const protozero::exception&) {
        defects.add(TelemetryDefect::bad_wire);
    }
    return rows;
}

void read_message_field(pbf_reader& message, Outline& outline, MdtDefects& defects) {
    TelemetryHeader& header = outline.header;
    switch (message.tag_and_type()) {
        case tag_and_type(1, pbf_wire_type::length_delimited):
            header.node_id = view_of(message);
            break;
        case tag_and_type(3, pbf_wire_type::length_delimited):
            header.subscription = view_of(message);
            break;
        case tag_and_type(6, pbf_wire_type::length_delimited):
            header.encoding_path = view_of(message);
            break;
        case tag_and_type(7, pbf_wire_type::length_delimited):
            header.model_version = view_of(message);
            break;
        case tag_and_type(8, pbf_wire_type::varint):
            header.collection_id = message.get_uint64();
            break;
        case tag_and_type(9, pbf_wire_type::varint):
            header.collection_start_ms = message.get_uint64();
            break;
        case tag_and_type(10, pbf_wire_type::varint):
            header.msg_timestamp_ms = message.get_uint64();
            break;
        case tag_and_type(11, pbf_wire_type::length_delimited):
            message.skip();
            ++outline.rows;
            break;
        case tag_and_type(12, pbf_wire_type::length_delimited):
            outline.compact_rows += count_compact_rows(message.get_message(), defects);
            break;
        case tag_and_type(13, pbf_wire_type::varint):
            header.collection_end_ms = message.get_uint64();
            break;
        default:
            skip_field(message, message_fields, defects);
    }
}

Outline read_outline(std::string_view bytes, MdtDefects& defects) {
    Outline outline;
    pbf_reader message(bytes.data(), bytes.size());
    try {
        while (message.next()) {
            read_message_field(message, outline, defects);
            outline.whole_bytes = bytes.size() - message.data().size();
        }
        return outline;
    } catch (const protozero::end_of_buffer_exception&) {
        defects.add(TelemetryDefect::truncated);
    } catch (const protozero::exception&) {
        defects.add(TelemetryDefect::bad_wire);
    }
    outline.broken = true;
    return outline;
}

// Turns rows into nodes.
class RowReader {
  public:
    RowReader(const TelemetryLimits& limits, MdtScratch& scratch)
        : nodes_(scratch.nodes),
          texts_(scratch.row_texts),
          defects_(scratch.defects),
          depth_max_(std::min(limits.depth_max, depth_ceiling)),
          fields_max_(std::min<std::size_t>(limits.row_fields_max, UINT32_MAX)) {}

    // False if the row is wrong within.
    [[nodiscard]] bool read(pbf_reader row) {
        nodes_.clear();
        texts_.clear();
        full_ = false;
        try {
            read_field(row, 0);
        } catch (const protozero::exception&) {
            defects_.add(TelemetryDefect::bad_wire);
            return false;
        }
        return !nodes_.empty();
    }

  private:
    void read_field(pbf_reader field, std::size_t depth) {
        if (nodes_.size() >= fields_max_) {
            if (!full_) {
                defects_.add(TelemetryDefect::too_many_fields);
            }
            full_ = true;
            return;
        }
        const std::size_t at = nodes_.size();
        nodes_.emplace_back();
        TelemetryNode value;  // written once, since nodes_ may move while the children are read
        bool too_deep = false;
        while (field.next()) {
            if (field.tag_and_type() != tag_and_type(15, pbf_wire_type::length_delimited)) {
                read_member(field, value);
            } else if (depth < depth_max_) {
                read_field(field.get_message(), depth + 1);
            } else {
                too_deep = true;
                field.skip();
            }
        }
        if (too_deep) {
            defects_.add(TelemetryDefect::too_deep);
        }
        const std::size_t size = nodes_.size() - at;
        if (size > 1 && value.kind != TelemetryKind::container) {
            defects_.add(TelemetryDefect::bad_wire);  // both a value and children
            value.kind = TelemetryKind::container;
        }
        value.size = static_cast<std::uint32_t>(size);
        nodes_[at] = value;
    }

    void read_member(pbf_reader& field, TelemetryNode& value) {
        switch (field.tag_and_type()) {
            case tag_and_type(1, pbf_wire_type::varint):
                value.timestamp_ms = field.get_uint64();
                break;
            case tag_and_type(2, pbf_wire_type::length_delimited):
                value.name = texts_.valid(view_of(field), defects_);
                break;
            case tag_and_type(4, pbf_wire_type::length_delimited):
                value.kind = TelemetryKind::bytes;
                value.text = view_of(field);
                break;
            case tag_and_type(5, pbf_wire_type::length_delimited):
                value.kind = TelemetryKind::text;
                value.text = texts_.valid(view_of(field), defects_);
                break;
            case tag_and_type(6, pbf_wire_type::varint):
                set(value, TelemetryKind::boolean, field.get_uint64() != 0 ? 1 : 0);
                break;
            case tag_and_type(7, pbf_wire_type::varint):
                set(value, TelemetryKind::u64, field.get_uint32());
                break;
            case tag_and_type(8, pbf_wire_type::varint):
                set(value, TelemetryKind::u64, field.get_uint64());
                break;
            case tag_and_type(9, pbf_wire_type::varint):
                set(value, TelemetryKind::i64, std::bit_cast<std::uint64_t>(widen(field)));
                break;
            case tag_and_type(10, pbf_wire_type::varint):
                set(value, TelemetryKind::i64, std::bit_cast<std::uint64_t>(field.get_sint64()));
                break;
            case tag_and_type(11, pbf_wire_type::fixed64):
                set(value, TelemetryKind::f64, std::bit_cast<std::uint64_t>(field.get_double()));
                break;
            case tag_and_type(12, pbf_wire_type::fixed32):
                set(value, TelemetryKind::f64,
                    std::bit_cast<std::uint64_t>(static_cast<double>(field.get_float())));
                break;
            case tag_and_type(16, pbf_wire_type::varint):
                value.deleted = field.get_uint64() != 0;
                break;
            default:
                skip_field(field, row_fields, defects_);
        }
    }

    static std::int64_t widen(pbf_reader& field) { return field.get_sint32(); }

    static void set(TelemetryNode& value, TelemetryKind kind, std::uint64_t bits) {
        value.kind = kind;
        value.bits = bits;
    }

    std::vector<TelemetryNode>& nodes_;
    MdtTexts& texts_;
    MdtDefects& defects_;
    const std::size_t depth_max_;
    const std::size_t fields_max_;
    bool full_ = false;
};

// `whole` has no field that is not whole, so nothing here can fail but within a row.
void read_rows(std::string_view whole, const TelemetryLimits& limits, MdtScratch& scratch,
               TelemetryReader& reader) {
    RowReader row_reader(limits, scratch);
    pbf_reader message(whole.data(), whole.size());
    while (message.next()) {
        if (message.tag_and_type() != tag_and_type(11, pbf_wire_type::length_delimited)) {
            message.skip();
            continue;
        }
        if (row_reader.read(message.get_message())) {
            hand_on_mdt_row(scratch.nodes, scratch.defects, reader);
        }
        scratch.defects.tell(reader);
    }
}

}  // namespace

void read_mdt_kvgpb(std::string_view bytes, const TelemetryLimits& limits, MdtScratch& scratch,
                    TelemetryReader& reader) {
    MdtDefects& defects = scratch.defects;
    scratch.header_texts.clear();
    Outline outline = read_outline(bytes, defects);
    TelemetryHeader& header = outline.header;
    for (std::string_view* text :
         {&header.node_id, &header.subscription, &header.encoding_path, &header.model_version}) {
        *text = scratch.header_texts.valid(*text, defects);
    }
    if (outline.compact_rows > 0) {
        defects.add(TelemetryDefect::compact_gpb, outline.compact_rows);
        header.encoding = outline.rows > 0 ? header.encoding : TelemetryEncoding::compact_gpb;
    }
    const bool empty = outline.rows == 0 && outline.compact_rows == 0;
    if (empty && !outline.broken && header.collection_end_ms == 0) {
        defects.add(TelemetryDefect::no_rows);
    }
    if (begin_mdt_message(header, outline.rows, defects, reader)) {
        read_rows(bytes.substr(0, outline.whole_bytes), limits, scratch, reader);
    }
    defects.tell(reader);
}

}  // namespace weir
