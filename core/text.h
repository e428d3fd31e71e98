// Cutting text that must stay valid UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

// The longest prefix of at most `bytes_max` bytes that does not end inside a character.
[[nodiscard]] constexpr std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) {
        return text;
    }
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
        --end;
    }
    return text.substr(0, end);
}

}  // namespace weir
