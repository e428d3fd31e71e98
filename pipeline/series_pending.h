// PendingSamples and FrameTally: what waits for the next batches, by series and in order of time,
// and which frame each sample came in.
#pragma once

#include "core/time.h"
#include "pipeline/batch_builder.h"
#include "pipeline/series_store.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {

// Resource. One thread. A frame is done when it has ended and none of its samples waits.
class FrameTally {
  public:
    static constexpr std::uint32_t no_frame = UINT32_MAX;

    explicit FrameTally(std::size_t listeners) : done_(listeners, 0) {}

    // The frame that hold() means from now on. One that was not ended is nobody's.
    void begin(Timestamp received_at);
    void end(std::uint32_t listener);

    // One more sample of the open frame waits; no_frame when there is none.
    [[nodiscard]] std::uint32_t hold();
    // One less.
    void release(std::uint32_t frame);

    [[nodiscard]] Timestamp received_at(std::uint32_t frame) const {
        return frames_[frame].received_at;
    }

    // Done since clear_done(), by listener.
    [[nodiscard]] const FrameCounts& done() const { return done_; }

    [[nodiscard]] bool any_done() const { return any_done_; }

    void clear_done();
    // Nothing waits any more: forgets all frames but the open one.
    void compact();

    [[nodiscard]] std::size_t memory_bytes() const { return frames_.capacity() * sizeof(Frame); }

  private:
    struct Frame {
        Timestamp received_at;
        std::uint32_t listener = 0;
        std::uint32_t waiting = 0;
        bool ended = false;
    };

    void finish(const Frame& frame);

    std::vector<Frame> frames_;
    std::uint32_t open_ = no_frame;
    FrameCounts done_;
    bool any_done_ = false;
};

enum class PushVerdict : std::uint8_t {
    added,
    retimed,  // added behind a repeat that has left
    duplicate,
    conflict,
    out_of_order,
    full,  // flush, and push again
};

[[nodiscard]] constexpr bool is_added(PushVerdict verdict) {
    return verdict == PushVerdict::added || verdict == PushVerdict::retimed;
}

enum class SampleKind : std::uint8_t {
    given,
    marker,
    repeat,  // of a series that has nothing else pending
};

// Resource. One thread. Memory is reused from flush to flush.
class PendingSamples {
  public:
    // Value.
    struct Sample {
        std::int64_t timestamp_ms = 0;
        double value = 0;
        std::uint32_t place = no_place;
        std::uint32_t next = no_place;  // of the same series, later
        std::uint32_t frame = FrameTally::no_frame;
        SampleKind kind = SampleKind::given;
    };

    // The store and the frames outlive it.
    PendingSamples(SeriesStore& store, FrameTally& frames) : store_(store), frames_(frames) {}

    // `sample` without its links; it is held for the open frame when it is added. A marker of the
    // same series that is not before it is taken back: the series is not gone. So is a repeat. One
    // that has left already is passed by a millisecond, if the sample is newer than the series'
    // own.
    [[nodiscard]] PushVerdict push(Sample sample);

    // The time of the series' last sample, waiting or gone; never_ms: none.
    [[nodiscard]] std::int64_t newest_ms(const Series& series) const {
        return series.last_pending == no_place ? series.flushed_ms
                                               : samples_[series.last_pending].timestamp_ms;
    }

    // The same in the device's own time, repeats apart.
    [[nodiscard]] std::int64_t own_ms(const Series& series) const {
        return series.repeated ? series.own_ms : newest_ms(series);
    }

    [[nodiscard]] std::size_t all() const { return waiting() + markers() + repeats(); }

    [[nodiscard]] bool empty() const { return all() == 0; }

    [[nodiscard]] std::size_t waiting() const { return waiting_[0]; }  // samples that were given

    [[nodiscard]] std::size_t markers() const { return waiting_[1]; }

    [[nodiscard]] std::size_t repeats() const { return waiting_[2]; }

    [[nodiscard]] std::size_t bytes() const { return bytes_; }  // of wire, about

    // How many series have something waiting, a few too many if markers were taken back.
    [[nodiscard]] std::size_t queued() const { return queue_.size(); }

    // Calls `visit(const Sample&, Series&)` with the first sample of each series, and takes it out.
    template <typename Visit>
    void take_round(Visit visit);

    // Everything was taken: begins anew.
    void reset();

    [[nodiscard]] std::size_t memory_bytes() const {
        return samples_.capacity() * sizeof(Sample) + queue_.capacity() * sizeof(std::uint32_t);
    }

  private:
    void link(Series& series, std::uint32_t before, Sample& sample);
    [[nodiscard]] PushVerdict push_within(Series& series, Sample& sample);
    [[nodiscard]] PushVerdict push_late(Series& series, Sample& sample);
    void take_back(Series& series, std::uint32_t index);

    std::size_t& waiting(SampleKind kind) { return waiting_[static_cast<std::size_t>(kind)]; }

    SeriesStore& store_;
    FrameTally& frames_;
    std::vector<Sample> samples_;
    std::vector<std::uint32_t> queue_;      // places
    std::array<std::size_t, 3> waiting_{};  // by kind
    std::size_t bytes_ = 0;
};

template <typename Visit>
void PendingSamples::take_round(Visit visit) {
    std::size_t left = 0;
    for (const std::uint32_t place : queue_) {
        Series& series = store_.at(place);
        const std::uint32_t first = series.first_pending;
        if (first != no_place) {
            const Sample& sample = samples_[first];
            series.first_pending = sample.next;
            --series.pending;
            --waiting(sample.kind);
            visit(sample, series);
        }
        if (series.first_pending == no_place) {
            series.last_pending = no_place;
            series.queued = false;
        } else {
            queue_[left++] = place;
        }
    }
    queue_.resize(left);
}

}  // namespace weir
