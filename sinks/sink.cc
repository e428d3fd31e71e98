#include "sinks/sink.h"

#include "core/assert.h"

#include <algorithm>

namespace weir {

std::string_view endpoint_state_name(EndpointState state) {
    static constexpr std::array<std::string_view, 4> names{"ok", "retry", "hold", "slow"};
    const auto index = static_cast<std::size_t>(state);
    WEIR_ASSERT(index < names.size());
    return names[index];
}

void EndpointStatus::add_latency(std::chrono::nanoseconds latency) {
    delivery_latency.add(latency);
    latency_last = latency;
    latency_max = std::max(latency_max, latency);
}

void StatusBoard::set_state(EndpointState state, Reason reason, Timestamp now) {
    const std::lock_guard lock(mutex_);
    if (status_.state != state || status_.state_since.unix_ns == 0) {
        status_.state_since = now;
    }
    status_.state = state;
    status_.state_reason = reason;
}

void StatusBoard::set_error(std::string text, Timestamp now) {
    constexpr std::size_t text_bytes_max = 640;
    const std::lock_guard lock(mutex_);
    text.resize(std::min(text.size(), text_bytes_max));
    status_.last_error = std::move(text);
    status_.last_error_at = now;
}

}  // namespace weir
