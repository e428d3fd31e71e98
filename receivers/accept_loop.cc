#include "receivers/accept_loop.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <utility>

namespace weir {

namespace {

namespace asio = boost::asio;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
// After a failing accept (out of descriptors), so that the loop does not spin.
constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

AcceptLoop::AcceptLoop(asio::io_context& io, FileDescriptor socket, Options options,
                       EventSink& events, OnConnection on_connection)
    : io_(io),
      acceptor_(io, options.ipv4 ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), socket.release()),
      options_(std::move(options)),
      events_(events),
      on_connection_(std::move(on_connection)) {}

void AcceptLoop::start() {
    asio::co_spawn(io_, run(), asio::detached);
}

asio::awaitable<void> AcceptLoop::run() {
    while (acceptor_.is_open()) {
        asio::ip::tcp::endpoint endpoint;
        auto [error, socket] = co_await acceptor_.async_accept(endpoint, as_result);
        if (!error) {
            try {
                on_connection_(std::move(socket),
                               {.address = IpAddress::from_sockaddr(endpoint.data()),
                                .port = endpoint.port()});
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

void AcceptLoop::close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

}  // namespace weir
