// TelemetryPaths: the schema as devices have shown it, one node for each path, with what becomes of
// the leaf or list there. Looked up by the names in a row; made once and kept.
#pragma once

#include "core/metric.h"
#include "pipeline/metric_families.h"
#include "pipeline/telemetry_mapper.h"
#include "pipeline/telemetry_path.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

// Resource. One thread; what it gives lives as long as it does, at a fixed place. Nothing is
// forgotten: what comes past a limit is refused.
class TelemetryPaths {
  public:
    static constexpr std::size_t paths_max = 65'536;
    static constexpr std::size_t children_max = 4096;  // of one path
    static constexpr std::size_t entries_max = 4096;
    static constexpr std::size_t element_bytes_max = 256;
    static constexpr std::size_t words_max = 16;
    static constexpr std::size_t word_bytes_max = 128;
    static constexpr std::size_t row_keys_max = 32;
    static constexpr std::size_t dn_labels_max = 1024;

    TelemetryPaths(MetricFamilies& families, std::uint64_t seed);

    // Goes over to other settings: what becomes of leaves is asked again.
    void use(std::shared_ptr<const TelemetryMapping> mapping);

    // Null when there are too many.
    [[nodiscard]] TelemetryEntry* entry(std::string_view encoding_path, TelemetryFamily family);
    // The label of the row's key at `place`; null past row_keys_max.
    [[nodiscard]] const KeyLabel* row_key(TelemetryEntry& entry, std::size_t place,
                                          std::string_view name);

    // The label of a relative name in a dn.
    [[nodiscard]] const KeyLabel& dn_label(std::string_view type, bool interface);

    // What `name` leads to from `parent`; `guess` is what may come next, and is moved on. Null when
    // there is no place for it.
    [[nodiscard]] TelemetryPath* child(TelemetryPath& parent, std::string_view name,
                                       TelemetryEdge*& guess);

    // Where the content of a row begins: at its entry, or further out where the content repeats an
    // element of the path.
    [[nodiscard]] TelemetryPath* content_path(TelemetryPath& path, std::string_view only_child);

    [[nodiscard]] TelemetryLeaf& leaf(TelemetryPath& path);
    [[nodiscard]] TelemetryList& list(TelemetryPath& path);
    // Makes the family of a leaf of which a number was seen.
    void name_leaf(TelemetryPath& path, TelemetryLeaf& leaf);
    // The family of the texts below a container; null with `info_refused`.
    [[nodiscard]] const MetricFamily* info(TelemetryPath& container);

    // Index of a word of a state; past words_max that of "other".
    [[nodiscard]] std::size_t word(TelemetryLeaf& leaf, std::string_view word);

    // Appends the families of all that is known below.
    void families_below(const TelemetryPath& path, std::vector<const MetricFamily*>& own,
                        std::vector<const MetricFamily*>& interface) const;

    [[nodiscard]] std::vector<TelemetrySkippedPath> skipped_paths() const;

    [[nodiscard]] std::uint64_t name_clashes() const { return name_clashes_; }

    [[nodiscard]] std::size_t memory_bytes() const { return bytes_; }

  private:
    struct EdgeKey {
        const TelemetryPath* parent;
        std::string_view name;

        friend bool operator==(const EdgeKey&, const EdgeKey&) = default;
    };

    struct EdgeHash {
        std::uint64_t seed;
        std::size_t operator()(const EdgeKey& key) const;
    };

    // Who has a name. Two paths that would share one share it with neither.
    struct Claim {
        TelemetryPath* owner = nullptr;
        bool info = false;
        bool clashed = false;
    };

    [[nodiscard]] TelemetryPath* make_path(TelemetryPath* parent, std::string_view element,
                                           const TelemetryRoot* root);
    [[nodiscard]] TelemetryPath* child_of(TelemetryPath& parent, std::string_view element);
    [[nodiscard]] TelemetryPath* root_path(TelemetryEntry& entry);
    [[nodiscard]] bool may_be_key(const TelemetryPath& list, std::string_view leaf);
    [[nodiscard]] KeyLabel row_key_label(const TelemetryEntry& entry, std::size_t place,
                                         std::string_view name) const;
    void resolve(TelemetryPath& path, TelemetryLeaf& leaf) const;
    [[nodiscard]] const MetricFamily* claim(TelemetryPath& path, const LeafFact& fact,
                                            std::optional<LeafSkip>& refused);
    [[nodiscard]] const MetricFamily* take_name(TelemetryPath& path, const LeafFact& fact,
                                                bool full, std::optional<LeafSkip>& refused);
    void lose_name(const Claim& claim);

    MetricFamilies& families_;
    std::uint64_t seed_;
    std::shared_ptr<const TelemetryMapping> mapping_;
    std::deque<TelemetryPath> paths_;
    std::deque<TelemetryEdge> edges_;
    std::unordered_map<EdgeKey, TelemetryEdge*, EdgeHash> by_edge_{64, EdgeHash{seed_}};
    std::deque<TelemetryEntry> entries_;
    std::unordered_map<std::string, TelemetryEntry*> by_encoding_path_;  // with the family before
    std::string entry_key_;
    std::deque<TelemetryRoot> roots_;
    std::unordered_map<std::string, TelemetryPath*> by_root_;
    std::unordered_map<std::string, Claim> claims_;
    std::unordered_map<std::string, KeyLabel> dn_labels_;
    KeyLabel interface_label_;
    KeyLabel other_dn_label_;
    std::uint64_t name_clashes_ = 0;
    std::uint64_t leaves_ = 0;
    // The list that was asked last about a child: making one for each container would cost much.
    const TelemetryPath* asked_ = nullptr;
    std::unique_ptr<TelemetryList> asked_list_;
    std::size_t bytes_ = 0;
};

}  // namespace weir
