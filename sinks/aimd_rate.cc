#include "sinks/aimd_rate.h"

#include "core/time.h"

#include <algorithm>

namespace weir {

void AimdRate::refused(std::optional<std::uint64_t> server_limit, std::int64_t now_ns) {
    if (per_s_ != 0 && now_ns - lowered_ns_ < ns_per_s) {
        return;  // once for all that was under way together
    }
    known_per_s_ = server_limit.value_or(per_s_ == 0 ? bounds_.first_per_s : per_s_);
    per_s_ = per_s_ == 0 ? known_per_s_ : per_s_ / 2;
    lowered_ns_ = now_ns;
    per_s_ = std::clamp(per_s_, bounds_.per_s_min, bounds_.per_s_free);
    step_per_s_ = std::max<std::uint64_t>(known_per_s_ / 20, bounds_.step_min);
    raised_ns_ = now_ns;
}

void AimdRate::accepted(std::int64_t now_ns) {
    if (per_s_ == 0 || now_ns - raised_ns_ < ns_per_s) {
        return;
    }
    raised_ns_ = now_ns;
    per_s_ += step_per_s_;
    if (per_s_ > known_per_s_) {
        step_per_s_ *= 2;
    }
    if (per_s_ >= bounds_.per_s_free) {
        per_s_ = 0;
        ready_at_ns_ = 0;
    }
}

void AimdRate::spend(std::uint64_t amount, std::int64_t now_ns) {
    if (per_s_ == 0) {
        return;
    }
    const double seconds = static_cast<double>(amount) / static_cast<double>(per_s_);
    ready_at_ns_ = std::max(ready_at_ns_, now_ns) +
                   static_cast<std::int64_t>(seconds * static_cast<double>(ns_per_s));
}

}  // namespace weir
