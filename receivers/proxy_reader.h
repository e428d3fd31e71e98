// ProxyReader: takes the PROXY header off the front of a connection, without waiting. Looks before
// it takes, so that what follows the header stays in the socket for whoever reads on.
#pragma once

#include "core/address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Resource. Of one connection; one thread.
class ProxyReader {
  public:
    enum class State : std::uint8_t {
        wait,     // nothing more before the socket is readable
        more,     // some was taken: call again
        whole,    // the header was taken, and client() says whose connection it is
        ended,    // before its first byte: a health check that only connects is nobody's fault
        refused,  // no header, a broken one, or half of one; failure() says which
    };

    // One step.
    [[nodiscard]] State read(int socket);

    // Nothing: the socket's peer is the client.
    [[nodiscard]] const std::optional<Peer>& client() const { return client_; }

    // A sentence for the operator.
    [[nodiscard]] std::string_view failure() const { return failure_; }

  private:
    [[nodiscard]] State refuse(std::string_view failure);

    std::string header_;  // at most proxy_v2_bytes_max
    std::optional<Peer> client_;
    std::string_view failure_;
};

}  // namespace weir
