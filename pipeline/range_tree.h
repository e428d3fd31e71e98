// RangeTree: which of many disjoint ranges holds a key. The static search structure under
// pipeline/classifier: sorted range starts laid out as an implicit B-tree whose nodes fill whole
// cache lines, so that a lookup touches one or two lines a level.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {

// Value. `Key` is an unsigned integer; a node holds `width` of them.
template <typename Key, std::size_t width>
class RangeTree {
  public:
    // Value. A range reaches from its start to the next one's.
    struct Range {
        Key start{};
        std::uint32_t value = 0;
    };

    RangeTree() = default;

    // `ranges` ascend strictly and the first starts at 0, so that every key is in one.
    explicit RangeTree(const std::vector<Range>& ranges) {
        nodes_ = (ranges.size() + width - 1) / width;
        keys_.resize(nodes_ * width);
        values_.resize(nodes_ * width);
        std::size_t next = 0;
        fill(0, ranges, next);
    }

    // The value of the range that holds `key`. The tree is not empty.
    [[nodiscard]] std::uint32_t find(Key key) const {
        std::size_t node = 0;
        std::size_t found = 0;
        while (node < nodes_) {
            const Key* const line = keys_.data() + node * width;
            std::size_t below = 0;
            for (std::size_t i = 0; i < width; ++i) {
                below += line[i] <= key ? 1U : 0U;
            }
            found = below > 0 ? node * width + below - 1 : found;
            node = node * (width + 1) + below + 1;
        }
        return values_[found];
    }

    [[nodiscard]] std::size_t memory_bytes() const {
        return keys_.capacity() * sizeof(Key) + values_.capacity() * sizeof(std::uint32_t);
    }

  private:
    // Fills the subtree of `node` in key order; the recursion is as deep as the tree. Places beyond
    // the last range repeat it, which changes no answer.
    void fill(std::size_t node, const std::vector<Range>& ranges, std::size_t& next) {
        if (node >= nodes_) {
            return;
        }
        for (std::size_t i = 0; i < width; ++i) {
            fill(node * (width + 1) + i + 1, ranges, next);
            const Range& range = ranges[std::min(next, ranges.size() - 1)];
            keys_[node * width + i] = range.start;
            values_[node * width + i] = range.value;
            ++next;
        }
        fill(node * (width + 1) + width + 1, ranges, next);
    }

    std::size_t nodes_ = 0;
    std::vector<Key> keys_;
    std::vector<std::uint32_t> values_;
};

}  // namespace weir
