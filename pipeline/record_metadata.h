// Structured metadata of a record: which parsed fields travel beside the line, under which names.
// Pure. docs/labels.md lists the names.
#pragma once

#include "core/record.h"
#include "pipeline/wire_buffer.h"

#include <array>
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

// Resource. One thread. Keeps the wire form of pairs whose values come from a small set.
class MetadataEncoder {
  public:
    MetadataEncoder();
    MetadataEncoder(const MetadataEncoder&) = delete;
    MetadataEncoder& operator=(const MetadataEncoder&) = delete;

    // Appends the pairs in wire form (see append_metadata_pair). Absent fields append nothing.
    void append(const Record& record, const MetadataContext& context, WireBuffer& out);

  private:
    // The pair of one set of defects; a set that is not here takes the place of another.
    struct DefectsPair {
        std::uint32_t bits = 0;  // 0: free
        WireBuffer pair;
    };

    void append_defects(Defects defects, WireBuffer& out);

    std::array<WireBuffer, 24> facilities_;
    std::array<WireBuffer, 8> severities_;
    std::array<DefectsPair, 64> defects_;
};

}  // namespace weir
