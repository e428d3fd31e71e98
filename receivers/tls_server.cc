#include "receivers/tls_server.h"

#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

namespace weir {

namespace {

namespace ssl = boost::asio::ssl;

// Sessions are resumed only within this context; OpenSSL demands a name when clients are verified.
constexpr unsigned char session_context[] = "weir";

Result<void> load_files(ssl::context& context, const TlsServerFiles& files) {
    boost::system::error_code error;
    // An encrypted key would make OpenSSL ask on the terminal.
    context.set_password_callback(
        [](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
    context.use_certificate_chain_file(files.certificate, error);
    if (error) {
        return fail(fmt::format("certificate {}: {}", files.certificate, error.message()));
    }
    context.use_private_key_file(files.key, ssl::context::pem, error);
    if (error) {
        return fail(fmt::format("key {}: {}", files.key, error.message()));
    }
    if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
        return fail(
            fmt::format("key {} does not belong to certificate {}", files.key, files.certificate));
    }
    if (files.client_ca.empty()) {
        return {};
    }
    context.load_verify_file(files.client_ca, error);
    if (error) {
        return fail(fmt::format("client_ca {}: {}", files.client_ca, error.message()));
    }
    // The names offered to clients, so that one with several certificates can choose.
    if (auto* names = SSL_load_client_CA_file(files.client_ca.c_str()); names != nullptr) {
        SSL_CTX_set_client_CA_list(context.native_handle(), names);
    }
    const ssl::verify_mode demand =
        files.client_optional ? ssl::verify_mode{} : ssl::verify_fail_if_no_peer_cert;
    context.set_verify_mode(ssl::verify_peer | demand, error);
    return {};
}

}  // namespace

Result<TlsContextPtr> make_tls_server_context(const TlsServerFiles& files) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(
        native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_id_context(native, session_context, sizeof session_context - 1);
    // Devices hold a session for days; tickets would be two messages a handshake that nobody uses.
    SSL_CTX_set_num_tickets(native, 0);
    if (const Result<void> loaded = load_files(*context, files); !loaded) {
        return tl::unexpected(loaded.error());
    }
    return TlsContextPtr(std::move(context));
}

std::string describe_handshake_failure(const boost::system::error_code& error, int verify_error,
                                       const std::string& subject) {
    const std::string who = subject.empty() ? "" : fmt::format(" (certificate {})", subject);
    if (verify_error != X509_V_OK) {
        return fmt::format("client certificate refused: {}{}",
                           X509_verify_cert_error_string(verify_error), who);
    }
    if (error.category() == boost::asio::error::get_ssl_category()) {
        switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
            case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
                return "the client sent no certificate, and client_ca demands one";
            case SSL_R_UNSUPPORTED_PROTOCOL:
            case SSL_R_VERSION_TOO_LOW:
                return "the client speaks no TLS version that is allowed (1.2 or newer)";
            case SSL_R_NO_SHARED_CIPHER:
                return "the client and this listener share no cipher";
            case SSL_R_HTTP_REQUEST:
            case SSL_R_WRONG_VERSION_NUMBER:
                return "the client does not speak TLS; plain syslog belongs on the tcp listener";
            case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
                return "the client does not trust this listener's certificate";
            default:
                break;
        }
    }
    return fmt::format("{}{}", error.message(), who);
}

}  // namespace weir
