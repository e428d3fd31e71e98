#include "pipeline/telemetry_labels.h"

#include "core/assert.h"
#include "pipeline/interface_name.h"

#include <algorithm>

namespace weir {

namespace {

bool by_name(const MetricLabel& one, const MetricLabel& other) {
    return one.name < other.name;
}

const MetricLabel* find_in(std::span<const MetricLabel> labels, std::string_view name) {
    for (const MetricLabel& label : labels) {
        if (label.name == name) {
            return &label;
        }
    }
    return nullptr;
}

}  // namespace

void TelemetryLabels::begin(std::span<const MetricLabel> source) {
    labels_.assign(source.begin(), source.end());
    frames_.clear();
    kept_count_ = 0;
    frames_.push_back({.number = ++numbers_});
    // A row's elements are above the device's own labels even if the row has no keys.
    push();
}

void TelemetryLabels::push_copy(std::size_t begin, std::size_t end, bool refused) {
    const std::size_t at = labels_.size();
    // Within its own storage: reserve first, or the source moves.
    labels_.reserve(at + (end - begin) + limits_.labels_max);
    for (std::size_t each = begin; each < end; ++each) {
        labels_.push_back(labels_[each]);
    }
    frames_.push_back({.begin = at, .kept = kept_count_, .number = ++numbers_, .refused = refused});
}

void TelemetryLabels::push() {
    const Frame& inner = frames_.back();
    const std::uint64_t hash = inner.hash;
    const bool hashed = inner.hashed;
    push_copy(inner.begin, labels_.size(), inner.refused);
    frames_.back().hash = hash;
    frames_.back().hashed = hashed;
}

void TelemetryLabels::push_source() {
    push_copy(0, frames_[1].begin, false);
}

void TelemetryLabels::pop() {
    WEIR_ASSERT(frames_.size() > 2);
    labels_.resize(frames_.back().begin);
    kept_count_ = frames_.back().kept;
    frames_.pop_back();
}

std::span<const MetricLabel> TelemetryLabels::all() const {
    return std::span(labels_).subspan(frames_.back().begin);
}

const MetricLabel* TelemetryLabels::find(std::string_view name) const {
    return find_in(all(), name);
}

bool TelemetryLabels::is_of_source(std::string_view name) const {
    return find_in(std::span(labels_).first(frames_[1].begin), name) != nullptr;
}

bool TelemetryLabels::fits(std::size_t more) const {
    return all().size() + more + 1 <= limits_.labels_max;
}

void TelemetryLabels::insert(std::string_view name, std::string_view value) {
    const auto begin = labels_.begin() + static_cast<std::ptrdiff_t>(frames_.back().begin);
    const MetricLabel label{.name = name, .value = value};
    labels_.insert(std::upper_bound(begin, labels_.end(), label, by_name), label);
    Frame& frame = frames_.back();
    frame.hashed = false;
    frame.number = ++numbers_;
}

void TelemetryLabels::add(const KeyLabel& key, std::string_view value) {
    if (value.empty()) {
        return;
    }
    if (!fits(1) || value.size() > limits_.value_bytes_max) {
        frames_.back().refused = true;
        return;
    }
    if (find(key.name) == nullptr) {
        insert(key.name, value);
    } else if (is_of_source(key.name) && find(key.exported) == nullptr) {
        insert(key.exported, value);
    } else if (find(key.long_name) == nullptr) {
        insert(key.long_name, value);
    } else {
        frames_.back().refused = true;
    }
}

std::string_view TelemetryLabels::keep(std::string_view text) {
    if (kept_count_ == kept_.size()) {
        kept_.emplace_back();
    }
    std::string& place = kept_[kept_count_];
    ++kept_count_;
    place.assign(text);
    return place;
}

std::uint64_t TelemetryLabels::hash() {
    Frame& frame = frames_.back();
    if (!frame.hashed) {
        frame.hash = metric_labels_hash(all(), seed_);
        frame.hashed = true;
    }
    return frame.hash;
}

std::span<MetricLabel> TelemetryLabels::with(std::span<const MetricLabel> more) {
    const std::span<const MetricLabel> own = all();
    with_.assign(own.begin(), own.end());
    for (const MetricLabel& label : more) {
        with_.insert(std::upper_bound(with_.begin(), with_.end(), label, by_name), label);
    }
    return with_;
}

std::span<const MetricLabel> TelemetryLabels::normalised() {
    if (normalised_of_ == frames_.back().number) {
        return normalised_;
    }
    normalised_of_ = frames_.back().number;
    normalised_.clear();
    const MetricLabel* interface = find("interface");
    if (interface == nullptr || is_of_source("interface")) {
        return normalised_;
    }
    normalise_interface(interface->value, interface_);
    const std::span<const MetricLabel> own = all();
    normalised_.assign(own.begin(), own.end());
    for (MetricLabel& label : normalised_) {
        if (label.name == "interface") {
            label.value = interface_;
        }
    }
    normalised_hash_ = metric_labels_hash(normalised_, seed_);
    return normalised_;
}

}  // namespace weir
