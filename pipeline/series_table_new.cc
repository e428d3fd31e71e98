#include "pipeline/series_labels.h"
#include "pipeline/series_table_impl.h"

#include <algorithm>

namespace weir {

namespace {

// When a series that found no place asks again.
constexpr std::int64_t refused_ns = 10 * ns_per_s;
constexpr std::int64_t clash_ns = 60 * ns_per_s;

std::uint64_t limit_key(std::uint32_t device, std::uint32_t rule) {
    return std::uint64_t{device} << 32U | rule;
}

bool is_limit(SampleDrop why) {
    return why == SampleDrop::rule_limit || why == SampleDrop::series_max ||
           why == SampleDrop::series_per_device_max;
}

}  // namespace

// `place` is that of the series as other rules made it, or no_place.
std::uint32_t SeriesTable::Impl::settle(const SeriesKey& key, std::uint64_t hash,
                                        const MetricSample& sample, std::uint32_t place) {
    if (place == no_place) {
        if (const std::optional<SampleDrop> why = refused_.find(hash, now_ns_)) {
            drop(*why);
            return no_place;
        }
    }
    std::optional<SampleDrop> why = shape(sample);
    if (!why && is_over_rule_limit()) {
        why = SampleDrop::rule_limit;
    }
    if (place != no_place) {
        Series& known = store_.at(place);
        if (!why && known.labels() == shape_.labels.view()) {
            known.rules_generation = rules_generation_;
            take_rule_limits(place);
            return place;
        }
        retire(place, sample.timestamp_ms);
    }
    if (!why) {
        why = no_room();
    }
    if (why) {
        refuse(hash, *why);
        drop(*why);
        return no_place;
    }
    return add(key);
}

// One that ended under the same name is succeeded: its last time still counts, and its marker, if
// it waits, is due until the new one has a sample.
std::uint32_t SeriesTable::Impl::add(const SeriesKey& key) {
    Series past;
    const std::uint32_t former = store_.find_identity(shape_.labels.view());
    if (former != no_place) {
        if (store_.at(former).pending > 0) {
            flush();
        }
        const Series& ended = store_.at(former);
        past.flushed_ms = ended.flushed_ms;
        past.flushed_bits = ended.flushed_bits;
        past.marker_due = ended.marker_due;
        past.due_ms = ended.due_ms;
        past.repeated = ended.repeated;
        past.own_ms = ended.own_ms;
        remove(former);
    }
    Device& device = devices_[key.device];
    const std::uint32_t place =
        store_.add(key, shape_.labels.view(), shape_.raw_labels.view(), device.first_group);
    ++device.series;
    Series& series = store_.at(place);
    series.rules_generation = rules_generation_;
    series.final_family = shape_.family;
    series.flushed_ms = past.flushed_ms;
    series.flushed_bits = past.flushed_bits;
    series.marker_due = past.marker_due;
    series.due_ms = past.due_ms;
    series.repeated = past.repeated;
    series.own_ms = past.own_ms;
    series.ended_s = to_s(now_ns_);
    take_rule_limits(place);
    return place;
}

// The series' labels as the rules want them, into shape_.
std::optional<SampleDrop> SeriesTable::Impl::shape(const MetricSample& sample) {
    const MetricFamily& family = *sample.family;
    shape_.labels.clear();
    shape_.raw_labels.clear();
    shape_.limits.clear();
    shape_.family = family.number;
    if (rules_ == nullptr) {
        append_series_labels(family.name, sample.labels, scratch_, shape_.labels);
        return {};
    }
    std::string name = family.name;
    Labels labels;
    for (const MetricLabel& label : sample.labels) {
        labels.emplace(label.name, label.value);
    }
    MetricRuleVerdict verdict = rules_->apply(name, labels);
    if (verdict.dropped) {
        return SampleDrop::rule;
    }
    shape_.limits = std::move(verdict.limits);
    ruled_.clear();
    for (const auto& [label, value] : labels) {
        ruled_.push_back({.name = label, .value = value});
    }
    append_series_labels(name, ruled_, scratch_, shape_.labels);
    if (name != family.name) {
        // In a table that is full the series has no metadata, which does no harm.
        const MetricFamily* renamed = families_.intern(
            {.name = name, .type = family.type, .unit = family.unit, .help = family.help});
        shape_.family = renamed == nullptr ? no_place : renamed->number;
    }
    if (!std::equal(ruled_.begin(), ruled_.end(), sample.labels.begin(), sample.labels.end())) {
        append_series_labels(family.name, sample.labels, scratch_, shape_.raw_labels);
    }
    return {};
}

bool SeriesTable::Impl::is_over_rule_limit() const {
    return std::any_of(shape_.limits.begin(), shape_.limits.end(), [this](std::uint32_t rule) {
        const auto found = limit_counts_.find(limit_key(device_, rule));
        return (found == limit_counts_.end() ? 0 : found->second) >=
               rules_->rules()[rule].series_max;
    });
}

std::optional<SampleDrop> SeriesTable::Impl::no_room() {
    const std::uint32_t holder = store_.find_identity(shape_.labels.view());
    if (holder != no_place && store_.at(holder).state == SeriesState::live) {
        return SampleDrop::name_clash;
    }
    // New rules may rename all series at once, and then again.
    if (store_.size() - retired_ >= limits_.series_max || store_.size() >= 2 * limits_.series_max) {
        return SampleDrop::series_max;
    }
    if (devices_[device_].series >= limits_.series_per_device_max) {
        return SampleDrop::series_per_device_max;
    }
    return {};
}

void SeriesTable::Impl::refuse(std::uint64_t hash, SampleDrop why) {
    std::int64_t until_ns = std::numeric_limits<std::int64_t>::max();  // until other rules come
    if (why != SampleDrop::rule) {
        until_ns = now_ns_ + (why == SampleDrop::name_clash ? clash_ns : refused_ns);
    }
    if (refused_.put(hash, why, until_ns, limits_.series_max) && is_limit(why)) {
        ++devices_[device_].refused;
    }
}

void SeriesTable::Impl::take_rule_limits(std::uint32_t place) {
    if (shape_.limits.empty()) {
        return;
    }
    for (const std::uint32_t rule : shape_.limits) {
        ++limit_counts_[limit_key(device_, rule)];
    }
    limits_of_[place] = shape_.limits;
}

void SeriesTable::Impl::give_rule_limits(std::uint32_t place, DeviceId device) {
    const auto found = limits_of_.find(place);
    if (found == limits_of_.end()) {
        return;
    }
    for (const std::uint32_t rule : found->second) {
        const auto count = limit_counts_.find(limit_key(device, rule));
        if (--count->second == 0) {
            limit_counts_.erase(count);
        }
    }
    limits_of_.erase(found);
}

}  // namespace weir
