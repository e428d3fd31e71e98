// Part of SeriesTable: what a device tells on change only is told again, so that it does not
// vanish from queries while it holds.
#include "pipeline/series_table_impl.h"

#include <algorithm>
#include <bit>

namespace weir {

namespace {

// Whose device sends without a session is taken to be there for so long after it was heard; as long
// as its values would last without being repeated.
constexpr std::int64_t heard_ns = 300 * ns_per_s;
// How long a device's clock is taken to be what it was: a step back is noticed after two.
constexpr std::int64_t clock_window_ns = 600 * ns_per_s;
// A log that was full just now is.
constexpr std::int64_t after_pause_ns = 5 * ns_per_s;

}  // namespace

// What came with least delay tells the clock best.
void SeriesTable::Impl::note_clock(Device& device, std::int64_t timestamp_ms) {
    device.ahead_ms = std::max(device.ahead_ms, timestamp_ms - wall_.unix_ns / ns_per_ms);
}

void SeriesTable::Impl::begin_clock_window(Device& device) const {
    if (device.ahead_ms != Series::never_ms && now_ns_ - device.ahead_since_ns >= clock_window_ns) {
        device.ahead_before_ms = device.ahead_ms;
        device.ahead_ms = Series::never_ms;
        device.ahead_since_ns = now_ns_;
    }
}

bool SeriesTable::Impl::is_here(const Device& device) const {
    return device.sessions > 0 || (device.heard_ns > device.disconnected_ns &&
                                   now_ns_ - std::max(device.heard_ns, pause_ns_) < heard_ns);
}

// A series of no feed is told in a rhythm of ours, or of a device with too many feeds. That an info
// series was followed by one with another text is not known here: both would be told for ever.
bool SeriesTable::Impl::may_repeat(const Series& series) const {
    if (series.feed == no_place || families_.at(series.key.family).type == MetricType::info) {
        return false;
    }
    // Of a feed with a rhythm only what its next collection may still bring.
    const std::int64_t interval_ns = feeds_[series.feed].rhythm.interval_ns();
    const std::int64_t silent_ns = now_ns_ - std::max(series.seen_ns, pause_ns_);
    return (interval_ns == 0 || silent_ns <= interval_ns) && is_here(devices_[series.key.device]);
}

void SeriesTable::Impl::repeat_if_due(std::uint32_t place) {
    Series& series = store_.at(place);
    // While the log is full there is no place for what is no news.
    if (limits_.repeat_after_ns == 0 || series.pending > 0 ||
        now_ns_ - pause_ns_ < after_pause_ns) {
        return;
    }
    const Device& device = devices_[series.key.device];
    const std::int64_t ahead_ms = std::max(device.ahead_ms, device.ahead_before_ms);
    const std::int64_t time_ms =
        wall_.unix_ns / ns_per_ms + std::min<std::int64_t>(ahead_ms - late_max_ns / ns_per_ms, 0);
    if (time_ms - series.flushed_ms < limits_.repeat_after_ns / ns_per_ms || !may_repeat(series)) {
        return;
    }
    push_unasked({.timestamp_ms = time_ms,
                  .value = std::bit_cast<double>(series.flushed_bits),
                  .place = place,
                  .kind = SampleKind::repeat});
}

}  // namespace weir
