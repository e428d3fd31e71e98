#include "app/admin_http.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include <chrono>
#include <tuple>

namespace weir {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t connections_max = 64;
constexpr std::size_t header_bytes_max = 8 * 1024;
constexpr std::chrono::seconds request_timeout{10};

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

Response make_response(const Request& request, AdminAnswer answer) {
    Response response{http::int_to_status(answer.status), request.version()};
    response.set(http::field::server, "weir");
    response.set(http::field::content_type, answer.content_type);
    response.set(http::field::cache_control, "no-store");
    response.keep_alive(request.keep_alive());
    response.body() = std::move(answer.body);
    response.prepare_payload();
    return response;
}

}  // namespace

AdminHttp::AdminHttp(asio::io_context& io, Handler handler, EventSink& events)
    : io_(io), acceptor_(io), handler_(std::move(handler)), events_(events) {}

Result<std::uint16_t> AdminHttp::start(const IpAddress& address, std::uint16_t port) {
    const bool v4 = address.is_v4();
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address.to_string()), port);
    boost::system::error_code error;
    acceptor_.open(v4 ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), error);
    if (!error) {
        acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        acceptor_.bind(endpoint, error);
    }
    if (!error) {
        acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
        return fail(fmt::format("admin {}:{}: {}", address.to_string(), port, error.message()));
    }
    asio::co_spawn(io_, accept_loop(), asio::detached);
    return acceptor_.local_endpoint().port();
}

asio::awaitable<void> AdminHttp::accept_loop() {
    while (acceptor_.is_open()) {
        auto [error, socket] = co_await acceptor_.async_accept(as_result);
        if (error == asio::error::operation_aborted) {
            co_return;
        }
        if (error) {
            events_.emit({EventId::admin_error, "admin", error.message()});
            asio::steady_timer pause(io_, std::chrono::milliseconds(100));
            co_await pause.async_wait(as_result);
        } else if (connections_ < connections_max) {
            ++connections_;
            const auto done = [this](const std::exception_ptr&) { --connections_; };
            asio::co_spawn(io_, serve(std::move(socket)), done);
        }
    }
}

asio::awaitable<void> AdminHttp::serve(asio::ip::tcp::socket socket) {
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer(header_bytes_max);
    for (;;) {
        stream.expires_after(request_timeout);
        http::request_parser<http::empty_body> parser;
        parser.header_limit(header_bytes_max);
        parser.body_limit(0);
        const auto [read_error, read_bytes] =
            co_await http::async_read(stream, buffer, parser, as_result);
        if (read_error) {
            co_return;
        }
        const Request request = parser.release();
        const std::string target(request.target());
        AdminAnswer answer{.status = 405, .body = "only GET and HEAD are answered\n"};
        if (request.method() == http::verb::get || request.method() == http::verb::head) {
            answer = handler_(target.substr(0, target.find('?')));
        }
        Response response = make_response(request, std::move(answer));
        http::response_serializer<http::string_body> serializer{response};
        boost::system::error_code write_error;
        std::size_t written = 0;
        if (request.method() == http::verb::head) {
            std::tie(write_error, written) =
                co_await http::async_write_header(stream, serializer, as_result);
        } else {
            std::tie(write_error, written) =
                co_await http::async_write(stream, serializer, as_result);
        }
        if (write_error || !response.keep_alive()) {
            co_return;
        }
    }
}

void AdminHttp::stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

}  // namespace weir
