// The intake balance of one listener on one ingest thread, in frames:
// received = rejected{reason} + dropped{reason} + merged + held + accepted. Every term is counted
// where it happens; none is derived from the others. Sums over threads are made at scrape.
#pragma once

#include "core/counters.h"
#include "core/defects.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace weir {

// Refused before parsing.
enum class RejectReason : std::uint8_t {
    oversize,       // longer than message_bytes_max under `oversize: drop`
    not_allowed,    // the source is not in allowed_sources
    listener_rate,  // messages_per_s
    source_rate,    // messages_per_s_per_source
    overload,       // over its fair share while the thread could not keep up
    proxy_header,   // a datagram from a trusted proxy without a whole PROXY header
    session_bytes,  // session_bytes_max left no room for it under `oversize: drop`
};
inline constexpr std::size_t reject_reason_count = 7;
[[nodiscard]] std::string_view reject_reason_name(RejectReason reason);

// Ended after parsing, by decision.
enum class DropReason : std::uint8_t {
    rule,         // a rule of `rules:`; its own hit counter says which
    log_full,     // the log took nothing
    source_rate,  // messages_per_s_per_source of a device behind a trusted relay
    overload,     // the same device was over its fair share
};
inline constexpr std::size_t drop_reason_count = 4;
[[nodiscard]] std::string_view drop_reason_name(DropReason reason);

// Connections that did not become or stay a session.
enum class RefusalReason : std::uint8_t {
    connections_max,
    not_allowed,  // the source is not in allowed_sources
    handshake_timeout,
    tls_handshake,  // the peer's fault or its missing certificate; the event has the text
    idle_timeout,   // silent, or did not complete a message in that time
    proxy_header,   // from proxy_protocol_from, and without a whole PROXY header
    connections_per_source_max,
    handshakes_max,
    evicted,  // made room for a new connection at connections_max
};
inline constexpr std::size_t refusal_reason_count = 9;
[[nodiscard]] std::string_view refusal_reason_name(RefusalReason reason);

// Resource. Written by one thread.
struct ListenerCounters {
    Counter received;
    Counter received_bytes;
    std::array<Counter, reject_reason_count> rejected;
    std::array<Counter, drop_reason_count> dropped;
    Counter merged;
    Counter held;  // gauge: in a reassembly or an open batch
    Counter accepted;

    std::array<Counter, defect_count> defects;
    Counter counter_gap_lost;  // messages that a device's own counter says are missing
    Counter kernel_dropped;    // SO_RXQ_OVFL of this thread's socket
    Counter sessions_opened;
    std::array<Counter, refusal_reason_count> refused;
    Counter truncated;              // cut at message_bytes_max
    Counter paused;                 // times a stream was not read, to keep to a rate
    Counter messages_per_s;         // gauge: received in the last full second
    Counter source_messages_per_s;  // gauge: the busiest source in the last full second
    Counter session_bytes_refused;  // times that session_bytes_max cut a message
    Counter source_sessions;        // gauge: sessions of the address that has most
    Counter largest_message_bytes;  // gauge: how close message_bytes_max is
};

// Value. The sum over threads.
struct IntakeLedger {
    std::uint64_t received = 0;
    std::uint64_t accepted = 0;
    std::uint64_t merged = 0;
    std::uint64_t held = 0;
    std::map<std::string, std::uint64_t> rejected;
    std::map<std::string, std::uint64_t> dropped;

    void add(const ListenerCounters& counters);
    // Exact only while no frame is between two counters: at rest, or after the drain.
    [[nodiscard]] bool balances() const;
};

}  // namespace weir
