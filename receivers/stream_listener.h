// StreamListener: one listening TCP socket on one ingest thread, plain or TLS. Accepts within the
// listener's connection limit and owns the sessions it accepted.
#pragma once

#include "core/events.h"
#include "core/snapshot.h"
#include "core/time.h"
#include "parsers/framing.h"
#include "pipeline/byte_pool.h"
#include "pipeline/connection_limit.h"
#include "pipeline/source_places.h"
#include "receivers/accept_loop.h"
#include "receivers/frame_sink.h"
#include "receivers/listener_gate.h"
#include "receivers/ready_set.h"
#include "receivers/socket_group.h"
#include "receivers/tls_server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <span>

namespace weir {

// What may change while sessions stay open.
struct StreamLimits {
    std::size_t message_bytes_max = 64 * 1024;
    Oversize oversize = Oversize::truncate;
    std::size_t connections_per_source_max = 64;
    std::int64_t idle_timeout_ns = 600 * ns_per_s;
    std::int64_t handshake_timeout_ns = 10 * ns_per_s;
    // Between readings of a busy session; 0: wake for whatever arrives.
    std::int64_t coalesce_ns = 4 * ns_per_ms;
};

// Resource. What the threads of one listener share.
struct StreamShared {
    ConnectionLimit connections{1000};
    ConnectionLimit handshakes{256};  // TLS handshakes in progress
    BytePool session_bytes{64UL * 1024 * 1024};
};

class StreamSession;

// Resource. Lives on its thread's io_context; every call from that thread, except construction.
class StreamListener {
  public:
    // What one read may bring.
    static constexpr std::size_t scratch_bytes = 64 * 1024;

    struct Options {
        std::string name;
        std::uint32_t listener = 0;  // its number in the FrameSink
        bool ipv4 = false;           // the socket's family
        StreamLimits limits;
        Snapshot<boost::asio::ssl::context>* tls = nullptr;  // null: plain TCP
    };

    // All references must outlive the listener; `shared` is shared with the other threads.
    StreamListener(boost::asio::io_context& io, FileDescriptor socket, Options options,
                   StreamShared& shared, FrameSink& sink, const Clock& clock, EventSink& events);
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

    [[nodiscard]] boost::asio::io_context& io() { return io_; }

    [[nodiscard]] ReadySet& ready_set() { return ready_set_; }

    [[nodiscard]] const Options& options() const { return options_; }

    [[nodiscard]] FrameSink& sink() { return sink_; }

    [[nodiscard]] const Clock& clock() const { return clock_; }

    [[nodiscard]] StreamShared& shared() { return shared_; }

    [[nodiscard]] ListenerCounters& counters() { return gate_.counters(); }

    // Memory for one read, of whichever session reads.
    [[nodiscard]] std::span<char> scratch() { return {scratch_.get(), scratch_bytes}; }

    [[nodiscard]] ListenerGate& gate() { return gate_; }

    // For sessions. The peer's place among the sessions of its address; a refusal is counted.
    [[nodiscard]] std::optional<SourcePlaces::Permit> acquire_source(const Peer& peer) {
        return gate_.acquire_source(peer, options_.limits.connections_per_source_max);
    }

    // The session has sent a complete frame, or has ended: it will not be evicted.
    void forget_unproven(StreamSession& session);
    // Puts it behind the others that could be evicted.
    void note_sign_of_life(StreamSession& session);
    // The session waits for begin_handshake; first come, first served.
    void queue_handshake(const std::shared_ptr<StreamSession>& session);
    void grant_handshakes();

  private:
    boost::asio::awaitable<void> sweep_loop();
    void open_session(boost::asio::ip::tcp::socket socket, const Peer& peer);
    // A place under connections_max, taken from an idle session if need be.
    [[nodiscard]] std::optional<ConnectionLimit::Permit> acquire_place();
    void sweep();

    boost::asio::io_context& io_;
    AcceptLoop acceptor_;
    boost::asio::steady_timer sweep_timer_;
    Options options_;
    StreamShared& shared_;
    FrameSink& sink_;
    const Clock& clock_;
    ListenerGate gate_;
    ReadySet ready_set_;
    std::unique_ptr<char[]> scratch_;
    std::list<std::shared_ptr<StreamSession>> sessions_;
    std::list<StreamSession*> unproven_;  // no complete frame yet; the longest idle in front
    std::deque<std::weak_ptr<StreamSession>> handshake_queue_;
    bool stopped_ = false;
};

}  // namespace weir
