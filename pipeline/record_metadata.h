// Structured metadata of a record: which parsed fields travel beside the line, under which names.
// Pure. docs/labels.md lists the names.
#pragma once

#include "core/record.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weir {

// "emergency".."debug" and "kernel".."local7" (RFC 5424 tables 1 and 2); "" for -1.
[[nodiscard]] std::string_view severity_name(std::int8_t severity);
[[nodiscard]] std::string_view facility_name(std::int8_t facility);

// Value that borrows. What the metadata says besides the record itself.
struct MetadataContext {
    std::string_view source_ip;
    std::string_view listener;
    std::string_view device_timestamp;  // from format_device_time, "" for none
    // Names that are left out, because a rule gives them another value. Nearly always empty.
    std::span<const std::string_view> replaced;
};

// Appends the pairs in wire form (see append_metadata_pair). Absent fields append nothing.
void append_record_metadata(const Record& record, const MetadataContext& context, std::string& out);

}  // namespace weir
