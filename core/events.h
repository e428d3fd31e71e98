// Operational events: what an operator should know, each with a stable ID that docs/events.md
// explains. Code below app/ names the event and its facts; app/event_log counts it and writes a
// rate-limited line. Never called once a message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

enum class EventId : std::uint8_t {
    started,
    stopping,
    stopped,
    listener_opened,
    listener_failed,
    receive_buffer_short,
    receive_error,
    session_refused,
    tls_refused,
    session_error,
    config_reloaded,
    config_rejected,
    config_needs_restart,
    tls_reloaded,
    tls_reload_failed,
    endpoint_changed,
    endpoint_state,
    endpoint_error,
    streams_collapsed,
    log_full,
    queue_full,
    drain_incomplete,
    admin_error,
    source_silent,
    sources_hidden,
    memory_budget,
    admin_refused,
    admin_token_reloaded,
    admin_token_refused,
    certificate_expiring,
    certificate_expired,
    spool_failed,
    spool_recovered,
    spool_full,
    spool_damaged,
    spool_abandoned,
    dead_letters_failed,
    dead_letters_recovered,
    dead_letters_full,
    dead_letters_set_aside,
    canary_verified,
    canary_missing,
    canary_query_failed,
    telemetry_defect,
    device_conflict,
    device_error,
    ha_deduplicated,
    remote_write_fallback,
};
inline constexpr std::size_t event_count = 48;

// The stable ID: "listener_opened", ...
[[nodiscard]] std::string_view event_name(EventId id);

// Value. `subject` is the listener, endpoint or file it is about; `detail` a sentence with the
// facts.
struct Event {
    EventId id;
    std::string subject;
    std::string detail;
};

// Resource interface. emit may be called from any thread and does not block on I/O.
class EventSink {
  public:
    EventSink() = default;
    EventSink(const EventSink&) = delete;
    EventSink& operator=(const EventSink&) = delete;
    virtual ~EventSink() = default;

    virtual void emit(const Event& event) = 0;
};

}  // namespace weir
