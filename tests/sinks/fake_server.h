// An HTTP server in the test process that answers by script and remembers every request. Port 0,
// its own thread, plain or TLS.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace weir::test {

struct FakeRequest {
    std::string method;
    std::string target;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    std::size_t connection = 0;  // number of the connection it came over
};

enum class Fault : std::uint8_t {
    none,
    close_before_answer,
    close_mid_answer,    // after the header and half of the body
    half_close,          // stops sending without an answer, reads on
    close_after_answer,  // without having said so
    never_answer,
    garbage,
};

struct FakeAnswer {
    unsigned status = 204;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    std::chrono::milliseconds delay{0};
    Fault fault = Fault::none;
};

class FakeServer {
  public:
    // Called for every request, on the server's thread, with the number of requests before it.
    using Script = std::function<FakeAnswer(const FakeRequest&, std::size_t)>;

    explicit FakeServer(Script script, std::shared_ptr<boost::asio::ssl::context> tls = nullptr);
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;
    ~FakeServer();

    // "http://127.0.0.1:PORT/loki/api/v1/push", with https and localhost under TLS.
    [[nodiscard]] std::string url() const;

    [[nodiscard]] std::uint16_t port() const { return port_; }

    [[nodiscard]] std::vector<FakeRequest> requests() const;
    [[nodiscard]] std::size_t request_count() const;
    [[nodiscard]] std::size_t connection_count() const;
    // False when it took longer than ten seconds.
    [[nodiscard]] bool wait_for_requests(std::size_t count) const;

    // Answers with these in turn, then 204 for ever.
    [[nodiscard]] static Script in_turn(std::vector<FakeAnswer> answers);

  private:
    class Session;
    void accept();
    [[nodiscard]] FakeAnswer answer(FakeRequest request);

    Script script_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<FakeRequest> requests_;
    std::size_t connections_ = 0;
    std::uint16_t port_ = 0;
    boost::asio::io_context io_{1};
    boost::asio::ip::tcp::acceptor acceptor_{io_};
    std::thread thread_;
};

}  // namespace weir::test
