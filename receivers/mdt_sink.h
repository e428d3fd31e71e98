// MdtSink: where a receiver of model-driven telemetry hands messages. One per ingest thread;
// implemented by MdtIntake, and by recorders in tests. Admission is asked as for syslog.
#pragma once

#include "core/telemetry.h"
#include "receivers/frame_sink.h"

#include <cstdint>
#include <string_view>

namespace weir {

// Value that borrows, for the time of a call. What a session is known by.
struct MdtSession {
    std::uint64_t id = 0;                  // unique within the process; 0: none (UDP)
    Peer peer;                             // the device, or the client that a trusted proxy named
    std::string_view certificate_subject;  // of a verified client certificate; empty: none
};

// Resource interface. Calls come from the thread of the completion queue or the ingest thread, one
// at a time: the implementation has a lock of its own and is asked once a message.
class MdtSink : public FrameSink {
  public:
    virtual void session_opened(const MdtSession& session, std::uint32_t listener) = 0;
    virtual void session_closed(const MdtSession& session, std::uint32_t listener) = 0;
    // One whole message, put together from its chunks; the bytes are borrowed for the call. Chunks
    // that became part of it were counted as merged by whoever put them together.
    virtual void take_message(const Frame& frame, MdtBody body, const MdtSession& session,
                              std::uint32_t listener) = 0;
    // What a device says in MdtDialoutArgs.errors. Counted; the stream goes on.
    virtual void device_error(const MdtSession& session, std::string_view text,
                              std::uint32_t listener) = 0;
    // False while no more should be read: the log is full. Asked before every read; a receiver asks
    // again every 50 ms or so.
    [[nodiscard]] virtual bool has_room() const = 0;
};

}  // namespace weir
