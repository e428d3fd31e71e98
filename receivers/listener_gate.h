// ListenerGate: who may connect to one listener on one ingest thread, and how a refusal is counted
// and said. Shared by the listeners of streams.
#pragma once

#include "core/address.h"
#include "core/events.h"
#include "pipeline/source_places.h"
#include "receivers/frame_sink.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace weir {

// Resource. One thread. The sink and the events must outlive it.
class ListenerGate {
  public:
    ListenerGate(std::string name, std::uint32_t listener, FrameSink& sink, EventSink& events)
        : name_(std::move(name)), listener_(listener), sink_(sink), events_(events) {}

    // Whether this socket address must begin with a PROXY header.
    [[nodiscard]] bool is_proxy(const Peer& peer) const { return sink_.is_proxy(peer, listener_); }

    // Whether the peer may send here at all, and its place among the sessions of its address; a
    // refusal is counted.
    [[nodiscard]] bool allows(const Peer& peer);
    [[nodiscard]] std::optional<SourcePlaces::Permit> acquire_source(const Peer& peer,
                                                                     std::size_t places_max);
    // Counts and says why a connection was refused or ended.
    void refuse(const Peer& peer, RefusalReason reason, EventId event, const std::string& detail);

    // The most connections that one address has. Looks at every address.
    [[nodiscard]] std::size_t largest_source() const { return sources_.largest(); }

    [[nodiscard]] ListenerCounters& counters() { return sink_.counters(listener_); }

  private:
    std::string name_;
    std::uint32_t listener_;
    FrameSink& sink_;
    EventSink& events_;
    SourcePlaces sources_;
};

}  // namespace weir
