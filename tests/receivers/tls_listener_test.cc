#include "receivers/stream_listener.h"
#include "receivers/tls_certificates.h"
#include "tests/receivers/recorder.h"
#include "tests/support/certificates.h"

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <thread>

namespace weir {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using TlsClient = asio::ssl::stream<tcp::socket>;

class TlsListenerTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { certificates_ = std::make_unique<TestCertificates>(); }

    static void TearDownTestSuite() { certificates_.reset(); }

    void open(bool demand_client_certificate, std::int64_t handshake_timeout_ns = 5 * ns_per_s) {
        const auto context = make_tls_server_context(
            {.certificate = certificates_->certificate("server"),
             .key = certificates_->key("server"),
             .client_ca = demand_client_certificate ? certificates_->certificate("ca") : ""});
        ASSERT_TRUE(context) << context.error().message;
        context_ = std::make_unique<Snapshot<asio::ssl::context>>(*context);
        Result<SocketGroup> group = open_socket_group(
            {.address = *IpAddress::parse("127.0.0.1"), .datagram = false, .sockets = 1});
        ASSERT_TRUE(group) << group.error().message;
        port_ = group->port;
        listener_ = std::make_unique<StreamListener>(
            io_, std::move(group->sockets[0]),
            StreamListener::Options{.name = "tls",
                                    .ipv4 = true,
                                    .limits = {.handshake_timeout_ns = handshake_timeout_ns},
                                    .tls = context_.get()},
            shared_, recorder_, clock_, events_);
        listener_->start();
        server_ = std::thread([this] { io_.run(); });
    }

    void TearDown() override {
        asio::post(io_, [this] { listener_->stop(); });
        server_.join();
    }

