#include "core/events.h"

#include "core/assert.h"

#include <array>

namespace weir {

namespace {

constexpr std::array<std::string_view, event_count> names = {"started",
                                                             "stopping",
                                                             "stopped",
                                                             "listener_opened",
                                                             "listener_failed",
                                                             "receive_buffer_short",
                                                             "receive_error",
                                                             "session_refused",
                                                             "tls_refused",
                                                             "session_error",
                                                             "config_reloaded",
                                                             "config_rejected",
                                                             "config_needs_restart",
                                                             "tls_reloaded",
                                                             "tls_reload_failed",
                                                             "endpoint_changed",
                                                             "endpoint_state",
                                                             "endpoint_error",
                                                             "streams_collapsed",
                                                             "log_full",
                                                             "queue_full",
                                                             "drain_incomplete",
                                                             "admin_error",
                                                             "source_silent",
                                                             "sources_hidden",
                                                             "memory_budget",
                                                             "admin_refused",
                                                             "admin_token_reloaded",
                                                             "admin_token_refused",
                                                             "certificate_expiring",
                                                             "certificate_expired",
                                                             "spool_failed",
                                                             "spool_recovered",
                                                             "spool_full",
                                                             "spool_damaged",
                                                             "spool_abandoned",
                                                             "dead_letters_failed",
                                                             "dead_letters_recovered",
                                                             "dead_letters_full",
                                                             "dead_letters_set_aside",
                                                             "canary_verified",
                                                             "canary_missing",
                                                             "canary_query_failed",
                                                             "telemetry_defect",
                                                             "device_conflict",
                                                             "device_error",
                                                             "ha_deduplicated",
                                                             "remote_write_fallback"};

}  // namespace

std::string_view event_name(EventId id) {
    const auto index = static_cast<std::size_t>(id);
    WEIR_ASSERT(index < names.size());
    return names[index];
}

}  // namespace weir
