#include "receivers/stream_transport.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <new>
#include <sys/socket.h>

namespace weir {

namespace {

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int socket_of(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

// OpenSSL's own socket BIO raises SIGPIPE when the peer has gone.
int bio_write(BIO* bio, const char* bytes, int length) {
    BIO_clear_retry_flags(bio);
    const ssize_t sent =
        send(socket_of(bio), bytes, static_cast<std::size_t>(length), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && would_block()) {
        BIO_set_retry_write(bio);
    }
    return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* bytes, int length) {
    BIO_clear_retry_flags(bio);
    const ssize_t received =
        recv(socket_of(bio), bytes, static_cast<std::size_t>(length), MSG_DONTWAIT);
    if (received < 0 && would_block()) {
        BIO_set_retry_read(bio);
    }
    return static_cast<int>(received);
}

long bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO* make_socket_bio(int socket) {
    // Made once and never freed: OpenSSL wants it to outlive every BIO.
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir socket");
        if (made != nullptr) {
            BIO_meth_set_write(made, bio_write);
            BIO_meth_set_read(made, bio_read);
            BIO_meth_set_ctrl(made, bio_control);
        }
        return made;
    }();
    BIO* bio = method == nullptr ? nullptr : BIO_new(method);
    if (bio != nullptr) {
        BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
        BIO_set_init(bio, 1);
    }
    return bio;
}

std::string subject_of(X509* certificate) {
    if (certificate == nullptr) {
        return {};
    }
    std::array<char, 256> text{};
    X509_NAME_oneline(X509_get_subject_name(certificate), text.data(),
                      static_cast<int>(text.size()));
    return text.data();
}

}  // namespace

StreamRead PlainTransport::read(std::span<char> space) {
    const ssize_t received = recv(socket_, space.data(), space.size(), MSG_DONTWAIT);
    if (received > 0) {
        // A short read has emptied the socket.
        const auto bytes = static_cast<std::size_t>(received);
        return {bytes, bytes < space.size() ? StreamState::wait_read : StreamState::open};
    }
    return {0, received < 0 && would_block() ? StreamState::wait_read : StreamState::ended};
}

TlsTransport::TlsTransport(int socket, TlsContextPtr context)
    : context_(std::move(context)),
      // Asio's wrapper gives no const handle; SSL_new only counts a reference.
      ssl_(SSL_new(const_cast<boost::asio::ssl::context&>(*context_).native_handle())) {
    BIO* bio = ssl_ == nullptr ? nullptr : make_socket_bio(socket);
    if (bio == nullptr) {
        SSL_free(ssl_);
        throw std::bad_alloc();
    }
    SSL_set_bio(ssl_, bio, bio);
    SSL_set_app_data(ssl_, this);
    SSL_set_verify(ssl_, SSL_get_verify_mode(ssl_), &TlsTransport::remember_refused);
    SSL_set_accept_state(ssl_);
}

TlsTransport::~TlsTransport() {
    SSL_free(ssl_);
}

// OpenSSL forgets the certificate it refused; the operator wants to know whose it was.
int TlsTransport::remember_refused(int preverified, X509_STORE_CTX* store) {
    if (preverified == 0) {
        const auto* ssl = static_cast<const SSL*>(
            X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        auto* transport = static_cast<TlsTransport*>(SSL_get_app_data(ssl));
        transport->refused_subject_ = subject_of(X509_STORE_CTX_get_current_cert(store));
    }
    return preverified;
}

StreamState TlsTransport::state_of(int result) const {
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ:
            return StreamState::wait_read;
        case SSL_ERROR_WANT_WRITE:
            return StreamState::wait_write;
        default:
            return StreamState::ended;
    }
}

StreamState TlsTransport::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) {
        return StreamState::open;
    }
    const StreamState state = state_of(result);
    if (state == StreamState::ended) {
        const unsigned long code = ERR_peek_error();
        const boost::system::error_code error =
            code == 0 ? boost::system::error_code(boost::asio::error::eof)
                      : boost::system::error_code(static_cast<int>(code),
                                                  boost::asio::error::get_ssl_category());
        failure_ = describe_handshake_failure(error, static_cast<int>(SSL_get_verify_result(ssl_)),
                                              refused_subject_);
    }
    return state;
}

StreamRead TlsTransport::read(std::span<char> space) {
    StreamRead total;
    while (total.bytes < space.size()) {
        ERR_clear_error();
        std::size_t bytes = 0;
        const int result =
            SSL_read_ex(ssl_, space.data() + total.bytes, space.size() - total.bytes, &bytes);
        if (result != 1) {
            total.state = state_of(result);
            break;
        }
        total.bytes += bytes;
    }
    return total;
}

}  // namespace weir
