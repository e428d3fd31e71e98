// StreamCeiling: how many Loki streams may be active. Past it a new source's `device` label becomes
// one of 16 overflow values, so that forged addresses can not make streams without bound. Asked
// only when a stream is first made; shared by the ingest threads.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

inline constexpr std::size_t overflow_streams = 16;  // one would meet Loki's per-stream rate limit

// Value of the `device` label that an overflow slot (0..15) stands for: "overflow-00", ...
[[nodiscard]] std::string_view overflow_device(std::size_t slot);

// Value. The answer for one new stream.
struct StreamVerdict {
    bool own = true;  // false: use overflow_device(overflow_slot) as the device
    std::size_t overflow_slot = 0;
};

// Who asks for a stream of its own.
enum class StreamClaim : std::uint8_t {
    newcomer,  // a source that never had one
    known,     // a source that had one before
    labels,    // labels that a rule made
};

// Resource. Any thread, lock-free; the count is exact.
class StreamCeiling {
  public:
    explicit StreamCeiling(std::size_t streams_max) : streams_max_(streams_max) {}

    StreamCeiling(const StreamCeiling&) = delete;
    StreamCeiling& operator=(const StreamCeiling&) = delete;

    // Asks for a place for a stream of the source with this hash (core hash_address). A known
    // source may use a reserve of an eighth above streams_max, so that a flood of new sources does
    // not take the names of those that were here first. Newcomers get streams_max places at first
    // and as many again in an hour: forged addresses would otherwise take the place of every
    // stream that falls silent, and make streams_max new ones at Loki each minute. `now_ns` is
    // monotonic. Every verdict with `own` takes one place, to be given back by release().
    [[nodiscard]] StreamVerdict admit(std::uint64_t source_hash, StreamClaim claim,
                                      std::int64_t now_ns);

    // Gives back the place of a stream that was admitted with `own` and is forgotten.
    void release();

    // A new ceiling; streams above it stay until they are released.
    void set_streams_max(std::size_t streams_max);

    // Streams that hold a place.
    [[nodiscard]] std::size_t active() const { return active_.load(std::memory_order_relaxed); }

    // Verdicts without a place, since the start.
    [[nodiscard]] std::uint64_t collapsed() const {
        return collapsed_.load(std::memory_order_relaxed);
    }

  private:
    [[nodiscard]] bool take_newcomer(std::size_t streams_max, std::int64_t now_ns);

    std::atomic<std::int64_t> newcomers_until_ns_{0};  // as in pipeline/rate_limit
    std::atomic<std::size_t> streams_max_;
    std::atomic<std::size_t> active_{0};
    std::atomic<std::uint64_t> collapsed_{0};
};

}  // namespace weir
