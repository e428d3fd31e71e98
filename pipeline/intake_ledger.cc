#include "pipeline/intake_ledger.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, reject_reason_count> reject_names = {
    "oversize", "not_allowed",  "listener_rate", "source_rate",
    "overload", "proxy_header", "session_bytes"};
constexpr std::array<std::string_view, drop_reason_count> drop_names = {"rule", "log_full",
                                                                        "source_rate", "overload"};
constexpr std::array<std::string_view, refusal_reason_count> refusal_names = {
    "connections_max", "not_allowed",  "handshake_timeout",          "tls_handshake",
    "idle_timeout",    "proxy_header", "connections_per_source_max", "handshakes_max",
    "evicted"};

}  // namespace

std::string_view reject_reason_name(RejectReason reason) {
    return reject_names[static_cast<std::size_t>(reason)];
}

std::string_view drop_reason_name(DropReason reason) {
    return drop_names[static_cast<std::size_t>(reason)];
}

std::string_view refusal_reason_name(RefusalReason reason) {
    return refusal_names[static_cast<std::size_t>(reason)];
}

void IntakeLedger::add(const ListenerCounters& counters) {
    received += counters.received.value();
    accepted += counters.accepted.value();
    merged += counters.merged.value();
    held += counters.held.value();
    for (std::size_t i = 0; i < reject_reason_count; ++i) {
        rejected[std::string(reject_names[i])] += counters.rejected[i].value();
    }
    for (std::size_t i = 0; i < drop_reason_count; ++i) {
        dropped[std::string(drop_names[i])] += counters.dropped[i].value();
    }
}

bool IntakeLedger::balances() const {
    std::uint64_t sum = accepted + merged + held;
    for (const auto& [reason, count] : rejected) {
        sum += count;
    }
    for (const auto& [reason, count] : dropped) {
        sum += count;
    }
    return received == sum;
}

}  // namespace weir
