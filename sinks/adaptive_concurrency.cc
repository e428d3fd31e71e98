#include "sinks/adaptive_concurrency.h"

#include "core/assert.h"

#include <algorithm>

namespace weir {

namespace {

// Twice the time of a lone request means that as much waits at the endpoint as is worked on.
constexpr double slow_ratio = 2.0;
// Near an endpoint that answers in a millisecond, a doubling is noise.
constexpr double slow_excess_s = 0.005;
// Quicker than this, and what was learnt of lone requests is out of date.
constexpr double quick_ratio = 0.5;
constexpr std::size_t first_answers = 4;
constexpr std::size_t round_answers_min = 8;

}  // namespace

AdaptiveConcurrency::AdaptiveConcurrency(std::size_t ceiling)
    : ceiling_(ceiling), doubling_to_(ceiling) {
    WEIR_ASSERT(ceiling >= 1);
}

double& AdaptiveConcurrency::lone_s(std::size_t bytes) {
    const auto* const fits =
        std::lower_bound(class_bytes_max.begin(), class_bytes_max.end(), bytes);
    return lone_s_[static_cast<std::size_t>(fits - class_bytes_max.begin())];
}

void AdaptiveConcurrency::took(const RequestEnd& request) {
    if (request.began_ns < lowered_ns_) {
        return;  // it met the crowd of before
    }
    const double duration_s = static_cast<double>(request.ended_ns - request.began_ns) * 1e-9;
    double& lone = lone_s(request.bytes);
    if (lone <= 0 && limit_ > 1) {
        restart(request.ended_ns);  // with one at a time it will show what is usual
        return;
    }
    if (lone <= 0) {
        lone = duration_s;
    } else if (limit_ == 1) {
        // Sooner down than up: the first one has to connect before it can send.
        lone += (duration_s - lone) / (duration_s < lone ? 4 : 8);
    }
    ratios_ += lone > 0 ? duration_s / lone : 1;
    excesses_s_ += duration_s - lone;
    full_ = full_ || request.in_flight >= limit_;
    ++answers_;
    const std::size_t round = limit_ < doubling_to_ ? std::max(limit_, first_answers)
                                                    : std::max(2 * limit_, round_answers_min);
    if (answers_ >= round) {
        end_round(request.ended_ns);
    }
}

void AdaptiveConcurrency::end_round(std::int64_t now_ns) {
    const auto answers = static_cast<double>(answers_);
    const double ratio = ratios_ / answers;
    const bool slow = ratio > slow_ratio && excesses_s_ / answers > slow_excess_s;
    const bool full = full_;
    start_round();
    if (slow && limit_ > 1) {
        doubling_to_ = std::max<std::size_t>(limit_ / 2, 1);
        lower(doubling_to_, now_ns);
        return;
    }
    if (ratio < quick_ratio) {
        for (double& lone : lone_s_) {
            lone *= ratio;
        }
    }
    if (full) {
        raise();
    }
}

void AdaptiveConcurrency::raise() {
    const std::size_t higher =
        limit_ < doubling_to_ ? std::min(2 * limit_, doubling_to_) : limit_ + 1;
    limit_ = std::min(higher, ceiling_);
}

void AdaptiveConcurrency::lower(std::size_t limit, std::int64_t now_ns) {
    limit_ = limit;
    lowered_ns_ = now_ns;
    start_round();
}

void AdaptiveConcurrency::start_round() {
    answers_ = 0;
    ratios_ = 0;
    excesses_s_ = 0;
    full_ = false;
}

void AdaptiveConcurrency::pressed(const RequestEnd& request) {
    if (request.began_ns >= lowered_ns_) {
        doubling_to_ = std::max<std::size_t>(limit_ / 2, 1);
        lower(doubling_to_, request.ended_ns);
    }
}

void AdaptiveConcurrency::restart(std::int64_t now_ns) {
    lower(1, now_ns);
}

}  // namespace weir
