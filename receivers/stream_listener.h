// StreamListener: one listening TCP socket on one ingest thread, plain or TLS. Accepts within the
// listener's connection limit and owns the sessions it accepted.
#pragma once

#include "core/events.h"
#include "core/snapshot.h"
#include "core/time.h"
#include "parsers/framing.h"
#include "pipeline/connection_limit.h"
#include "receivers/frame_sink.h"
#include "receivers/socket_group.h"
#include "receivers/tls_server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

namespace weir {

// What may change while sessions stay open.
struct StreamLimits {
    std::size_t message_bytes_max = 64 * 1024;
    Oversize oversize = Oversize::truncate;
    std::int64_t idle_timeout_ns = 600 * ns_per_s;
    std::int64_t handshake_timeout_ns = 10 * ns_per_s;
};

class StreamSession;

// Resource. Lives on its thread's io_context; every call from that thread, except construction.
class StreamListener {
  public:
    struct Options {
        std::string name;
        std::uint32_t listener = 0;  // its number in the FrameSink
        bool ipv4 = false;           // the socket's family
        StreamLimits limits;
        Snapshot<boost::asio::ssl::context>* tls = nullptr;  // null: plain TCP
    };

    // All references must outlive the listener; `connections` is shared with the other threads.
    StreamListener(boost::asio::io_context& io, FileDescriptor socket, Options options,
                   ConnectionLimit& connections, FrameSink& sink, const Clock& clock,
                   EventSink& events);
    ~StreamListener();
    StreamListener(const StreamListener&) = delete;
    StreamListener& operator=(const StreamListener&) = delete;

    void start();
    // Open sessions take their new limits with their next read.
    void set_limits(StreamLimits limits);
    // Refuses new connections; sessions go on. First step of the drain.
    void stop_accepting();
    // Ends every session; what is in its buffer is delivered first.
    void stop();

    [[nodiscard]] const Options& options() const { return options_; }

    [[nodiscard]] FrameSink& sink() { return sink_; }

    [[nodiscard]] const Clock& clock() const { return clock_; }

    [[nodiscard]] EventSink& events() { return events_; }

  private:
    boost::asio::awaitable<void> accept_loop();
    boost::asio::awaitable<void> sweep_loop();
    void open_session(boost::asio::ip::tcp::socket socket,
                      const boost::asio::ip::tcp::endpoint& endpoint);
    void sweep();

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer sweep_timer_;
    Options options_;
    ConnectionLimit& connections_;
    FrameSink& sink_;
    const Clock& clock_;
    EventSink& events_;
    std::list<std::shared_ptr<StreamSession>> sessions_;
    bool stopped_ = false;
};

}  // namespace weir
