// Sizes and durations as people write them: a whole number and its unit, nothing between. A bare
// number is refused everywhere, because nobody remembers which unit was meant.
#pragma once

#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// Bytes of "500B", "64KiB", "10MB": B, kB (or KB), MB, GB, TB are powers of 1000; KiB, MiB, GiB,
// TiB powers of 1024. Refuses a bare number, a sign, a fraction and what exceeds 64 bits.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

// Milliseconds of "500ms", "30s", "10m", "2h", "7d". Refuses what parse_size refuses.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

// The shortest exact text that parse_size reads back as the same number: the largest binary unit
// that divides it, else the largest decimal one ("64KiB", "10MB", "1500B", "0B").
[[nodiscard]] std::string format_size(std::uint64_t bytes);

// The largest unit that divides it ("90s", "2h", "0s"). A negative duration has a leading '-',
// which parse_duration refuses.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace weir
