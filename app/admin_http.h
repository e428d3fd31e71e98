// AdminHttp: the operator's port. Health, readiness, metrics and the status API over HTTP/1.1.
#pragma once

#include "core/address.h"
#include "core/events.h"
#include "core/result.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace weir {

// Value. What one request is answered with.
struct AdminAnswer {
    unsigned status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

// Resource. Runs on the io_context it is given, which one thread runs.
class AdminHttp {
  public:
    // Answers a GET for a path without its query; called on the io_context's thread.
    using Handler = std::function<AdminAnswer(const std::string& path)>;

    AdminHttp(boost::asio::io_context& io, Handler handler, EventSink& events);

    // Binds and starts; port 0 lets the kernel choose. Returns the port.
    [[nodiscard]] Result<std::uint16_t> start(const IpAddress& address, std::uint16_t port);
    // No new connections; those that are open end with their request.
    void stop();

  private:
    boost::asio::awaitable<void> accept_loop();
    boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    Handler handler_;
    EventSink& events_;
    std::size_t connections_ = 0;
};

}  // namespace weir
