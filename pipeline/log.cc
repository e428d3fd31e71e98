#include "pipeline/log.h"

namespace weir {

void Outcome::add(const Outcome& more) {
    delivered += more.delivered;
    for (const auto& [reason, count] : more.dropped) {
        dropped[reason] += count;
    }
    for (const auto& [reason, count] : more.dead_lettered) {
        dead_lettered[reason] += count;
    }
}

std::uint64_t Outcome::total() const {
    std::uint64_t sum = delivered;
    for (const auto& [reason, count] : dropped) {
        sum += count;
    }
    for (const auto& [reason, count] : dead_lettered) {
        sum += count;
    }
    return sum;
}

std::int64_t DeliveryLedger::imbalance() const {
    const Outcome ended{.delivered = delivered, .dropped = dropped, .dead_lettered = dead_lettered};
    return static_cast<std::int64_t>(appended - ended.total() - queued);
}

void ReadyCallback::set(std::function<void()> callback) {
    const std::lock_guard lock(mutex_);
    callback_ = std::move(callback);
}

void ReadyCallback::call() {
    const std::lock_guard lock(mutex_);
    if (callback_) {
        callback_();
    }
}

}  // namespace weir
