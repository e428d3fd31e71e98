#include "parsers/proxy_header.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace weir {
namespace {

using namespace std::string_literals;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string big_endian(std::size_t number, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) {
        text += static_cast<char>(number >> (8U * static_cast<unsigned>(i)) & 0xffU);
    }
    return text;
}

// A header of version 2: `command` holds version and command, `family` family and transport.
std::string v2(int command, int family, const std::string& rest) {
    return signature + static_cast<char>(command) + static_cast<char>(family) +
           big_endian(rest.size(), 2) + rest;
}

// 192.0.2.1:56324 to 198.51.100.2:514, and the same for IPv6.
const std::string v4_block = "\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x02\x02"s;
const std::string v6_block =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"s + std::string(15, '\0') + "\x01\xdc\x04\x02\x02"s;
const std::string mapped_block = std::string(10, '\0') + "\xff\xff\xc0\x00\x02\x01"s +
                                 std::string(16, '\0') + "\xdc\x04\x02\x02"s;

std::string tlv(int type, const std::string& value) {
    return static_cast<char>(type) + big_endian(value.size(), 2) + value;
}

// What was read, in words: "v1 25 192.0.2.1 56324", "v2 16 socket", "absent", ...
std::string read(std::string_view front) {
    const ProxyHeader header = read_proxy_header(front);
    switch (header.verdict) {
        case ProxyVerdict::need_more:
            return "more";
        case ProxyVerdict::absent:
            return "absent";
        case ProxyVerdict::malformed:
            return "malformed";
        case ProxyVerdict::header:
            break;
    }
    const std::string front_text =
        "v" + std::to_string(header.version) + " " + std::to_string(header.bytes) + " ";
    return header.client ? front_text + header.client->address.to_string() + " " +
                               std::to_string(header.client->port)
                         : front_text + "socket";
}

struct Case {
    std::string bytes;
    std::string expected;
};

void expect_all(const std::vector<Case>& cases) {
    for (const Case& c : cases) {
        EXPECT_EQ(read(c.bytes), c.expected) << ::testing::PrintToString(c.bytes);
    }
}

