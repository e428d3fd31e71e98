#include "app/mdt_writer.h"

#include "core/json.h"

#include <fmt/format.h>

#include <iterator>

namespace weir {

namespace {

void add_text(protozero::pbf_writer& writer, std::uint32_t tag, std::string_view text) {
    if (!text.empty()) {
        writer.add_string(tag, text.data(), text.size());
    }
}

void add_number(protozero::pbf_writer& writer, std::uint32_t tag, std::uint64_t number) {
    if (number != 0) {
        writer.add_uint64(tag, number);
    }
}

}  // namespace

MdtKvgpbWriter::MdtKvgpbWriter(const TelemetryHeader& header, std::string& out) {
    protozero::pbf_writer& message = writers_.emplace_back(out);
    add_text(message, 1, header.node_id);
    add_text(message, 3, header.subscription);
    add_text(message, 6, header.encoding_path);
    add_text(message, 7, header.model_version);
    add_number(message, 8, header.collection_id);
    add_number(message, 9, header.collection_start_ms);
    add_number(message, 10, header.msg_timestamp_ms);
}

// A field writes its length into the one around it when it goes.
MdtKvgpbWriter::~MdtKvgpbWriter() {
    while (!writers_.empty()) {
        writers_.pop_back();
    }
}

void MdtKvgpbWriter::push(std::uint32_t tag, std::string_view name) {
    protozero::pbf_writer& parent = writers_.back();
    add_text(writers_.emplace_back(parent, tag), 2, name);
}

void MdtKvgpbWriter::begin_row(std::uint64_t timestamp_ms, bool deleted) {
    push(11, {});
    add_number(writers_.back(), 1, timestamp_ms);
    if (deleted) {
        writers_.back().add_bool(16, true);
    }
    open_.push_back({.is_field = true});
}

void MdtKvgpbWriter::begin_object(std::string_view name) {
    push(15, name);
    open_.push_back({.is_field = true});
}

void MdtKvgpbWriter::begin_list(std::string_view name, bool anonymous) {
    if (anonymous) {
        push(15, name);
    }
    open_.push_back({.is_field = anonymous,
                     .anonymous_items = anonymous,
                     .item_name = anonymous ? std::string() : std::string(name)});
}

void MdtKvgpbWriter::begin_item() {
    push(15, open_.back().item_name);
    open_.push_back({.is_field = true});
}

void MdtKvgpbWriter::begin_anonymous() {
    push(15, {});
    open_.push_back({.is_field = true});
}

void MdtKvgpbWriter::end() {
    if (open_.back().is_field) {
        writers_.pop_back();
    }
    open_.pop_back();
}

protozero::pbf_writer MdtKvgpbWriter::leaf(std::string_view name) {
    protozero::pbf_writer field(writers_.back(), 15);
    add_text(field, 2, name);
    return field;
}

void MdtKvgpbWriter::text(std::string_view name, std::string_view value) {
    leaf(name).add_string(5, value.data(), value.size());
}

void MdtKvgpbWriter::u32(std::string_view name, std::uint32_t value) {
    leaf(name).add_uint32(7, value);
}

void MdtKvgpbWriter::u64(std::string_view name, std::uint64_t value) {
    leaf(name).add_uint64(8, value);
}

void MdtKvgpbWriter::i64(std::string_view name, std::int64_t value) {
    leaf(name).add_sint64(10, value);
}

void MdtKvgpbWriter::f64(std::string_view name, double value) {
    leaf(name).add_double(11, value);
}

void MdtKvgpbWriter::boolean(std::string_view name, bool value) {
    leaf(name).add_bool(6, value);
}

void MdtKvgpbWriter::finish(std::uint64_t collection_end_ms) {
    add_number(writers_.front(), 13, collection_end_ms);
}

MdtJsonWriter::MdtJsonWriter(const TelemetryHeader& header, std::string& out) : out_(out) {
    out_ += "{";
    text("node_id_str", header.node_id);
    text("subscription_id_str", header.subscription);
    text("encoding_path", header.encoding_path);
    u64("collection_id", header.collection_id);
    u64("collection_start_time", header.collection_start_ms);
    u64("msg_timestamp", header.msg_timestamp_ms);
    member("data_json");
    out_ += "[";
    first_ = true;
}

void MdtJsonWriter::member(std::string_view name) {
    out_ += first_ ? "" : ",";
    first_ = false;
    append_json_string(name, out_);
    out_ += ":";
}

void MdtJsonWriter::begin_row(std::uint64_t timestamp_ms, bool deleted) {
    begin_item();
    if (timestamp_ms > 0) {
        u64("timestamp", timestamp_ms);
    }
    if (deleted) {
        boolean("delete", true);
    }
}

void MdtJsonWriter::begin_object(std::string_view name) {
    member(name);
    out_ += "{";
    closers_ += '}';
    first_ = true;
}

void MdtJsonWriter::begin_list(std::string_view name, bool /*anonymous*/) {
    member(name);
    out_ += "[";
    closers_ += ']';
    first_ = true;
}

void MdtJsonWriter::begin_item() {
    out_ += first_ ? "{" : ",{";
    closers_ += '}';
    first_ = true;
}

void MdtJsonWriter::begin_anonymous() {
    closers_ += ' ';
}

void MdtJsonWriter::end() {
    if (closers_.back() != ' ') {
        out_ += closers_.back();
        first_ = false;
    }
    closers_.pop_back();
}

void MdtJsonWriter::text(std::string_view name, std::string_view value) {
    member(name);
    append_json_string(value, out_);
}

void MdtJsonWriter::u32(std::string_view name, std::uint32_t value) {
    member(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
}

void MdtJsonWriter::u64(std::string_view name, std::uint64_t value) {
    member(name);
    fmt::format_to(std::back_inserter(out_), "\"{}\"", value);
}

void MdtJsonWriter::i64(std::string_view name, std::int64_t value) {
    member(name);
    fmt::format_to(std::back_inserter(out_), "\"{}\"", value);
}

void MdtJsonWriter::f64(std::string_view name, double value) {
    member(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
}

void MdtJsonWriter::boolean(std::string_view name, bool value) {
    member(name);
    out_ += value ? "true" : "false";
}

void MdtJsonWriter::finish(std::uint64_t collection_end_ms) {
    out_ += "]";
    first_ = false;
    if (collection_end_ms > 0) {
        u64("collection_end_time", collection_end_ms);
    }
    out_ += "}";
}

void append_mdt_header(TelemetryEncoding encoding, std::size_t message_bytes, std::string& out) {
    out.append("\0\1\0", 3);
    out += encoding == TelemetryEncoding::json ? '\2' : '\1';
    out.append("\0\1\0\0", 4);
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        out += static_cast<char>((message_bytes >> shift) & 0xFFU);
    }
}

void append_mdt_dialout(std::int64_t req_id, std::string_view data, std::int32_t total_size,
                        std::string& out) {
    protozero::pbf_writer args(out);
    args.add_int64(1, req_id);
    args.add_bytes(2, data.data(), data.size());
    if (total_size != 0) {
        args.add_int32(4, total_size);
    }
}

}  // namespace weir
