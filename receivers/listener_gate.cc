#include "receivers/listener_gate.h"

#include <fmt/format.h>

namespace weir {

bool ListenerGate::allows(const Peer& peer) {
    if (sink_.allows(peer, listener_)) {
        return true;
    }
    refuse(peer, RefusalReason::not_allowed, EventId::session_refused, "is not in allowed_sources");
    return false;
}

std::optional<SourcePlaces::Permit> ListenerGate::acquire_source(const Peer& peer,
                                                                 std::size_t places_max) {
    std::optional<SourcePlaces::Permit> place = sources_.acquire(peer.address, places_max);
    if (!place) {
        refuse(peer, RefusalReason::connections_per_source_max, EventId::session_refused,
               fmt::format("connections_per_source_max of {} is reached", places_max));
    }
    return place;
}

void ListenerGate::refuse(const Peer& peer, RefusalReason reason, EventId event,
                          const std::string& detail) {
    counters().refused[static_cast<std::size_t>(reason)].add();
    events_.emit({event, name_, fmt::format("{}: {}", peer.address.to_string(), detail)});
}

}  // namespace weir
