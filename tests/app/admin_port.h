// An admin port on a thread of its own, and clients that speak to it over real sockets.
#pragma once

#include "app/admin_http.h"
#include "tests/support/event_recorder.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

namespace weir {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;

inline AdminConfig loopback_config() {
    AdminConfig config;
    config.port = 0;
    return config;
}

// Resource.
class AdminPort {
  public:
    explicit AdminPort(const AdminConfig& config, AdminDeadlines deadlines = {},
                       const AdminHttp::Handler& handler = answer)
        : admin(io_, handler, events, deadlines), started(admin.start(config)) {
        thread_ = std::thread([this] { io_.run(); });
    }

    ~AdminPort() {
        io_.stop();
        thread_.join();
    }

    AdminPort(const AdminPort&) = delete;
    AdminPort& operator=(const AdminPort&) = delete;

    static AdminAnswer answer(const std::string& path) {
        return path == "/none" ? AdminAnswer{.status = 404, .body = "none\n"}
                               : AdminAnswer{.body = "answer to " + path + "\n"};
    }

    // Calls on the port's thread.
    template <typename Call>
    auto on_thread(Call call) {
        std::packaged_task<decltype(call())()> task(call);
        auto result = task.get_future();
        boost::asio::post(io_, [&task] { task(); });
        return result.get();
    }

    AdminStatus status() {
        return on_thread([this] { return admin.status(); });
    }

    // Waits until it is so; a test that waits in vain is ended by its time limit.
    void wait_for(const std::function<bool(const AdminStatus&)>& so) {
        while (!so(status())) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    EventRecorder events;

  private:
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
        boost::asio::make_work_guard(io_);

  public:
    AdminHttp admin;
    const Result<std::uint16_t> started;

  private:
    std::thread thread_;
};

// Resource. One plain connection, from any address of 127.0.0.0/8.
class AdminClient {
  public:
    explicit AdminClient(const AdminPort& port, const std::string& from = "127.0.0.1")
        : socket_(io_) {
        socket_.open(tcp::v4());
        socket_.bind({boost::asio::ip::make_address(from), 0});
        socket_.connect({boost::asio::ip::address_v4::loopback(), *port.started});
    }

    // False when the connection is gone.
    bool send(const std::string& bytes) {
        boost::system::error_code error;
        boost::asio::write(socket_, boost::asio::buffer(bytes), error);
        return !error;
    }

    void end_of_sending() {
        boost::system::error_code ignored;
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
    }

    // One whole answer; status 0 when there is none.
    http::response<http::string_body> answer(bool to_head = false) {
        http::response_parser<http::string_body> parser;
        parser.skip(to_head);
        parser.body_limit(boost::none);
        boost::system::error_code error;
        http::read(socket_, buffer_, parser, error);
        return error ? no_answer() : parser.release();
    }

    http::response<http::string_body> ask(const std::string& path,
                                          const std::string& headers = "") {
        return send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + "\r\n")
                   ? answer()
                   : no_answer();
    }

    // Everything until the peer closes.
    std::string rest() {
        std::string text;
        char byte = 0;
        boost::system::error_code error;
        while (socket_.read_some(boost::asio::buffer(&byte, 1), error) == 1) {
            text += byte;
        }
        return text;
    }

  private:
    static http::response<http::string_body> no_answer() {
        http::response<http::string_body> none;
        none.result(0);
        return none;
    }

    boost::asio::io_context io_;
    tcp::socket socket_;
    boost::beast::flat_buffer buffer_;
};

// One request on a connection of its own.
inline http::response<http::string_body> ask(const AdminPort& port, const std::string& path,
                                             const std::string& headers = "") {
    return AdminClient(port).ask(path, headers);
}

inline std::string bearer(const std::string& token) {
    return "Authorization: Bearer " + token + "\r\n";
}

}  // namespace weir
