// How often the process has asked for memory and for a lock, since its start.
#pragma once

#include <cstdint>

namespace weir {

[[nodiscard]] std::uint64_t allocation_count();
[[nodiscard]] std::uint64_t lock_count();

}  // namespace weir
