#include "pipeline/series_table.h"

#include "pipeline/series_table_impl.h"

#include <utility>

namespace weir {

std::string_view sample_drop_name(SampleDrop drop) {
    switch (drop) {
        case SampleDrop::duplicate:
            return "duplicate";
        case SampleDrop::conflict:
            return "conflict";
        case SampleDrop::out_of_order:
            return "out_of_order";
        case SampleDrop::rule:
            return "rule";
        case SampleDrop::rule_limit:
            return "rule_limit";
        case SampleDrop::series_max:
            return "series_max";
        case SampleDrop::series_per_device_max:
            return "series_per_device_max";
        case SampleDrop::devices_max:
            return "devices_max";
        case SampleDrop::name_clash:
            return "name_clash";
        case SampleDrop::log_full:
            return "log_full";
    }
    return "unknown";
}

SeriesTable::Impl::Impl(Options options, MetricFamilies& families, Flush flush)
    : options_(std::move(options)),
      limits_(options_.limits),
      families_(families),
      flush_(std::move(flush)),
      store_(options_.seed),
      frames_(options_.listeners),
      pending_(store_, frames_) {}

void SeriesTable::Impl::reconfigure(const SeriesLimits& limits,
                                    std::shared_ptr<const MetricRules> rules) {
    flush();
    limits_ = limits;
    refused_.clear();
    if (rules == rules_) {
        return;
    }
    rules_ = std::move(rules);
    ++rules_generation_;
    // Counted anew as each series comes by.
    limit_counts_.clear();
    limits_of_.clear();
}

void SeriesTable::Impl::begin(DeviceId device, FeedId feed, std::int64_t now_ns,
                              Timestamp received_at) {
    device_ = device;
    feed_ = feed;
    now_ns_ = now_ns;
    wall_ = received_at;
    frames_.begin(received_at);
    if (device != none) {
        devices_[device].heard_ns = now_ns;
        begin_clock_window(devices_[device]);
    }
}

void SeriesTable::Impl::sample(const MetricSample& sample) {
    ++counts_.given;
    if (device_ == none) [[unlikely]] {
        drop(SampleDrop::devices_max);
        return;
    }
    const SeriesKey key{
        .labels_hash = sample.labels_hash, .family = sample.family->number, .device = device_};
    std::uint32_t place =
        store_.follows(last_place_, key) ? last_place_ + 1 : store_.find(key, key.hash());
    if (place == no_place || store_.at(place).rules_generation != rules_generation_) [[unlikely]] {
        place = settle(key, key.hash(), sample, place);
        if (place == no_place) {
            return;
        }
    }
    last_place_ = place;
    touch(store_.at(place));
    append(place, sample.timestamp_ms, sample.value);
}

// Whatever becomes of the sample: a series that is given is not absent.
void SeriesTable::Impl::touch(Series& series) {
    series.seen_ns = now_ns_;
    if (feed_ == none) {
        return;
    }
    Feed& feed = feeds_[feed_];
    if (series.feed != feed_) {
        if (series.state == SeriesState::live) {
            ++feed.series;
            if (series.feed != no_place) {
                --feeds_[series.feed].series;
            }
        }
        series.feed = feed_;
        series.collection = feed.collection - 1;
    }
    if (series.collection != feed.collection) {
        series.collection = feed.collection;
        ++feed.touched;
    }
}

void SeriesTable::Impl::append(std::uint32_t place, std::int64_t timestamp_ms, double value) {
    const PendingSamples::Sample sample{
        .timestamp_ms = timestamp_ms, .value = value, .place = place};
    const std::size_t markers = pending_.markers();
    PushVerdict verdict = pending_.push(sample);
    if (verdict == PushVerdict::full) [[unlikely]] {
        flush();
        verdict = pending_.push(sample);
    } else if (pending_.markers() < markers && !is_added(verdict)) {
        store_.at(place).marker_due = true;  // taken back for a sample that was none
    }
    switch (verdict) {
        case PushVerdict::duplicate:
            return drop(SampleDrop::duplicate);
        case PushVerdict::conflict:
            return drop(SampleDrop::conflict);
        case PushVerdict::out_of_order:
        case PushVerdict::full:  // not after a flush
            return drop(SampleDrop::out_of_order);
        case PushVerdict::retimed:
            ++counts_.retimed;
            break;
        case PushVerdict::added:
            break;
    }
    note_clock(devices_[device_], timestamp_ms);
    Series& series = store_.at(place);
    if (series.state == SeriesState::stale) {
        make_live(series);
    }
    note_open();
}

void SeriesTable::Impl::note_open() {
    if (!open_) {
        open_ = true;
        opened_ns_ = now_ns_;
    }
}

void SeriesTable::Impl::end_frame(std::uint32_t listener) {
    frames_.end(listener);
    note_open();
    flush_if_full();
}

// Between messages only, so that samples of one series may stand in any order within one.
void SeriesTable::Impl::flush_if_full() {
    if (pending_.all() >= limits_.batch_samples_max ||
        pending_.bytes() >= limits_.batch_bytes_max) {
        flush();
    }
}

void SeriesTable::Impl::tick(std::int64_t now_ns, Timestamp now) {
    now_ns_ = now_ns;
    wall_ = now;
    sweep();
    sweep_devices();
    flush_if_full();
    if (open_ && now_ns - opened_ns_ >= limits_.batch_age_max_ns) {
        flush();
    }
}

const SeriesCounts& SeriesTable::Impl::counts() {
    counts_.waiting = pending_.waiting();
    counts_.stale_waiting = pending_.markers();
    return counts_;
}

SeriesTable::SeriesTable(Options options, MetricFamilies& families, Flush flush)
    : impl_(std::make_unique<Impl>(std::move(options), families, std::move(flush))) {}

SeriesTable::~SeriesTable() = default;

void SeriesTable::reconfigure(const SeriesLimits& limits,
                              std::shared_ptr<const MetricRules> rules) {
    impl_->reconfigure(limits, std::move(rules));
}

SeriesTable::DeviceId SeriesTable::device(std::string_view name) {
    return impl_->device(name);
}

void SeriesTable::device_connected(DeviceId device) {
    impl_->device_connected(device);
}

void SeriesTable::device_disconnected(DeviceId device, std::int64_t now_ns) {
    impl_->device_disconnected(device, now_ns);
}

void SeriesTable::note_pause(std::int64_t now_ns) {
    impl_->note_pause(now_ns);
}

SeriesTable::FeedId SeriesTable::feed(DeviceId device, std::string_view key,
                                      std::uint64_t collection_id, std::int64_t now_ns) {
    return impl_->feed(device, key, collection_id, now_ns);
}

void SeriesTable::begin(DeviceId device, FeedId feed, std::int64_t now_ns, Timestamp received_at) {
    impl_->begin(device, feed, now_ns, received_at);
}

void SeriesTable::sample(const MetricSample& sample) {
    impl_->sample(sample);
}

void SeriesTable::vanish(const MetricSelector& gone) {
    impl_->vanish(gone);
}

void SeriesTable::end_frame(std::uint32_t listener) {
    impl_->end_frame(listener);
}

void SeriesTable::tick(std::int64_t now_ns, Timestamp now) {
    impl_->tick(now_ns, now);
}

void SeriesTable::flush() {
    impl_->flush();
}

const SeriesCounts& SeriesTable::counts() const {
    return impl_->counts();
}

std::size_t SeriesTable::memory_bytes() const {
    return impl_->memory_bytes();
}

std::vector<SeriesTable::DeviceStatus> SeriesTable::devices() const {
    return impl_->devices();
}

}  // namespace weir
