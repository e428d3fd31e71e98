// Telemetry: what one message of model-driven telemetry holds, whatever wire form it came in. Made
// by parsers/mdt_kvgpb and parsers/mdt_json, read by pipeline/telemetry_mapper. Everything borrows.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

enum class TelemetryKind : std::uint8_t {
    container,  // children, or nothing at all: an empty container or a YANG `empty`
    u64,
    i64,
    f64,
    boolean,
    text,
    bytes,
};

// Value that borrows. One node of a message, in a flat run of nodes in document order: its children
// follow it, its next sibling is `size` further on. Repeated siblings of one name are a list. Only
// containers have children.
struct TelemetryNode {
    std::string_view name;   // valid UTF-8; empty: anonymous (an element of an array on NX-OS)
    std::string_view text;   // of text (valid UTF-8) and bytes
    std::uint64_t bits = 0;  // of u64, i64 (two's complement), f64 (IEEE 754), boolean (0 or 1)
    std::uint64_t timestamp_ms = 0;  // of its own; 0: its parent's
    std::uint32_t size = 1;          // itself and all below it
    TelemetryKind kind = TelemetryKind::container;
    bool deleted = false;

    [[nodiscard]] std::int64_t as_i64() const { return std::bit_cast<std::int64_t>(bits); }

    [[nodiscard]] double as_f64() const { return std::bit_cast<double>(bits); }
};

using TelemetryNodes = std::span<const TelemetryNode>;

// The nodes below the one at `at`.
[[nodiscard]] inline TelemetryNodes telemetry_children(TelemetryNodes nodes, std::size_t at) {
    return nodes.subspan(at + 1, nodes[at].size - 1);
}

enum class TelemetryEncoding : std::uint8_t {
    kvgpb,  // self-describing
    json,
    compact_gpb,  // rows that only their .proto file explains
};

// How the message's bytes are to be read. Chosen by the framing where it says so.
enum class MdtBody : std::uint8_t {
    any,  // gRPC: a first byte '{' means JSON, anything else protobuf
    gpb,  // kvGPB or compact
    json,
};

// Value that borrows. Fields of telemetry_bis.proto; 0 and empty mean that the device sent none.
struct TelemetryHeader {
    std::string_view node_id;
    std::string_view subscription;
    std::string_view encoding_path;
    std::string_view model_version;
    std::uint64_t collection_id = 0;
    std::uint64_t collection_start_ms = 0;
    std::uint64_t collection_end_ms = 0;  // set: the collection ends here, maybe without rows
    std::uint64_t msg_timestamp_ms = 0;
    TelemetryEncoding encoding = TelemetryEncoding::kvgpb;
};

// Value that borrows. One row (one element of data_gpbkv or data_json); valid for the call that it
// is handed to. A row whose fields stand in it without `keys` and `content` is all content.
struct TelemetryRow {
    std::uint64_t timestamp_ms = 0;  // 0: the message's
    bool deleted = false;            // what `keys` names is gone
    TelemetryNodes keys;             // below the row's `keys`, in order
    TelemetryNodes content;          // below the row's `content`
};

// What was wrong with a message, a row or a field. What could be read was handed on.
enum class TelemetryDefect : std::uint8_t {
    truncated,         // ends within a field
    bad_wire,          // not protobuf, or a field of the wrong type
    bad_json,          // not JSON, or not of the shape of telemetry
    too_deep,          // nested deeper than the limit; what is below was left out
    too_many_fields,   // more nodes in a row than the limit; the rest of the row was left out
    invalid_utf8,      // a name or text was repaired with U+FFFD
    compact_gpb,       // a row of compact GPB, which cannot be read; not handed on
    row_shape,         // nothing in a row, or something beside `keys` and `content`, left out
    no_rows,           // neither rows nor the end of a collection; a keep-alive of NX-OS, no fault
    no_node_id,        // of a message with rows; the source address stands in
    no_encoding_path,  // a row that nothing could be named by; not handed on
};
inline constexpr std::size_t telemetry_defect_count = 11;
// "truncated", ...
[[nodiscard]] std::string_view telemetry_defect_name(TelemetryDefect defect);

// Resource interface. Receives one message: begin, then rows and defects, in the order of the
// message. `begin` comes once, before any row, with the header complete.
class TelemetryReader {
  public:
    TelemetryReader() = default;
    TelemetryReader(const TelemetryReader&) = delete;
    TelemetryReader& operator=(const TelemetryReader&) = delete;
    virtual ~TelemetryReader() = default;

    virtual void begin(const TelemetryHeader& header) = 0;
    virtual void row(const TelemetryRow& row) = 0;
    virtual void defect(TelemetryDefect defect, std::uint64_t count) = 0;
};

// What a listener speaks.
enum class MdtFraming : std::uint8_t {
    any,   // told by the first bytes
    grpc,  // in clear or over TLS
    tcp,   // the 12-byte header only
};

// Value. Of one message; what goes beyond is left out and counted.
struct TelemetryLimits {
    std::size_t depth_max = 32;
    std::size_t row_fields_max = 1'000'000;  // nodes; 64 B each, for the largest row only
};

}  // namespace weir
