#include "core/address.h"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>

namespace weir {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress masked(const IpAddress& address, int length) {
    IpAddress result = address;
    for (int i = 0; i < 16; ++i) {
        const int keep = length - i * 8;
        auto& byte = result.bytes[static_cast<std::size_t>(i)];
        if (keep <= 0) {
            byte = 0;
        } else if (keep < 8) {
            byte = static_cast<std::uint8_t>(byte & (0xff << (8 - keep)));
        }
    }
    return result;
}

}  // namespace

bool IpAddress::is_v4() const {
    return std::memcmp(bytes.data(), mapped_prefix.data(), mapped_prefix.size()) == 0;
}

bool IpAddress::is_private() const {
    if (!is_v4()) {
        return (bytes[0] & 0xfe) == 0xfc || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
    }
    const std::uint8_t first = bytes[12];
    const std::uint8_t second = bytes[13];
    return first == 10 || (first == 172 && (second & 0xf0) == 16) ||
           (first == 192 && second == 168) || (first == 100 && (second & 0xc0) == 64) ||
           (first == 169 && second == 254);
}

bool IpAddress::is_loopback() const {
    constexpr std::array<std::uint8_t, 16> v6_loopback = {0, 0, 0, 0, 0, 0, 0, 0,
                                                          0, 0, 0, 0, 0, 0, 0, 1};
    return is_v4() ? bytes[12] == 127 : bytes == v6_loopback;
}

IpAddress IpAddress::from_v4(const std::uint8_t* four) {
    IpAddress address;
    std::memcpy(address.bytes.data(), mapped_prefix.data(), mapped_prefix.size());
    std::memcpy(address.bytes.data() + 12, four, 4);
    return address;
}

IpAddress IpAddress::from_sockaddr(const sockaddr* address) {
    IpAddress result;
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        std::array<std::uint8_t, 4> four{};
        std::memcpy(four.data(), &v4.sin_addr, 4);
        result = from_v4(four.data());
    } else if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        std::memcpy(result.bytes.data(), &v6.sin6_addr, 16);
    }
    return result;
}

std::string IpAddress::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v4()) {
        inet_ntop(AF_INET, bytes.data() + 12, text.data(), text.size());
    } else {
        inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
    }
    return text.data();
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
    std::string_view bare = text;
    if (bare.size() >= 2 && bare.front() == '[' && bare.back() == ']') {
        bare = bare.substr(1, bare.size() - 2);
    }
    const std::string terminated(bare);
    std::array<std::uint8_t, 4> four{};
    if (inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) {
        return from_v4(four.data());
    }
    IpAddress address;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) {
        return address;
    }
    return fail(fmt::format("\"{}\" is not an IP address", text));
}

bool Prefix::contains(const IpAddress& candidate) const {
    return masked(candidate, length) == address;
}

Result<Prefix> Prefix::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const Result<IpAddress> address = IpAddress::parse(text.substr(0, slash));
    if (!address) {
        return fail(fmt::format("\"{}\" is not an IP address or prefix", text));
    }
    const int width = address->is_v4() ? 32 : 128;
    int length = width;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), length);
        if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size() || length < 0 ||
            length > width) {
            return fail(fmt::format("\"{}\" has a prefix length outside 0..{}", text, width));
        }
    }
    const Prefix prefix{.address = *address, .length = length + 128 - width};
    const IpAddress network = masked(prefix.address, prefix.length);
    if (network != prefix.address) {
        return fail(fmt::format("\"{}\" has host bits set; the network is {}", text,
                                Prefix{network, prefix.length}.to_string()));
    }
    return prefix;
}

std::string Prefix::to_string() const {
    const bool v4 = address.is_v4() && length >= 96;
    return fmt::format("{}/{}", address.to_string(), v4 ? length - 96 : length);
}

std::uint64_t hash_address(const IpAddress& address, std::uint64_t seed) {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, address.bytes.data(), 8);
    std::memcpy(&low, address.bytes.data() + 8, 8);
    // A multiply-and-fold mix; quality is needed in the low bits, secrecy comes from the seed.
    const auto mix = [](std::uint64_t a, std::uint64_t b) {
        const auto product = static_cast<unsigned __int128>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    };
    return mix(mix(high ^ seed ^ 0x9e3779b97f4a7c15ULL, 0xd6e8feb86659fd93ULL) ^ low ^ (seed << 1U),
               0xa0761d6478bd642fULL);
}

}  // namespace weir
