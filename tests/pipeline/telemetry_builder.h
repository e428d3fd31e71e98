// Rows of telemetry written as trees, and a sink that writes what they became as text.
#pragma once

#include "core/metric.h"
#include "core/telemetry.h"
#include "pipeline/metric_families.h"
#include "pipeline/telemetry_mapper.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::testing {

// A node with all below it. Borrows its texts, as nodes do: string literals live long enough.
class Tree {
  public:
    Tree(std::string_view name, std::initializer_list<Tree> below) {
        TelemetryNode node{.name = name};
        nodes_.push_back(node);
        for (const Tree& each : below) {
            nodes_.insert(nodes_.end(), each.nodes_.begin(), each.nodes_.end());
        }
        nodes_[0].size = static_cast<std::uint32_t>(nodes_.size());
    }

    void add(const Tree& child) {
        nodes_.insert(nodes_.end(), child.nodes_.begin(), child.nodes_.end());
        nodes_[0].size = static_cast<std::uint32_t>(nodes_.size());
    }

    Tree(std::string_view name, std::string_view text) {
        nodes_.push_back({.name = name, .text = text, .kind = TelemetryKind::text});
    }

    Tree(std::string_view name, const char* text) : Tree(name, std::string_view(text)) {}

    Tree(std::string_view name, std::uint64_t value) {
        nodes_.push_back({.name = name, .bits = value, .kind = TelemetryKind::u64});
    }

    Tree(std::string_view name, int value) {
        const auto bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
        nodes_.push_back({.name = name, .bits = bits, .kind = TelemetryKind::i64});
    }

    Tree(std::string_view name, double value) {
        nodes_.push_back({.name = name,
                          .bits = std::bit_cast<std::uint64_t>(value),
                          .kind = TelemetryKind::f64});
    }

    Tree(std::string_view name, bool value) {
        nodes_.push_back({.name = name, .bits = value ? 1U : 0U, .kind = TelemetryKind::boolean});
    }

    Tree deleted() && {
        nodes_[0].deleted = true;
        return std::move(*this);
    }

    Tree at(std::uint64_t timestamp_ms) && {
        nodes_[0].timestamp_ms = timestamp_ms;
        return std::move(*this);
    }

    // What is below it.
    [[nodiscard]] TelemetryNodes below() const { return TelemetryNodes(nodes_).subspan(1); }

  private:
    std::vector<TelemetryNode> nodes_;
};

inline Tree any(std::initializer_list<Tree> below) {
    return {"", below};
}

inline std::string series_text(std::string_view name, std::span<const MetricLabel> labels) {
    std::string text(name);
    text += '{';
    for (const MetricLabel& label : labels) {
        text += text.back() == '{' ? "" : ",";
        text += fmt::format("{}=\"{}\"", label.name, label.value);
    }
    return text + '}';
}

// What became of a row: samples as "name{labels} value time", and the rest apart.
struct Mapped {
    static constexpr std::uint64_t seed = 42;

    [[nodiscard]] std::vector<std::string> sorted() const {
        std::vector<std::string> all = lines;
        std::sort(all.begin(), all.end());
        return all;
    }

    std::vector<std::string> lines;
    std::vector<std::string> vanished;
    std::vector<std::string> events;
    std::map<std::string, std::uint64_t> skips;
    std::map<std::string, MetricType> types;
    std::vector<std::string> faults;  // of what every sample must be
};

class TextSink : public MetricSink {
  public:
    explicit TextSink(Mapped& out) : out_(out) {}

    void sample(const MetricSample& sample) override {
        check(sample);
        out_.lines.push_back(fmt::format("{} {} {}",
                                         series_text(sample.family->name, sample.labels),
                                         sample.value, sample.timestamp_ms));
        out_.types[sample.family->name] = sample.family->type;
    }

    void vanish(const MetricSelector& gone) override {
        out_.vanished.push_back(series_text(gone.name, gone.labels) +
                                (gone.below ? " and below" : ""));
    }

    void event(const TelemetryEvent& event) override { out_.events.emplace_back(event.line); }

    void skip(LeafSkip reason, std::uint64_t leaves) override {
        out_.skips[std::string(leaf_skip_name(reason))] += leaves;
    }

  private:
    void check(const MetricSample& sample) {
        for (std::size_t at = 0; at < sample.labels.size(); ++at) {
            const bool sorted = at == 0 || sample.labels[at - 1].name < sample.labels[at].name;
            if (!sorted || sample.labels[at].value.empty() ||
                !is_valid_label_name(sample.labels[at].name)) {
                out_.faults.push_back(series_text(sample.family->name, sample.labels));
            }
        }
        if (sample.labels_hash != metric_labels_hash(sample.labels, Mapped::seed)) {
            out_.faults.push_back("hash of " + series_text(sample.family->name, sample.labels));
        }
    }

    Mapped& out_;
};

// A mapper of its own, and one device.
class Mapping {
  public:
    explicit Mapping(TelemetryMapping settings = {})
        : mapper(families, std::make_shared<const TelemetryMapping>(std::move(settings)),
                 Mapped::seed) {}

    // What one row becomes. The receive time is the row's, if it has one.
    Mapped map(std::string_view encoding_path, const Tree& keys, const Tree& content,
               std::uint64_t timestamp_ms = 1'700'000'000'000, bool deleted = false) {
        Mapped mapped;
        TextSink sink(mapped);
        const TelemetryHeader header{.node_id = "r1", .encoding_path = encoding_path};
        const TelemetryRow row{.timestamp_ms = timestamp_ms,
                               .deleted = deleted,
                               .keys = keys.below(),
                               .content = content.below()};
        const TelemetrySource source{.labels = labels,
                                     .received_ms = static_cast<std::int64_t>(timestamp_ms)};
        mapper.map(header, row, source, sink);
        return mapped;
    }

    Mapped map(std::string_view encoding_path, const Tree& content) {
        return map(encoding_path, Tree("keys", {}), content);
    }

    MetricFamilies families;
    TelemetryMapper mapper;
    std::vector<MetricLabel> labels = {{"device", "r1"}};
};

}  // namespace weir::testing
