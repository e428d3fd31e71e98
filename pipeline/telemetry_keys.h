// List keys: which leaves tell the elements of a list apart, found without configuration: from the
// models' facts, else by a leaf that all siblings have and that is different in each, else by
// place.
#pragma once

#include "core/telemetry.h"
#include "pipeline/telemetry_labels.h"
#include "pipeline/telemetry_shape.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// The label of a key: "name" of a list "interface" and any "interface-name" are "interface"; keys
// whose names say nothing (name, id, index, ...) have the list's name before them.
[[nodiscard]] KeyLabel make_key_label(std::string_view list_element, std::string_view key);

// True for keys that many lists have: name, id, index, key, number.
[[nodiscard]] bool is_generic_key(std::string_view key);

// The leaf of that name right below, whatever its module; null if there is none with a value.
[[nodiscard]] const TelemetryNode* find_leaf(TelemetryNodes nodes, std::string_view name);

// Value.
struct ListKey {
    std::string leaf;
    KeyLabel label;
};

enum class KeysBy : std::uint8_t { none, table, siblings, index };

// Value that borrows. How the elements of one list in one row are told apart.
struct KeyChoice {
    KeysBy by = KeysBy::none;
    std::span<const ListKey> keys;
    bool index = false;  // by their place too
};

// Resource. One list of the schema, or what may be one. One thread.
class TelemetryList {
  public:
    // `schema` is the list's path as yang_facts has it; `element` its own name.
    TelemetryList(TelemetryFamily family, std::string_view schema, std::string_view element,
                  bool rows);

    // True if a leaf of that name may be the key of an element that stands alone.
    [[nodiscard]] bool may_be_key(std::string_view leaf) const;

    // Chooses for the elements of one row. What once was told apart by one leaf and could not be
    // later is told apart by the next that can, from then on. `scratch` is the caller's, reused.
    [[nodiscard]] KeyChoice choose(std::span<const TelemetryNodes> elements,
                                   std::vector<std::uint64_t>& scratch, std::uint64_t seed);

    [[nodiscard]] const KeyLabel& index_label() const { return index_label_; }

    [[nodiscard]] bool is_known() const { return !table_.empty(); }

  private:
    [[nodiscard]] bool all_distinct(std::span<const TelemetryNodes> elements,
                                    std::span<const ListKey> keys,
                                    std::vector<std::uint64_t>& scratch, std::uint64_t seed) const;
    [[nodiscard]] bool all_have(std::span<const TelemetryNodes> elements,
                                std::string_view leaf) const;
    void learn_first_column(std::span<const TelemetryNodes> elements);
    [[nodiscard]] KeyChoice choose_jointly(std::span<const TelemetryNodes> elements,
                                           std::vector<std::uint64_t>& scratch, std::uint64_t seed);

    std::string element_;
    std::vector<ListKey> table_;       // from the facts
    std::vector<ListKey> candidates_;  // in the order in which they are tried
    std::vector<ListKey> joint_;       // candidates that only together are distinct
    std::size_t from_ = 0;             // candidates before this one have failed
    bool rows_;                        // of an NX-OS table: the first column comes first
    KeyLabel index_label_;
};

// The value of a key in one element: below it, or in its `state` or `config`; null if it has none.
[[nodiscard]] const TelemetryNode* key_value(TelemetryNodes element, std::string_view leaf);

}  // namespace weir
