// A YAML document as a bounded tree with line numbers. It stands between yaml-cpp, whose own node
// graph has no bound, and app/config_load, which gives the tree its meaning.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

inline constexpr std::size_t yaml_bytes_max = 16UL * 1024 * 1024;
inline constexpr std::size_t yaml_nodes_max = 2'000'000;  // with every alias expanded
inline constexpr std::size_t yaml_depth_max = 24;         // the deepest setting needs 5

// Value. One node; `first_child` and `next` are indexes into the tree, 0 for none.
struct YamlNode {
    enum class Kind : std::uint8_t { null, scalar, sequence, map, alias };

    std::string text;  // scalar only
    std::uint32_t first_child = 0;
    std::uint32_t next = 0;
    std::uint32_t target = 0;  // alias only
    int line = 1;
    Kind kind = Kind::null;
    bool quoted = false;
};

// Value. Why a text is not a document that weir reads; line 0 when no line is to blame.
struct YamlProblem {
    int line = 0;
    std::string message;
};

// Value. Node 0 is not used; a map's children are key, value, key, value.
class YamlTree {
  public:
    // Reads one document. Refuses more than one, invalid UTF-8, tags, keys that are not plain text,
    // recursion through aliases, and anything over the bounds above. "${NAME}" and
    // "${NAME:-default}" may stand unquoted inside [ ] and { }, where YAML alone would see a map.
    // Never throws.
    [[nodiscard]] static tl::expected<YamlTree, YamlProblem> parse(std::string_view text);

    // Null for an empty document.
    [[nodiscard]] const YamlNode* root() const;
    // First child of a sequence or map, aliases followed; null when it is empty.
    [[nodiscard]] const YamlNode* first_child(const YamlNode& node) const;
    // The node after this one in its sequence or map, null at the end. `node` must not have been
    // passed through resolved().
    [[nodiscard]] const YamlNode* next(const YamlNode& node) const;
    // The node itself, or what an alias stands for.
    [[nodiscard]] const YamlNode& resolved(const YamlNode& node) const;

  private:
    friend class YamlTreeBuilder;

    std::vector<YamlNode> nodes_;
    std::uint32_t root_ = 0;
};

}  // namespace weir
