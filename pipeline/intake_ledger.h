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
    oversize,           // longer than message_bytes_max under `oversize: drop`
    not_allowed,        // the source is not in allowed_sources
    listener_rate,      // messages_per_s
    source_rate,        // messages_per_s_per_source
    overload,           // over its fair share while the thread could not keep up
    proxy_header,       // a datagram from a trusted proxy without a whole PROXY header
    session_bytes,      // session_bytes_max left no room for it under `oversize: drop`
    bad_frame,          // telemetry: not an MdtDialoutArgs, nor what a TCP header announces
    bad_chunk,          // telemetry: does not go with the chunks before it, or the rest never came
    decompressed_size,  // telemetry: compressed, and longer than message_bytes_max without that
};
inline constexpr std::size_t reject_reason_count = 10;
[[nodiscard]] std::string_view reject_reason_name(RejectReason reason);

// Ended after parsing, by decision.
enum class DropReason : std::uint8_t {
    rule,         // a rule of `rules:`; its own hit counter says which
    log_full,     // the log took nothing
    source_rate,  // messages_per_s_per_source of a device behind a trusted relay
    overload,     // the same device was over its fair share
    undecodable,  // telemetry: nothing in it could be read
    compact_gpb,  // telemetry: rows of compact GPB only, which only .proto files explain
    devices_max,  // telemetry: of a device beyond metrics.devices_max
};
inline constexpr std::size_t drop_reason_count = 7;
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
    evicted,           // made room for a new connection at connections_max
    unknown_protocol,  // telemetry: the first bytes are of no protocol that is spoken here
    unknown_method,    // telemetry: a call of another gRPC method; the connection stays
    bad_framing,       // telemetry: a TCP stream that is out of step
};
inline constexpr std::size_t refusal_reason_count = 12;
[[nodiscard]] std::string_view refusal_reason_name(RefusalReason reason);

// Resource. Written by one thread.
struct ListenerCounters {
    Counter received;
    Counter received_bytes;
    std::array<Counter, reject_reason_count> rejected;
    std::array<Counter, drop_reason_count> dropped;
    Counter merged;
    Counter held;  // gauge: on its way, in a reassembly or in an open batch
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

// Value. One listener's frames: the sum over threads, or what was counted between two moments. In a
// difference `held` may have shrunk: numbers wrap, and come right again where differences are added
// up.
struct IntakeLedger {
    std::uint64_t received = 0;
    std::uint64_t accepted = 0;
    std::uint64_t merged = 0;
    std::uint64_t held = 0;
    std::map<std::string, std::uint64_t> rejected;
    std::map<std::string, std::uint64_t> dropped;

    // All reasons by name, also those that were not met.
    void add(const ListenerCounters& counters);
    void add(const IntakeLedger& more);
    // Without those that were not met.
    [[nodiscard]] static IntakeLedger of(const ListenerCounters& counters);
    // What was counted since `before`; reasons that were not are left out.
    [[nodiscard]] IntakeLedger since(const IntakeLedger& before) const;
    // What was held has ended with the process that held it.
    void end_held();
    // received - (rejected + dropped + merged + held + accepted). Exact only while no frame is
    // between two counters.
    [[nodiscard]] std::int64_t imbalance() const;

    [[nodiscard]] bool balances() const { return imbalance() == 0; }

    [[nodiscard]] bool is_zero() const;

    // Calls `visit(term, reason, frames)` for every term that is not zero; the reason is empty but
    // for "rejected" and "dropped".
    template <typename Visit>
    void each(Visit visit) const;
    // Adds to a term by its name; false for a name that is none.
    [[nodiscard]] bool add_term(std::string_view term, std::string_view reason,
                                std::uint64_t frames);
};

// Value. By the listener's name.
using IntakeAccount = std::map<std::string, IntakeLedger>;

void add_account(IntakeAccount& sum, const IntakeAccount& more);

// One line a listener: its terms, then its name. What cannot be read is left out.
[[nodiscard]] std::string to_text(const IntakeAccount& account);
[[nodiscard]] IntakeAccount intake_account_from_text(std::string_view text);

template <typename Visit>
void IntakeLedger::each(Visit visit) const {
    const auto one = [&visit](std::string_view term, std::string_view reason, std::uint64_t n) {
        if (n != 0) {
            visit(term, reason, n);
        }
    };
    one("received", "", received);
    one("accepted", "", accepted);
    one("merged", "", merged);
    one("held", "", held);
    for (const auto& [reason, count] : rejected) {
        one("rejected", reason, count);
    }
    for (const auto& [reason, count] : dropped) {
        one("dropped", reason, count);
    }
}

}  // namespace weir
