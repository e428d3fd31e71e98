// MdtGrpcServer: gRPC for one telemetry listener on one ingest thread. Listens nowhere: connections
// that the listener has accepted and looked at are handed over. One completion queue and one
// thread, on which calls are read and messages go to the sink.
#pragma once

#include "core/address.h"
#include "core/result.h"
#include "core/time.h"
#include "receivers/mdt_sink.h"
#include "receivers/mdt_stream.h"
#include "receivers/socket_group.h"
#include "receivers/tls_server.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace weir {

// Resource, shared by the listener and the server. What both know of one connection.
struct MdtGrpcConnection {
    Peer socket_peer;  // as gRPC sees it
    Peer client;       // the same, or who a trusted proxy said it was

    // Written by the server's thread.
    std::atomic<bool> called{false};           // a call has come: the handshakes are over
    std::atomic<bool> proven{false};           // a whole message has come
    std::atomic<std::int64_t> progress_ns{0};  // monotonic: the last whole message, or our silence
};

using MdtGrpcConnectionPtr = std::shared_ptr<MdtGrpcConnection>;

// Resource. Calls from the ingest thread.
class MdtGrpcServer {
    class Impl;

  public:
    // Sealed: gRPC takes them when it starts.
    struct Options {
        std::uint32_t listener = 0;  // its number in the MdtSink
        // A gRPC message of more than twice this ends its call; one of more than the limit in force
        // is refused by name and the call goes on.
        std::size_t message_bytes_max = 16UL * 1024 * 1024;
        std::optional<TlsServerFiles> tls;  // read again when they change
        std::int64_t handshake_timeout_ns = 10 * ns_per_s;
        // 0: never. gRPC takes or adds up to a tenth, so that sessions do not all move at once.
        std::int64_t connection_age_max_ns = 0;
        std::int64_t connection_age_grace_ns = 10 * ns_per_s;  // for a device to end its calls
        // A peer that is gone without a word is noticed within both together.
        std::int64_t keepalive_interval_ns = 60 * ns_per_s;
        std::int64_t keepalive_timeout_ns = 20 * ns_per_s;
        std::size_t calls_per_connection_max = 64;
        std::size_t quota_bytes = 256UL * 1024 * 1024;  // gRPC's own memory on this thread
    };

    // A call of a method that there is not; from the server's thread.
    using OnUnknownMethod =
        std::function<void(const MdtGrpcConnectionPtr& connection, const std::string& method)>;

    // Starts the thread. Fails in words when gRPC cannot start. The references must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<MdtGrpcServer>> start(
        const Options& options, MdtStreamShared& shared, MdtSink& sink, const Clock& clock,
        OnUnknownMethod on_unknown_method);
    explicit MdtGrpcServer(std::unique_ptr<Impl> impl);  // for start()
    ~MdtGrpcServer();
    MdtGrpcServer(const MdtGrpcServer&) = delete;
    MdtGrpcServer& operator=(const MdtGrpcServer&) = delete;

    // Gives the connection to gRPC, with nothing read of it yet. Whoever keeps a duplicate of the
    // socket learns the end of the connection as its hang-up, and ends it by shutting it down.
    void hand_over(FileDescriptor socket, bool tls, const MdtGrpcConnectionPtr& connection);
    // The connection has ended.
    void forget(const MdtGrpcConnectionPtr& connection);
    // The limit in force; see Options.
    void set_message_bytes_max(std::size_t message_bytes_max);
    // Asks devices to end their calls and to go elsewhere (GOAWAY); what they send meanwhile is
    // taken. Returns at once. Nothing may be handed over any more.
    void go_away();
    // Ends the thread; soon, if every connection has been shut down before.
    void stop();

  private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace weir
