// Reads what Mimir, or a Prometheus that takes remote write, says of a request it refused: what is
// wrong with the samples, and the numbers in the text. Pure and total; the text comes from outside
// and may be anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

enum class MimirComplaint : std::uint8_t {
    unknown,
    out_of_order,
    too_old,  // beyond the out-of-order window, or too far in the past
    too_new,
    duplicate_timestamp,
    series_limit,  // of the tenant, of one name, or of active series
    label_names_too_many,
    label_name_too_long,
    label_value_too_long,
    label_duplicate,
    labels_invalid,     // a name, a value, their order; no name of the metric
    metadata,           // only metadata is refused, no sample
    rate_limited,       // samples a second of the tenant
    burst_limited,      // the request has more than the tenant's burst
    request_limited,    // requests a second of the tenant
    message_too_large,  // the request, in bytes
    item_too_large,     // one series in it, in bytes
    undecodable,        // snappy or protobuf could not be read
};

// Value.
struct MimirAnswer {
    MimirComplaint complaint = MimirComplaint::unknown;
    // rate_limited: items a second. burst_limited: the burst.
    std::optional<std::uint64_t> limit;
    // series_limit: how many series of the request were refused, when the text says so.
    std::optional<std::uint64_t> refused_series;
};

[[nodiscard]] MimirAnswer read_mimir_answer(std::string_view body);

// "sample-out-of-order" of "... (err-mimir-sample-out-of-order). ..."; empty when there is none.
[[nodiscard]] std::string_view mimir_error_id(std::string_view body);

}  // namespace weir
