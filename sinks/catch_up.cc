#include "sinks/catch_up.h"

#include "core/time.h"

#include <algorithm>
#include <limits>

namespace weir {

namespace {

constexpr unsigned backlog_turns = 4;  // one of so many batches is of the backlog, whatever comes
// An endpoint that bears less than what comes in falls behind with live data too. What is live
// begins anew then, but not often: each time leaves a gap that the log has to remember.
constexpr std::int64_t mark_interval_ns = 60 * ns_per_s;

std::int64_t time_of(std::uint64_t bytes, std::uint64_t bytes_per_s) {
    return static_cast<std::int64_t>(static_cast<double>(bytes) * ns_per_s /
                                     static_cast<double>(std::max<std::uint64_t>(bytes_per_s, 1)));
}

}  // namespace

CatchUp::Taken CatchUp::take(LogCursor& cursor, const Limits& limits, Timestamp now,
                             std::int64_t now_ns, Backlog backlog) {
    const bool stopped = backlog == Backlog::stopped;
    const bool wait = behind_ && (stopped || (backlog == Backlog::paced && now_ns < ready_at_ns_));
    const auto is_old = [&limits, now](const Batch& batch) {
        return now.unix_ns - batch.first_received.unix_ns > limits.behind_after.count();
    };
    if (behind_ && (wait || ++turn_ % backlog_turns != 0)) {
        if (BatchPtr live = cursor.take_live()) {
            if (is_old(*live) && now_ns - marked_ns_ >= mark_interval_ns) {
                mark(cursor, now_ns);
            }
            return {.batch = std::move(live)};
        }
    }
    if (wait) {
        return {.again_at_ns = stopped ? std::numeric_limits<std::int64_t>::max() : ready_at_ns_};
    }
    BatchPtr oldest = cursor.take();
    const bool old = oldest && is_old(*oldest);
    if (old && !behind_) {
        mark(cursor, now_ns);
        turn_ = 0;
    }
    behind_ = old;
    if (old) {
        spend(*oldest, limits, now_ns);
    }
    return {.batch = std::move(oldest)};
}

void CatchUp::mark(LogCursor& cursor, std::int64_t now_ns) {
    cursor.begin_live();
    marked_ns_ = now_ns;
}

void CatchUp::spend(const Batch& batch, const Limits& limits, std::int64_t now_ns) {
    std::int64_t cost_ns = time_of(batch.largest_stream_bytes, limits.stream_bytes_per_s);
    if (limits.bytes_per_s != 0) {
        cost_ns = std::max(cost_ns, time_of(batch.raw_bytes, limits.bytes_per_s / 2));
    }
    ready_at_ns_ = std::max(ready_at_ns_, now_ns) + cost_ns;
}

}  // namespace weir
