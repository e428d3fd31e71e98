// The admin port over TLS: who needs a client certificate for what, and files that change.
#include "tests/app/admin_port.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace weir {
namespace {

namespace asio = boost::asio;

// Resource. A TLS connection with a client certificate, or with none.
class TlsClient {
  public:
    TlsClient(const AdminPort& port, const TestCertificates& certificates, const std::string& name)
        : context_(asio::ssl::context::tls_client), stream_(io_, configured(certificates, name)) {
        stream_.next_layer().connect({asio::ip::address_v4::loopback(), *port.started}, error_);
        stream_.handshake(asio::ssl::stream_base::client, error_);
    }

    // 0 when the connection broke: with TLS 1.3 a refused client learns of it with its first read.
    unsigned ask(const std::string& path, const std::string& headers = "") {
        if (!error_) {
            asio::write(
                stream_,
                asio::buffer("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n"),
                error_);
        }
        http::response<http::string_body> answer;
        if (!error_) {
            http::read(stream_, buffer_, answer, error_);
        }
        return error_ ? 0 : answer.result_int();
    }

  private:
    asio::ssl::context& configured(const TestCertificates& certificates, const std::string& name) {
        context_.load_verify_file(certificates.certificate("ca"));
        context_.set_verify_mode(asio::ssl::verify_peer);
        if (!name.empty()) {
            context_.use_certificate_chain_file(certificates.certificate(name));
            context_.use_private_key_file(certificates.key(name), asio::ssl::context::pem);
        }
        return context_;
    }

    asio::io_context io_;
    asio::ssl::context context_;
    asio::ssl::stream<tcp::socket> stream_;
    boost::beast::flat_buffer buffer_;
    boost::system::error_code error_;
};

class AdminTlsTest : public testing::Test {
  protected:
    static void SetUpTestSuite() { certificates_ = std::make_unique<TestCertificates>(); }

    static void TearDownTestSuite() { certificates_.reset(); }

    void SetUp() override { use_ca("ca"); }

    void use_ca(const std::string& name) {
        std::filesystem::copy_file(certificates_->certificate(name), client_ca_,
                                   std::filesystem::copy_options::overwrite_existing);
    }

    AdminConfig with_tls(bool mutual) {
        AdminConfig config = loopback_config();
        config.tls.certificate = certificates_->certificate("server");
        config.tls.key = certificates_->key("server");
        config.tls.client_ca = mutual ? client_ca_ : "";
        return config;
    }

    unsigned ask(const AdminPort& port, const std::string& client, const std::string& path,
                 const std::string& headers = "") {
        return TlsClient(port, *certificates_, client).ask(path, headers);
    }

    static std::unique_ptr<TestCertificates> certificates_;
    test::TempDir folder_;
    std::string client_ca_ = folder_.path() + "/client-ca.crt";
};

std::unique_ptr<TestCertificates> AdminTlsTest::certificates_;

TEST_F(AdminTlsTest, WithoutAClientCaItOnlyEncrypts) {
    AdminPort port(with_tls(false));
    ASSERT_TRUE(port.started) << port.started.error().message;
    EXPECT_EQ(ask(port, "", "/api/v1/status"), 200U);
}

TEST_F(AdminTlsTest, HealthAndMetricsNeedNoCertificateAndAllElseDoes) {
    AdminPort port(with_tls(true));
    for (const char* open : {"/-/healthy", "/-/ready", "/metrics"}) {
        EXPECT_EQ(ask(port, "", open), 200U) << open;
    }
    EXPECT_EQ(ask(port, "", "/api/v1/status"), 403U);
    EXPECT_EQ(ask(port, "client", "/api/v1/status"), 200U);
    EXPECT_EQ(port.status().refused.at("certificate_missing"), 1U);
}

TEST_F(AdminTlsTest, AStrangersCertificateIsRefusedEvenForHealth) {
    AdminPort port(with_tls(true));
    EXPECT_EQ(ask(port, "stranger", "/-/healthy"), 0U);
    EXPECT_EQ(ask(port, "stranger", "/api/v1/status"), 0U);
    port.wait_for(
        [](const AdminStatus& status) { return status.refused.at("tls_handshake") == 2; });
    const std::string told = port.events.details(EventId::admin_refused);
    EXPECT_NE(told.find("client certificate refused"), std::string::npos) << told;
}

TEST_F(AdminTlsTest, WithATokenTooEitherWillDo) {
    AdminConfig config = with_tls(true);
    config.token_file = folder_.path() + "/token";
    std::ofstream(config.token_file) << "correct-horse-battery";
    AdminPort port(config);
    ASSERT_TRUE(port.started) << port.started.error().message;
    EXPECT_EQ(ask(port, "", "/", bearer("correct-horse-battery")), 200U);
    EXPECT_EQ(ask(port, "client", "/"), 200U);
    EXPECT_EQ(ask(port, "client", "/", bearer("wrong")), 200U) << "the certificate suffices";
    EXPECT_EQ(ask(port, "", "/", bearer("wrong")), 401U);
    EXPECT_EQ(ask(port, "", "/"), 401U);
}

TEST_F(AdminTlsTest, PlainHttpOnTheTlsPortIsNamed) {
    AdminPort port(with_tls(true));
    AdminClient client(port);
    client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    static_cast<void>(client.rest());
    port.wait_for(
        [](const AdminStatus& status) { return status.refused.at("tls_handshake") == 1; });
    const std::string told = port.events.details(EventId::admin_refused);
    EXPECT_NE(told.find("http:// to an https:// port"), std::string::npos) << told;
}

TEST_F(AdminTlsTest, AHandshakeThatStopsIsEnded) {
    AdminPort port(with_tls(true), {.request = std::chrono::milliseconds(200)});
    AdminClient client(port);
    client.send(std::string("\x16\x03\x01\x02", 4));
    EXPECT_EQ(client.rest(), "");
    port.wait_for([](const AdminStatus& status) { return status.refused.at("timeout") == 1; });
}

TEST_F(AdminTlsTest, ANewClientCaHoldsForNewConnectionsAndABadFileChangesNothing) {
    AdminPort port(with_tls(true));
    const auto reload = [&port] { port.on_thread([&port] { port.admin.reload_certificates(); }); };
    TlsClient open(port, *certificates_, "client");
    ASSERT_EQ(open.ask("/"), 200U);
    use_ca("stranger-ca");
    reload();
    EXPECT_EQ(ask(port, "stranger", "/"), 200U);
    EXPECT_EQ(ask(port, "client", "/"), 0U);
    EXPECT_EQ(open.ask("/"), 200U) << "an open connection has one more answer";
    EXPECT_EQ(open.ask("/"), 0U) << "and ends";
    std::ofstream(client_ca_, std::ios::trunc) << "not a certificate";
    reload();
    EXPECT_EQ(ask(port, "stranger", "/"), 200U);
    const std::string told = port.events.details(EventId::tls_reload_failed);
    EXPECT_NE(told.find(client_ca_), std::string::npos) << told;
    EXPECT_NE(told.find("the old certificate stays"), std::string::npos) << told;
}

TEST_F(AdminTlsTest, ACertificateThatCanNotBeReadStopsTheStart) {
    AdminConfig config = with_tls(true);
    config.tls.certificate = "/nowhere/tls.crt";
    AdminPort port(config);
    ASSERT_FALSE(port.started);
    EXPECT_NE(port.started.error().message.find("admin.tls: certificate /nowhere/tls.crt"),
              std::string::npos)
        << port.started.error().message;
}

}  // namespace
}  // namespace weir
