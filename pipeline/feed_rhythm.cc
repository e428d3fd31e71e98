#include "pipeline/feed_rhythm.h"

#include <algorithm>

namespace weir {

namespace {

// What comes closer together is one collection, whatever its ids say. No series is stale so soon
// that intervals below this would matter.
constexpr std::int64_t burst_ns = ns_per_s;
constexpr std::size_t gaps_min = 5;

// Four of five: a collection that was lost doubles one gap.
bool is_most(std::size_t of_these, std::size_t all) {
    return of_these * 5 >= all * 4;
}

}  // namespace

bool FeedRhythm::message(std::uint64_t collection_id, std::int64_t now_ns, bool whole) {
    const bool first = start_ns_ == 0;
    const std::int64_t since_last_ns = now_ns - last_ns_;
    const std::int64_t gap_ns = now_ns - start_ns_;
    const bool same =
        collection_id == 0 && id_ == 0 ? since_last_ns < burst_ns : collection_id == id_;
    last_ns_ = now_ns;
    id_ = collection_id;
    if (!first && (same || gap_ns < burst_ns)) {
        return false;
    }
    if (!first) {
        count_missed(gap_ns);
        learn(gap_ns, whole);
    }
    start_ns_ = now_ns;
    return true;
}

// Half an interval late is late; one and a half is one that is missing.
void FeedRhythm::count_missed(std::int64_t gap_ns) {
    if (interval_ns_ > 0 && gap_ns > interval_ns_ + interval_ns_ / 2) {
        missed_ += static_cast<std::uint64_t>((gap_ns + interval_ns_ / 2) / interval_ns_ - 1);
    }
}

void FeedRhythm::learn(std::int64_t gap_ns, bool whole) {
    gaps_ns_[next_] = gap_ns;
    whole_[next_] = whole;
    next_ = (next_ + 1) % gaps_max;
    gaps_ = std::min(gaps_ + 1, gaps_max);
    if (gaps_ < gaps_min) {
        return;
    }
    std::array<std::int64_t, gaps_max> sorted = gaps_ns_;
    const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(gaps_);
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(gaps_ / 2);
    std::nth_element(sorted.begin(), middle, end);
    const std::int64_t median_ns = *middle;
    const std::int64_t tolerance_ns = std::max(median_ns / 10, ns_per_s);
    const auto alike = std::count_if(sorted.begin(), end, [&](std::int64_t gap) {
        return gap >= median_ns - tolerance_ns && gap <= median_ns + tolerance_ns;
    });
    if (!is_most(static_cast<std::size_t>(alike), gaps_)) {
        interval_ns_ = 0;
        return;
    }
    const auto wholes = std::count(whole_.begin(), whole_.begin() + (end - sorted.begin()), true);
    if (interval_ns_ != 0 || is_most(static_cast<std::size_t>(wholes), gaps_)) {
        interval_ns_ = median_ns;
    }
}

}  // namespace weir
