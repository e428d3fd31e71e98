// UdpListener: one UDP socket on one ingest thread. Waits through Asio, drains with recvmmsg into
// slots that are reused for ever, and hands every datagram to the thread's FrameSink as one frame.
#pragma once

#include "core/events.h"
#include "core/time.h"
#include "receivers/frame_sink.h"
#include "receivers/socket_group.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace weir {

// What may change while the socket stays open.
struct UdpLimits {
    std::size_t message_bytes_max = 64 * 1024;
    bool oversize_drop = false;
};

// Resource. Lives on its thread's io_context; every call from that thread, except construction.
class UdpListener {
  public:
    struct Options {
        std::string name;
        std::uint32_t listener = 0;  // its number in the FrameSink
        UdpLimits limits;
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
    void stop();

  private:
    struct Slots;

    void wait();
    // One recvmmsg; the number of datagrams, 0 when there was none.
    [[nodiscard]] int receive_round();
    void deliver(std::size_t slot, Timestamp now);
    // How much of the receive buffer is in use, in percent.
    [[nodiscard]] unsigned backlog_percent();

    boost::asio::posix::stream_descriptor socket_;
    Options options_;
    FrameSink& sink_;
    const Clock& clock_;
    EventSink& events_;
    std::unique_ptr<Slots> slots_;
    std::uint32_t kernel_dropped_ = 0;  // SO_RXQ_OVFL at the last look
    bool stopped_ = false;
};

}  // namespace weir
