// IP addresses and prefixes. IPv4 is held as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2), so that a
// dual-stack socket's peer and a configured IPv4 prefix compare equal.
#pragma once

#include "core/result.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

struct sockaddr;

namespace weir {

// Value. 16 bytes, network order.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] bool is_v4() const;
    // Of a network that is not routed on the Internet: RFC 1918, 6598, 3927 and 4193, and IPv6
    // link-local. Not loopback.
    [[nodiscard]] bool is_private() const;
    // 127.0.0.0/8 or ::1.
    [[nodiscard]] bool is_loopback() const;
    // IPv4 from four bytes in network order.
    [[nodiscard]] static IpAddress from_v4(const std::uint8_t* four);
    // Reads AF_INET and AF_INET6; any other family gives "::".
    [[nodiscard]] static IpAddress from_sockaddr(const sockaddr* address);
    // Dotted quad for IPv4 (mapped too), RFC 5952 text for IPv6.
    [[nodiscard]] std::string to_string() const;
    // Accepts what inet_pton accepts, with optional [brackets] and without a zone id.
    [[nodiscard]] static Result<IpAddress> parse(std::string_view text);

    friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// Value. The sender of a frame as the socket (or a trusted proxy) tells it.
struct Peer {
    IpAddress address;
    std::uint16_t port = 0;
};

// Value. A prefix over the 128-bit form; an IPv4 /24 has length 120.
struct Prefix {
    IpAddress address;  // host bits are zero
    int length = 128;   // 0..128

    [[nodiscard]] bool contains(const IpAddress& candidate) const;
    // "10.0.0.0/8", "2001:db8::/32" or a bare address (a host prefix). Host bits that are set are
    // an error, because they are nearly always a typing mistake.
    [[nodiscard]] static Result<Prefix> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;

    friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;
};

// Hash for tables keyed by an address. `seed` differs per process so that senders cannot aim.
[[nodiscard]] std::uint64_t hash_address(const IpAddress& address, std::uint64_t seed);

}  // namespace weir

template <>
struct std::hash<weir::IpAddress> {
    std::size_t operator()(const weir::IpAddress& address) const noexcept {
        return weir::hash_address(address, 0);
    }
};
