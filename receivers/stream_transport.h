// StreamTransport: reading from an accepted connection without ever waiting, plain or TLS. The
// session waits for the socket in between; the transport only says what for.
#pragma once

#include "receivers/tls_server.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct ssl_st;
struct x509_store_ctx_st;

namespace weir {

enum class StreamState : std::uint8_t {
    open,        // there may be more at once
    wait_read,   // nothing more before the socket is readable
    wait_write,  // TLS has something to say first
    ended,       // orderly or not: no byte will follow
};

// Value.
struct StreamRead {
    std::size_t bytes = 0;  // may be some in every state
    StreamState state = StreamState::open;
};

// Resource interface. One thread. Borrows the socket, which must outlive it.
class StreamTransport {
  public:
    StreamTransport() = default;
    StreamTransport(const StreamTransport&) = delete;
    StreamTransport& operator=(const StreamTransport&) = delete;
    virtual ~StreamTransport() = default;

    [[nodiscard]] virtual StreamRead read(std::span<char> space) = 0;
};

class PlainTransport final : public StreamTransport {
  public:
    explicit PlainTransport(int socket) : socket_(socket) {}

    [[nodiscard]] StreamRead read(std::span<char> space) override;

  private:
    int socket_;
};

// OpenSSL straight on the socket: between two messages a session keeps neither a read nor a write
// buffer (SSL_MODE_RELEASE_BUFFERS).
class TlsTransport final : public StreamTransport {
  public:
    TlsTransport(int socket, TlsContextPtr context);
    ~TlsTransport() override;

    // One step. open: agreed, read from now on. ended: refused, and failure() says why.
    [[nodiscard]] StreamState handshake();

    // Of the handshake, a sentence for the operator.
    [[nodiscard]] const std::string& failure() const { return failure_; }

    [[nodiscard]] StreamRead read(std::span<char> space) override;

  private:
    static int remember_refused(int preverified, x509_store_ctx_st* store);
    [[nodiscard]] StreamState state_of(int result) const;

    TlsContextPtr context_;  // kept as long as the stream made from it
    ssl_st* ssl_;
    std::string refused_subject_;  // of a client certificate that was not accepted
    std::string failure_;
};

}  // namespace weir
