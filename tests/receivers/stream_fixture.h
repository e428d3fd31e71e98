// A StreamListener on loopback that a test drives step by step: one thread, real sockets, a clock
// that the test moves. For tests of what hostile or unlucky peers do.
#pragma once

#include "receivers/stream_listener.h"
#include "tests/receivers/recorder.h"
#include "tests/support/certificates.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weir {

class StreamFixture : public ::testing::Test {
  protected:
    using Socket = boost::asio::ip::tcp::socket;

    void open(StreamLimits limits = {}, Snapshot<boost::asio::ssl::context>* tls = nullptr) {
        Result<SocketGroup> group = open_socket_group(
            {.address = *IpAddress::parse("127.0.0.1"), .datagram = false, .sockets = 1});
        ASSERT_TRUE(group) << group.error().message;
        port_ = group->port;
        listener_ = std::make_unique<StreamListener>(
            io_, std::move(group->sockets[0]),
            StreamListener::Options{.name = "test", .ipv4 = true, .limits = limits, .tls = tls},
            shared_, recorder_, clock_, events_);
        listener_->start();
    }

    void TearDown() override {
        if (listener_) {
            listener_->stop();
            io_.restart();
            io_.run_for(std::chrono::seconds(10));
            EXPECT_TRUE(io_.stopped()) << "a coroutine is still waiting after stop()";
            EXPECT_EQ(shared_.connections.open(), 0U);
            EXPECT_EQ(shared_.handshakes.open(), 0U);
            EXPECT_EQ(shared_.session_bytes.used(), 0U);
        }
    }

    Socket connect(const std::string& from = "127.0.0.1") {
        Socket socket(client_io_, boost::asio::ip::tcp::v4());
        socket.set_option(boost::asio::socket_base::reuse_address(true));
        socket.bind({boost::asio::ip::make_address(from), 0});
        socket.connect({boost::asio::ip::address_v4::loopback(), port_});
        socket.set_option(boost::asio::ip::tcp::no_delay(true));
        return socket;
    }

    static void send(Socket& socket, const std::string& text) {
        boost::asio::write(socket, boost::asio::buffer(text));
    }

    // Runs the server until `done` holds; gives up after many seconds of nothing.
    bool run_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(std::chrono::milliseconds(5));
        }
        return done();
    }

    bool run_until_frames(std::size_t count) {
        return run_until([this, count] { return recorder_.frames.size() >= count; });
    }

    bool run_until_refused(RefusalReason reason, std::uint64_t count) {
        return run_until([this, reason, count] { return refused(reason) >= count; });
    }

    bool run_until_sessions(std::size_t count) {
        return run_until([this, count] { return shared_.connections.open() == count; });
    }

    // Long enough for at least one sweep.
    void let_sweep() {
        io_.restart();
        io_.run_for(std::chrono::milliseconds(250));
    }

    std::uint64_t refused(RefusalReason reason) {
        return recorder_.counters(0).refused[static_cast<std::size_t>(reason)].value();
    }

    std::uint64_t refused_in_all() {
        std::uint64_t sum = 0;
        for (const Counter& counter : recorder_.counters(0).refused) {
            sum += counter.value();
        }
        return sum;
    }

    boost::asio::io_context io_;
    boost::asio::io_context client_io_;
    ManualClock clock_{Timestamp{1'700'000'000 * ns_per_s}};
    EventRecorder events_;
    FrameRecorder recorder_;
    StreamShared shared_;
    std::unique_ptr<StreamListener> listener_;
    std::uint16_t port_ = 0;
};

// The same with TLS, and clients that take one step at a time.
class TlsStreamFixture : public StreamFixture {
  protected:
    static void SetUpTestSuite() {
        certificates_ = std::make_unique<TestCertificates>();
        std::signal(SIGPIPE, SIG_IGN);  // for the clients, which write through OpenSSL's own BIO
    }

    static void TearDownTestSuite() { certificates_.reset(); }

    void open_tls(StreamLimits limits = {}) {
        const auto context =
            make_tls_server_context({.certificate = certificates_->certificate("server"),
                                     .key = certificates_->key("server")});
        ASSERT_TRUE(context) << context.error().message;
        tls_ = std::make_unique<Snapshot<boost::asio::ssl::context>>(*context);
        open(limits, tls_.get());
    }

    // Resource. A client that never blocks.
    class Client {
      public:
        Client(Socket socket, int version_max = 0)
            : socket_(std::move(socket)),
              context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
              ssl_(nullptr, SSL_free) {
            if (version_max != 0) {
                SSL_CTX_set_max_proto_version(context_.get(), version_max);
            }
            ssl_.reset(SSL_new(context_.get()));
            socket_.native_non_blocking(true);
            SSL_set_fd(ssl_.get(), socket_.native_handle());
            SSL_set_mode(ssl_.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
            SSL_set_connect_state(ssl_.get());
        }

        // True once the handshake is done.
        bool step() {
            ERR_clear_error();
            return SSL_do_handshake(ssl_.get()) == 1;
        }

        // The bytes that were taken, 0 for none.
        std::size_t write(const std::string& text) {
            ERR_clear_error();
            std::size_t written = 0;
            SSL_write_ex(ssl_.get(), text.data(), text.size(), &written);
            return written;
        }

        [[nodiscard]] SSL* ssl() { return ssl_.get(); }

        [[nodiscard]] Socket& socket() { return socket_; }

      private:
        Socket socket_;
        std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
        std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    };

    bool shake_hands(Client& client) {
        return run_until([&client] { return client.step(); });
    }

    static inline std::unique_ptr<TestCertificates> certificates_;
    std::unique_ptr<Snapshot<boost::asio::ssl::context>> tls_;
};

}  // namespace weir
