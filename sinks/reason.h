// The closed set of reasons that a sink gives for what it did: the `reason` of metrics, of the
// ledger and of dead letters. docs/delivery.md says what the operator does at each.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

// Add at the end of a group, with a name in reason_name and a row in docs/delivery.md.
enum class Reason : std::uint8_t {
    none,
    // Sent again, same bytes.
    refused,          // connection refused or unreachable
    connect_timeout,  // no connection within connect_timeout
    request_timeout,  // no complete answer within request_timeout
    closed,           // the connection broke before the answer was complete
    bad_answer,       // the answer is not HTTP
    server_error,     // 5xx without a better name
    client_gave_up,   // 408, 425, 499
    rate_limited,     // 429 for the whole tenant
    other_stream,     // a stream beside this one was refused and may have hidden this one's error
    // Split.
    rate_burst,         // 429 that can never pass: the request is larger than the burst
    too_large,          // 413
    grpc_too_large,     // 500 because the request exceeds Loki's internal message size
    labels_unreadable,  // 400: Loki cannot parse some stream's labels, nothing was stored
    undecodable,        // 400: Loki cannot decode the request
    // Held.
    blocked,          // 260: ingestion is blocked until a date
    unauthorised,     // 401
    forbidden,        // 403
    not_found,        // 404
    wrong_method,     // 405
    redirected,       // 3xx
    not_implemented,  // 501
    gateway,          // an answer that Loki does not give: another 4xx, or HTML with 400
    name_not_resolved,
    tls_failed,
    bad_settings,  // the URL or a secret, key or certificate file cannot be used
    // Repaired.
    line_too_long,
    timestamp_too_old,
    timestamp_too_new,
    too_far_behind,
    metadata_disallowed,
    metadata_too_large,
    metadata_too_many,
    // Slow lane.
    stream_rate_limited,
    stream_limit,
    slow_lane_full,  // dead-lettered: the slow lane holds as much as it may
    // Dead-lettered or dropped at once.
    label_names_too_many,
    label_name_too_long,
    label_value_too_long,
    label_duplicate,
    label_missing,
    labels_empty,
    empty_request,     // 422: nothing in it
    rejected_unknown,  // 400 with a text that weir does not know
    batch_unreadable,  // a frozen batch that weir itself cannot read back
    // Samples, dropped.
    out_of_order,         // a newer sample of the series is there, or one outside the window
    duplicate_timestamp,  // another value is there for that time
    series_limit,         // a new series past the tenant's limit
    labels_invalid,       // a name or value that the server does not take
    ha_deduplicated,      // 202: Mimir's HA tracker takes another replica's
    not_written,          // a success that says it wrote fewer samples than were sent
    // Remote write, sent again.
    version_refused,  // 415, or a success that tells nothing: the server speaks 1.0 only
    // Files.
    write_failed,  // held: the disk is full or the directory cannot be written
};

inline constexpr int reason_count = 53;

// "rate_limited", ...; stable, used in metrics.
[[nodiscard]] std::string_view reason_name(Reason reason);

}  // namespace weir
