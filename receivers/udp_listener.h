// UdpListener: one UDP socket on one ingest thread. Waits through Asio, drains with recvmmsg into
// slots that are reused for ever, and hands every datagram to the thread's FrameSink as one frame.
//
// It waits in one of two ways. Watching: the first datagram after silence wakes the thread, so a
// lone message is not delayed. Pacing: while datagrams come fast the socket is taken out of epoll,
// where every one of them would wake the thread, and is read every `coalesce_ns`.
#pragma once

#include "core/events.h"
#include "core/time.h"
#include "receivers/frame_sink.h"
#include "receivers/socket_group.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

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
    std::int64_t coalesce_ns = ns_per_ms;
};

// Resource. Lives on its thread's io_context; every call from that thread, except construction.
class UdpListener {
  public:
    struct Options {
        std::string name;
        std::uint32_t listener = 0;  // its number in the FrameSink
        UdpLimits limits;
        std::size_t receive_buffer_bytes = 8 * 1024 * 1024;  // as granted
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
    [[nodiscard]] bool is_pacing() const { return pacing_; }

  private:
    struct Slots;

    void watch();
    void pace();
    void on_readable();
    void on_pace();
    [[nodiscard]] std::int64_t next_pace_ns() const;
    // One recvmmsg; the number of datagrams, 0 when there was none.
    [[nodiscard]] int receive_round();
    void deliver(std::size_t slot, Timestamp now);

    boost::asio::io_context& io_;
    FileDescriptor socket_;
    boost::asio::posix::stream_descriptor watched_;  // holds the socket's number while watching
    boost::asio::steady_timer pace_timer_;
    Options options_;
    FrameSink& sink_;
    const Clock& clock_;
    EventSink& events_;
    std::unique_ptr<Slots> slots_;
    std::uint32_t kernel_dropped_ = 0;  // the socket's drop counter at the last look
    std::size_t drained_ = 0;           // datagrams of the last drain
    std::int64_t burst_since_ns_ = 0;   // watching: start of the millisecond that is counted
    std::size_t burst_ = 0;
    int sparse_ = 0;  // pacing: intervals in a row with hardly a datagram
    bool pacing_ = false;
    bool stopped_ = false;
};

}  // namespace weir
