#include "sinks/backoff.h"

#include <algorithm>

namespace weir {

std::int64_t Backoff::up_to(std::int64_t bound) {
    return std::uniform_int_distribution<std::int64_t>(0,
                                                       std::max<std::int64_t>(bound, 0))(random_);
}

std::chrono::nanoseconds Backoff::wait(std::uint32_t attempt, std::chrono::nanoseconds min,
                                       std::chrono::nanoseconds max) {
    std::chrono::nanoseconds bound = std::min(min, max);
    for (std::uint32_t i = 1; i < attempt && bound < max; ++i) {
        bound = bound > max / 2 ? max : bound * 2;
    }
    return std::chrono::nanoseconds(up_to(bound.count()));
}

std::chrono::nanoseconds Backoff::spread(std::chrono::nanoseconds time) {
    return time + std::chrono::nanoseconds(up_to(time.count() / 10));
}

}  // namespace weir
