#include "receivers/pace.h"

#include <algorithm>

namespace weir {

namespace {

constexpr std::int64_t wait_ns_min = 100'000;  // a shorter one is not worth a timer

}  // namespace

std::int64_t Pace::next_wait_ns(std::int64_t now_ns, std::int64_t asked_ns, std::size_t brought,
                                std::size_t room) {
    const std::int64_t elapsed_ns = now_ns - read_at_ns_;
    read_at_ns_ = now_ns;
    std::int64_t wait_ns = asked_ns;
    if (brought > 0 && elapsed_ns > 0) {
        const double fitting = static_cast<double>(elapsed_ns) * static_cast<double>(room) /
                               static_cast<double>(brought);
        wait_ns = static_cast<std::int64_t>(std::min(static_cast<double>(asked_ns), fitting));
    }
    if (wait_ns < wait_ns_min && wait_ns < asked_ns) {
        return 0;
    }
    return wait_ns - now_ns % wait_ns;
}

}  // namespace weir
