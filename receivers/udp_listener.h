// UdpListener: one UDP socket on one ingest thread. Waits through Asio, drains with recvmmsg into
// slots that are reused for ever, and hands every datagram to the thread's FrameSink as one frame.
// A PacedReader decides when.
#pragma once

#include "core/events.h"
#include "core/time.h"
#include "receivers/frame_sink.h"
#include "receivers/paced_reader.h"
#include "receivers/socket_group.h"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace weir {

// What may change while the socket stays open.
struct UdpLimits {
    std::size_t message_bytes_max = 64 * 1024;
    bool oversize_drop = false;
    // Between reads under load; 0: wake for every datagram.
    std::int64_t coalesce_ns = 4 * ns_per_ms;
};

// Resource. Lives on its thread's io_context; every call from that thread, except construction.
class UdpListener {
  public:
    struct Options {
        std::string name;
        std::uint32_t listener = 0;  // its number in the FrameSink
        UdpLimits limits;
        std::size_t receive_buffer_bytes = 8 * 1024 * 1024;  // as granted
        bool text = true;  // line ends at the end of a datagram are no part of it
    };

    // The sink, clock and events must outlive the listener.
    UdpListener(boost::asio::io_context& io, FileDescriptor socket, Options options,
                FrameSink& sink, const Clock& clock, EventSink& events);
    ~UdpListener();
    UdpListener(const UdpListener&) = delete;
    UdpListener& operator=(const UdpListener&) = delete;

    void start();
    // Takes effect with the next read.
    void set_limits(UdpLimits limits);
    // Reads what is queued in the socket without waiting, up to `rounds_max` rounds; true when it
    // ran dry. Part of the drain.
    bool drain(int rounds_max);
    // Learns from the kernel what it dropped and how full the receive queue is. Called every few
    // tens of milliseconds.
    void tick();
    void stop();

    // What a listener's slots take, for one thread.
    [[nodiscard]] static std::size_t slots_memory_bytes(std::size_t message_bytes_max);

    // Whether the socket is read at intervals now.
    [[nodiscard]] bool is_pacing() const { return reader_.is_pacing(); }

  private:
    struct Slots;

    // One recvmmsg; the number of datagrams, 0 when there was none.
    [[nodiscard]] int receive_round();
    void deliver(std::size_t slot, Timestamp now);

    FileDescriptor socket_;
    PacedReader reader_;
    Options options_;
    FrameSink& sink_;
    const Clock& clock_;
    EventSink& events_;
    std::unique_ptr<Slots> slots_;
    std::uint32_t kernel_dropped_ = 0;  // the socket's drop counter at the last look
    std::size_t drained_ = 0;           // datagrams of the last drain
    bool stopped_ = false;
};

}  // namespace weir