TEST(ProxyHeader, Version1) {
    const std::string longest =
        "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
    ASSERT_EQ(longest.size(), proxy_v1_bytes_max);
    expect_all({
        {"PROXY TCP4 192.0.2.1 198.51.100.2 56324 514\r\n<13>x", "v1 45 192.0.2.1 56324"},
        {"PROXY TCP4 192.0.2.1 198.51.100.2 0 65535\r\n", "v1 43 192.0.2.1 0"},
        {"PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n", "v1 40 2001:db8::7 1"},
        {"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "v1 37 192.0.2.1 1"},
        {"PROXY UNKNOWN\r\n", "v1 15 socket"},
        {"PROXY UNKNOWN what ever it says\r\n", "v1 33 socket"},
        {longest, "v1 107 socket"},
        {longest.substr(0, 105) + "x\r\n", "malformed"},
    });
}

TEST(ProxyHeader, Version1Malformed) {
    for (const char* line : {
             "PROXY TCP4 192.0.2.1 198.51.100.2 56324 514\n",      // no CR
             "PROXY TCP4 192.0.2.1 198.51.100.2 56324 514 \r\n",   // a blank too many
             "PROXY TCP4  192.0.2.1 198.51.100.2 56324 514\r\n",   // two blanks
             "PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n",        // a port too few
             "PROXY TCP4 192.0.2.1 198.51.100.2 56324 514 1\r\n",  // a word too many
             "PROXY TCP4 192.0.2.1 198.51.100.2 65536 514\r\n",    // no port
             "PROXY TCP4 192.0.2.1 198.51.100.2 056324 514\r\n",   // leading zero
             "PROXY TCP4 192.0.2.1 198.51.100.2 +1 514\r\n",       // sign
             "PROXY TCP4 192.0.2.1 198.51.100.2 1 -514\r\n",       // sign
             "PROXY TCP4 192.0.2.256 198.51.100.2 1 514\r\n",      // no address
             "PROXY TCP4 192.0.2.01 198.51.100.2 1 514\r\n",       // octal?
             "PROXY TCP4 2001:db8::7 2001:db8::1 1 514\r\n",       // wrong family
             "PROXY TCP6 192.0.2.1 198.51.100.2 1 514\r\n",        // wrong family
             "PROXY TCP6 [2001:db8::7] 2001:db8::1 1 514\r\n",     // brackets
             "PROXY TCP6 fe80::1%eth0 2001:db8::1 1 514\r\n",      // zone
             "PROXY UDP4 192.0.2.1 198.51.100.2 1 514\r\n",        // unknown family
             "PROXY tcp4 192.0.2.1 198.51.100.2 1 514\r\n",        // letters matter
             "PROXY \r\n",
         }) {
        EXPECT_EQ(read(line), "malformed") << line;
    }
    EXPECT_EQ(read("PROXY TCP4 192.0.2.1\0 198.51.100.2 1 514\r\n"s), "malformed");
    EXPECT_EQ(read("PROXY " + std::string(101, 'x')), "malformed");
    EXPECT_EQ(read("PROXY " + std::string(100, 'x')), "more");
}

TEST(ProxyHeader, Version2) {
    expect_all({
        {v2(0x21, 0x11, v4_block) + "<13>x", "v2 28 192.0.2.1 56324"},
        {v2(0x21, 0x12, v4_block), "v2 28 192.0.2.1 56324"},
        {v2(0x21, 0x21, v6_block), "v2 52 2001:db8::7 56324"},
        {v2(0x21, 0x22, mapped_block), "v2 52 192.0.2.1 56324"},
        {v2(0x21, 0x31, std::string(216, 'p')), "v2 232 socket"},
        {v2(0x21, 0x00, ""), "v2 16 socket"},
        {v2(0x21, 0x00, "anything"), "v2 24 socket"},
        {v2(0x20, 0x00, ""), "v2 16 socket"},
        {v2(0x20, 0x11, v4_block), "v2 28 socket"},
        {v2(0x20, 0xff, "no TLV"), "v2 22 socket"},  // LOCAL: family and the rest are ignored
        {v2(0x21, 0x11, v4_block + tlv(0x20, "ssl") + tlv(0x04, "")), "v2 37 192.0.2.1 56324"},
        {v2(0x21, 0x11, v4_block + tlv(0x04, std::string(4065, '\0'))), "v2 4096 192.0.2.1 56324"},
    });
}

TEST(ProxyHeader, Version2Malformed) {
    expect_all({
        {v2(0x11, 0x11, v4_block), "malformed"},            // version 1 in binary
        {v2(0x31, 0x11, v4_block), "malformed"},            // version 3
        {v2(0x22, 0x11, v4_block), "malformed"},            // unknown command
        {v2(0x21, 0x41, v4_block), "malformed"},            // unknown family
        {v2(0x21, 0x13, v4_block), "malformed"},            // unknown transport
        {v2(0x21, 0x10, v4_block), "malformed"},            // a family without a transport
        {v2(0x21, 0x11, v4_block.substr(1)), "malformed"},  // shorter than two addresses
        {v2(0x21, 0x21, v4_block), "malformed"},            // IPv4 in place of IPv6
        {v2(0x21, 0x31, std::string(215, 'p')), "malformed"},
        {v2(0x21, 0x11, v4_block + "\x04\x00"), "malformed"},                // half a TLV
        {v2(0x21, 0x11, v4_block + "\x04\x00\x05"s + "four"), "malformed"},  // a TLV cut short
        {v2(0x21, 0x11, v4_block + tlv(0x04, std::string(4066, '\0'))), "malformed"},  // too long
        {signature + "\x21\x11\xff\xff"s, "malformed"},  // said before the rest has come
    });
}

// The value is that of an independent implementation (RFC 3720's polynomial, bit by bit).
TEST(ProxyHeader, ChecksumIsVerified) {
    const auto crc32c = [](const std::string& bytes) {
        std::uint32_t crc = 0xffffffffU;
        for (const char c : bytes) {
            crc ^= static_cast<unsigned char>(c);
            for (int bit = 0; bit < 8; ++bit) {
                crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0x82f63b78U : crc >> 1U;
            }
        }
        return ~crc;
    };
    ASSERT_EQ(crc32c("123456789"), 0xe3069283U);  // the check value that everybody quotes
    const std::string tail = tlv(0x04, "behind");
    const std::string zeroed = v2(0x21, 0x11, v4_block + tlv(0x03, std::string(4, '\0')) + tail);
    std::string good = zeroed;
    const std::size_t at = good.size() - tail.size() - 4;
    good.replace(at, 4, big_endian(crc32c(zeroed), 4));
    EXPECT_EQ(read(good + "<13>x"), "v2 " + std::to_string(good.size()) + " 192.0.2.1 56324");
    const std::size_t type_at = at - 3;  // another type there, and there is no checksum
    for (std::size_t i = 16; i < good.size(); ++i) {
        if (i == type_at) {
            continue;
        }
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        EXPECT_EQ(read(bad), "malformed") << "byte " << i;
    }
    EXPECT_EQ(read(v2(0x21, 0x11, v4_block + tlv(0x03, "abc"))), "malformed");
    // LOCAL is to be taken whatever else is in it.
    EXPECT_EQ(read(v2(0x20, 0x11, v4_block + tlv(0x03, "abcd"))), "v2 35 socket");
}

TEST(ProxyHeader, AnythingElseIsAbsent) {
    expect_all({
        {"<13>Nov 21 10:00:00 host x: y\n", "absent"},
        {"PROXIMITY", "absent"},
        {"PROXY\t", "absent"},
        {"proxy TCP4", "absent"},
        {"\r\n\r\n<13>x", "absent"},
        {"\n", "absent"},
        {"\x16\x03\x01\x02\x00"s, "absent"},  // a TLS ClientHello
        {"", "more"},
        {"P", "more"},
        {"PROXY", "more"},
        {"\r\n\r\n\0\r"s, "more"},
    });
}

// However few bytes have come, the answer is to wait or the one that the whole header has.
TEST(ProxyHeader, EveryFrontOfAHeaderAsksForMore) {
    for (const std::string& header :
         {"PROXY TCP4 192.0.2.1 198.51.100.2 56324 514\r\n"s, "PROXY UNKNOWN\r\n"s,
          v2(0x21, 0x11, v4_block + tlv(0x20, "ssl")), v2(0x20, 0x00, "")}) {
        for (std::size_t size = 0; size < header.size(); ++size) {
            EXPECT_EQ(read(header.substr(0, size)), "more") << size << " of " << header;
        }
        EXPECT_EQ(read(header), read(header + "<13>what follows"));
    }
}

}  // namespace
}  // namespace weir
