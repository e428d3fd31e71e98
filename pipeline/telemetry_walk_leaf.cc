// TelemetryWalk: the leaves.
#include "core/text.h"
#include "pipeline/telemetry_names.h"
#include "pipeline/telemetry_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <xxhash.h>

namespace weir {

void TelemetryWalk::skip(LeafSkip reason, std::uint64_t leaves) {
    counts_.leaves += leaves;
    sink_->skip(reason, leaves);
}

void TelemetryWalk::skip(TelemetryPath& path, LeafSkip reason) {
    ++path.skipped;
    path.skipped_for = reason;
    skip(reason, 1);
}

// Every node without children is a leaf.
void TelemetryWalk::skip_below(TelemetryNodes nodes, LeafSkip reason) {
    const auto leaves = static_cast<std::uint64_t>(std::count_if(
        nodes.begin(), nodes.end(), [](const TelemetryNode& node) { return node.size == 1; }));
    if (leaves > 0) {
        skip(reason, leaves);
    }
}

// They said what is gone.
void TelemetryWalk::map_below(TelemetryNodes nodes) {
    const auto leaves = static_cast<std::uint64_t>(std::count_if(
        nodes.begin(), nodes.end(), [](const TelemetryNode& node) { return node.size == 1; }));
    counts_.leaves += leaves;
    counts_.mapped += leaves;
}

void TelemetryWalk::event(std::string_view line) {
    sink_->event({.line = line, .timestamp_ms = time_ms_, .encoding_path = header_->encoding_path});
}

void TelemetryWalk::sample(const MetricFamily& family, double value) {
    sink_->sample({.family = &family,
                   .labels = labels_.all(),
                   .labels_hash = labels_.hash(),
                   .value = value,
                   .timestamp_ms = time_ms_});
}

// Counts the leaf where it has none.
bool TelemetryWalk::has_family(TelemetryPath& path, TelemetryLeaf& leaf) {
    if (leaf.family == nullptr && !leaf.refused) {
        paths_.name_leaf(path, leaf);
    }
    if (leaf.family == nullptr) {
        skip(path, leaf.refused.value_or(LeafSkip::name_clash));
    }
    return leaf.family != nullptr;
}

void TelemetryWalk::leaf(TelemetryPath& path, const TelemetryNode& node) {
    if (node.kind == TelemetryKind::container) {
        return skip(path, LeafSkip::empty);
    }
    if (std::find(key_nodes_.begin(), key_nodes_.end(), &node) != key_nodes_.end()) {
        return skip(path, LeafSkip::identifier);
    }
    TelemetryLeaf& leaf = paths_.leaf(path);
    if (leaf.fact.kind == LeafKind::identifier) {
        return skip(path, LeafSkip::identifier);
    }
    if (node.kind == TelemetryKind::bytes) {
        return skip(path, LeafSkip::bytes);
    }
    if (labels_.refused()) {
        return skip(path, LeafSkip::labels_max);
    }
    if (node.deleted) {
        vanish(path);
        return map_below({&node, 1});
    }
    const std::int64_t outer_time = time_ms_;
    if (node.timestamp_ms != 0) {
        time_ms_ = believed_time(node.timestamp_ms);
    }
    switch (leaf.fact.kind) {
        case LeafKind::text:
            skip(path, leaf_text(node, text_).empty() ? LeafSkip::empty : LeafSkip::text);
            break;
        case LeafKind::info:
            info(path, leaf, node);
            break;
        case LeafKind::state:
            state(path, leaf, node);
            break;
        default:
            number(path, leaf, node);
    }
    time_ms_ = outer_time;
}

// Repeated leaves: told apart by their place, for nothing else does it.
void TelemetryWalk::leaf_list(TelemetryPath& path, std::span<const TelemetryNode* const> leaves) {
    ++counts_.keys_by_index;
    const bool labelled = paths_.leaf(path).fact.kind != LeafKind::info;
    for (std::size_t place = 0; place < leaves.size(); ++place) {
        if (!labelled) {
            leaf(path, *leaves[place]);
            continue;
        }
        labels_.push();
        text_.clear();
        fmt::format_to(std::back_inserter(text_), "{}", place);
        labels_.add(paths_.list(path).index_label(), labels_.keep(text_));
        leaf(path, *leaves[place]);
        labels_.pop();
    }
}

void TelemetryWalk::number(TelemetryPath& path, TelemetryLeaf& leaf, const TelemetryNode& node) {
    const LeafNumber number = leaf_number(node, leaf.fact);
    if (number.skip) {
        return skip(path, *number.skip);
    }
    if (!has_family(path, leaf)) {
        return;
    }
    ++counts_.leaves;
    ++counts_.mapped;
    counts_.precision_lost += number.precision_lost ? 1 : 0;
    sample(*leaf.family, number.value);
    interface_sample(leaf, node);
}

// The same number under the name that all models share.
void TelemetryWalk::interface_sample(const TelemetryLeaf& leaf, const TelemetryNode& node) {
    if (leaf.interface_family == nullptr || !mapping_->network_interface) {
        return;
    }
    const NetworkInterfaceMetric& metric = *leaf.interface_metric;
    double value = 0;
    if (!metric.true_words.empty()) {
        const std::string_view word = state_word(leaf_text(node, text_));
        value = std::find(metric.true_words.begin(), metric.true_words.end(), word) !=
                        metric.true_words.end()
                    ? 1
                    : 0;
    } else {
        const bool counts = metric.type == MetricType::counter;
        const LeafNumber number = leaf_number(
            node, {.kind = counts ? LeafKind::counter : LeafKind::gauge, .scale = metric.scale});
        if (number.skip) {
            return;
        }
        value = number.value;
    }
    const std::span<const MetricLabel> labels = labels_.normalised();
    if (!labels.empty()) {
        sink_->sample({.family = leaf.interface_family,
                       .labels = labels,
                       .labels_hash = labels_.normalised_hash(),
                       .value = value,
                       .timestamp_ms = time_ms_});
    }
}

void TelemetryWalk::state(TelemetryPath& path, TelemetryLeaf& leaf, const TelemetryNode& node) {
    const std::string_view word = state_word(leaf_text(node, text_));
    if (word.empty()) {
        return skip(path, LeafSkip::empty);
    }
    if (!mapping_->state_sets) {
        return skip(path, LeafSkip::text);
    }
    std::string_view label = leaf.name;
    if (labels_.find(label) != nullptr) {
        label = leaf.other_name;
    }
    if (!labels_.fits(1) || labels_.find(label) != nullptr) {
        return skip(path, LeafSkip::labels_max);
    }
    if (!has_family(path, leaf)) {
        return;
    }
    ++counts_.leaves;
    ++counts_.mapped;
    const std::size_t place = paths_.word(leaf, word);
    state_samples(leaf, label, place);
    interface_sample(leaf, node);
    state_changed(path, leaf, place);
}

// One series for each word, so that the old word's goes to 0 with a change.
void TelemetryWalk::state_samples(const TelemetryLeaf& leaf, std::string_view label,
                                  std::size_t word) {
    const MetricLabel more{.name = label, .value = "other"};
    const std::span<MetricLabel> labels = labels_.with({&more, 1});
    MetricLabel* const slot =
        std::find_if(labels.data(), labels.data() + labels.size(),
                     [&](const MetricLabel& each) { return each.name == label; });
    const std::size_t count = leaf.words.size() + (leaf.word_left_out ? 1 : 0);
    for (std::size_t each = 0; each < count; ++each) {
        slot->value = each < leaf.words.size() ? std::string_view(leaf.words[each]) : "other";
        sink_->sample({.family = leaf.family,
                       .labels = labels,
                       .labels_hash = metric_labels_hash(labels, labels_.seed()),
                       .value = each == word ? 1.0 : 0.0,
                       .timestamp_ms = time_ms_});
    }
}

void TelemetryWalk::state_changed(const TelemetryPath& path, const TelemetryLeaf& leaf,
                                  std::size_t word) {
    const std::uint64_t series = labels_.hash() ^ (leaf.number * 0x9e3779b97f4a7c15U);
    const auto before = states_.changed(series, static_cast<std::uint32_t>(word));
    // An event of NX-OS is a line already.
    if (!before || entry_->event) {
        return;
    }
    const auto word_at = [&](std::size_t at) {
        return at < leaf.words.size() ? std::string_view(leaf.words[at]) : "other";
    };
    line_ = "level=info event=state_changed";
    append_logfmt("path", path.schema, line_);
    for (const MetricLabel& label : labels_.all()) {
        if (!labels_.is_of_source(label.name)) {
            append_logfmt(label.name, label.value, line_);
        }
    }
    append_logfmt("old", word_at(*before), line_);
    append_logfmt("new", word_at(word), line_);
    event(line_);
}

// Kept until the container's end, when all its texts go out on one series.
void TelemetryWalk::info(TelemetryPath& path, TelemetryLeaf& leaf, const TelemetryNode& node) {
    const std::string_view text =
        cut_text(leaf_text(node, text_), labels_.limits().value_bytes_max);
    if (text.empty()) {
        return skip(path, LeafSkip::empty);
    }
    const auto taken = [&](const MetricLabel& label) { return label.name == leaf.name; };
    const std::size_t more = infos_.size() - infos_begin_ + 1;
    if (!labels_.fits(more)) {
        return skip(path, LeafSkip::labels_max);
    }
    if (labels_.find(leaf.name) != nullptr ||
        std::any_of(infos_.begin() + static_cast<std::ptrdiff_t>(infos_begin_), infos_.end(),
                    taken)) {
        return skip(path, LeafSkip::name_clash);
    }
    const bool borrowed = node.kind == TelemetryKind::text;
    infos_.push_back({.name = leaf.name, .value = borrowed ? text : labels_.keep(text)});
}

void TelemetryWalk::info_sample(TelemetryPath& path, std::size_t begin) {
    const std::size_t count = infos_.size() - begin;
    const MetricFamily* family = paths_.info(path);
    if (family == nullptr) {
        skip(path.info_refused.value_or(LeafSkip::name_clash), count);
    } else {
        counts_.leaves += count;
        counts_.mapped += count;
        const std::span<MetricLabel> labels =
            labels_.with(std::span<const MetricLabel>(infos_).subspan(begin));
        sink_->sample({.family = family,
                       .labels = labels,
                       .labels_hash = metric_labels_hash(labels, labels_.seed()),
                       .value = 1,
                       .timestamp_ms = time_ms_});
    }
    infos_.resize(begin);
}

}  // namespace weir
