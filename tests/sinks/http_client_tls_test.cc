#include "tests/sinks/certificates.h"
#include "tests/sinks/fake_server.h"
#include "tests/sinks/http_client_harness.h"
#include "tests/support/temp_dir.h"

#include <openssl/ssl.h>

namespace weir::test {
namespace {

struct HttpClientTls : HttpClientTest {
    TempDir dir;
    Authority authority;

    HttpClientTls() {
        write_file(dir.file("ca.pem"), authority.certificate());
        options.tls_ca = dir.file("ca.pem");
    }

    void present(const Identity& identity) {
        write_file(dir.file("client.pem"), identity.certificate);
        write_file(dir.file("client.key"), identity.key);
        options.tls_certificate = dir.file("client.pem");
        options.tls_key = dir.file("client.key");
    }
};

TEST_F(HttpClientTls, TalksToAServerItTrusts) {
    FakeServer server(FakeServer::in_turn({}), server_context(authority.issue("DNS:localhost")));
    options.url = server.url();
    for (int i = 0; i < 3; ++i) {
        const HttpResult result = post("over TLS");
        EXPECT_EQ(result.response.status, 204U) << result.error_text;
    }
    EXPECT_EQ(server.connection_count(), 1U);
    EXPECT_EQ(server.requests().at(0).body, "over TLS");
}

TEST_F(HttpClientTls, GetsOverTls) {
    FakeServer server(FakeServer::in_turn({}), server_context(authority.issue("DNS:localhost")));
    options.url = server.url();
    EXPECT_EQ(get("a=b").response.status, 204U);
    EXPECT_EQ(post().response.status, 204U);
    EXPECT_EQ(server.connection_count(), 1U);
}

TEST_F(HttpClientTls, RefusesAnUnknownIssuer) {
    const Authority other;
    FakeServer server(FakeServer::in_turn({}), server_context(other.issue("DNS:localhost")));
    options.url = server.url();
    const HttpResult result = post();
    EXPECT_EQ(result.error, TransportError::tls);
    EXPECT_NE(result.error_text.find("unable to get local issuer certificate"), std::string::npos)
        << result.error_text;
    EXPECT_EQ(server.request_count(), 0U);
}

TEST_F(HttpClientTls, RefusesAnotherNameUnlessToldWhichToExpect) {
    FakeServer server(FakeServer::in_turn({}), server_context(authority.issue("DNS:loki.lan")));
    options.url = server.url();
    EXPECT_EQ(post().error, TransportError::tls);
    EXPECT_EQ(server.request_count(), 0U);
    options.tls_server_name = "loki.lan";
    client.reset();
    const HttpResult result = post();
    EXPECT_EQ(result.response.status, 204U) << result.error_text;
}

TEST_F(HttpClientTls, ChecksAnAddressToo) {
    FakeServer server(FakeServer::in_turn({}), server_context(authority.issue("IP:127.0.0.1")));
    options.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
    EXPECT_EQ(post().response.status, 204U);
    FakeServer other(FakeServer::in_turn({}), server_context(authority.issue("IP:127.0.0.2")));
    options.url = "https://127.0.0.1:" + std::to_string(other.port()) + "/";
    client.reset();
    EXPECT_EQ(post().error, TransportError::tls);
}

TEST_F(HttpClientTls, PresentsAClientCertificate) {
    FakeServer server(FakeServer::in_turn({}),
                      server_context(authority.issue("DNS:localhost"), &authority));
    options.url = server.url();
    const HttpResult without = post();
    EXPECT_EQ(without.error, TransportError::tls) << without.error_text;
    EXPECT_EQ(server.request_count(), 0U);
    present(authority.issue("DNS:weir"));
    client.reset();
    const HttpResult with = post();
    EXPECT_EQ(with.response.status, 204U) << with.error_text;
}

TEST_F(HttpClientTls, TakesUpARenewedClientCertificate) {
    const Authority other;
    FakeServer server(FakeServer::in_turn({}),
                      server_context(authority.issue("DNS:localhost"), &authority));
    options.url = server.url();
    present(other.issue("DNS:weir"));
    EXPECT_EQ(post().error, TransportError::tls);
    present(authority.issue("DNS:weir"));
    EXPECT_TRUE(client->refresh_files());
    const HttpResult renewed = post();
    EXPECT_EQ(renewed.response.status, 204U) << renewed.error_text;
}

TEST_F(HttpClientTls, NamesTheFileThatCannotBeUsed) {
    options.url = "https://localhost:1/";
    options.tls_ca = dir.file("absent.pem");
    EXPECT_NE(post().error_text.find("absent.pem"), std::string::npos);
    options.tls_ca = dir.file("ca.pem");
    options.tls_certificate = dir.file("ca.pem");
    options.tls_key = dir.file("absent.key");
    client.reset();
    const HttpResult result = post();
    EXPECT_EQ(result.error, TransportError::settings);
    EXPECT_NE(result.error_text.find("absent.key"), std::string::npos);
}

TEST_F(HttpClientTls, SpeaksNothingOlderThanTls12) {
    const auto context = server_context(authority.issue("DNS:localhost"));
    SSL_CTX_set_security_level(context->native_handle(), 0);
    SSL_CTX_ctrl(context->native_handle(), SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_1_VERSION, nullptr);
    FakeServer server(FakeServer::in_turn({}), context);
    options.url = server.url();
    EXPECT_EQ(post().error, TransportError::tls);
}

TEST_F(HttpClientTls, PlainTextServersAreToldApart) {
    FakeServer server(FakeServer::in_turn({}));
    options.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
    EXPECT_EQ(post().error, TransportError::tls);
}

}  // namespace
}  // namespace weir::test
