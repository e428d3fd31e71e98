// Reads the body of a refusal from Loki: which complaints are in it, about which streams, with
// which limits. Pure and total; the text comes from outside and may be anything. Texts are
// compared without regard to case, since older Lokis capitalise them.
#pragma once

#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class ComplaintKind : std::uint8_t {
    unknown,
    labels_unparsable,  // "couldn't parse labels": the whole request was refused
    undecodable,        // snappy, protobuf or JSON could not be read: likewise
    line_too_long,      // limit: bytes
    too_old,            // cutoff, entry_time
    too_new,            // entry_time
    too_far_behind,     // cutoff
    label_names_too_many,
    label_name_too_long,
    label_value_too_long,
    label_duplicate,
    label_missing,
    stream_unparsable,  // "error parsing labels": one stream was dropped
    labels_empty,
    metadata_disallowed,
    metadata_too_large,  // limit: bytes
    metadata_too_many,   // limit: pairs
    nothing_valid,       // 422
    rate_limited,        // limit: bytes per second
    stream_rate_limited,
    stream_limit,
    message_too_large,  // gRPC between distributor and ingester
    exhausted,          // gRPC's word for that, and for much else
    blocked,            // cutoff: the date in the text
};

// Value. One kind of complaint, put together from every message of that kind.
struct LokiComplaint {
    ComplaintKind kind = ComplaintKind::unknown;
    std::vector<std::string> streams;     // labels as the text has them; without repeats
    std::optional<std::uint64_t> limit;   // the smallest named
    std::optional<Timestamp> cutoff;      // the newest named
    std::optional<Timestamp> entry_time;  // the oldest named; for too_old the newest
};

// At most this many different streams are read out of one body.
inline constexpr std::size_t complaint_streams_max = 1000;

// One element per kind, in the order of appearance; never empty for a body that is not.
[[nodiscard]] std::vector<LokiComplaint> read_complaints(std::string_view body);

// True if Loki's text for a stream means the stream that weir sent: Loki adds labels of its own
// (service_name, shard) and orders them.
[[nodiscard]] bool same_stream(std::string_view sent_labels, std::string_view named_labels);

// Reads "2026-11-21T06:47:00Z", also with a fraction, an offset, or Go's " +0000 UTC"; from the
// front of the text.
[[nodiscard]] std::optional<Timestamp> read_time(std::string_view text);

}  // namespace weir
