// Validity of text as UTF-8, as protobuf strings (and so Loki) require.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// True when every byte sequence is well-formed UTF-8 (RFC 3629). NUL is valid.
[[nodiscard]] bool is_valid_utf8(std::string_view text);

// Appends `text` to `out`, each maximal ill-formed sequence replaced by U+FFFD (Unicode 15, section
// 3.9, "substitution of maximal subparts"). Grows `out` to at most three times `text`.
void append_valid_utf8(std::string_view text, std::string& out);

}  // namespace weir
