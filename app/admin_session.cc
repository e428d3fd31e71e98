#include "app/admin_session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

namespace weir {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t header_bytes_max = 8 * 1024;
constexpr unsigned http_version = 11;
constexpr std::size_t first_read_bytes = 4 * 1024;
constexpr std::size_t shown_path_bytes_max = 100;
// What is still read of a peer that was told no, so that it gets to see the answer: a socket that
// is closed with bytes unread sends a reset, which overtakes the answer.
constexpr std::size_t farewell_bytes_max = 64 * 1024;
constexpr std::chrono::seconds farewell_timeout{1};

// Why a request could not be read, and the answer to it.
struct Unreadable {
    AdminRefusal reason;
    unsigned status;
    std::string text;
};

// Nothing for a connection that broke.
std::optional<Unreadable> unreadable(const error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return Unreadable{AdminRefusal::too_large, 431, "the request's head is over 8 KiB"};
    }
    if (error == http::error::body_limit || error == http::error::unexpected_body) {
        return Unreadable{AdminRefusal::too_large, 413, "a request here has no body"};
    }
    if (error.category() == http::make_error_code(http::error::end_of_stream).category()) {
        return Unreadable{AdminRefusal::bad_request, 400,
                          "this is not an HTTP/1.1 request: " + error.message()};
    }
    return std::nullopt;
}

std::string_view view(boost::core::string_view text) {
    return {text.data(), text.size()};
}

http::response<http::string_body> make_response(AdminAnswer answer, unsigned version) {
    http::response<http::string_body> response{http::int_to_status(answer.status), version};
    response.set(http::field::server, "weir");
    response.set(http::field::content_type, answer.content_type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    if (answer.status == 401) {
        response.set(http::field::www_authenticate, "Bearer realm=\"weir\"");
    } else if (answer.status == 405) {
        response.set(http::field::allow, "GET, HEAD");
    }
    response.keep_alive(false);
    response.body() = std::move(answer.body);
    response.prepare_payload();
    return response;
}

std::string describe_handshake(const error_code& error, SSL* tls) {
    if (error.category() == asio::error::get_ssl_category() &&
        ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST) {
        return "the client speaks http:// to an https:// port";
    }
    return describe_handshake_failure(error, static_cast<int>(SSL_get_verify_result(tls)), "");
}

}  // namespace

void AdminShared::refuse(AdminRefusal reason, const Peer& peer, const std::string& detail) {
    ++refused[static_cast<std::size_t>(reason)];
    events.emit(
        {EventId::admin_refused, "admin",
         fmt::format("{}: {}: {}", peer.address.to_string(), admin_refusal_name(reason), detail)});
}

AdminSession::AdminSession(asio::ip::tcp::socket socket, const Peer& peer, AdminShared& shared)
    : shared_(shared),
      peer_(peer),
      tls_context_(shared.tls),
      stream_(std::in_place_type<Plain>, std::move(socket)),
      buffer_(header_bytes_max) {
    if (tls_context_) {
        // Asio takes a mutable context but only reads it.
        auto& context = const_cast<asio::ssl::context&>(*tls_context_);
        stream_ = std::make_unique<Tls>(std::move(std::get<Plain>(stream_)), context);
    }
    enter(State::reading);
}

AdminSession::Plain& AdminSession::lowest() {
    auto* tls = std::get_if<std::unique_ptr<Tls>>(&stream_);
    return tls != nullptr ? (*tls)->next_layer() : std::get<Plain>(stream_);
}

void AdminSession::enter(State state) {
    state_ = state;
    since_ = ++shared_.steps;
}

void AdminSession::close() {
    closed_ = true;
    lowest().close();
}

asio::awaitable<void> AdminSession::run() {
    if (auto* tls = std::get_if<std::unique_ptr<Tls>>(&stream_); tls != nullptr) {
        const bool agreed = co_await shake_hands();
        if (agreed) {
            co_await serve(**tls);
        }
    } else {
        co_await serve(std::get<Plain>(stream_));
    }
    if (!closed_) {
        co_await part();
    }
}

asio::awaitable<bool> AdminSession::shake_hands() {
    Tls& tls = *std::get<std::unique_ptr<Tls>>(stream_);
    lowest().expires_after(shared_.deadlines.request);
    const auto [error] = co_await tls.async_handshake(asio::ssl::stream_base::server, as_result);
    // Whoever only looks whether the port is open leaves at once; that is no refusal.
    if (error == beast::error::timeout) {
        shared_.refuse(AdminRefusal::timeout, peer_, "TLS handshake took too long");
    } else if (error && !closed_ && error != asio::error::eof &&
               error != asio::error::connection_reset) {
        shared_.refuse(AdminRefusal::tls_handshake, peer_,
                       describe_handshake(error, tls.native_handle()));
    }
    co_return !error;
}

template <typename Stream>
asio::awaitable<void> AdminSession::serve(Stream& stream) {
    bool more = true;
    while (more && !closed_) {
        more = co_await serve_request(stream);
    }
}

