#include "parsers/proxy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace weir {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view v1_signature = "PROXY "sv;
constexpr std::string_view v2_signature = "\r\n\r\n\0\r\nQUIT\n"sv;  // section 2.2
constexpr std::size_t v2_fixed_bytes = 16;  // signature, version and command, family, length
constexpr std::uint8_t tlv_crc32c = 0x03;   // PP2_TYPE_CRC32C, section 2.2.3
constexpr std::size_t tlv_fixed_bytes = 3;  // type and length

constexpr ProxyHeader malformed{.verdict = ProxyVerdict::malformed};
constexpr ProxyHeader need_more{.verdict = ProxyVerdict::need_more};
constexpr ProxyHeader absent{.verdict = ProxyVerdict::absent};

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(byte_at(bytes, at) << 8U | byte_at(bytes, at + 1));
}

// The word up to the next blank, which is taken off as well; a word is never empty in a header.
std::string_view take_word(std::string_view& text) {
    const std::size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    return word;
}

std::optional<IpAddress> read_address(std::string_view text, bool v6) {
    constexpr std::string_view v4_marks = "0123456789.";
    constexpr std::string_view v6_marks = "0123456789abcdefABCDEF:.";
    const bool plain = text.find_first_not_of(v6 ? v6_marks : v4_marks) == std::string_view::npos &&
                       (text.find(':') != std::string_view::npos) == v6;
    const Result<IpAddress> address = IpAddress::parse(plain ? text : ""sv);
    return address ? std::optional(*address) : std::nullopt;
}

// 0 to 65535 without leading zeros.
std::optional<std::uint16_t> read_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
    const bool canonical = text == "0" || (!text.empty() && text.front() != '0');
    return whole && canonical ? std::optional(port) : std::nullopt;
}

ProxyHeader read_v1(std::string_view front) {
    const std::string_view window = front.substr(0, proxy_v1_bytes_max);
    const std::size_t lf = window.find('\n');
    if (lf == std::string_view::npos) {
        return window.size() < proxy_v1_bytes_max ? need_more : malformed;
    }
    std::string_view line = window.substr(0, lf);
    if (!line.ends_with('\r')) {
        return malformed;
    }
    line.remove_suffix(1);
    line.remove_prefix(v1_signature.size());
    ProxyHeader header{.verdict = ProxyVerdict::header, .version = 1, .bytes = lf + 1};
    const std::string_view family = take_word(line);
    if (family == "UNKNOWN") {
        return header;  // the rest of the line means nothing
    }
    if (family != "TCP4" && family != "TCP6") {
        return malformed;
    }
    const bool v6 = family == "TCP6";
    const std::optional<IpAddress> source = read_address(take_word(line), v6);
    const std::optional<IpAddress> destination = read_address(take_word(line), v6);
    const std::optional<std::uint16_t> source_port = read_port(take_word(line));
    // What is left is the last word; a blank in it is no digit.
    if (!source || !destination || !source_port || !read_port(line)) {
        return malformed;
    }
    header.client = Peer{.address = *source, .port = *source_port};
    return header;
}

// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78; RFC 3720 appendix B.4).
constexpr std::array<std::uint32_t, 256> make_crc32c_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82f63b78U : 0U);
        }
        table[i] = value;
    }
    return table;
}

constexpr std::array<std::uint32_t, 256> crc32c_table = make_crc32c_table();

// Of the whole header, with the four bytes of the checksum itself taken for zero.
bool checksum_holds(std::string_view header, std::size_t checksum_at) {
    std::uint32_t crc = 0xffffffffU;
    for (std::size_t i = 0; i < header.size(); ++i) {
        const bool own = i - checksum_at < 4;  // wraps far beyond 4 in front of it
        const std::uint32_t byte = own ? 0U : byte_at(header, i);
        crc = crc32c_table[(crc ^ byte) & 0xffU] ^ (crc >> 8U);
    }
    const std::uint32_t sent =
        std::uint32_t{number_at(header, checksum_at)} << 16U | number_at(header, checksum_at + 2);
    return ~crc == sent;
}

// The TLVs behind the addresses are skipped, but they must fill the header exactly.
bool tlvs_hold(std::string_view header, std::size_t at) {
    bool checked = false;
    while (at < header.size()) {
        if (header.size() - at < tlv_fixed_bytes) {
            return false;
        }
        const std::uint8_t type = byte_at(header, at);
        const std::size_t length = number_at(header, at + 1);
        at += tlv_fixed_bytes;
        if (header.size() - at < length) {
            return false;
        }
        if (type == tlv_crc32c) {
            if (checked || length != 4 || !checksum_holds(header, at)) {
                return false;
            }
            checked = true;
        }
        at += length;
    }
    return true;
}

// Value. What the byte of family and transport says.
struct Family {
    bool known = false;
    std::size_t block_bytes = 0;    // both addresses and both ports
    std::size_t address_bytes = 0;  // of one IP address; 0: none that means anything here
};

Family family_of(std::uint8_t byte) {
    switch (byte) {
        case 0x00:  // UNSPEC
            return {.known = true};
        case 0x11:  // TCP and UDP over IPv4
        case 0x12:
            return {.known = true, .block_bytes = 12, .address_bytes = 4};
        case 0x21:  // and over IPv6
        case 0x22:
            return {.known = true, .block_bytes = 36, .address_bytes = 16};
        case 0x31:  // UNIX stream and datagram: two paths of 108 bytes
        case 0x32:
            return {.known = true, .block_bytes = 216};
        default:
            return {};
    }
}

Peer client_at(std::string_view block, const Family& family) {
    Peer client;
    if (family.address_bytes == 4) {
        std::array<std::uint8_t, 4> four{};
        std::copy_n(block.begin(), four.size(), four.begin());
        client.address = IpAddress::from_v4(four.data());
    } else {
        std::copy_n(block.begin(), client.address.bytes.size(), client.address.bytes.begin());
    }
    client.port = number_at(block, 2 * family.address_bytes);
    return client;
}

ProxyHeader read_v2(std::string_view front) {
    if (front.size() < v2_fixed_bytes) {
        return need_more;
    }
    const unsigned version = byte_at(front, 12) >> 4U;
    const unsigned command = byte_at(front, 12) & 0xfU;
    const std::size_t rest_bytes = number_at(front, 14);
    if (version != 2 || command > 1 || rest_bytes > proxy_v2_bytes_max - v2_fixed_bytes) {
        return malformed;
    }
    if (front.size() - v2_fixed_bytes < rest_bytes) {
        return need_more;
    }
    const std::string_view whole = front.substr(0, v2_fixed_bytes + rest_bytes);
    ProxyHeader header{.verdict = ProxyVerdict::header, .version = 2, .bytes = whole.size()};
    if (command == 0) {
        return header;  // LOCAL: the proxy speaks for itself; the rest is to be ignored
    }
    const Family family = family_of(byte_at(front, 13));
    if (!family.known || rest_bytes < family.block_bytes ||
        (family.block_bytes > 0 && !tlvs_hold(whole, v2_fixed_bytes + family.block_bytes))) {
        return malformed;
    }
    if (family.address_bytes > 0) {
        header.client = client_at(whole.substr(v2_fixed_bytes), family);
    }
    return header;
}

}  // namespace

ProxyHeader read_proxy_header(std::string_view front) {
    for (const std::string_view signature : {v2_signature, v1_signature}) {
        if (front.starts_with(signature)) {
            return signature == v2_signature ? read_v2(front) : read_v1(front);
        }
        if (signature.starts_with(front)) {
            return need_more;
        }
    }
    return absent;
}

}  // namespace weir
