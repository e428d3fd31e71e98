// FrameSink: where a listener hands its frames. One per ingest thread; the listeners and sessions
// of that thread share it. Implemented by SyslogIntake, and by recorders in tests.
#pragma once

#include "core/frame.h"
#include "pipeline/intake_ledger.h"

#include <cstdint>

namespace weir {

// Resource interface. One thread.
class FrameSink {
  public:
    FrameSink() = default;
    FrameSink(const FrameSink&) = delete;
    FrameSink& operator=(const FrameSink&) = delete;
    virtual ~FrameSink() = default;

    // Called before a run of frames that were read together: the place to pick up a new
    // configuration and the time, once.
    virtual void begin_run() = 0;
    // Takes one frame; the bytes are borrowed for the call. `listener` is the listener's number.
    virtual void take(const Frame& frame, std::uint32_t listener) = 0;
    // Whether this peer may send to this listener at all. Asked when a connection is accepted; take
    // asks it for every frame.
    [[nodiscard]] virtual bool allows(const Peer& peer, std::uint32_t listener) const = 0;
    // Whether this socket address is a load balancer that says in a PROXY header who its client is.
    // Asked when a connection is accepted, and for every datagram.
    [[nodiscard]] virtual bool is_proxy(const Peer& peer, std::uint32_t listener) const = 0;
    // How long a stream of this peer must not be read, so that it comes back within the rates of
    // the listener; 0: read on. Asked after a run of frames was taken.
    [[nodiscard]] virtual std::int64_t pause_ns(const Peer& peer, std::uint32_t listener) const = 0;
    // A datagram socket's receive queue is `percent` full, seen after a read that did not empty it.
    virtual void note_backlog(unsigned percent) = 0;
    // Counts a frame that was received and refused before parsing.
    virtual void reject(std::uint32_t listener, RejectReason reason) = 0;
    // The counters of one listener on this thread.
    [[nodiscard]] virtual ListenerCounters& counters(std::uint32_t listener) = 0;
};

}  // namespace weir
