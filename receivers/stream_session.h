// StreamSession: one accepted connection, from its PROXY header and TLS handshake to its last byte.
// Lets the Framer cut what it reads and hands frames to the FrameSink. A bad frame never ends it.
#pragma once

#include "core/address.h"
#include "parsers/framing.h"
#include "pipeline/connection_limit.h"
#include "pipeline/source_places.h"
#include "receivers/ready_set.h"
#include "receivers/session_buffer.h"
#include "receivers/socket_group.h"
#include "receivers/stream_listener.h"
#include "receivers/stream_transport.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Resource, shared by its listener and its own running coroutine. One thread.
class StreamSession : public std::enable_shared_from_this<StreamSession>, private ReadySet::Member {
  public:
    struct Places {
        ConnectionLimit::Permit connection;
        std::optional<SourcePlaces::Permit> source;  // of a proxy's client only once it is known
    };

    // `peer` is what accept said. `proxied`: a PROXY header must come first.
    StreamSession(boost::asio::ip::tcp::socket socket, const Peer& peer, bool proxied,
                  Places places, StreamListener& listener);
    ~StreamSession() override;
    StreamSession(const StreamSession&) = delete;
    StreamSession& operator=(const StreamSession&) = delete;

    // Starts the coroutine; it keeps the session alive until the connection ends.
    void start();
    // Closes the session when its deadline (handshake or idle) has passed.
    void check_deadline(std::int64_t now_ns);
    // Delivers what the kernel and the session hold and closes. The coroutine ends soon after.
    void close();
    // Ends a session that has never sent a complete frame, for the sake of a new one that gets its
    // place. Nothing when it turns out that a frame is waiting in the socket.
    [[nodiscard]] std::optional<ConnectionLimit::Permit> evict();
    // The listener has a place for this session's handshake.
    void begin_handshake(ConnectionLimit::Permit place);

    [[nodiscard]] bool closing() const { return closing_; }

    [[nodiscard]] bool finished() const { return finished_; }

    // Where the listener lists it while it has not sent a complete frame.
    using Unproven = std::list<StreamSession*>;
    std::optional<Unproven::iterator> unproven;

  private:
    enum class Phase : std::uint8_t { proxy_header, queued, handshake, open };

    void on_ready(bool hung_up) override;
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<bool> read_proxy_header();
    [[nodiscard]] bool admit_client();
    boost::asio::awaitable<bool> handshake();
    boost::asio::awaitable<bool> wait_for_handshake_place();
    boost::asio::awaitable<void> read_loop();
    boost::asio::awaitable<void> keep_to_the_rate();
    boost::asio::awaitable<void> wait_until_ready(StreamState state);

    [[nodiscard]] StreamState read_once();
    // The messages at the front of `bytes`, and what is left of them.
    // `dropped_for` is the reason under which oversize messages are dropped, if they are.
    [[nodiscard]] std::string_view deliver_frames(std::string_view bytes, bool end_of_stream,
                                                  RejectReason dropped_for);
    [[nodiscard]] std::string_view deliver_without_room(std::string_view rest);
    void read_what_is_there();
    void note_progress(bool frame_completed, bool frame_begun);
    void set_deadline(std::int64_t timeout_ns);
    void refuse(RefusalReason reason, EventId event, const std::string& detail);
    void close_socket();
    void finish();

    StreamListener& listener_;
    std::optional<ConnectionLimit::Permit> place_;
    std::optional<SourcePlaces::Permit> source_place_;
    std::optional<ConnectionLimit::Permit> handshake_place_;
    FileDescriptor socket_;
    // Waits for the socket, for a place for the handshake, or for the rate.
    boost::asio::steady_timer timer_;
    std::unique_ptr<StreamTransport> transport_;
    TlsTransport* tls_ = nullptr;  // the same transport, if it is TLS
    Peer peer_;
    Framer framer_;
    SessionBuffer buffer_;
    std::int64_t deadline_ns_ = 0;  // monotonic
    Phase phase_ = Phase::open;
    bool ready_ = false;  // on_ready was called since the last wait for it
    bool waits_for_ready_ = false;
    bool hung_up_ = false;  // read on to the end without waiting
    bool proxied_ = false;
    bool frame_begun_ = false;  // bytes of an incomplete frame have renewed the deadline
    bool closing_ = false;
    bool finished_ = false;
};

}  // namespace weir
