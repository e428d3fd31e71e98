#include "pipeline/loki_encoder.h"

#include <protozero/varint.hpp>

#include <algorithm>

namespace weir {

namespace {

// Tags: field number << 3 | wire type (0 varint, 2 length-delimited).
constexpr char tag_varint_1 = 0x08;
constexpr char tag_varint_2 = 0x10;
constexpr char tag_bytes_1 = 0x0a;
constexpr char tag_bytes_2 = 0x12;
constexpr char tag_bytes_3 = 0x1a;

std::size_t varint_bytes(std::uint64_t value) {
    return static_cast<std::size_t>(protozero::length_of_varint(value));
}

// These write where reserve() gave room and return the end.
char* put_varint(std::uint64_t value, char* at) {
    if (value < 0x80) [[likely]] {
        *at = static_cast<char>(value);
        return at + 1;
    }
    return at + protozero::write_varint(at, value);
}

char* put_bytes(char tag, std::string_view bytes, char* at) {
    *at++ = tag;
    at = put_varint(bytes.size(), at);
    return std::copy(bytes.begin(), bytes.end(), at);
}

std::size_t bytes_field_size(std::size_t length) {
    return 1 + varint_bytes(length) + length;
}

}  // namespace

void append_metadata_pair(std::string_view name, std::string_view value, WireBuffer& out) {
    if (value.empty()) {
        return;
    }
    char* at = out.reserve(name.size() + value.size() + 3 * (1 + protozero::max_varint_length));
    *at++ = tag_bytes_3;
    at = put_varint(bytes_field_size(name.size()) + bytes_field_size(value.size()), at);
    at = put_bytes(tag_bytes_1, name, at);
    at = put_bytes(tag_bytes_2, value, at);
    out.advance_to(at);
}

void append_entry(Timestamp timestamp, std::string_view line, std::string_view metadata,
                  WireBuffer& out) {
    // Floor division, so that nanos is 0..999999999 for times before 1970 too.
    std::int64_t seconds = timestamp.unix_ns / ns_per_s;
    std::int64_t nanos = timestamp.unix_ns % ns_per_s;
    if (nanos < 0) {
        nanos += ns_per_s;
        --seconds;
    }
    const auto wire_seconds = static_cast<std::uint64_t>(seconds);
    const auto wire_nanos = static_cast<std::uint64_t>(nanos);
    const std::size_t time_bytes = 2 + varint_bytes(wire_seconds) + varint_bytes(wire_nanos);

    char* at = out.reserve(line.size() + metadata.size() + 5 * (1 + protozero::max_varint_length));
    *at++ = tag_bytes_2;
    at = put_varint(bytes_field_size(time_bytes) + bytes_field_size(line.size()) + metadata.size(),
                    at);
    *at++ = tag_bytes_1;
    at = put_varint(time_bytes, at);
    *at++ = tag_varint_1;
    at = put_varint(wire_seconds, at);
    *at++ = tag_varint_2;
    at = put_varint(wire_nanos, at);
    at = put_bytes(tag_bytes_2, line, at);
    out.advance_to(std::copy(metadata.begin(), metadata.end(), at));
}

void append_stream_header(std::string_view labels, std::size_t entries_bytes, WireBuffer& out) {
    char* at = out.reserve(labels.size() + 3 * (1 + protozero::max_varint_length));
    *at++ = tag_bytes_1;
    at = put_varint(bytes_field_size(labels.size()) + entries_bytes, at);
    out.advance_to(put_bytes(tag_bytes_1, labels, at));
}

}  // namespace weir
