// RefusedSeries: remembers series that were refused, so that their next samples cost a look and
// not rules and labels again. Of a fixed size: a series that another one displaced is refused anew.
#pragma once

#include "pipeline/series_table.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace weir {

// Resource. One thread.
class RefusedSeries {
  public:
    // Why the series was refused; empty if that is not known or no longer sure.
    [[nodiscard]] std::optional<SampleDrop> find(std::uint64_t hash, std::int64_t now_ns) const {
        if (slots_.empty()) {
            return {};
        }
        const Slot& slot = slots_[hash & (slots_.size() - 1)];
        if (slot.hash != hash || now_ns >= slot.until_ns) {
            return {};
        }
        return slot.why;
    }

    // True if the slot did not hold it before.
    bool put(std::uint64_t hash, SampleDrop why, std::int64_t until_ns, std::size_t series_max) {
        if (slots_.empty()) {
            slots_.resize(std::bit_ceil(series_max + 1));
        }
        Slot& slot = slots_[hash & (slots_.size() - 1)];
        const bool is_new = slot.hash != hash;
        slot = {hash, until_ns, why};
        return is_new;
    }

    void clear() { slots_.clear(); }

    [[nodiscard]] std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

  private:
    struct Slot {
        std::uint64_t hash = 0;
        std::int64_t until_ns = 0;  // monotonic
        SampleDrop why = SampleDrop::rule;
    };

    std::vector<Slot> slots_;  // made with the first; a power of two
};

}  // namespace weir
