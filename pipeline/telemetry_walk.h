// TelemetryWalk: goes through the nodes of one row and makes samples of its leaves. The engine of
// TelemetryMapper, which says what it does.
#pragma once

#include "core/metric.h"
#include "core/telemetry.h"
#include "pipeline/telemetry_events.h"
#include "pipeline/telemetry_labels.h"
#include "pipeline/telemetry_mapper.h"
#include "pipeline/telemetry_paths.h"
#include "pipeline/telemetry_value.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Resource. One thread.
class TelemetryWalk {
  public:
    // Deeper than any decoder hands on; what is below is skipped.
    static constexpr std::size_t depth_max = 64;
    // Device clocks are believed within these of the receive time. Mimir takes nothing much older
    // than the newest sample, and a future one would make it refuse all that come after.
    static constexpr std::int64_t future_max_ms = 5 * 60 * 1000;
    static constexpr std::int64_t past_max_ms = 60 * 60 * 1000;

    TelemetryWalk(MetricFamilies& families, std::uint64_t seed)
        : paths_(families, seed), labels_(seed) {}

    void use(std::shared_ptr<const TelemetryMapping> mapping);
    void map(const TelemetryHeader& header, const TelemetryRow& row, const TelemetrySource& source,
             MetricSink& sink);

    [[nodiscard]] const TelemetryMapperCounts& counts() const { return counts_; }

    [[nodiscard]] std::size_t memory_bytes() const;

    [[nodiscard]] std::vector<TelemetrySkippedPath> skipped_paths() const {
        return paths_.skipped_paths();
    }

  private:
    // A child that was seen, and the next one of the same path.
    struct Child {
        TelemetryPath* path = nullptr;
        const TelemetryNode* node = nullptr;
        std::uint32_t next = 0;  // 0: the last one
        bool first = true;
    };

    // One element of a list, or a container.
    struct Element {
        std::uint64_t timestamp_ms = 0;
        bool deleted = false;
    };

    // What identifies an NX-OS object.
    struct Object {
        TelemetryNodes attributes;
        std::string_view dn;
        std::string_view rn;
        bool deleted = false;
    };

    // telemetry_walk.cc: the tree
    void add_row_keys(const TelemetryRow& row);
    void walk_content(const TelemetryRow& row);
    void children(TelemetryNodes nodes, TelemetryPath& path);
    void collect(TelemetryNodes nodes, TelemetryPath& parent, std::uint64_t walk,
                 TelemetryEdge*& guess, std::size_t begin);
    void visit(std::size_t begin, TelemetryPath& path);
    void group(std::size_t at, const TelemetryPath& parent);
    void add_elements(const TelemetryNode& node);
    void add_array(TelemetryNodes nodes, const Element& outer);
    void elements(TelemetryPath& path, const TelemetryPath& parent, std::size_t begin);
    void list(TelemetryPath& path, std::size_t begin);
    void single(TelemetryPath& path, std::size_t at);
    void add_keys(const KeyChoice& choice, TelemetryPath& path, TelemetryNodes element,
                  std::size_t place);
    void object(TelemetryPath& path, TelemetryNodes nodes, bool deleted);
    void add_dn_labels(std::string_view dn);
    [[nodiscard]] bool is_on_entry_path(const TelemetryPath& path) const;
    void vanish(const TelemetryPath& path);
    [[nodiscard]] std::int64_t believed_time(std::uint64_t timestamp_ms);

    // telemetry_walk_leaf.cc: the leaves
    void leaf(TelemetryPath& path, const TelemetryNode& node);
    void leaf_list(TelemetryPath& path, std::span<const TelemetryNode* const> leaves);
    void number(TelemetryPath& path, TelemetryLeaf& leaf, const TelemetryNode& node);
    void state(TelemetryPath& path, TelemetryLeaf& leaf, const TelemetryNode& node);
    void state_samples(const TelemetryLeaf& leaf, std::string_view label, std::size_t word);
    void state_changed(const TelemetryPath& path, const TelemetryLeaf& leaf, std::size_t word);
    void info(TelemetryPath& path, TelemetryLeaf& leaf, const TelemetryNode& node);
    void info_sample(TelemetryPath& path, std::size_t begin);
    void interface_sample(const TelemetryLeaf& leaf, const TelemetryNode& node);
    [[nodiscard]] bool has_family(TelemetryPath& path, TelemetryLeaf& leaf);
    void sample(const MetricFamily& family, double value);
    void skip(LeafSkip reason, std::uint64_t leaves);
    void skip(TelemetryPath& path, LeafSkip reason);
    void skip_below(TelemetryNodes nodes, LeafSkip reason);
    void map_below(TelemetryNodes nodes);
    void event(std::string_view line);

    TelemetryPaths paths_;
    TelemetryLabels labels_;
    StateMemory states_;
    std::shared_ptr<const TelemetryMapping> mapping_;
    TelemetryMapperCounts counts_;

    // Of the row that is walked.
    TelemetryEntry* entry_ = nullptr;
    const TelemetryHeader* header_ = nullptr;
    MetricSink* sink_ = nullptr;
    std::int64_t received_ms_ = 0;
    std::int64_t time_ms_ = 0;
    bool skew_counted_ = false;
    bool row_has_keys_ = false;
    std::size_t depth_ = 0;
    std::uint64_t walks_ = 0;

    // Stacks, kept for their capacity.
    std::vector<Child> children_;
    std::vector<TelemetryNodes> nodes_;  // with elements_
    std::vector<Element> elements_;
    std::vector<const TelemetryNode*> leaves_;
    std::vector<const TelemetryNode*> key_nodes_;  // leaves that became labels
    std::vector<MetricLabel> infos_;
    std::size_t infos_begin_ = 0;  // of the innermost container's
    std::vector<std::uint64_t> hashes_;
    std::string dn_;            // of the objects that are walked, one after another
    std::size_t dn_begin_ = 0;  // of the innermost one's
    std::string text_;
    std::string line_;
    std::vector<const MetricFamily*> own_;
    std::vector<const MetricFamily*> interface_;
};

}  // namespace weir
