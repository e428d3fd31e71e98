// MdtListener: one listening TCP socket for model-driven telemetry on one ingest thread. Accepts
// within the listener's limits, looks at the first bytes of each connection, and hands it to gRPC
// or reads Cisco's TCP framing itself.
#pragma once

#include "core/events.h"
#include "core/result.h"
#include "core/time.h"
#include "pipeline/connection_limit.h"
#include "pipeline/source_places.h"
#include "receivers/accept_loop.h"
#include "receivers/listener_gate.h"
#include "receivers/mdt_grpc_server.h"
#include "receivers/mdt_sink.h"
#include "receivers/mdt_stream.h"
#include "receivers/ready_set.h"
#include "receivers/socket_group.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace weir {

// What may change while connections stay open.
struct MdtLimits {
    // NX-OS pushes up to 12 MB. gRPC itself takes up to twice the value it was opened with.
    std::size_t message_bytes_max = 16UL * 1024 * 1024;
    std::size_t connections_per_source_max = 64;
    // Without a whole message. Long, because a subscription to changes may have nothing to say for
    // hours; who is gone without a word is noticed by keepalive.
    std::int64_t idle_timeout_ns = 24 * 3600 * ns_per_s;
    std::int64_t handshake_timeout_ns = 10 * ns_per_s;  // PROXY header, first bytes and TLS, each
    std::int64_t coalesce_ns = 4 * ns_per_ms;           // between readings of a busy TCP session
};

// Resource. What the threads of one listener share.
struct MdtShared {
    ConnectionLimit connections{2000};
    MdtStreamShared streams{64UL * 1024 * 1024};
};

class MdtConnection;

// Resource. Lives on its thread's io_context; every call from that thread, except construction.
class MdtListener {
  public:
    // What one read of the TCP framing may bring.
    static constexpr std::size_t scratch_bytes = 64 * 1024;

    struct Options {
        std::string name;
        std::uint32_t listener = 0;  // its number in the MdtSink
        bool ipv4 = false;           // the socket's family
        MdtFraming framing = MdtFraming::any;
        bool tls_only = false;  // grpc.tls must be set: gRPC in clear and TCP framing are refused
        MdtLimits limits;
        // Its listener, message_bytes_max and handshake_timeout are taken from the above.
        MdtGrpcServer::Options grpc;
    };

    // All references must outlive the listener; `shared` is shared with the other threads. Fails in
    // words when gRPC does not start.
    [[nodiscard]] static Result<std::unique_ptr<MdtListener>> open(
        boost::asio::io_context& io, FileDescriptor socket, Options options, MdtShared& shared,
        MdtSink& sink, const Clock& clock, EventSink& events);
    // For open(). As AcceptLoop, it must outlive its io_context's next run behind stop().
    MdtListener(boost::asio::io_context& io, FileDescriptor socket, Options options,
                MdtShared& shared, MdtSink& sink, const Clock& clock, EventSink& events);
    ~MdtListener();
    MdtListener(const MdtListener&) = delete;
    MdtListener& operator=(const MdtListener&) = delete;

    void start();
    // Open connections take their new limits with their next message. gRPC ends calls with messages
    // of over twice the message_bytes_max that it was opened with.
    void set_limits(MdtLimits limits);
    // Refuses new connections and asks gRPC's devices to go elsewhere. Sessions go on. First step
    // of the drain.
    void stop_accepting();
    // Ends every connection; what is in its buffer is delivered first. Waits for gRPC's thread.
    void stop();

    // For connections.
    [[nodiscard]] boost::asio::io_context& io() { return io_; }

    [[nodiscard]] ReadySet& ready_set() { return ready_set_; }

    [[nodiscard]] ListenerGate& gate() { return gate_; }

    [[nodiscard]] const Options& options() const { return options_; }

    [[nodiscard]] MdtSink& sink() { return sink_; }

    [[nodiscard]] const Clock& clock() const { return clock_; }

    [[nodiscard]] MdtShared& shared() { return shared_; }

    // Null: TCP framing only.
    [[nodiscard]] MdtGrpcServer* grpc() { return grpc_.get(); }

    // Memory for one read, of whichever session reads.
    [[nodiscard]] std::span<char> scratch() { return {scratch_.get(), scratch_bytes}; }

    [[nodiscard]] bool draining() const { return draining_; }

    [[nodiscard]] std::optional<SourcePlaces::Permit> acquire_source(const Peer& peer) {
        return gate_.acquire_source(peer, options_.limits.connections_per_source_max);
    }

  private:
    [[nodiscard]] Result<void> start_grpc();
    void open_connection(boost::asio::ip::tcp::socket socket, const Peer& peer);
    // A place under connections_max, taken from an idle connection if need be.
    [[nodiscard]] std::optional<ConnectionLimit::Permit> acquire_place();
    boost::asio::awaitable<void> sweep_loop();
    void sweep();

    boost::asio::io_context& io_;
    AcceptLoop acceptor_;
    boost::asio::steady_timer sweep_timer_;
    Options options_;
    MdtShared& shared_;
    MdtSink& sink_;
    const Clock& clock_;
    ListenerGate gate_;
    ReadySet ready_set_;
    std::unique_ptr<char[]> scratch_;
    std::list<std::shared_ptr<MdtConnection>> connections_;
    std::unique_ptr<MdtGrpcServer> grpc_;
    std::shared_ptr<bool> alive_;  // for what gRPC's thread posts
    bool draining_ = false;
    bool stopped_ = false;
};

}  // namespace weir
