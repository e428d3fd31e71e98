// Certificates made while the test runs; none is kept in the tree.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace weir::test {

// PEM texts.
struct Identity {
    std::string certificate;
    std::string key;
};

// An authority and what it signs. Each object is another authority.
class Authority {
  public:
    Authority();

    // `names` as in subjectAltName: "DNS:localhost,IP:127.0.0.1".
    [[nodiscard]] Identity issue(const std::string& names) const;

    [[nodiscard]] const std::string& certificate() const { return own_.certificate; }

  private:
    Identity own_;
};

// A server's settings; with `client_authority` set it demands a client certificate from there.
[[nodiscard]] std::shared_ptr<boost::asio::ssl::context> server_context(
    const Identity& identity, const Authority* client_authority = nullptr);

}  // namespace weir::test
