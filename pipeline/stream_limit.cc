#include "pipeline/stream_limit.h"

#include "core/assert.h"
#include "core/time.h"

#include <algorithm>

namespace weir {

std::string_view overflow_device(std::size_t slot) {
    static constexpr std::array<std::string_view, overflow_streams> names = {
        "overflow-00", "overflow-01", "overflow-02", "overflow-03", "overflow-04", "overflow-05",
        "overflow-06", "overflow-07", "overflow-08", "overflow-09", "overflow-10", "overflow-11",
        "overflow-12", "overflow-13", "overflow-14", "overflow-15"};
    WEIR_ASSERT(slot < overflow_streams);
    return names[slot];
}

bool StreamCeiling::take_newcomer(std::size_t streams_max, std::int64_t now_ns) {
    constexpr std::int64_t hour_ns = 3600 * ns_per_s;
    const std::int64_t interval_ns = hour_ns / static_cast<std::int64_t>(streams_max);
    std::int64_t used = newcomers_until_ns_.load(std::memory_order_relaxed);
    for (;;) {
        const std::int64_t next = std::max(used, now_ns) + interval_ns;
        if (next > now_ns + hour_ns) {
            return false;
        }
        if (newcomers_until_ns_.compare_exchange_weak(used, next, std::memory_order_relaxed)) {
            return true;
        }
    }
}

StreamVerdict StreamCeiling::admit(std::uint64_t source_hash, StreamClaim claim,
                                   std::int64_t now_ns) {
    const std::size_t streams_max = streams_max_.load(std::memory_order_relaxed);
    const std::size_t limit =
        claim == StreamClaim::known ? streams_max + streams_max / 8 : streams_max;
    std::size_t active = active_.load(std::memory_order_relaxed);
    // The place first: what finds none must not use up what newcomers may have.
    while (active < limit) {
        if (!active_.compare_exchange_weak(active, active + 1, std::memory_order_relaxed)) {
            continue;
        }
        if (claim != StreamClaim::newcomer || take_newcomer(streams_max, now_ns)) {
            return {};
        }
        active_.fetch_sub(1, std::memory_order_relaxed);
        break;
    }
    collapsed_.fetch_add(1, std::memory_order_relaxed);
    return {.own = false,
            .overflow_slot = static_cast<std::size_t>(source_hash % overflow_streams)};
}

void StreamCeiling::release() {
    const std::size_t before = active_.fetch_sub(1, std::memory_order_relaxed);
    WEIR_ASSERT(before > 0);
}

void StreamCeiling::set_streams_max(std::size_t streams_max) {
    streams_max_.store(streams_max, std::memory_order_relaxed);
}

}  // namespace weir
