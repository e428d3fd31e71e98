// AdminAccess: who may ask the admin port for what. Health and metrics are open to everybody; the
// rest wants a bearer token or a verified client certificate, once one of them is configured.
#pragma once

#include "core/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Why the admin port did not serve a request or a connection.
enum class AdminRefusal : std::uint8_t {
    token_missing,
    token_wrong,
    certificate_missing,
    host_unknown,  // a name that is not this machine's, on an open port
    bad_request,   // not HTTP
    too_large,     // head over the limit, or a body
    timeout,       // request or handshake not complete in time
    tls_handshake,
    made_room,  // closed because connections_max was reached
};
inline constexpr std::size_t admin_refusal_count = 9;

// "token_missing", ...
[[nodiscard]] std::string_view admin_refusal_name(AdminRefusal refusal);

// Counts by reason.
using AdminRefusals = std::array<std::uint64_t, admin_refusal_count>;

// The counts by name, zeros included.
[[nodiscard]] std::map<std::string, std::uint64_t> admin_refusals_by_name(
    const AdminRefusals& refusals);

// Reads a token file: 16 to 1024 visible ASCII characters without a space, which is what fits in a
// header (RFC 6750 section 2.1), and perhaps a newline. The error names the file. Blocks.
[[nodiscard]] Result<std::string> read_admin_token(const std::string& path);

// Value that borrows. What is known of who asks.
struct AdminCaller {
    std::string_view authorization;  // the header's value; empty for none
    std::string_view host;           // the Host header's value
    bool certificate = false;        // presented one that client_ca signed, and it was verified
};

// Value. Holds the token's hash only.
class AdminAccess {
  public:
    // Reads the token anew. True when it is another one than before. On failure, which names the
    // file, the token stays.
    [[nodiscard]] Result<bool> read_token(const std::string& path);

    // Without a token, callers must have a certificate; with one, either will do.
    void want_certificate() { certificate_wanted_ = true; }

    // Nothing when the caller may have the path. Takes the same time for every wrong token.
    [[nodiscard]] std::optional<AdminRefusal> ask(std::string_view path,
                                                  const AdminCaller& caller) const;

  private:
    std::string token_sha256_;  // empty: no token configured
    bool certificate_wanted_ = false;
};

}  // namespace weir
