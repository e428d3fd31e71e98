// What a connection to a telemetry listener speaks, told by its first bytes. Devices of one kind
// use gRPC in clear (h2c), of another gRPC over TLS, and IOS-XR a framing of its own on plain TCP;
// all of them are pointed at one port.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

enum class MdtProtocol : std::uint8_t {
    need_more,  // what there is goes with at least one of the others
    h2c,        // the connection preface of HTTP/2 (RFC 9113 section 3.4) begins "PRI "
    tls,        // a handshake record (RFC 8446 section 5.1): 16 03
    framed,     // the 12-byte header of IOS-XR, of version 1 or the one before it
    unknown,
};

// Enough bytes for a verdict other than need_more.
inline constexpr std::size_t mdt_first_bytes_max = 4;

// Total. More bytes never change a verdict other than need_more.
[[nodiscard]] MdtProtocol recognise_mdt(std::string_view front);

// "00 17 a0 (..)": the bytes in hexadecimal and as text, for the operator.
[[nodiscard]] std::string show_first_bytes(std::string_view front);

}  // namespace weir
