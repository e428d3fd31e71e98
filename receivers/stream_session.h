// StreamSession: one accepted connection. Reads into one growing buffer, lets the Framer cut it,
// and hands frames to the FrameSink. A bad frame never ends the session.
#pragma once

#include "core/address.h"
#include "parsers/framing.h"
#include "pipeline/connection_limit.h"
#include "receivers/stream_listener.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace weir {

// Resource, shared by its listener and its own running coroutine. One thread.
class StreamSession : public std::enable_shared_from_this<StreamSession> {
  public:
    // `peer` is what accept said.
    StreamSession(boost::asio::ip::tcp::socket socket, const Peer& peer,
                  ConnectionLimit::Permit permit, StreamListener& listener);
    ~StreamSession();
    StreamSession(const StreamSession&) = delete;
    StreamSession& operator=(const StreamSession&) = delete;

    // Starts the coroutine; it keeps the session alive until the connection ends.
    void start();
    // Closes the session when its deadline (handshake or idle) has passed.
    void check_deadline(std::int64_t now_ns);
    // Delivers what is buffered and closes. The coroutine ends soon after.
    void close();

    [[nodiscard]] bool finished() const { return finished_; }

  private:
    using Plain = boost::asio::ip::tcp::socket;
    using Tls = boost::asio::ssl::stream<Plain>;

    boost::asio::awaitable<void> run();
    boost::asio::awaitable<bool> handshake();
    boost::asio::awaitable<void> read_loop();
    boost::asio::awaitable<void> keep_to_the_rate();
    void make_room();
    void read_what_is_there();
    void deliver_frames(bool end_of_stream);
    void set_deadline(std::int64_t timeout_ns);
    void refuse(RefusalReason reason, EventId event, const std::string& detail);
    [[nodiscard]] Plain& socket();

    StreamListener& listener_;
    ConnectionLimit::Permit permit_;
    TlsContextPtr tls_context_;  // kept as long as the stream made from it
    std::variant<Plain, std::unique_ptr<Tls>> stream_;
    Peer peer_;
    std::string refused_subject_;  // of a client certificate that was not accepted
    Framer framer_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;  // of the bytes not yet consumed
    std::size_t end_ = 0;
    std::int64_t deadline_ns_ = 0;  // monotonic
    bool handshaking_ = false;
    bool closing_ = false;
    bool finished_ = false;
};

}  // namespace weir
