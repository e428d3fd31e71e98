#include "receivers/stream_listener.h"

#include "receivers/stream_session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <chrono>
#include <exception>

namespace weir {

namespace {

namespace asio = boost::asio;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
// How late a timeout may be noticed. One sweep over the sessions is cheaper than a timer each.
constexpr std::chrono::milliseconds sweep_interval{100};
// After a failing accept (out of descriptors), so that the loop does not spin.
constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

StreamListener::StreamListener(asio::io_context& io, FileDescriptor socket, Options options,
                               ConnectionLimit& connections, FrameSink& sink, const Clock& clock,
                               EventSink& events)
    : io_(io),
      acceptor_(io, options.ipv4 ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), socket.release()),
      sweep_timer_(io),
      options_(std::move(options)),
      connections_(connections),
      sink_(sink),
      clock_(clock),
      events_(events) {}

StreamListener::~StreamListener() = default;

void StreamListener::start() {
    asio::co_spawn(io_, accept_loop(), asio::detached);
    asio::co_spawn(io_, sweep_loop(), asio::detached);
}

void StreamListener::set_limits(StreamLimits limits) {
    options_.limits = limits;
}

asio::awaitable<void> StreamListener::accept_loop() {
    while (!stopped_ && acceptor_.is_open()) {
        asio::ip::tcp::endpoint peer;
        auto [error, socket] = co_await acceptor_.async_accept(peer, as_result);
        if (!error) {
            try {
                open_session(std::move(socket), peer);
            } catch (const std::exception& exception) {
                // Out of memory for one session must not end the accepting of all others.
                events_.emit({EventId::session_error, options_.name, exception.what()});
            }
            continue;
        }
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
            co_return;
        }
        events_.emit({EventId::session_error, options_.name,
                      fmt::format("cannot accept: {}", error.message())});
        asio::steady_timer pause(io_, accept_pause);
        co_await pause.async_wait(as_result);
    }
}

void StreamListener::open_session(asio::ip::tcp::socket socket,
                                  const asio::ip::tcp::endpoint& endpoint) {
    // From accept, not from getpeername: after a reset the socket has forgotten who it was.
    const Peer peer{.address = IpAddress::from_sockaddr(endpoint.data()), .port = endpoint.port()};
    if (!sink_.allows(peer, options_.listener)) {
        sink_.counters(options_.listener)
            .refused[static_cast<std::size_t>(RefusalReason::not_allowed)]
            .add();
        events_.emit({EventId::session_refused, options_.name,
                      fmt::format("{}: is not in allowed_sources", peer.address.to_string())});
        return;
    }
    auto permit = connections_.acquire();
    if (!permit) {
        sink_.counters(options_.listener)
            .refused[static_cast<std::size_t>(RefusalReason::connections_max)]
            .add();
        events_.emit({EventId::session_refused, options_.name,
                      fmt::format("{}: connections_max of {} is reached", peer.address.to_string(),
                                  connections_.max())});
        return;
    }
    boost::system::error_code ignored;
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    auto session =
        std::make_shared<StreamSession>(std::move(socket), peer, std::move(*permit), *this);
    sessions_.push_back(session);
    session->start();
}

asio::awaitable<void> StreamListener::sweep_loop() {
    while (!stopped_) {
        sweep_timer_.expires_after(sweep_interval);
        const auto [error] = co_await sweep_timer_.async_wait(as_result);
        if (error) {
            co_return;
        }
        sweep();
    }
}

void StreamListener::sweep() {
    const std::int64_t now_ns = clock_.monotonic_ns();
    for (const auto& session : sessions_) {
        session->check_deadline(now_ns);
    }
    sessions_.remove_if([](const auto& session) { return session->finished(); });
}

void StreamListener::stop_accepting() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

void StreamListener::stop() {
    stopped_ = true;
    stop_accepting();
    sweep_timer_.cancel();
    for (const auto& session : sessions_) {
        session->close();
    }
    sessions_.clear();  // each ends with its coroutine
}

}  // namespace weir
