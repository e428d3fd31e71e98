// MdtSink: where a receiver of model-driven telemetry hands messages. One per ingest thread;
// implemented by MdtIntake, and by recorders in tests. Admission is asked as for syslog.
//
// Who counts what. An MdtDialoutArgs with data, a TCP frame with a body and a datagram are one
// frame each. The receiver says frame_received for it, and from then on it is held, until it ends
// in exactly one of three ways:
//   take_message     it was a whole message, or completed one; the sink ends it as accepted,
//                    dropped or rejected
//   frames_merged    it was a chunk of a message that another frame carried on as
//   frames_rejected  the receiver refuses it
// What never became a frame (a datagram that the kernel cut) is reject()ed: received and rejected.
#pragma once

#include "core/telemetry.h"
#include "receivers/frame_sink.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

// Value that borrows, for the time of a call. What a session is known by: a TCP connection, or one
// call of MdtDialout (IOS-XE opens one for each subscription, on one connection or on several).
struct MdtSession {
    std::uint64_t id = 0;                  // unique within the process; 0: none (UDP)
    Peer peer;                             // the device, or the client that a trusted proxy named
    std::string_view certificate_subject;  // of a verified client certificate; empty: none
};

// Resource interface. Calls come from the thread of the completion queue or the ingest thread, of
// one session always from the same: the implementation has a lock of its own and is asked once a
// message. take() is never called, and counters() by the ingest thread only: it writes what
// concerns connections (sessions_opened, refused, source_sessions), the sink everything else.
class MdtSink : public FrameSink {
  public:
    virtual void session_opened(const MdtSession& session, std::uint32_t listener) = 0;
    // Nothing follows from this session.
    virtual void session_closed(const MdtSession& session, std::uint32_t listener) = 0;

    // `bytes` as they came, for received_bytes.
    virtual void frame_received(std::uint32_t listener, std::size_t bytes) = 0;
    virtual void frames_merged(std::uint32_t listener, std::uint64_t frames) = 0;
    virtual void frames_rejected(std::uint32_t listener, std::uint64_t frames,
                                 RejectReason reason) = 0;
    // One whole message, put together from its chunks; the bytes are borrowed for the call.
    virtual void take_message(const Frame& frame, MdtBody body, const MdtSession& session,
                              std::uint32_t listener) = 0;
    // What a device says in MdtDialoutArgs.errors. Counted; the stream goes on. Not a frame.
    virtual void device_error(const MdtSession& session, std::string_view text,
                              std::uint32_t listener) = 0;
    // A stream was not read for a while, to keep to a rate or because there was no room.
    virtual void stream_paused(std::uint32_t listener) = 0;
    // False while no more should be read: the log is full. Asked before every read; a receiver asks
    // again every 50 ms or so.
    [[nodiscard]] virtual bool has_room() const = 0;
};

}  // namespace weir
