#include "receivers/mdt_first_bytes.h"

#include <fmt/format.h>

#include <array>
#include <span>

namespace weir {

namespace {

using namespace std::string_view_literals;

// How a byte of a pattern may be: from..to.
struct Range {
    unsigned char from = 0;
    unsigned char to = 0;
};

struct Pattern {
    MdtProtocol protocol;
    std::array<Range, mdt_first_bytes_max> bytes;
    std::size_t size;
};

// IOS-XR, version 1: u16 type (1 data, 2 heartbeat), u16 encapsulation, of which none has a high
// byte. Before that: u32 type (1 reset, 2 JSON, 3 compact GPB, 4 kvGPB).
constexpr std::array<Pattern, 4> patterns = {{
    {MdtProtocol::h2c, {{{'P', 'P'}, {'R', 'R'}, {'I', 'I'}, {' ', ' '}}}, 4},
    {MdtProtocol::tls, {{{0x16, 0x16}, {0x03, 0x03}}}, 2},
    {MdtProtocol::framed, {{{0, 0}, {1, 2}, {0, 0}}}, 3},
    {MdtProtocol::framed, {{{0, 0}, {0, 0}, {0, 0}, {1, 4}}}, 4},
}};

bool agrees(const Pattern& pattern, std::string_view front) {
    for (std::size_t i = 0; i < pattern.size && i < front.size(); ++i) {
        const auto byte = static_cast<unsigned char>(front[i]);
        if (byte < pattern.bytes[i].from || byte > pattern.bytes[i].to) {
            return false;
        }
    }
    return true;
}

}  // namespace

MdtProtocol recognise_mdt(std::string_view front) {
    MdtProtocol verdict = MdtProtocol::unknown;
    for (const Pattern& pattern : patterns) {
        if (!agrees(pattern, front)) {
            continue;
        }
        if (front.size() >= pattern.size) {
            return pattern.protocol;
        }
        verdict = MdtProtocol::need_more;
    }
    return verdict;
}

std::string show_first_bytes(std::string_view front) {
    std::string hexadecimal;
    std::string text;
    for (const char c : front) {
        const auto byte = static_cast<unsigned char>(c);
        hexadecimal += fmt::format("{:02x} ", byte);
        text += byte >= 0x20 && byte < 0x7f ? c : '.';
    }
    return fmt::format("{}({})", hexadecimal, text);
}

}  // namespace weir
