// FeedRhythm: how often a device sends a feed (one path of one subscription), learned from when its
// collections arrive. Devices do not say it, and what comes on change has none.
#pragma once

#include "core/time.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace weir {

// Value. Pure; times are monotonic.
class FeedRhythm {
  public:
    // One message of the feed. A collection may take several messages, which share an id that is
    // not 0; without an id, messages within a second of each other belong together. `whole` says
    // whether the collection before had at least half of what the feed is known to bring. True if
    // the message begins a new collection.
    bool message(std::uint64_t collection_id, std::int64_t now_ns, bool whole);

    // 0 while not known, or irregular: then silence means nothing. Known once most of the last
    // gaps, five at least, were alike and the collections were whole: an interface that flaps
    // regularly in a feed on change does not speak for the others. From then on only the gaps must
    // stay alike, so that a table that lost most of its rows keeps its rhythm.
    [[nodiscard]] std::int64_t interval_ns() const { return interval_ns_; }

    // Of the last message.
    [[nodiscard]] std::int64_t last_ns() const { return last_ns_; }

    // Collections that its rhythm, while it had one, says never came.
    [[nodiscard]] std::uint64_t missed() const { return missed_; }

  private:
    static constexpr std::size_t gaps_max = 8;

    void count_missed(std::int64_t gap_ns);
    void learn(std::int64_t gap_ns, bool whole);

    std::int64_t start_ns_ = 0;  // of the collection; 0: none yet
    std::int64_t last_ns_ = 0;
    std::uint64_t id_ = 0;
    std::int64_t interval_ns_ = 0;
    std::uint64_t missed_ = 0;
    std::array<std::int64_t, gaps_max> gaps_ns_{};  // a ring
    std::array<bool, gaps_max> whole_{};
    std::size_t gaps_ = 0;
    std::size_t next_ = 0;
};

}  // namespace weir
