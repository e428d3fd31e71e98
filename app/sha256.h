// The digest that names a configuration's content in the status and tells a changed file.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// SHA-256 of the bytes in lower-case hexadecimal.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace weir
