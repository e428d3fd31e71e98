#include "parsers/utf8.h"

#include <simdjson.h>

#include <cstddef>

namespace weir {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Value. The sequence at the start of a text: how many bytes, and whether they form a character.
struct Sequence {
    std::size_t length = 1;
    bool valid = false;
};

bool is_between(unsigned char byte, unsigned low, unsigned high) {
    return byte >= low && byte <= high;
}

// Table 3-7 of the Unicode standard: the second byte's range depends on the first. An ill-formed
// sequence is as long as the bytes that could still have begun a character (section 3.9).
Sequence scan_sequence(std::string_view text) {
    const auto byte = [&text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) {
        return {1, true};
    }
    if (!is_between(lead, 0xC2, 0xF4)) {
        return {1, false};
    }
    const std::size_t wanted = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const unsigned second_low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned second_high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (text.size() < 2 || !is_between(byte(1), second_low, second_high)) {
        return {1, false};
    }
    for (std::size_t at = 2; at < wanted; ++at) {
        if (at >= text.size() || !is_between(byte(at), 0x80, 0xBF)) {
            return {at, false};
        }
    }
    return {wanted, true};
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
    return text.empty() || simdjson::validate_utf8(text.data(), text.size());
}

void append_valid_utf8(std::string_view text, std::string& out) {
    std::size_t kept = 0;  // valid bytes in front of the position, not yet appended
    std::size_t at = 0;
    while (at < text.size()) {
        const Sequence sequence = scan_sequence(text.substr(at));
        if (!sequence.valid) {
            out.append(text.substr(kept, at - kept));
            out.append(replacement);
            kept = at + sequence.length;
        }
        at += sequence.length;
    }
    out.append(text.substr(kept));
}

}  // namespace weir
