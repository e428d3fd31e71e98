// AdminSession: one connection to the admin port, plain or TLS. One request at a time, everything
// within a deadline and a size.
#pragma once

#include "app/admin_access.h"
#include "core/address.h"
#include "core/events.h"
#include "receivers/tls_server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace weir {

// Value. What one request is answered with.
struct AdminAnswer {
    unsigned status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

// Value.
struct AdminDeadlines {
    // From a request's first byte to its answer's last; for a handshake; for the farewell.
    std::chrono::milliseconds request{std::chrono::seconds{10}};
    // Between two requests; longer than monitoring's usual interval of a minute.
    std::chrono::milliseconds idle{std::chrono::seconds{75}};
};

// What the sessions of one admin port share. One thread; outlives every session's coroutine.
struct AdminShared {
    // Answers a GET for a path without its query.
    std::function<AdminAnswer(const std::string& path)> handler;
    EventSink& events;
    AdminDeadlines deadlines;
    AdminAccess access;
    TlsContextPtr tls;  // null: plain HTTP
    AdminRefusals refused{};
    std::uint64_t steps = 0;  // state changes of all sessions, to tell which was first

    // Counts, and tells whoever reads the log.
    void refuse(AdminRefusal reason, const Peer& peer, const std::string& detail);
};

// Resource, shared by the port and its own coroutine. One thread.
class AdminSession {
  public:
    // In the order in which sessions give way to others.
    enum class State : std::uint8_t { idle, reading, answering };

    AdminSession(boost::asio::ip::tcp::socket socket, const Peer& peer, AdminShared& shared);

    // Serves until the peer leaves, a deadline passes or close() is called. Whoever runs it keeps
    // the session alive.
    [[nodiscard]] boost::asio::awaitable<void> run();

    // Ends what is under way. The coroutine ends soon after.
    void close();

    [[nodiscard]] State state() const { return state_; }

    // When the state began, as a number that grows with every change of any session.
    [[nodiscard]] std::uint64_t since() const { return since_; }

    [[nodiscard]] const Peer& peer() const { return peer_; }

  private:
    using Plain = boost::beast::tcp_stream;
    using Tls = boost::beast::ssl_stream<Plain>;
    using Request = boost::beast::http::request<boost::beast::http::empty_body>;
    using Response = boost::beast::http::response<boost::beast::http::string_body>;

    [[nodiscard]] Plain& lowest();
    void enter(State state);
    [[nodiscard]] boost::asio::awaitable<bool> shake_hands();
    template <typename Stream>
    [[nodiscard]] boost::asio::awaitable<void> serve(Stream& stream);
    template <typename Stream>
    [[nodiscard]] boost::asio::awaitable<bool> serve_request(Stream& stream);
    template <typename Stream>
    [[nodiscard]] boost::asio::awaitable<bool> await_first_byte(Stream& stream);
    template <typename Stream>
    [[nodiscard]] boost::asio::awaitable<bool> send(Stream& stream, Response response, bool head);
    [[nodiscard]] boost::asio::awaitable<void> part();
    [[nodiscard]] Response decide(const Request& request);
    [[nodiscard]] Response refusal(AdminRefusal reason, const std::string& path);
    [[nodiscard]] bool has_certificate();

    AdminShared& shared_;
    Peer peer_;
    TlsContextPtr tls_context_;  // kept as long as the stream made from it
    std::variant<Plain, std::unique_ptr<Tls>> stream_;
    boost::beast::flat_buffer buffer_;
    State state_ = State::reading;
    std::uint64_t since_ = 0;
    bool served_before_ = false;
    bool closed_ = false;
};

}  // namespace weir
