#include "pipeline/rate_limit.h"

#include "core/time.h"

#include <algorithm>

namespace weir {

std::int64_t MessageRate::interval_ns() const {
    return std::max<std::int64_t>(ns_per_s / static_cast<std::int64_t>(per_s), 1);
}

std::int64_t MessageRate::tolerance_ns() const {
    const std::uint64_t messages = burst > 0 ? burst : per_s;
    return interval_ns() * static_cast<std::int64_t>(messages);
}

bool Allowance::take(const MessageRate& rate, std::int64_t now_ns) {
    if (wait_ns(rate, now_ns) > 0) {
        return false;
    }
    charge(rate, now_ns);
    return true;
}

void Allowance::charge(const MessageRate& rate, std::int64_t now_ns) {
    used_until_ns_ = std::max(used_until_ns_, now_ns) + rate.interval_ns();
}

std::int64_t Allowance::wait_ns(const MessageRate& rate, std::int64_t now_ns) const {
    const std::int64_t after_ns = std::max(used_until_ns_, now_ns) + rate.interval_ns();
    return std::max<std::int64_t>(after_ns - (now_ns + rate.tolerance_ns()), 0);
}

std::uint64_t SharedAllowance::lease(const MessageRate& rate, std::int64_t now_ns,
                                     std::uint64_t wanted) {
    std::int64_t used = used_until_ns_.load(std::memory_order_relaxed);
    for (;;) {
        const std::int64_t from_ns = std::max(used, now_ns);
        const std::int64_t room_ns = now_ns + rate.tolerance_ns() - from_ns;
        const std::int64_t most = std::max<std::int64_t>(room_ns / rate.interval_ns(), 0);
        const auto granted = std::min(wanted, static_cast<std::uint64_t>(most));
        if (granted == 0) {
            return 0;
        }
        const std::int64_t next = from_ns + static_cast<std::int64_t>(granted) * rate.interval_ns();
        if (used_until_ns_.compare_exchange_weak(used, next, std::memory_order_relaxed)) {
            return granted;
        }
    }
}

void SharedAllowance::charge(const MessageRate& rate, std::int64_t now_ns) {
    std::int64_t used = used_until_ns_.load(std::memory_order_relaxed);
    while (!used_until_ns_.compare_exchange_weak(used, std::max(used, now_ns) + rate.interval_ns(),
                                                 std::memory_order_relaxed)) {
    }
}

std::int64_t SharedAllowance::wait_ns(const MessageRate& rate, std::int64_t now_ns) const {
    const std::int64_t used = used_until_ns_.load(std::memory_order_relaxed);
    const std::int64_t after_ns = std::max(used, now_ns) + rate.interval_ns();
    return std::max<std::int64_t>(after_ns - (now_ns + rate.tolerance_ns()), 0);
}

}  // namespace weir
