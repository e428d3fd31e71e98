#include "sinks/reason.h"

#include "core/assert.h"

#include <array>
#include <cstddef>

namespace weir {

std::string_view reason_name(Reason reason) {
    static constexpr std::array<std::string_view, reason_count> names{
        "none",
        "refused",
        "connect_timeout",
        "request_timeout",
        "closed",
        "bad_answer",
        "server_error",
        "client_gave_up",
        "rate_limited",
        "other_stream",
        "rate_burst",
        "too_large",
        "grpc_too_large",
        "labels_unreadable",
        "undecodable",
        "blocked",
        "unauthorised",
        "forbidden",
        "not_found",
        "wrong_method",
        "redirected",
        "not_implemented",
        "gateway",
        "name_not_resolved",
        "tls_failed",
        "bad_settings",
        "line_too_long",
        "timestamp_too_old",
        "timestamp_too_new",
        "too_far_behind",
        "metadata_disallowed",
        "metadata_too_large",
        "metadata_too_many",
        "stream_rate_limited",
        "stream_limit",
        "slow_lane_full",
        "label_names_too_many",
        "label_name_too_long",
        "label_value_too_long",
        "label_duplicate",
        "label_missing",
        "labels_empty",
        "empty_request",
        "rejected_unknown",
        "batch_unreadable",
        "out_of_order",
        "duplicate_timestamp",
        "series_limit",
        "labels_invalid",
        "ha_deduplicated",
        "not_written",
        "version_refused",
        "write_failed",
    };
    const auto index = static_cast<std::size_t>(reason);
    WEIR_ASSERT(index < names.size());
    return names[index];
}

}  // namespace weir
