// ReadySet: tells the sessions of one listener that their sockets have something to read.
//
// The sockets are in an epoll set of its own, which Asio watches as one descriptor. However many
// of them have something, the thread wakes once, and while much comes a PacedReader decides when to
// look.
#pragma once

#include "receivers/paced_reader.h"
#include "receivers/socket_group.h"

#include <boost/asio/io_context.hpp>

#include <cstdint>

namespace weir {

// Resource. Lives on its thread's io_context; every call from that thread, except construction.
class ReadySet {
  public:
    class Member {
      public:
        Member() = default;
        Member(const Member&) = delete;
        Member& operator=(const Member&) = delete;
        virtual ~Member() = default;

        // Bytes have come, or there is room to write as was asked for; may be said without need.
        // `hung_up`: the end of the stream or an error is behind the bytes, and nothing more will
        // be told.
        // Must not close any member's socket.
        virtual void on_ready(bool hung_up) = 0;
    };

    // The clock must outlive it. Throws std::system_error when the kernel gives no descriptor.
    ReadySet(boost::asio::io_context& io, const Clock& clock);

    void start() { reader_.start(); }

    void stop() { reader_.stop(); }

    // Between looks while much comes; 0: never wait.
    void set_coalesce_ns(std::int64_t coalesce_ns) {
        reader_.set_options({.coalesce_ns = coalesce_ns});
    }

    // Once for each socket; it leaves when it is closed. What is there already is told too. The
    // member must outlive the socket. Throws std::system_error.
    void add(int socket, Member& member);
    // Whether room to write is to be told as well.
    void watch_room(int socket, Member& member, bool wanted);
    // From now on only a hang-up is told: somebody else reads.
    void watch_end(int socket, Member& member);
    // Before it is closed while a duplicate of the socket stays open, which would keep it here.
    void remove(int socket);

    [[nodiscard]] bool is_pacing() const { return reader_.is_pacing(); }

  private:
    void control(int operation, int socket, Member& member, std::uint32_t events);
    [[nodiscard]] PacedReader::Reading look();

    FileDescriptor epoll_;
    PacedReader reader_;
};

}  // namespace weir
