// Reads a frozen batch back: snappy block -> logproto.PushRequest -> streams, entries, structured
// metadata. Pure. Used by every sink that must look inside a batch: files, and the rewrites that
// answer a refusal.
#pragma once

#include "core/labels.h"
#include "core/result.h"
#include "core/time.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Value. One pair of structured metadata; order and repeats are kept as sent.
struct LokiMetadata {
    std::string name;
    std::string value;

    friend bool operator==(const LokiMetadata&, const LokiMetadata&) = default;
};

// Value.
struct LokiEntry {
    Timestamp timestamp;
    std::string line;
    std::vector<LokiMetadata> metadata;

    friend bool operator==(const LokiEntry&, const LokiEntry&) = default;
};

// Value. One label set, in Loki's text form, and its entries in the order they were appended.
struct LokiStream {
    std::string labels;
    std::vector<LokiEntry> entries;

    friend bool operator==(const LokiStream&, const LokiStream&) = default;
};

// Value. A push request in memory.
struct LokiPush {
    std::vector<LokiStream> streams;

    [[nodiscard]] std::uint32_t records() const;

    friend bool operator==(const LokiPush&, const LokiPush&) = default;
};

// A batch is about 1 MiB; what claims to unpack to more than this is not ours.
inline constexpr std::size_t loki_push_raw_bytes_max = 64UL * 1024 * 1024;
// An empty entry takes two bytes on the wire and a hundred in memory.
inline constexpr std::size_t loki_push_records_max = 1'000'000;
inline constexpr std::size_t loki_push_streams_max = 100'000;

// Decodes Batch::body. Fails on anything that is not a snappy block holding a well-formed
// PushRequest within the bounds above; unknown fields are passed over.
[[nodiscard]] Result<LokiPush> decode_loki_push(std::string_view body);

// The same for a PushRequest that is not compressed.
[[nodiscard]] Result<LokiPush> decode_loki_push_raw(std::string_view raw);

// Reads `{a="b", c="d"}`, undoing Go's quoting. Fails on anything else, also on a repeated name.
[[nodiscard]] Result<Labels> parse_loki_labels(std::string_view text);

}  // namespace weir