    // Sends one line over TLS; the error of whatever failed first. Reads once afterwards, because a
    // TLS 1.3 client learns of its refusal only then.
    boost::system::error_code send_line(const std::string& client, const std::string& line,
                                        int version_max = 0) {
        asio::ssl::context context(asio::ssl::context::tls_client);
        context.load_verify_file(certificates_->certificate("ca"));
        if (!client.empty()) {
            context.use_certificate_chain_file(certificates_->certificate(client));
            context.use_private_key_file(certificates_->key(client), asio::ssl::context::pem);
        }
        if (version_max != 0) {
            SSL_CTX_set_security_level(context.native_handle(), 0);
            SSL_CTX_set_min_proto_version(context.native_handle(), 0);
            SSL_CTX_set_max_proto_version(context.native_handle(), version_max);
        }
        asio::io_context io;
        TlsClient stream(io, context);
        stream.set_verify_mode(asio::ssl::verify_peer);
        boost::system::error_code error;
        stream.next_layer().connect({asio::ip::address_v4::loopback(), port_}, error);
        stream.handshake(asio::ssl::stream_base::client, error);
        if (!error) {
            asio::write(stream, asio::buffer(line), error);
        }
        if (!error) {
            stream.next_layer().shutdown(tcp::socket::shutdown_send, error);
            char byte = 0;
            stream.read_some(asio::buffer(&byte, 1), error);
            if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
                error = {};
            }
        }
        return error;
    }

    // Waits until the server's thread has taken so many frames, for 10 seconds at most.
    void wait_for_frames(std::size_t count) {
        for (int tries = 0; tries < 1000; ++tries) {
            std::promise<std::size_t> taken;
            asio::post(io_, [&] { taken.set_value(recorder_.frames.size()); });
            if (taken.get_future().get() >= count) {
                return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        ADD_FAILURE() << "the server never took " << count << " frames";
    }

    std::string details() const { return events_.details(EventId::tls_refused); }

    void stop_server() {
        TearDown();
        server_ = std::thread([] {});
    }

    static std::unique_ptr<TestCertificates> certificates_;
    asio::io_context io_;
    std::thread server_;
    SystemClock clock_;
    EventRecorder events_;
    FrameRecorder recorder_;
    StreamShared shared_;
    std::unique_ptr<Snapshot<asio::ssl::context>> context_;
    std::unique_ptr<StreamListener> listener_;
    std::uint16_t port_ = 0;
};

std::unique_ptr<TestCertificates> TlsListenerTest::certificates_;

TEST_F(TlsListenerTest, TakesLinesOverTls12AndTls13) {
    open(false);
    EXPECT_FALSE(send_line("", "<13>over 1.3\n"));
    EXPECT_FALSE(send_line("", "11 <13>counted", TLS1_2_VERSION));
    stop_server();
    EXPECT_EQ(recorder_.texts(), (std::vector<std::string>{"<13>over 1.3", "<13>counted"}));
}

TEST_F(TlsListenerTest, MutualTlsTakesItsOwnClients) {
    open(true);
    EXPECT_FALSE(send_line("client", "<13>known\n"));
    stop_server();
    EXPECT_EQ(recorder_.texts(), std::vector<std::string>{"<13>known"});
}

TEST_F(TlsListenerTest, RefusalsSayWhy) {
    open(true);
    EXPECT_TRUE(send_line("", "<13>nobody\n"));
    EXPECT_TRUE(send_line("stranger", "<13>stranger\n"));
    const auto old = send_line("client", "<13>old\n", TLS1_1_VERSION);
    EXPECT_TRUE(old) << old.message();
    const auto& refused =
        recorder_.counters(0).refused[static_cast<std::size_t>(RefusalReason::tls_handshake)];
    for (int i = 0; i < 500 && refused.value() < 3; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    stop_server();
    EXPECT_TRUE(recorder_.frames.empty());
    EXPECT_NE(
        details().find("127.0.0.1: the client sent no certificate, and client_ca demands one"),
        std::string::npos)
        << details();
    EXPECT_NE(details().find("client certificate refused: unable to get local issuer certificate"),
              std::string::npos)
        << details();
    EXPECT_NE(details().find("stranger"), std::string::npos) << details();
    EXPECT_NE(details().find("no TLS version that is allowed"), std::string::npos) << details();
    EXPECT_EQ(refused.value(), 3U);
}

TEST_F(TlsListenerTest, PlainSyslogOnATlsPortIsNamed) {
    open(false);
    asio::io_context io;
    tcp::socket client(io);
    client.connect({asio::ip::address_v4::loopback(), port_});
    asio::write(client, asio::buffer(std::string("<13>Oct 11 22:14:15 host su: plain\n")));
    boost::system::error_code error;
    std::array<char, 64> answer{};
    while (!error) {
        client.read_some(asio::buffer(answer), error);
    }
    stop_server();
    EXPECT_NE(details().find("does not speak TLS"), std::string::npos) << details();
}

TEST_F(TlsListenerTest, HandshakeTimeoutHolds) {
    open(false, 200 * ns_per_ms);
    asio::io_context io;
    tcp::socket client(io);
    client.connect({asio::ip::address_v4::loopback(), port_});
    boost::system::error_code error;
    char byte = 0;
    client.read_some(asio::buffer(&byte, 1), error);  // returns when the server gives up
    EXPECT_TRUE(error);
    stop_server();
    const auto& refused =
        recorder_.counters(0).refused[static_cast<std::size_t>(RefusalReason::handshake_timeout)];
    EXPECT_EQ(refused.value(), 1U);
    EXPECT_EQ(shared_.connections.open(), 0U);
}

TEST_F(TlsListenerTest, OpenSessionsGoOnWhenCertificatesChangeAndNewOnesGetTheNew) {
    open(true);
    asio::ssl::context client_context(asio::ssl::context::tls_client);
    client_context.load_verify_file(certificates_->certificate("ca"));
    client_context.use_certificate_chain_file(certificates_->certificate("client"));
    client_context.use_private_key_file(certificates_->key("client"), asio::ssl::context::pem);
    asio::io_context io;
    TlsClient session(io, client_context);
    session.next_layer().connect({asio::ip::address_v4::loopback(), port_});
    session.handshake(asio::ssl::stream_base::client);
    asio::write(session, asio::buffer(std::string("<13>before\n")));
    wait_for_frames(1);  // the server may come to the other session first
    certificates_->renew_server();
    const auto next =
        make_tls_server_context({.certificate = certificates_->certificate("server"),
                                 .key = certificates_->key("server"),
                                 .client_ca = certificates_->certificate("stranger-ca")});
    ASSERT_TRUE(next) << next.error().message;
    context_->publish(*next);
    EXPECT_FALSE(send_line("stranger", "<13>of the new issuer\n"));
    EXPECT_TRUE(send_line("client", "<13>of the old issuer\n"));
    asio::write(session, asio::buffer(std::string("<13>after\n")));
    boost::system::error_code error;
    session.next_layer().shutdown(tcp::socket::shutdown_send, error);
    char byte = 0;
    session.read_some(asio::buffer(&byte, 1), error);
    stop_server();
    EXPECT_EQ(recorder_.texts(),
              (std::vector<std::string>{"<13>before", "<13>of the new issuer", "<13>after"}));
}

TEST(TlsServer, TellsWhichCertificatesItHolds) {
    const TestCertificates certificates;
    const auto context =
        make_tls_server_context({.certificate = certificates.certificate("server"),
                                 .key = certificates.key("server"),
                                 .client_ca = certificates.certificate("stranger-ca")});
    ASSERT_TRUE(context);
    const std::vector<TlsCertificate> held = certificates_in(**context);
    ASSERT_EQ(held.size(), 2U);
    EXPECT_EQ(held[0].kind + held[0].subject, "certificate/CN=localhost");
    EXPECT_EQ(held[1].kind + held[1].subject, "client_ca/CN=stranger-ca");
    const std::int64_t two_days_ns = 2 * 24 * 3600 * ns_per_s;
    const std::int64_t left_ns = held[0].not_after.unix_ns - SystemClock().now().unix_ns;
    EXPECT_LE(left_ns, two_days_ns);
    EXPECT_GT(left_ns, two_days_ns / 2);
    const std::vector<TlsCertificate> in_file =
        certificate_in_file(certificates.certificate("server"));
    ASSERT_EQ(in_file.size(), 1U);
    EXPECT_EQ(in_file[0].not_after, held[0].not_after);
    EXPECT_TRUE(certificate_in_file(certificates.key("server")).empty());
    EXPECT_TRUE(certificate_in_file("/nowhere").empty());
}

TEST(TlsServer, NamesTheFileThatIsWrong) {
    const TestCertificates certificates;
    const auto missing = make_tls_server_context(
        {.certificate = "/nowhere/tls.crt", .key = certificates.key("server")});
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message.find("/nowhere/tls.crt"), std::string::npos);
    const auto foreign_key = make_tls_server_context(
        {.certificate = certificates.certificate("server"), .key = certificates.key("client")});
    ASSERT_FALSE(foreign_key);
    EXPECT_NE(foreign_key.error().message.find("key"), std::string::npos)
        << foreign_key.error().message;
}

}  // namespace
}  // namespace weir
