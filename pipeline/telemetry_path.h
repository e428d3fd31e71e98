// The nodes of TelemetryPaths: a place in the schema, what becomes of the leaf there, the names
// that lead on from it, and what is known of an encoding path.
#pragma once

#include "core/metric.h"
#include "pipeline/network_interface.h"
#include "pipeline/telemetry_keys.h"
#include "pipeline/telemetry_shape.h"
#include "pipeline/yang_facts.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir {

struct TelemetryPath;

// What becomes of one leaf.
struct TelemetryLeaf {
    LeafFact fact;
    std::string name;        // of a label: of an info, or of a state's word
    std::string other_name;  // of a state's, where `name` is taken
    // Null until a value demands it, and where `refused` says why there is none.
    const MetricFamily* family = nullptr;
    std::optional<LeafSkip> refused;
    const NetworkInterfaceMetric* interface_metric = nullptr;
    const MetricFamily* interface_family = nullptr;
    // A state's words: those of the model, then those seen; never more than words_max.
    std::vector<std::string> words;
    bool word_left_out = false;  // there are more; they are "other"
    std::uint64_t number = 0;    // of the leaf, from 1
};

// A name as it was seen below a node, and the node it leads to.
struct TelemetryEdge {
    std::string name;
    TelemetryPath* to = nullptr;
    TelemetryEdge* next = nullptr;  // what came after it last time
};

enum class TelemetryRole : std::uint8_t {
    plain,
    objects,  // of DME: where classes stand
    object,   // a class
    rows,     // ROW_x of a show table
};

struct TelemetryPath {
    TelemetryPath* parent = nullptr;
    TelemetryPath* first_child = nullptr;
    TelemetryPath* next_sibling = nullptr;
    std::uint32_t children = 0;
    const TelemetryRoot* root = nullptr;  // whose names it has
    TelemetryRole role = TelemetryRole::plain;
    std::string element;
    std::string schema;  // as yang_facts has it
    TelemetryEdge* first_edge = nullptr;

    std::unique_ptr<TelemetryLeaf> leaf;  // made with the first value
    std::unique_ptr<TelemetryList> list;
    bool known_list = false;                    // the models' facts have its keys
    bool key_below = false;                     // a child may be the key of this element
    const MetricFamily* info_family = nullptr;  // of texts right below
    std::optional<LeafSkip> info_refused;

    std::uint64_t skipped = 0;  // leaves
    LeafSkip skipped_for = LeafSkip::text;

    // Of the walk that is under way: see TelemetryWalk.
    std::uint64_t walk = 0;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
};

// One key of a row's `keys`, by its place.
struct TelemetryRowKey {
    std::string name;
    KeyLabel label;
};

// What is known of one encoding path.
struct TelemetryEntry {
    std::string encoding_path;
    TelemetryRoot root;
    TelemetryPath* path = nullptr;     // null: no place for it
    std::deque<TelemetryRowKey> keys;  // a row's labels point into it while more are added
    std::vector<KeyLabel> path_keys;   // of root.keys
    bool event = false;
};

}  // namespace weir
