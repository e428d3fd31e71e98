#include "sinks/http_connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/system/system_error.hpp>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>

namespace weir {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t response_header_bytes_max = 16 * 1024;

// Time given to the answer of a server that stopped reading in the middle of a request: it usually
// says why (401, 413) before it closes.
constexpr std::chrono::milliseconds early_answer_wait{1000};

bool is_tls_error(const error_code& error) {
    return error.category() == asio::error::get_ssl_category() ||
           error.category() == asio::ssl::error::get_stream_category();
}

TransportFailure exchange_failure(const error_code& error) {
    if (error == beast::error::timeout) {
        return {TransportError::request_timeout, "no complete answer in time"};
    }
    if (error == asio::ssl::error::stream_truncated || error == http::error::end_of_stream ||
        error == asio::error::eof) {
        return {TransportError::closed, "the server closed the connection before it answered"};
    }
    // With TLS 1.3 a server that refuses the client's certificate says so only now.
    if (is_tls_error(error)) {
        return {TransportError::tls, "TLS: " + error.message()};
    }
    if (error.category() == http::make_error_code(http::error::end_of_stream).category()) {
        if (error == http::error::partial_message) {
            return {TransportError::closed, "the answer broke off"};
        }
        return {TransportError::protocol, "the answer is not HTTP: " + error.message()};
    }
    return {TransportError::closed, "the connection broke: " + error.message()};
}

}  // namespace

HttpConnection::HttpConnection(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls)
    : io_(io), context_(std::move(tls)) {
    if (context_) {
        tls_ = std::make_unique<Tls>(Tcp(io_), *context_);
    } else {
        tcp_ = std::make_unique<Tcp>(io_);
    }
}

HttpConnection::Tcp& HttpConnection::lowest() {
    return tls_ ? tls_->next_layer() : *tcp_;
}

void HttpConnection::close() {
    closed_ = true;
    lowest().close();
}

// What the resolver said, and a timer that its arrival cancels.
struct HttpConnection::ResolverAnswer {
    explicit ResolverAnswer(asio::io_context& io)
        : resolver(io), arrival(io, asio::steady_timer::time_point::max()) {}

    asio::ip::tcp::resolver resolver;
    asio::steady_timer arrival;
    error_code error;
    asio::ip::tcp::resolver::results_type found;
    bool arrived = false;
};

// With a callback, not with co_await: the first request of a name starts Asio's resolver thread,
// and throws when the system has no thread left. Thrown from the start of a co_await, that would go
// past the coroutine, which Asio has given away by then, and end the delivery thread.
void HttpConnection::ask_resolver(const HttpUrl& url,
                                  const std::shared_ptr<ResolverAnswer>& answer) {
    const auto arrived = [answer](const error_code& error,
                                  asio::ip::tcp::resolver::results_type found) {
        answer->error = error;
        answer->found = std::move(found);
        answer->arrived = true;
        answer->arrival.cancel();
    };
    try {
        answer->resolver.async_resolve(url.host, std::to_string(url.port), arrived);
    } catch (const boost::system::system_error& failure) {
        answer->error = failure.code();
        answer->arrived = true;
    }
}

asio::awaitable<TransportFailure> HttpConnection::resolve(
    const HttpUrl& url, std::vector<asio::ip::tcp::endpoint>& endpoints) {
    error_code not_an_address;
    const asio::ip::address address = asio::ip::make_address(url.host, not_an_address);
    if (!not_an_address) {
        endpoints.emplace_back(address, url.port);
        co_return TransportFailure{};
    }
    const auto answer = std::make_shared<ResolverAnswer>(io_);
    ask_resolver(url, answer);
    if (!answer->arrived) {
        static_cast<void>(co_await answer->arrival.async_wait(as_result));
    }
    if (answer->error) {
        co_return TransportFailure{TransportError::resolve,
                                   "cannot resolve " + url.host + ": " + answer->error.message()};
    }
    for (const auto& entry : answer->found) {
        endpoints.push_back(entry.endpoint());
    }
    co_return TransportFailure{};
}

asio::awaitable<TransportFailure> HttpConnection::open(const HttpUrl& url, std::string server_name,
                                                       std::chrono::milliseconds timeout) {
    std::vector<asio::ip::tcp::endpoint> endpoints;
    TransportFailure failure = co_await resolve(url, endpoints);
    if (failure.error != TransportError::none) {
        co_return failure;
    }
    if (closed_) {
        co_return TransportFailure{TransportError::closed, "stopped"};
    }
    lowest().expires_after(timeout);
    const auto [error, endpoint] = co_await lowest().async_connect(endpoints, as_result);
    if (error == beast::error::timeout) {
        co_return TransportFailure{TransportError::connect_timeout,
                                   "no connection to " + url.authority() + " in time"};
    }
    if (error) {
        co_return TransportFailure{TransportError::refused,
                                   "cannot connect to " + url.authority() + ": " + error.message()};
    }
    error_code ignored;
    lowest().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    if (!tls_) {
        co_return TransportFailure{};
    }
    co_return co_await shake_hands(std::move(server_name));
}

