#include "sinks/catch_up.h"

#include "core/time.h"

#include <algorithm>
#include <limits>

namespace weir {

namespace {

constexpr unsigned backlog_turns = 4;  // one of so many batches is of the backlog, whatever comes

std::int64_t time_of(std::uint64_t bytes, std::uint64_t bytes_per_s) {
    return static_cast<std::int64_t>(static_cast<double>(bytes) * ns_per_s /
                                     static_cast<double>(std::max<std::uint64_t>(bytes_per_s, 1)));
}

}  // namespace

CatchUp::Taken CatchUp::take(LogCursor& cursor, const Limits& limits, Timestamp now,
                             std::int64_t now_ns, Backlog backlog) {
    const bool stopped = backlog == Backlog::stopped;
    const bool wait = behind_ && (stopped || (backlog == Backlog::paced && now_ns < ready_at_ns_));
    if (behind_ && (wait || ++turn_ % backlog_turns != 0)) {
        if (BatchPtr live = cursor.take_live()) {
            return {.batch = std::move(live)};
        }
    }
    if (wait) {
        return {.again_at_ns = stopped ? std::numeric_limits<std::int64_t>::max() : ready_at_ns_};
    }
    BatchPtr oldest = cursor.take();
    const bool old =
        oldest && now.unix_ns - oldest->first_received.unix_ns > limits.behind_after.count();
    if (old && !behind_) {
        cursor.begin_live();
        turn_ = 0;
    }
    behind_ = old;
    if (old) {
        spend(*oldest, limits, now_ns);
    }
    return {.batch = std::move(oldest)};
}

void CatchUp::spend(const Batch& batch, const Limits& limits, std::int64_t now_ns) {
    std::int64_t cost_ns = time_of(batch.largest_stream_bytes, limits.stream_bytes_per_s);
    if (limits.bytes_per_s != 0) {
        cost_ns = std::max(cost_ns, time_of(batch.raw_bytes, limits.bytes_per_s / 2));
    }
    ready_at_ns_ = std::max(ready_at_ns_, now_ns) + cost_ns;
}

}  // namespace weir
