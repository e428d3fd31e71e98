#include "pipeline/series_pending.h"

#include "core/assert.h"

#include <bit>

namespace weir {

namespace {

// A message may bring a series' last hour at once; each of its samples is a batch of its own, and
// finding a sample's place among them is a walk.
constexpr std::uint16_t series_pending_max = 32;
// 10 MiB. Past it what waits leaves in the middle of a message.
constexpr std::size_t samples_max = 262'144;
// Tags, lengths and the sample around a series' labels, about.
constexpr std::size_t sample_bytes = 32;

std::uint64_t bits_of(double value) {
    return std::bit_cast<std::uint64_t>(value);
}

// Of two samples of one time.
PushVerdict same_or_conflict(double value, std::uint64_t first_bits) {
    return bits_of(value) == first_bits ? PushVerdict::duplicate : PushVerdict::conflict;
}

}  // namespace

void FrameTally::begin(Timestamp received_at) {
    if (open_ != no_frame && frames_[open_].waiting == 0) {
        frames_.pop_back();
    }
    open_ = static_cast<std::uint32_t>(frames_.size());
    frames_.push_back({.received_at = received_at});
}

void FrameTally::end(std::uint32_t listener) {
    if (open_ == no_frame) {
        return;
    }
    Frame& frame = frames_[open_];
    frame.listener = listener;
    frame.ended = true;
    if (frame.waiting == 0) {
        finish(frame);
        frames_.pop_back();  // it is the last: nothing was begun behind it
    }
    open_ = no_frame;
}

std::uint32_t FrameTally::hold() {
    if (open_ != no_frame) {
        ++frames_[open_].waiting;
    }
    return open_;
}

void FrameTally::release(std::uint32_t frame) {
    if (frame != no_frame && --frames_[frame].waiting == 0 && frames_[frame].ended) {
        finish(frames_[frame]);
    }
}

void FrameTally::finish(const Frame& frame) {
    WEIR_ASSERT(frame.listener < done_.size());
    ++done_[frame.listener];
    any_done_ = true;
}

void FrameTally::clear_done() {
    std::fill(done_.begin(), done_.end(), 0U);
    any_done_ = false;
}

void FrameTally::compact() {
    if (open_ == no_frame) {
        frames_.clear();
        return;
    }
    frames_.front() = frames_[open_];
    frames_.resize(1);
    open_ = 0;
}

PushVerdict PendingSamples::push(Sample sample) {
    Series& series = store_.at(sample.place);
    if (samples_.size() >= samples_max || series.pending >= series_pending_max) [[unlikely]] {
        return PushVerdict::full;
    }
    if (sample.timestamp_ms <= newest_ms(series)) [[unlikely]] {
        return push_late(series, sample);
    }
    if (sample.kind == SampleKind::given) {
        series.repeated = false;
    } else if (sample.kind == SampleKind::repeat && !series.repeated) {
        series.own_ms = newest_ms(series);
        series.repeated = true;
    }
    link(series, series.last_pending, sample);
    return PushVerdict::added;
}

// Not newer than what is there.
PushVerdict PendingSamples::push_late(Series& series, Sample& sample) {
    if (series.last_pending != no_place) {
        if (samples_[series.last_pending].kind == SampleKind::marker) {
            take_back(series, series.last_pending);
            return push(sample);  // no two markers follow each other
        }
        const Sample& first = samples_[series.first_pending];
        if (first.kind == SampleKind::repeat && sample.timestamp_ms <= first.timestamp_ms) {
            take_back(series, series.first_pending);
            return push(sample);  // nor is there another repeat
        }
    }
    if (series.repeated && sample.timestamp_ms == series.own_ms) {
        return same_or_conflict(sample.value, series.last_pending == no_place
                                                  ? series.flushed_bits
                                                  : bits_of(samples_[series.last_pending].value));
    }
    if (series.repeated && sample.timestamp_ms > series.own_ms) {
        series.own_ms = sample.timestamp_ms;
        sample.timestamp_ms = newest_ms(series) + 1;
        link(series, series.last_pending, sample);
        return PushVerdict::retimed;
    }
    return push_within(series, sample);
}

// Behind `before`, or first.
void PendingSamples::link(Series& series, std::uint32_t before, Sample& sample) {
    const auto index = static_cast<std::uint32_t>(samples_.size());
    std::uint32_t& slot = before == no_place ? series.first_pending : samples_[before].next;
    sample.next = slot;
    sample.frame = frames_.hold();
    slot = index;
    if (sample.next == no_place) {
        series.last_pending = index;
    }
    samples_.push_back(sample);
    ++series.pending;
    ++waiting(sample.kind);
    bytes_ += series.labels_bytes + sample_bytes;
    if (!series.queued) {
        series.queued = true;
        queue_.push_back(sample.place);
    }
}

// The walk is short: a series has few samples waiting.
PushVerdict PendingSamples::push_within(Series& series, Sample& sample) {
    std::uint32_t before = no_place;
    std::uint32_t at = series.first_pending;
    while (at != no_place && samples_[at].timestamp_ms < sample.timestamp_ms) {
        before = at;
        at = samples_[at].next;
    }
    if (at != no_place && samples_[at].timestamp_ms == sample.timestamp_ms) {
        return same_or_conflict(sample.value, bits_of(samples_[at].value));
    }
    if (before == no_place && sample.timestamp_ms <= series.flushed_ms) {
        return sample.timestamp_ms < series.flushed_ms
                   ? PushVerdict::out_of_order
                   : same_or_conflict(sample.value, series.flushed_bits);
    }
    link(series, before, sample);
    return PushVerdict::added;
}

void PendingSamples::take_back(Series& series, std::uint32_t index) {
    std::uint32_t before = no_place;
    for (std::uint32_t at = series.first_pending; at != index; at = samples_[at].next) {
        before = at;
    }
    const Sample& sample = samples_[index];
    (before == no_place ? series.first_pending : samples_[before].next) = sample.next;
    if (sample.next == no_place) {
        series.last_pending = before;
    }
    --series.pending;
    --waiting(sample.kind);
    bytes_ -= series.labels_bytes + sample_bytes;
    frames_.release(sample.frame);
}

void PendingSamples::reset() {
    WEIR_ASSERT(empty() && queue_.empty());
    samples_.clear();
    bytes_ = 0;
}

}  // namespace weir