asio::awaitable<TransportFailure> HttpConnection::shake_hands(std::string server_name) {
    error_code not_an_address;
    asio::ip::make_address(server_name, not_an_address);
    if (not_an_address) {
        // SNI carries names only (RFC 6066 section 3).
        // The call that the macro SSL_set_tlsext_host_name hides behind an old-style cast.
        SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 server_name.data());
    }
    error_code ignored;
    tls_->set_verify_callback(asio::ssl::host_name_verification(server_name), ignored);
    const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_result);
    if (!error) {
        co_return TransportFailure{};
    }
    if (error == beast::error::timeout) {
        co_return TransportFailure{TransportError::connect_timeout, "no TLS handshake in time"};
    }
    std::string text = "TLS with " + server_name + ": " + error.message();
    const long verdict = SSL_get_verify_result(tls_->native_handle());
    if (verdict != X509_V_OK) {
        text += std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
    }
    co_return TransportFailure{TransportError::tls, std::move(text)};
}

template <typename Stream, typename Parser>
asio::awaitable<bool> HttpConnection::read_body(Stream& stream, Parser& parser,
                                                std::size_t bytes_max, HttpResponse& response) {
    while (!parser.is_done()) {
        if (response.body.size() >= bytes_max) {
            co_return false;
        }
        auto& body = parser.get().body();
        const std::size_t wanted = std::min(chunk_.size(), bytes_max - response.body.size());
        body.data = chunk_.data();
        body.size = wanted;
        const auto [error, read] = co_await http::async_read(stream, buffer_, parser, as_result);
        response.body.append(chunk_.data(), wanted - body.size);
        if (error && error != http::error::need_buffer) {
            co_return false;
        }
    }
    co_return true;
}

namespace {

// What a receiver of remote write 2.0 says it has stored, whatever its status.
template <typename Header>
void read_written(const Header& header, HttpResponse& response) {
    constexpr std::string_view begin = "X-Prometheus-Remote-Write-";
    const auto samples = header.find(std::string(begin) + "Samples-Written");
    response.says_written = samples != header.end() ||
                            header.count(std::string(begin) + "Histograms-Written") > 0 ||
                            header.count(std::string(begin) + "Exemplars-Written") > 0;
    if (samples != header.end()) {
        response.samples_written =
            parse_written({samples->value().data(), samples->value().size()});
    }
}

}  // namespace

template <typename Stream>
asio::awaitable<TransportFailure> HttpConnection::exchange_on(Stream& stream, WireRequest request,
                                                              HttpResponse& response,
                                                              Timestamp now) {
    lowest().expires_after(request.timeout);
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(request.header),
                                                    asio::buffer(request.body)};
    const auto [write_error, written] = co_await asio::async_write(stream, buffers, as_result);
    if (write_error == beast::error::timeout || closed_) {
        co_return exchange_failure(write_error);
    }
    if (write_error) {
        lowest().expires_after(std::min(early_answer_wait, request.timeout));
    }
    http::response_parser<http::buffer_body> parser;
    parser.header_limit(response_header_bytes_max);
    parser.body_limit(boost::none);
    const auto [error, read] = co_await http::async_read_header(stream, buffer_, parser, as_result);
    answer_began_ = read > 0 || buffer_.size() > 0 || parser.got_some();
    if (error) {
        co_return exchange_failure(write_error ? write_error : error);
    }
    response.status = parser.get().result_int();
    const auto retry_after = parser.get()[http::field::retry_after];
    response.retry_after =
        parse_retry_after(std::string_view(retry_after.data(), retry_after.size()), now);
    const auto date = parser.get()[http::field::date];
    response.date = parse_http_date(std::string_view(date.data(), date.size()));
    read_written(parser.get(), response);
    const bool keep_alive = parser.get().keep_alive();
    const bool whole = co_await read_body(stream, parser, request.response_bytes_max, response);
    response.body_truncated = !whole;
    reusable_ = whole && keep_alive && !write_error && buffer_.size() == 0;
    co_return TransportFailure{};
}

asio::awaitable<TransportFailure> HttpConnection::exchange(WireRequest request,
                                                           HttpResponse& response, Timestamp now) {
    ++exchanges_;
    reusable_ = false;
    answer_began_ = false;
    if (tls_) {
        co_return co_await exchange_on(*tls_, request, response, now);
    }
    co_return co_await exchange_on(*tcp_, request, response, now);
}

}  // namespace weir
