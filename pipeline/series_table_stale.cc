#include "pipeline/remote_write.h"
#include "pipeline/series_labels.h"
#include "pipeline/series_table_impl.h"

#include <algorithm>
#include <xxhash.h>

namespace weir {

namespace {

// Series looked at in a tick: so many that every one's turn comes within the pass, in these bounds.
constexpr std::int64_t sweep_pass_ns = 4 * ns_per_s;
constexpr std::uint32_t sweep_series_min = 256;
constexpr std::uint32_t sweep_series_max = 4096;
constexpr std::uint32_t sweep_devices_max = 64;
constexpr std::int64_t retired_ns = 60 * ns_per_s;
constexpr std::size_t feeds_per_device_max = 256;
// A device may delete as much as it likes; what that may cost in a second is about 0.1 s.
constexpr std::size_t vanish_visits_per_s = 1'000'000;

std::uint64_t name_hash(std::string_view name, std::uint64_t seed) {
    return XXH3_64bits_withSeed(name.data(), name.size(), seed);
}

}  // namespace

SeriesTable::DeviceId SeriesTable::Impl::device(std::string_view name) {
    const std::uint64_t hash = name_hash(name, options_.seed);
    const DeviceId known =
        by_name_.find(hash, [&](DeviceId id) { return devices_[id].name == name; });
    if (known != none) {
        return known;
    }
    if (name.empty() || by_name_.size() >= limits_.devices_max) {
        return none;
    }
    auto id = static_cast<DeviceId>(devices_.size());
    if (free_devices_.empty()) {
        devices_.emplace_back();
    } else {
        id = free_devices_.back();
        free_devices_.pop_back();
    }
    devices_[id] = {.name = std::string(name), .heard_ns = now_ns_, .ahead_since_ns = now_ns_};
    by_name_.insert(hash, id);
    ++counts_.devices;
    return id;
}

void SeriesTable::Impl::device_connected(DeviceId device) {
    if (device != none) {
        ++devices_[device].sessions;
        devices_[device].disconnected_ns = 0;
    }
}

void SeriesTable::Impl::device_disconnected(DeviceId device, std::int64_t now_ns) {
    // It may have connected when there was no place for it, and have one now.
    if (device == none || devices_[device].sessions == 0) {
        return;
    }
    if (--devices_[device].sessions == 0) {
        devices_[device].disconnected_ns = now_ns;
    }
}

SeriesTable::FeedId SeriesTable::Impl::feed(DeviceId device, std::string_view key,
                                            std::uint64_t collection_id, std::int64_t now_ns) {
    if (device == none) {
        return none;
    }
    const std::uint64_t hash = name_hash(key, options_.seed + device);
    FeedId id = by_feed_.find(
        hash, [&](FeedId at) { return feeds_[at].device == device && feeds_[at].key == key; });
    if (id == none) {
        if (devices_[device].feeds.size() >= feeds_per_device_max) {
            return none;
        }
        id = static_cast<FeedId>(feeds_.size());
        if (free_feeds_.empty()) {
            feeds_.emplace_back();
        } else {
            id = free_feeds_.back();
            free_feeds_.pop_back();
        }
        feeds_[id] = {.device = device, .key = std::string(key)};
        devices_[device].feeds.push_back(id);
        by_feed_.insert(hash, id);
    }
    Feed& feed = feeds_[id];
    if (feed.rhythm.message(collection_id, now_ns, feed.touched * 2 >= feed.series)) {
        ++feed.collection;
        feed.touched = 0;
    }
    return id;
}

void SeriesTable::Impl::make_live(Series& series) {
    series.state = SeriesState::live;
    series.marker_due = false;
    ++counts_.series;
    if (series.feed != no_place) {
        ++feeds_[series.feed].series;
    }
}

// The series is stale from now on; its marker goes out as soon as it can be newer than the last
// sample without lying in the future.
void SeriesTable::Impl::end_series(std::uint32_t place, std::int64_t marker_ms) {
    Series& series = store_.at(place);
    series.state = SeriesState::stale;
    series.ended_s = to_s(now_ns_);
    --counts_.series;
    if (series.feed != no_place) {
        --feeds_[series.feed].series;
    }
    series.marker_due = true;
    series.due_ms = marker_ms;
    try_marker(place);
}

void SeriesTable::Impl::try_marker(std::uint32_t place) {
    Series& series = store_.at(place);
    const std::int64_t newest_ms = pending_.newest_ms(series);
    const std::int64_t wall_ms = wall_.unix_ns / ns_per_ms;
    if (newest_ms >= wall_ms) {
        return;
    }
    series.due_ms = std::min(series.due_ms, wall_ms);
    push_unasked({.timestamp_ms = std::max(newest_ms + 1, series.due_ms),
                  .value = stale_marker(),
                  .place = place,
                  .kind = SampleKind::marker});
    series.marker_due = false;
}

// Newer than all of its series.
void SeriesTable::Impl::push_unasked(const PendingSamples::Sample& sample) {
    if (pending_.push(sample) == PushVerdict::full) {
        flush();
        static_cast<void>(pending_.push(sample));
    }
    note_open();
}

void SeriesTable::Impl::retire(std::uint32_t place, std::int64_t marker_ms) {
    if (store_.at(place).state == SeriesState::live) {
        end_series(place, marker_ms);
    }
    Series& series = store_.at(place);
    series.ended_s = to_s(now_ns_);
    store_.retire(place);
    ++retired_;
    --devices_[series.key.device].series;
    give_rule_limits(place, series.key.device);
}

void SeriesTable::Impl::remove(std::uint32_t place) {
    const DeviceId id = store_.at(place).key.device;
    Device& device = devices_[id];
    if (store_.at(place).state == SeriesState::retired) {
        --retired_;
    } else {
        --device.series;
        give_rule_limits(place, id);
    }
    store_.remove(place, device.first_group);
}

void SeriesTable::Impl::vanish(const MetricSelector& gone) {
    if (device_ == none) {
        return;
    }
    Device& device = devices_[device_];
    if (now_ns_ - device.vanish_second_ns >= ns_per_s) {
        device.vanish_second_ns = now_ns_;
        device.vanish_visits = 0;
    }
    if (device.vanish_visits >= vanish_visits_per_s) {
        ++counts_.vanish_skipped;
        return;
    }
    for (std::uint32_t at = device.first_group; at != no_place;) {
        const SeriesStore::Group& group = store_.group(at);
        at = group.next_of_device;
        ++device.vanish_visits;
        const std::string_view name = families_.at(group.family).name;
        const bool below = gone.below && (gone.name.empty() || (name.size() > gone.name.size() &&
                                                                name[gone.name.size()] == '_'));
        if (name.starts_with(gone.name) && (below || name.size() == gone.name.size())) {
            device.vanish_visits += vanish_group(group, gone);
        }
    }
}

// How many series were looked at.
std::size_t SeriesTable::Impl::vanish_group(const SeriesStore::Group& group,
                                            const MetricSelector& gone) {
    std::size_t visits = 0;
    for (std::uint32_t place = group.first; place != no_place; ++visits) {
        const Series& series = store_.at(place);
        const std::uint32_t next = series.next_of_group;
        const std::int64_t newest_ms = pending_.own_ms(series);
        // What was measured after the deletion has come back already.
        if (series.state == SeriesState::live &&
            (gone.timestamp_ms == 0 || gone.timestamp_ms >= newest_ms) &&
            has_series_labels(series.raw_labels(), gone.labels)) {
            end_series(place, gone.timestamp_ms);
        }
        place = next;
    }
    return visits;
}

// When the series ended, in the device's own time, if its silence means that; else nothing.
std::optional<std::int64_t> SeriesTable::Impl::silent_marker_ms(const Series& series) const {
    const Device& device = devices_[series.key.device];
    const std::int64_t seen_ms = pending_.own_ms(series);
    if (device.disconnected_ns != 0 && device.disconnected_ns >= series.seen_ns &&
        now_ns_ - device.disconnected_ns >= limits_.stale_disconnect_ns) {
        return seen_ms + (device.disconnected_ns - series.seen_ns) / ns_per_ms;
    }
    const std::int64_t silent_ns = now_ns_ - std::max(series.seen_ns, pause_ns_);
    const std::int64_t interval_ns =
        series.feed == no_place ? 0 : feeds_[series.feed].rhythm.interval_ns();
    if (interval_ns > 0 &&
        silent_ns > std::max(limits_.stale_min_ns, limits_.stale_intervals * interval_ns)) {
        return seen_ms +
               (now_ns_ - series.seen_ns - std::min(interval_ns, late_max_ns)) / ns_per_ms;
    }
    // Over UDP nobody says goodbye.
    if (device.sessions == 0 && now_ns_ - std::max(device.heard_ns, pause_ns_) >=
                                    std::max(limits_.forget_after_ns, limits_.stale_min_ns)) {
        return seen_ms + (now_ns_ - series.seen_ns) / ns_per_ms;
    }
    return {};
}

void SeriesTable::Impl::sweep() {
    const std::uint32_t places = store_.places();
    const std::int64_t since_ns = std::clamp<std::int64_t>(now_ns_ - swept_ns_, 0, sweep_pass_ns);
    swept_ns_ = now_ns_;
    const auto due = static_cast<std::uint32_t>(places * since_ns / sweep_pass_ns);
    const std::uint32_t count =
        std::min(std::clamp(due, sweep_series_min, sweep_series_max), places);
    for (std::uint32_t i = 0; i < count; ++i) {
        sweep_at_ = sweep_at_ + 1 >= store_.places() ? 0 : sweep_at_ + 1;
        sweep_one(sweep_at_);
    }
}

void SeriesTable::Impl::sweep_one(std::uint32_t place) {
    Series& series = store_.at(place);
    if (series.state == SeriesState::free) {
        return;
    }
    if (series.state == SeriesState::live) {
        if (const std::optional<std::int64_t> marker_ms = silent_marker_ms(series)) {
            end_series(place, *marker_ms);
        } else {
            repeat_if_due(place);
        }
        return;
    }
    if (series.marker_due) {
        try_marker(place);
        return;
    }
    const std::int64_t kept_ns = series.state == SeriesState::retired
                                     ? std::min(retired_ns, limits_.forget_after_ns)
                                     : limits_.forget_after_ns;
    if (series.pending == 0 && now_ns_ - series.ended_s * ns_per_s >= kept_ns) {
        remove(place);
    }
}

void SeriesTable::Impl::sweep_devices() {
    const auto count = static_cast<std::uint32_t>(devices_.size());
    for (std::uint32_t i = 0; i < std::min(sweep_devices_max, count); ++i) {
        sweep_device_at_ = sweep_device_at_ + 1 >= count ? 0 : sweep_device_at_ + 1;
        const Device& device = devices_[sweep_device_at_];
        if (!device.name.empty() && device.first_group == no_place && device.sessions == 0 &&
            now_ns_ - device.heard_ns >= limits_.forget_after_ns) {
            forget_device(sweep_device_at_);
        }
    }
}

void SeriesTable::Impl::forget_device(DeviceId id) {
    Device& device = devices_[id];
    for (const FeedId feed : device.feeds) {
        by_feed_.erase(name_hash(feeds_[feed].key, options_.seed + id), feed);
        feeds_[feed] = {};
        free_feeds_.push_back(feed);
    }
    by_name_.erase(name_hash(device.name, options_.seed), id);
    device = {};
    free_devices_.push_back(id);
    --counts_.devices;
    if (device_ == id) {
        device_ = none;
    }
}

std::size_t SeriesTable::Impl::memory_bytes() const {
    std::size_t bytes = store_.memory_bytes() + pending_.memory_bytes() + frames_.memory_bytes() +
                        refused_.memory_bytes() + by_name_.memory_bytes() +
                        by_feed_.memory_bytes() + batch_.capacity() + batch_metadata_.capacity() +
                        compressed_.capacity() + devices_.capacity() * sizeof(Device) +
                        feeds_.capacity() * sizeof(Feed) +
                        metadata_due_ns_.capacity() * sizeof(std::int64_t);
    for (const Feed& feed : feeds_) {
        bytes += feed.key.capacity() + sizeof(FeedId);
    }
    for (const Device& device : devices_) {
        bytes += device.name.capacity();
    }
    return bytes;
}

std::vector<SeriesTable::DeviceStatus> SeriesTable::Impl::devices() const {
    std::vector<DeviceStatus> all;
    for (const Device& device : devices_) {
        if (device.name.empty()) {
            continue;
        }
        DeviceStatus& status = all.emplace_back();
        status.name = device.name;
        status.series = device.series;
        status.refused = device.refused;
        for (const FeedId id : device.feeds) {
            const Feed& feed = feeds_[id];
            status.feeds.push_back({.key = feed.key,
                                    .interval_ns = feed.rhythm.interval_ns(),
                                    .last_ns = feed.rhythm.last_ns(),
                                    .missed = feed.rhythm.missed()});
        }
    }
    return all;
}

}  // namespace weir
