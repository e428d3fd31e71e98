#include "tests/sinks/fake_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace weir::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

std::string answer_text(const FakeAnswer& answer) {
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\n";
    for (const auto& [name, value] : answer.headers) {
        text += name + ": " + value + "\r\n";
    }
    if (answer.status != 204) {
        text += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
    }
    text += "\r\n";
    if (answer.fault == Fault::close_mid_answer) {
        return text + answer.body.substr(0, answer.body.size() / 2);
    }
    return answer.fault == Fault::garbage ? "SSH-2.0-nonsense\r\n" : text + answer.body;
}

FakeRequest to_request(const http::request<http::string_body>& message, std::size_t connection) {
    FakeRequest request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (const auto& field : message) {
        std::string name(field.name_string());
        for (char& c : name) {
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
        request.headers[name] = std::string(field.value());
    }
    request.body = message.body();
    request.connection = connection;
    return request;
}

}  // namespace

// One accepted connection.
class FakeServer::Session {
  public:
    Session(FakeServer& server, asio::ip::tcp::socket socket, std::size_t number)
        : server_(server), number_(number) {
        if (server.tls_) {
            tls_ = std::make_unique<beast::ssl_stream<beast::tcp_stream>>(std::move(socket),
                                                                          *server.tls_);
        } else {
            tcp_ = std::make_unique<beast::tcp_stream>(std::move(socket));
        }
    }

    static asio::awaitable<void> run(std::unique_ptr<Session> session) {
        if (session->tls_) {
            const auto [error] =
                co_await session->tls_->async_handshake(asio::ssl::stream_base::server, as_result);
            if (!error) {
                co_await session->serve(*session->tls_);
            }
        } else {
            co_await session->serve(*session->tcp_);
        }
    }

  private:
    template <typename Stream>
    asio::awaitable<void> serve(Stream& stream) {
        bool open = true;
        while (open) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(boost::none);
            const auto [error, read] =
                co_await http::async_read(stream, buffer_, parser, as_result);
            if (error) {
                co_return;
            }
            const FakeAnswer answer = server_.answer(to_request(parser.get(), number_));
            asio::steady_timer timer(server_.io_, answer.delay);
            co_await timer.async_wait(as_result);
            open = co_await send(stream, answer);
        }
    }

    template <typename Stream>
    asio::awaitable<bool> send(Stream& stream, const FakeAnswer& answer) {
        if (answer.fault == Fault::close_before_answer) {
            co_return false;
        }
        if (answer.fault == Fault::never_answer || answer.fault == Fault::half_close) {
            if (answer.fault == Fault::half_close) {
                boost::system::error_code ignored;
                beast::get_lowest_layer(stream).socket().shutdown(
                    asio::ip::tcp::socket::shutdown_send, ignored);
            }
            char byte = 0;
            co_await stream.async_read_some(asio::buffer(&byte, 1), as_result);
            co_return false;
        }
        const std::string text = answer_text(answer);
        const auto [error, written] =
            co_await asio::async_write(stream, asio::buffer(text), as_result);
        co_return !error && answer.fault == Fault::none;
    }

    FakeServer& server_;
    std::size_t number_;
    std::unique_ptr<beast::tcp_stream> tcp_;
    std::unique_ptr<beast::ssl_stream<beast::tcp_stream>> tls_;
    beast::flat_buffer buffer_;
};

FakeServer::FakeServer(Script script, std::shared_ptr<asio::ssl::context> tls)
    : script_(std::move(script)), tls_(std::move(tls)) {
    acceptor_.open(asio::ip::tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread([this] { io_.run(); });
}

FakeServer::~FakeServer() {
    io_.stop();
    thread_.join();
}

void FakeServer::accept() {
    acceptor_.async_accept([this](boost::system::error_code error, asio::ip::tcp::socket socket) {
        if (error) {
            return;
        }
        std::size_t number = 0;
        {
            const std::lock_guard lock(mutex_);
            number = ++connections_;
        }
        auto session = std::make_unique<Session>(*this, std::move(socket), number);
        asio::co_spawn(io_, Session::run(std::move(session)), asio::detached);
        accept();
    });
}

FakeAnswer FakeServer::answer(FakeRequest request) {
    std::size_t before = 0;
    {
        const std::lock_guard lock(mutex_);
        before = requests_.size();
        requests_.push_back(request);
    }
    changed_.notify_all();
    return script_(request, before);
}

std::string FakeServer::url() const {
    const std::string host = tls_ ? "https://localhost:" : "http://127.0.0.1:";
    return host + std::to_string(port_) + "/loki/api/v1/push";
}

std::vector<FakeRequest> FakeServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

std::size_t FakeServer::request_count() const {
    const std::lock_guard lock(mutex_);
    return requests_.size();
}

std::size_t FakeServer::connection_count() const {
    const std::lock_guard lock(mutex_);
    return connections_;
}

bool FakeServer::wait_for_requests(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10),
                             [this, count] { return requests_.size() >= count; });
}

FakeServer::Script FakeServer::in_turn(std::vector<FakeAnswer> answers) {
    return [answers = std::move(answers)](const FakeRequest&, std::size_t before) {
        return before < answers.size() ? answers[before] : FakeAnswer{};
    };
}

}  // namespace weir::test
