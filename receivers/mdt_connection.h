// MdtConnection: one accepted connection of telemetry, from its PROXY header to its end. Looks at
// the first bytes without taking them, and hands the socket to gRPC or reads the TCP framing.
#pragma once

#include "core/address.h"
#include "pipeline/connection_limit.h"
#include "pipeline/source_places.h"
#include "receivers/mdt_first_bytes.h"
#include "receivers/mdt_grpc_server.h"
#include "receivers/mdt_listener.h"
#include "receivers/mdt_tcp_session.h"
#include "receivers/ready_set.h"
#include "receivers/socket_group.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace weir {

// Resource, shared by its listener and its own running coroutine. One thread.
class MdtConnection : public std::enable_shared_from_this<MdtConnection>, private ReadySet::Member {
  public:
    struct Places {
        ConnectionLimit::Permit connection;
        std::optional<SourcePlaces::Permit> source;  // of a proxy's client only once it is known
    };

    // `peer` is what accept said. `proxied`: a PROXY header must come first.
    MdtConnection(boost::asio::ip::tcp::socket socket, const Peer& peer, bool proxied,
                  Places places, MdtListener& listener);
    ~MdtConnection() override;
    MdtConnection(const MdtConnection&) = delete;
    MdtConnection& operator=(const MdtConnection&) = delete;

    // Starts the coroutine; it keeps the connection alive until it ends.
    void start();
    // Closes the connection when its deadline (first bytes, handshake or idle) has passed, and
    // notices a gRPC connection that has ended without a word.
    void check_deadline(std::int64_t now_ns);
    // Ends it; what TCP framing has sent is delivered first. The coroutine ends soon after.
    void close();
    // Ends a connection that has never sent a whole message for the sake of a new one, which gets
    // its place. Nothing when it has, or turns out to have.
    [[nodiscard]] std::optional<ConnectionLimit::Permit> evict();

    // When it last showed a sign of life, monotonic.
    [[nodiscard]] std::int64_t last_sign_ns() const;
    // It has sent a whole message.
    [[nodiscard]] bool proven() const;

    [[nodiscard]] const Peer& peer() const { return peer_; }

    [[nodiscard]] bool finished() const { return finished_; }

  private:
    enum class Phase : std::uint8_t { proxy_header, first_bytes, grpc, tcp };

    void on_ready(bool hung_up) override;
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<bool> read_proxy_header();
    [[nodiscard]] bool admit_client();
    boost::asio::awaitable<MdtProtocol> read_first_bytes();
    // Whether the protocol is spoken here; a refusal is counted.
    [[nodiscard]] bool admit_protocol(MdtProtocol protocol);
    boost::asio::awaitable<void> hand_to_grpc(bool tls);
    boost::asio::awaitable<void> read_frames();
    // False: the session has ended.
    [[nodiscard]] bool read_once();
    boost::asio::awaitable<void> keep_to_the_rate();
    boost::asio::awaitable<void> wait_until_ready();
    // Both directions of the socket are closed, by whichever side.
    [[nodiscard]] bool has_ended() const;
    void note_end_of_grpc();
    void set_deadline(std::int64_t timeout_ns);
    void refuse(RefusalReason reason, const std::string& detail);
    void close_socket();
    void finish();

    MdtListener& listener_;
    std::optional<ConnectionLimit::Permit> place_;
    std::optional<SourcePlaces::Permit> source_place_;
    FileDescriptor socket_;
    boost::asio::steady_timer timer_;  // waits for the socket or the rate
    const Peer socket_peer_;
    Peer peer_;
    std::string front_;                     // the first bytes, for a refusal
    MdtGrpcConnectionPtr grpc_connection_;  // once handed over
    std::unique_ptr<MdtTcpSession> tcp_;
    std::int64_t opened_ns_ = 0;    // monotonic
    std::int64_t deadline_ns_ = 0;  // monotonic; of gRPC from progress_ns
    Phase phase_ = Phase::first_bytes;
    bool over_tls_ = false;
    bool ready_ = false;   // on_ready was called since the last wait for it
    bool unread_ = false;  // the last read left bytes in the socket
    bool waits_for_ready_ = false;
    bool hung_up_ = false;
    bool proxied_ = false;
    bool closing_ = false;
    bool finished_ = false;
};

}  // namespace weir
