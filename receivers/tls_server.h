// TLS for listeners: the server context from PEM files, and why a client was refused, in words. The
// OpenSSL context is shared by all threads of a listener and replaced as a whole on reload;
// sessions keep the one they started with.
#pragma once

#include "core/result.h"
#include "core/snapshot.h"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <string>

namespace weir {

// Paths of PEM files. With `client_ca` a client must present a certificate that it signed, or with
// `client_optional` may present none.
struct TlsServerFiles {
    std::string certificate;
    std::string key;
    std::string client_ca;
    bool client_optional = false;
};

using TlsContextPtr = std::shared_ptr<const boost::asio::ssl::context>;

// TLS 1.2 and 1.3, no renegotiation, no compression. Fails naming the file and OpenSSL's reason.
[[nodiscard]] Result<TlsContextPtr> make_tls_server_context(const TlsServerFiles& files);

// A sentence for the operator. `verify_error` is X509_V_* from the handshake (0 for none),
// `subject` the client certificate's subject if one was seen.
[[nodiscard]] std::string describe_handshake_failure(const boost::system::error_code& error,
                                                     int verify_error, const std::string& subject);

}  // namespace weir
