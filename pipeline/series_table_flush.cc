#include "pipeline/remote_write.h"
#include "pipeline/series_table_impl.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace weir {

namespace {

// Tags and lengths of a TimeSeries and of its one sample, and the sample.
constexpr std::size_t sample_bytes_max = 48;
constexpr std::size_t metadata_bytes_max = 48;  // beside its texts

std::size_t chunks_of(std::size_t all, std::size_t most) {
    return (all + most - 1) / most;
}

}  // namespace

// One round for each sample of the series that has most: no batch has two of one series.
void SeriesTable::Impl::flush() {
    while (!pending_.empty()) {
        const std::size_t samples_max = std::max<std::size_t>(limits_.batch_samples_max, 1);
        const std::size_t bytes_max = std::max<std::size_t>(limits_.batch_bytes_max, 1);
        const std::size_t all = pending_.queued();
        batch_target_ = chunks_of(
            all, std::max(chunks_of(all, samples_max), chunks_of(pending_.bytes(), bytes_max)));
        batch_target_ = std::min(batch_target_, samples_max);
        pending_.take_round([this](const PendingSamples::Sample& sample, Series& series) {
            write(sample, series);
        });
        close_batch();
    }
    // What is queued without a sample is a marker that was taken back.
    pending_.take_round([](const PendingSamples::Sample&, Series&) {});
    pending_.reset();
    if (frames_.any_done()) {
        static_cast<void>(flush_(nullptr, frames_.done()));
        frames_.clear_done();
    }
    frames_.compact();
    open_ = false;
}

void SeriesTable::Impl::write(const PendingSamples::Sample& sample, Series& series) {
    const bool is_marker = sample.kind == SampleKind::marker;
    const std::uint32_t family = is_marker ? no_place : series.final_family;
    const bool with_metadata = family != no_place && (family >= metadata_due_ns_.size() ||
                                                      now_ns_ >= metadata_due_ns_[family]);
    std::size_t bytes = series.labels_bytes + sample_bytes_max;
    if (with_metadata) {
        const MetricFamily& of = families_.at(family);
        bytes += of.name.size() + of.help.size() + of.unit.size() + metadata_bytes_max;
    }
    if (batch_samples_ >= batch_target_ ||
        batch_.size() + batch_metadata_.size() + bytes > limits_.batch_bytes_max) {
        close_batch();
    }
    const std::size_t before = batch_.size();
    append_series(series.labels(), sample.value, sample.timestamp_ms, batch_);
    batch_largest_bytes_ = std::max(batch_largest_bytes_, batch_.size() - before);
    if (with_metadata) {
        write_metadata(family);
    }
    const Timestamp received =
        sample.frame == FrameTally::no_frame ? wall_ : frames_.received_at(sample.frame);
    const bool first = batch_samples_ == 0;
    batch_oldest_ms_ =
        first ? sample.timestamp_ms : std::min(batch_oldest_ms_, sample.timestamp_ms);
    batch_newest_ms_ =
        first ? sample.timestamp_ms : std::max(batch_newest_ms_, sample.timestamp_ms);
    batch_received_ = first ? received : std::min(batch_received_, received);
    ++batch_samples_;
    if (is_marker) {
        batch_markers_.push_back(sample.place);
        // What the device says of the time after the marker's holds, whatever was repeated.
        series.own_ms = std::max(series.own_ms + 1, series.due_ms);
    }
    counts_.repeated += sample.kind == SampleKind::repeat ? 1 : 0;
    series.flushed_ms = sample.timestamp_ms;
    series.flushed_bits = std::bit_cast<std::uint64_t>(sample.value);
    frames_.release(sample.frame);
}

void SeriesTable::Impl::write_metadata(std::uint32_t family) {
    if (family >= metadata_due_ns_.size()) {
        metadata_due_ns_.resize(std::max(families_.size(), family + std::size_t{1}),
                                std::numeric_limits<std::int64_t>::min());
    }
    metadata_due_ns_[family] = now_ns_ + limits_.metadata_every_ns;
    append_family_metadata(families_.at(family), batch_metadata_);
    batch_families_.push_back(family);
}

void SeriesTable::Impl::close_batch() {
    if (batch_samples_ == 0) {
        return;
    }
    batch_.append(batch_metadata_.view());
    std::unique_ptr<Batch> batch =
        freeze_write_request(batch_.view(),
                             {.samples = batch_samples_,
                              .series = batch_samples_,
                              .largest_series_bytes = batch_largest_bytes_,
                              .oldest_ms = batch_oldest_ms_,
                              .newest_ms = batch_newest_ms_,
                              .first_received = batch_received_},
                             compressed_);
    batch->shard = options_.shard;
    batch->tenant = options_.tenant;
    const std::uint64_t samples = batch_samples_ - batch_markers_.size();
    const AppendVerdict verdict = flush_(std::move(batch), frames_.done());
    frames_.clear_done();
    ++counts_.batches;
    if (verdict == AppendVerdict::accepted) {
        counts_.appended += samples;
        counts_.stale_markers += batch_markers_.size();
    } else {
        note_not_taken(samples);
    }
    batch_.clear();
    batch_metadata_.clear();
    batch_families_.clear();
    batch_samples_ = 0;
    batch_markers_.clear();
    batch_largest_bytes_ = 0;
}

// Samples are lost, and counted. Metadata and markers are told again: a series that never ends is
// worse than a gap.
void SeriesTable::Impl::note_not_taken(std::uint64_t samples) {
    counts_.dropped[static_cast<std::size_t>(SampleDrop::log_full)] += samples;
    for (const std::uint32_t family : batch_families_) {
        metadata_due_ns_[family] = now_ns_;
    }
    for (const std::uint32_t place : batch_markers_) {
        Series& series = store_.at(place);
        if (series.state != SeriesState::live) {
            series.marker_due = true;
            series.due_ms = series.flushed_ms;
        }
    }
}

}  // namespace weir
