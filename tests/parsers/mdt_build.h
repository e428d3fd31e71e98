// Messages of telemetry for tests, written field by field.
#pragma once

#include <protozero/pbf_writer.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace weir::mdt_build {

// A TelemetryField with `value` written by `write`.
template <class Write>
std::string field(std::string_view name, Write write) {
    std::string bytes;
    protozero::pbf_writer writer(bytes);
    if (!name.empty()) {
        writer.add_string(2, name.data(), name.size());
    }
    write(writer);
    return bytes;
}

inline std::string text(std::string_view name, std::string_view value) {
    return field(name, [&](auto& writer) { writer.add_string(5, value.data(), value.size()); });
}

inline std::string octets(std::string_view name, std::string_view value) {
    return field(name, [&](auto& writer) { writer.add_bytes(4, value.data(), value.size()); });
}

inline std::string boolean(std::string_view name, bool value) {
    return field(name, [&](auto& writer) { writer.add_bool(6, value); });
}

inline std::string u32(std::string_view name, std::uint32_t value) {
    return field(name, [&](auto& writer) { writer.add_uint32(7, value); });
}

inline std::string u64(std::string_view name, std::uint64_t value) {
    return field(name, [&](auto& writer) { writer.add_uint64(8, value); });
}

inline std::string s32(std::string_view name, std::int32_t value) {
    return field(name, [&](auto& writer) { writer.add_sint32(9, value); });
}

inline std::string s64(std::string_view name, std::int64_t value) {
    return field(name, [&](auto& writer) { writer.add_sint64(10, value); });
}

inline std::string f64(std::string_view name, double value) {
    return field(name, [&](auto& writer) { writer.add_double(11, value); });
}

inline std::string f32(std::string_view name, float value) {
    return field(name, [&](auto& writer) { writer.add_float(12, value); });
}

inline std::string node(std::string_view name, std::initializer_list<std::string> children) {
    return field(name, [&](auto& writer) {
        for (const std::string& child : children) {
            writer.add_message(15, child);
        }
    });
}

inline std::string at(std::uint64_t timestamp_ms, std::string field_bytes) {
    protozero::pbf_writer writer(field_bytes);
    writer.add_uint64(1, timestamp_ms);
    return field_bytes;
}

inline std::string deleted(std::string field_bytes) {
    protozero::pbf_writer writer(field_bytes);
    writer.add_bool(16, true);
    return field_bytes;
}

struct Header {
    std::string_view node_id = "r1";
    std::string_view subscription = "s";
    std::string_view path = "m:a/b";
    std::uint64_t msg_timestamp_ms = 1000;
    std::uint64_t collection_end_ms = 0;
};

inline std::string message(const Header& header, std::initializer_list<std::string> rows) {
    std::string bytes;
    protozero::pbf_writer writer(bytes);
    const auto add = [&writer](std::uint32_t tag, std::string_view value) {
        if (!value.empty()) {
            writer.add_string(tag, value.data(), value.size());
        }
    };
    add(1, header.node_id);
    add(3, header.subscription);
    add(6, header.path);
    if (header.msg_timestamp_ms > 0) {
        writer.add_uint64(10, header.msg_timestamp_ms);
    }
    for (const std::string& row : rows) {
        writer.add_message(11, row);
    }
    if (header.collection_end_ms > 0) {
        writer.add_uint64(13, header.collection_end_ms);
    }
    return bytes;
}

inline std::string message(std::initializer_list<std::string> rows) {
    return message(Header{}, rows);
}

}  // namespace weir::mdt_build
