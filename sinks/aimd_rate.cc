#include "sinks/aimd_rate.h"

#include "core/time.h"

#include <algorithm>

namespace weir {

namespace {

// Loki's default ingestion_rate_mb, for a refusal that does not name the limit.
constexpr std::uint64_t first_bytes_per_s = 4'000'000;
constexpr std::uint64_t bytes_per_s_min = 64 * 1024;
// Past this the limit means nothing and is forgotten.
constexpr std::uint64_t bytes_per_s_free = 1'000'000'000;

}  // namespace

void AimdRate::refused(std::optional<std::uint64_t> server_limit, std::int64_t now_ns) {
    if (bytes_per_s_ != 0 && now_ns - lowered_ns_ < ns_per_s) {
        return;  // once for all that was under way together
    }
    known_bytes_per_s_ =
        server_limit.value_or(bytes_per_s_ == 0 ? first_bytes_per_s : bytes_per_s_);
    bytes_per_s_ = bytes_per_s_ == 0 ? known_bytes_per_s_ : bytes_per_s_ / 2;
    lowered_ns_ = now_ns;
    bytes_per_s_ = std::clamp(bytes_per_s_, bytes_per_s_min, bytes_per_s_free);
    step_bytes_per_s_ = std::max<std::uint64_t>(known_bytes_per_s_ / 20, 1024);
    raised_ns_ = now_ns;
}

void AimdRate::accepted(std::int64_t now_ns) {
    if (bytes_per_s_ == 0 || now_ns - raised_ns_ < ns_per_s) {
        return;
    }
    raised_ns_ = now_ns;
    bytes_per_s_ += step_bytes_per_s_;
    if (bytes_per_s_ > known_bytes_per_s_) {
        step_bytes_per_s_ *= 2;
    }
    if (bytes_per_s_ >= bytes_per_s_free) {
        bytes_per_s_ = 0;
        ready_at_ns_ = 0;
    }
}

void AimdRate::spend(std::uint64_t bytes, std::int64_t now_ns) {
    if (bytes_per_s_ == 0) {
        return;
    }
    const double seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_s_);
    ready_at_ns_ = std::max(ready_at_ns_, now_ns) +
                   static_cast<std::int64_t>(seconds * static_cast<double>(ns_per_s));
}

}  // namespace weir