// A request's deadline begins with its first byte; before it a session is idle. A connection that
// has not asked anything yet gets no longer than a request.
template <typename Stream>
asio::awaitable<bool> AdminSession::await_first_byte(Stream& stream) {
    if (buffer_.size() > 0) {
        co_return true;
    }
    enter(State::idle);
    lowest().expires_after(served_before_ ? shared_.deadlines.idle : shared_.deadlines.request);
    const auto [error, count] =
        co_await stream.async_read_some(buffer_.prepare(first_read_bytes), as_result);
    buffer_.commit(count);
    co_return !error;
}

template <typename Stream>
asio::awaitable<bool> AdminSession::serve_request(Stream& stream) {
    const bool begun = co_await await_first_byte(stream);
    if (!begun) {
        co_return false;
    }
    enter(State::reading);
    lowest().expires_after(shared_.deadlines.request);
    http::request_parser<http::empty_body> parser;
    parser.header_limit(header_bytes_max);
    parser.body_limit(0);
    const auto [error, count] = co_await http::async_read(stream, buffer_, parser, as_result);
    if (error == beast::error::timeout) {
        shared_.refuse(AdminRefusal::timeout, peer_, "the request was not complete in time");
    }
    if (error) {
        const std::optional<Unreadable> why = unreadable(error);
        if (why && !closed_) {
            shared_.refuse(why->reason, peer_, why->text);
            enter(State::answering);
            // Named, because g++ 12 destroys some temporaries of a co_await twice.
            Response told =
                make_response({.status = why->status, .body = why->text + "\n"}, http_version);
            static_cast<void>(co_await send(stream, std::move(told), false));
        }
        co_return false;
    }
    const Request request = parser.release();
    enter(State::answering);
    served_before_ = true;
    Response response = decide(request);
    const bool head = request.method() == http::verb::head;
    co_return co_await send(stream, std::move(response), head);
}

AdminSession::Response AdminSession::decide(const Request& request) {
    const std::string target(view(request.target()));
    const std::string path = target.substr(0, target.find('?'));
    if (request.count(http::field::host) != 1 && request.version() >= 11) {
        shared_.refuse(AdminRefusal::bad_request, peer_, "not one Host header");  // RFC 9112 3.2
        return make_response({.status = 400, .body = "a request has one Host header\n"},
                             http_version);
    }
    const AdminCaller caller{.authorization = view(request[http::field::authorization]),
                             .host = view(request[http::field::host]),
                             .certificate = has_certificate()};
    if (const std::optional<AdminRefusal> reason = shared_.access.ask(path, caller)) {
        return refusal(*reason, path);
    }
    AdminAnswer answer{.status = 405, .body = "only GET and HEAD are answered\n"};
    if (request.method() == http::verb::get || request.method() == http::verb::head) {
        answer = shared_.handler(path);
    }
    Response response = make_response(std::move(answer), request.version());
    // A session ends with its TLS context, so that a new client_ca holds for everybody soon.
    response.keep_alive(request.keep_alive() && tls_context_ == shared_.tls);
    return response;
}

AdminSession::Response AdminSession::refusal(AdminRefusal reason, const std::string& path) {
    shared_.refuse(reason, peer_, path.substr(0, shown_path_bytes_max));
    AdminAnswer answer{.status = 401, .body = "this needs Authorization: Bearer and the token\n"};
    if (reason == AdminRefusal::certificate_missing) {
        answer = {.status = 403, .body = "this needs a client certificate\n"};
    } else if (reason == AdminRefusal::host_unknown) {
        answer = {.status = 421,
                  .body = "ask for an address or localhost; names need admin.token_file\n"};
    }
    return make_response(std::move(answer), http_version);
}

bool AdminSession::has_certificate() {
    auto* tls = std::get_if<std::unique_ptr<Tls>>(&stream_);
    if (tls == nullptr) {
        return false;
    }
    SSL* native = (*tls)->native_handle();
    return SSL_get0_peer_certificate(native) != nullptr &&
           SSL_get_verify_result(native) == X509_V_OK;
}

// False when the connection is to end.
template <typename Stream>
asio::awaitable<bool> AdminSession::send(Stream& stream, Response response, bool head) {
    http::response_serializer<http::string_body> serializer{response};
    error_code error;
    std::size_t written = 0;
    if (head) {
        std::tie(error, written) = co_await http::async_write_header(stream, serializer, as_result);
    } else {
        std::tie(error, written) = co_await http::async_write(stream, serializer, as_result);
    }
    if (error == beast::error::timeout) {
        shared_.refuse(AdminRefusal::timeout, peer_, "the answer was not read in time");
    }
    co_return !error && response.keep_alive();
}

asio::awaitable<void> AdminSession::part() {
    enter(State::idle);
    lowest().expires_after(farewell_timeout);
    auto* tls = std::get_if<std::unique_ptr<Tls>>(&stream_);
    if (tls != nullptr && SSL_is_init_finished((*tls)->native_handle()) == 1) {
        static_cast<void>(co_await (*tls)->async_shutdown(as_result));
    }
    error_code ignored;
    lowest().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    std::array<char, first_read_bytes> discarded{};
    for (std::size_t total = 0; total < farewell_bytes_max && !closed_;) {
        const auto [error, count] =
            co_await lowest().async_read_some(asio::buffer(discarded), as_result);
        if (error) {
            break;
        }
        total += count;
    }
    close();
}

}  // namespace weir
