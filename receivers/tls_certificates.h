// Which certificates are in force and until when: read from a TLS context, or from a PEM file.
#pragma once

#include "core/time.h"

#include <boost/asio/ssl/context.hpp>

#include <string>
#include <vector>

namespace weir {

// Value.
struct TlsCertificate {
    std::string kind;     // "certificate" for the leaf, "client_ca" for an issuer of clients
    std::string subject;  // "/CN=..."
    Timestamp not_after;  // RFC 5280 section 4.1.2.5
};

// The leaf certificate of a server's context, then those that it trusts for clients.
[[nodiscard]] std::vector<TlsCertificate> certificates_in(const boost::asio::ssl::context& context);

// The first certificate of a PEM file; empty if there is none to be read. Blocks on the file.
[[nodiscard]] std::vector<TlsCertificate> certificate_in_file(const std::string& path);

}  // namespace weir
