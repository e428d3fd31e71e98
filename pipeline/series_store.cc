#include "pipeline/series_store.h"

#include "core/assert.h"

#include <algorithm>
#include <xxhash.h>

namespace weir {

namespace {

// What malloc takes beside the bytes.
constexpr std::size_t allocation_bytes = 16;

std::uint64_t group_hash(std::uint32_t family, std::uint32_t device) {
    return SeriesKey{.family = family, .device = device}.hash();
}

}  // namespace

std::uint64_t SeriesStore::identity_hash(std::string_view labels) const {
    return XXH3_64bits_withSeed(labels.data(), labels.size(), seed_);
}

std::uint32_t SeriesStore::find_identity(std::string_view labels) {
    return by_identity_.find(identity_hash(labels),
                             [&](std::uint32_t place) { return at(place).labels() == labels; });
}

std::uint32_t SeriesStore::add(const SeriesKey& key, std::string_view labels,
                               std::string_view raw_labels, std::uint32_t& first_group) {
    std::uint32_t place = places_;
    if (free_.empty()) {
        if (places_ % slab_size == 0) {
            slabs_.push_back(std::make_unique<Series[]>(slab_size));
        }
        ++places_;
    } else {
        place = free_.back();
        free_.pop_back();
    }
    Series& series = at(place);
    series = Series{};
    series.key = key;
    series.state = SeriesState::stale;  // until it has its first sample
    series.labels_bytes = static_cast<std::uint32_t>(labels.size());
    series.raw_bytes = static_cast<std::uint32_t>(raw_labels.size());
    series.bytes = std::make_unique_for_overwrite<char[]>(labels.size() + raw_labels.size());
    std::copy(raw_labels.begin(), raw_labels.end(),
              std::copy(labels.begin(), labels.end(), series.bytes.get()));
    series.identity_hash = identity_hash(labels);
    by_key_.insert(key.hash(), place);
    by_identity_.insert(series.identity_hash, place);
    series.group = group_of(key, first_group);
    Group& group = groups_[series.group];
    series.next_of_group = group.first;
    if (group.first != no_place) {
        at(group.first).previous_of_group = place;
    }
    group.first = place;
    labels_bytes_ += labels.size() + raw_labels.size() + allocation_bytes;
    ++size_;
    return place;
}

void SeriesStore::retire(std::uint32_t place) {
    Series& series = at(place);
    WEIR_ASSERT(series.state == SeriesState::live || series.state == SeriesState::stale);
    by_key_.erase(series.key.hash(), place);
    series.state = SeriesState::retired;
}

void SeriesStore::remove(std::uint32_t place, std::uint32_t& first_group) {
    Series& series = at(place);
    WEIR_ASSERT(series.state != SeriesState::free && series.pending == 0);
    if (series.state != SeriesState::retired) {
        by_key_.erase(series.key.hash(), place);
    }
    by_identity_.erase(series.identity_hash, place);
    leave_group(series, first_group);
    labels_bytes_ -= series.labels_bytes + series.raw_bytes + allocation_bytes;
    series = Series{};
    free_.push_back(place);
    --size_;
}

std::uint32_t SeriesStore::group_of(const SeriesKey& key, std::uint32_t& first_group) {
    const std::uint64_t hash = group_hash(key.family, key.device);
    const std::uint32_t found = by_group_.find(hash, [&](std::uint32_t group) {
        return groups_[group].family == key.family && groups_[group].device == key.device;
    });
    if (found != no_place) {
        return found;
    }
    auto index = static_cast<std::uint32_t>(groups_.size());
    if (free_groups_.empty()) {
        groups_.emplace_back();
    } else {
        index = free_groups_.back();
        free_groups_.pop_back();
    }
    groups_[index] = {.family = key.family, .device = key.device, .next_of_device = first_group};
    if (first_group != no_place) {
        groups_[first_group].previous_of_device = index;
    }
    first_group = index;
    by_group_.insert(hash, index);
    return index;
}

void SeriesStore::leave_group(Series& series, std::uint32_t& first_group) {
    Group& group = groups_[series.group];
    (series.previous_of_group == no_place ? group.first
                                          : at(series.previous_of_group).next_of_group) =
        series.next_of_group;
    if (series.next_of_group != no_place) {
        at(series.next_of_group).previous_of_group = series.previous_of_group;
    }
    if (group.first != no_place) {
        return;
    }
    (group.previous_of_device == no_place ? first_group
                                          : groups_[group.previous_of_device].next_of_device) =
        group.next_of_device;
    if (group.next_of_device != no_place) {
        groups_[group.next_of_device].previous_of_device = group.previous_of_device;
    }
    by_group_.erase(group_hash(group.family, group.device), series.group);
    free_groups_.push_back(series.group);
}

std::size_t SeriesStore::memory_bytes() const {
    return slabs_.size() * slab_size * sizeof(Series) + labels_bytes_ +
           free_.capacity() * sizeof(std::uint32_t) + by_key_.memory_bytes() +
           by_identity_.memory_bytes() + by_group_.memory_bytes() +
           groups_.capacity() * sizeof(Group) + free_groups_.capacity() * sizeof(std::uint32_t);
}

}  // namespace weir
