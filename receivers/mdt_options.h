// What may be set of a telemetry listener.
#pragma once

#include "core/time.h"

#include <cstddef>
#include <cstdint>

namespace weir {

// What a listener speaks.
enum class MdtFraming : std::uint8_t {
    any,   // told by the first bytes
    grpc,  // in clear or over TLS
    tcp,   // the 12-byte header only
};

// Value. What may change while connections stay open.
struct MdtLimits {
    // NX-OS pushes up to 12 MB. What gRPC itself takes is bounded by twice the value that the
    // listener was opened with.
    std::size_t message_bytes_max = 16UL * 1024 * 1024;
    std::size_t connections_per_source_max = 64;
    // Without a whole message. Long, because a subscription to changes may have nothing to say for
    // hours; who is gone without a word is noticed by keepalive.
    std::int64_t idle_timeout_ns = 24 * 3600 * ns_per_s;
    std::int64_t handshake_timeout_ns = 10 * ns_per_s;  // PROXY header, first bytes and TLS, each
    std::int64_t coalesce_ns = 4 * ns_per_ms;           // between readings of a busy TCP session
};

}  // namespace weir
