// The PROXY protocol header (version 1, a line of text; version 2, binary) that a load balancer
// puts in front of a connection or a datagram to say who the client is. From the specification that
// HAProxy publishes as doc/proxy-protocol.txt. Pure; the caller keeps the bytes.
#pragma once

#include "core/address.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

// Longest header of version 1, CR LF included (section 2.1).
inline constexpr std::size_t proxy_v1_bytes_max = 107;
// Longest header of version 2 that is taken. The format could say 65551; what proxies send, with
// names and certificate fields as TLVs, is some hundred bytes.
inline constexpr std::size_t proxy_v2_bytes_max = 4096;

enum class ProxyVerdict : std::uint8_t {
    need_more,  // all bytes belong to a header that is not complete
    header,     // `bytes` of header, then what the client sent
    absent,     // the bytes do not begin like a header of either version
    malformed,  // they do, and it is broken, too long, or of an unknown version, command or family
};

// Value.
struct ProxyHeader {
    ProxyVerdict verdict = ProxyVerdict::need_more;
    int version = 0;             // 1 or 2; set with `header`
    std::size_t bytes = 0;       // of the header; set with `header`
    std::optional<Peer> client;  // nothing: LOCAL, UNKNOWN, UNSPEC or UNIX; the socket's peer
                                 // is the client
};

// Looks at the front of a connection or at a datagram. Total: every input has a verdict, and more
// bytes never change one other than need_more. Never asks for more than proxy_v2_bytes_max bytes.
// TCP and UDP inside the header are not told apart: the listener knows what it is.
[[nodiscard]] ProxyHeader read_proxy_header(std::string_view front);

}  // namespace weir
