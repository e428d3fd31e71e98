// One connection of an HttpClient: TCP or TLS, one request at a time. Everything here runs on the
// client's io_context and ends by its deadline.
#pragma once

#include "sinks/http_answer.h"
#include "sinks/url.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace weir {

// Value. How a step failed; error none when it did not.
struct TransportFailure {
    TransportError error = TransportError::none;
    std::string text;
};

// Value that borrows. One request as it goes over the wire.
struct WireRequest {
    std::string_view header;  // with its blank line
    std::string_view body;
    std::chrono::milliseconds timeout{0};
    std::size_t response_bytes_max = 0;
};

// Bytes read ahead of the parser: an answer's head and chunk headers must fit.
inline constexpr std::size_t answer_buffer_bytes = 64UL * 1024;

// Resource, owned by shared_ptr: a coroutine may outlive the client's interest in it.
class HttpConnection {
  public:
    // `tls` null: plain TCP.
    HttpConnection(boost::asio::io_context& io, std::shared_ptr<boost::asio::ssl::context> tls);

    // Resolves, connects and shakes hands. `server_name` is sent as SNI and checked against the
    // certificate.
    [[nodiscard]] boost::asio::awaitable<TransportFailure> open(const HttpUrl& url,
                                                                std::string server_name,
                                                                std::chrono::milliseconds timeout);

    // Sends the request and reads the answer. An answer that breaks off behind its header counts
    // as an answer with a truncated body: its status stands.
    [[nodiscard]] boost::asio::awaitable<TransportFailure> exchange(WireRequest request,
                                                                    HttpResponse& response,
                                                                    Timestamp now);

    // Ends what is under way; the connection cannot be used again. May be called twice.
    void close();

    [[nodiscard]] bool closed() const { return closed_; }

    // Whether another request may follow: the last answer was read to its end and did not ask for
    // the connection to be closed.
    [[nodiscard]] bool reusable() const { return reusable_ && !closed_; }

    // Whether at least one byte of the last answer arrived.
    [[nodiscard]] bool answer_began() const { return answer_began_; }

    [[nodiscard]] bool used_before() const { return exchanges_ > 1; }

  private:
    using Tcp = boost::beast::tcp_stream;
    using Tls = boost::beast::ssl_stream<boost::beast::tcp_stream>;

    [[nodiscard]] Tcp& lowest();
    struct ResolverAnswer;
    void ask_resolver(const HttpUrl& url, const std::shared_ptr<ResolverAnswer>& answer);
    [[nodiscard]] boost::asio::awaitable<TransportFailure> resolve(
        const HttpUrl& url, std::vector<boost::asio::ip::tcp::endpoint>& endpoints);
    [[nodiscard]] boost::asio::awaitable<TransportFailure> shake_hands(std::string server_name);
    template <typename Stream>
    [[nodiscard]] boost::asio::awaitable<TransportFailure> exchange_on(Stream& stream,
                                                                       WireRequest request,
                                                                       HttpResponse& response,
                                                                       Timestamp now);
    template <typename Stream, typename Parser>
    [[nodiscard]] boost::asio::awaitable<bool> read_body(Stream& stream, Parser& parser,
                                                         std::size_t bytes_max,
                                                         HttpResponse& response);

    boost::asio::io_context& io_;
    std::shared_ptr<boost::asio::ssl::context> context_;
    std::unique_ptr<Tcp> tcp_;
    std::unique_ptr<Tls> tls_;
    boost::beast::flat_buffer buffer_{answer_buffer_bytes};
    std::array<char, 4096> chunk_{};
    int exchanges_ = 0;
    bool reusable_ = false;
    bool answer_began_ = false;
    bool closed_ = false;
};

}  // namespace weir
