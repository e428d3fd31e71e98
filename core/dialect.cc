#include "core/dialect.h"

#include <array>
#include <cstddef>

namespace weir {

namespace {

constexpr std::array<std::string_view, 6> names = {"any",   "rfc5424", "rfc3164",
                                                   "cisco", "nutanix", "raw"};

}  // namespace

std::string_view dialect_name(Dialect dialect) {
    return names[static_cast<std::size_t>(dialect)];
}

std::optional<Dialect> dialect_from_name(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) {
            return static_cast<Dialect>(i);
        }
    }
    return std::nullopt;
}

}  // namespace weir
