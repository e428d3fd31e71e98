// Waiting times between attempts: exponential with full jitter, so that many senders do not come
// back together.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace weir {

// Value. The random numbers come from the seed alone.
class Backoff {
  public:
    explicit Backoff(std::uint64_t seed) : random_(seed) {}

    // For the `attempt`th failure in a row (1 is the first): between 0 and min * 2^(attempt-1),
    // bounded by max.
    [[nodiscard]] std::chrono::nanoseconds wait(std::uint32_t attempt, std::chrono::nanoseconds min,
                                                std::chrono::nanoseconds max);

    // `time` and up to a tenth more.
    [[nodiscard]] std::chrono::nanoseconds spread(std::chrono::nanoseconds time);

  private:
    [[nodiscard]] std::int64_t up_to(std::int64_t bound);

    std::mt19937_64 random_;
};

}  // namespace weir
