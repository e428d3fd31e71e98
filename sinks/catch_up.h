// CatchUp: in which order an endpoint that is behind takes batches, and how fast.
//
// What is received now goes first, because somebody is waiting for it; the backlog follows, oldest
// first, and at least every fourth batch is of it. The backlog keeps to a rate that Loki's limit
// for one stream bears, whatever streams its batches have: a hot stream's refusal can hide behind a
// 204 (docs/delivery.md), so that it must not come to one.
#pragma once

#include "pipeline/log.h"

#include <chrono>
#include <cstdint>

namespace weir {

// Value. The delivery thread's.
class CatchUp {
  public:
    struct Limits {
        // How old the oldest batch must be for the endpoint to be behind.
        std::chrono::nanoseconds behind_after;
        std::uint64_t stream_bytes_per_s = 0;  // of any one stream, before compression
        std::uint64_t bytes_per_s = 0;  // of all, that the endpoint bears; half is the backlog's
    };

    // What to do next: send `batch`; or nothing, until something is appended or, if there is a
    // backlog that has to wait, until `again_at_ns` (far away if it is stopped).
    struct Taken {
        BatchPtr batch;
        std::int64_t again_at_ns = 0;  // monotonic; 0: there is nothing to wait for
    };

    // How the backlog may be taken from at the moment.
    enum class Backlog : std::uint8_t {
        paced,
        stopped,  // what was taken of it has not gone out yet, and must not fill all places
        hurried,  // the process ends, no rate counts
    };

    [[nodiscard]] Taken take(LogCursor& cursor, const Limits& limits, Timestamp now,
                             std::int64_t now_ns, Backlog backlog);

    [[nodiscard]] bool is_behind() const { return behind_; }

  private:
    void mark(LogCursor& cursor, std::int64_t now_ns);
    void spend(const Batch& batch, const Limits& limits, std::int64_t now_ns);

    bool behind_ = false;
    unsigned turn_ = 0;
    std::int64_t marked_ns_ = 0;    // when what is live began
    std::int64_t ready_at_ns_ = 0;  // for the next batch of the backlog
};

}  // namespace weir
