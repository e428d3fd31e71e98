// HashIndex: finds a place in somebody's table by the hash of what is there. Open addressing, eight
// bytes a slot; comparing is the caller's, who has the keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {

// Resource. One thread. Hashes should be seeded if the keys come from outside.
class HashIndex {
  public:
    static constexpr std::uint32_t none = UINT32_MAX;

    // The place for which `equal(place)` holds, among those put in with this hash.
    template <typename Equal>
    [[nodiscard]] std::uint32_t find(std::uint64_t hash, Equal equal) const {
        if (size_ == 0) {
            return none;
        }
        const auto tag = static_cast<std::uint32_t>(hash);
        for (std::size_t at = tag & mask(); slots_[at].place != none; at = (at + 1) & mask()) {
            if (slots_[at].hash == tag && equal(slots_[at].place)) {
                return slots_[at].place;
            }
        }
        return none;
    }

    // The caller knows that it is not there yet. Doubles when half full; the hashes are kept, so
    // that this touches nothing but slots.
    void insert(std::uint64_t hash, std::uint32_t place) {
        if (slots_.size() < 2 * (size_ + 1)) {
            std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
            old.swap(slots_);
            for (const Slot& slot : old) {
                if (slot.place != none) {
                    put(slot);
                }
            }
        }
        put({static_cast<std::uint32_t>(hash), place});
        ++size_;
    }

    // The caller knows that it is there. Whatever follows and would no longer be found moves up.
    void erase(std::uint64_t hash, std::uint32_t place) {
        std::size_t hole = static_cast<std::uint32_t>(hash) & mask();
        while (slots_[hole].place != place) {
            hole = (hole + 1) & mask();
        }
        for (std::size_t next = (hole + 1) & mask(); slots_[next].place != none;
             next = (next + 1) & mask()) {
            const std::size_t home = slots_[next].hash & mask();
            if (((next - home) & mask()) >= ((next - hole) & mask())) {
                slots_[hole] = slots_[next];
                hole = next;
            }
        }
        slots_[hole] = {};
        --size_;
    }

    [[nodiscard]] std::size_t size() const { return size_; }

    [[nodiscard]] std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

  private:
    struct Slot {
        std::uint32_t hash = 0;
        std::uint32_t place = none;
    };

    [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }

    void put(const Slot& slot) {
        std::size_t at = slot.hash & mask();
        while (slots_[at].place != none) {
            at = (at + 1) & mask();
        }
        slots_[at] = slot;
    }

    std::vector<Slot> slots_;  // a power of two
    std::size_t size_ = 0;
};

}  // namespace weir
