// Pure rewrites of a push request: what a sink does to the entries that an endpoint refused. Each
// takes a decoded request and gives one back; `encode_loki_push` makes it sendable again. The
// bytes of the parent batch are never touched.
#pragma once

#include "core/time.h"
#include "pipeline/batch.h"
#include "pipeline/loki_decoder.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

// Value. A request ready to send, with what a sender has to know about it.
struct EncodedPush {
    std::string body;  // snappy block of the PushRequest
    std::size_t raw_bytes = 0;
    std::uint32_t records = 0;
    std::uint32_t streams = 0;
    std::uint64_t line_bytes = 0;
    Timestamp oldest;  // 0 when there are no entries
    Timestamp newest;
};

// Same input, same bytes. Streams without entries are left out.
[[nodiscard]] EncodedPush encode_loki_push(const LokiPush& push);
// A batch of it, without an id, a tenant or a largest stream.
[[nodiscard]] std::unique_ptr<Batch> to_batch(const LokiPush& push, Timestamp first_received);

// Two requests that hold the first one's entries between them. The order is kept.
struct PushPair {
    LokiPush first;
    LokiPush second;
};

// Halves by whole streams, as evenly by entries as the order allows. With fewer than two streams
// `second` is empty.
[[nodiscard]] PushPair split_by_stream(LokiPush push);

// Halves by entries; a stream may end up in both. With fewer than two entries `second` is empty.
[[nodiscard]] PushPair split_by_entries(LokiPush push);

using EntryPredicate = std::function<bool(const LokiStream&, const LokiEntry&)>;

// `first` has the entries the predicate is true for, `second` the others.
[[nodiscard]] PushPair partition_entries(LokiPush push, const EntryPredicate& predicate);

// Sets the timestamp and keeps the one it had as RFC 3339 in metadata `orig_ts` (unless an earlier
// clamp left one there).
void clamp_timestamp(LokiEntry& entry, Timestamp timestamp);

// Adds or replaces one label of the stream. Labels that cannot be read are sanitised first.
void set_stream_label(LokiStream& stream, std::string_view name, std::string_view value);

// Cuts the line to `bytes_max` on a character's edge, marker included, and keeps the full line's
// FNV-1a hash and length in metadata `line_hash` and `line_bytes`, or in the marker if
// `metadata_allowed` is false. Nothing happens to a line that fits.
void truncate_line(LokiEntry& entry, std::size_t bytes_max, bool metadata_allowed);

// Appends the metadata to the line as ` name="value"` and clears it.
void fold_metadata(LokiEntry& entry);

// Size as Loki counts it against max_structured_metadata_size: names plus values.
[[nodiscard]] std::size_t metadata_bytes(const LokiEntry& entry);

// Makes the labels such as Loki must be able to read: valid names, valid UTF-8, no empty value. If
// the text cannot be read at all it is replaced by {labels_unreadable="true"} and kept in each
// entry's metadata `orig_labels`.
void sanitise_labels(LokiStream& stream);

}  // namespace weir
