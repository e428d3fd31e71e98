// SeriesStore: the series of one thread, each at a place of its own, found by what a device gave
// (raw key) and by what it is called in the end (identity), and walked by device and family.
#pragma once

#include "core/metric.h"
#include "pipeline/hash_index.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

namespace weir {

enum class SeriesState : std::uint8_t {
    free,     // nobody's place
    live,     //
    stale,    // ended by a marker; its place is kept for a while, and its last time
    retired,  // as stale, and the rules call otherwise now what it was made of
};

// Value. What a device gave: the labels' hash stands for the labels, in 64 seeded bits.
struct SeriesKey {
    std::uint64_t labels_hash = 0;
    std::uint32_t family = 0;
    std::uint32_t device = 0;

    friend bool operator==(const SeriesKey&, const SeriesKey&) = default;

    [[nodiscard]] std::uint64_t hash() const {
        std::uint64_t mixed =
            labels_hash ^ ((std::uint64_t{family} << 32U | device) * 0x9e3779b97f4a7c15U);
        mixed = (mixed ^ mixed >> 32U) * 0xd6e8feb86659fd93U;
        return mixed ^ mixed >> 32U;
    }
};

inline constexpr std::uint32_t no_place = HashIndex::none;

// Value. One series. The first cache line is all that a sample of a known series touches, but for
// the times.
struct alignas(64) Series {
    static constexpr std::int64_t never_ms = std::numeric_limits<std::int64_t>::min();

    SeriesKey key;
    std::uint32_t rules_generation = 0;
    std::uint32_t feed = no_place;
    std::uint32_t collection = 0;            // of the feed, that it was last seen in
    std::uint32_t first_pending = no_place;  // by time
    std::uint32_t last_pending = no_place;
    std::uint16_t pending = 0;
    SeriesState state = SeriesState::free;
    bool marker_due = false;         // once the clock has passed its last sample
    bool queued = false;             // among those with something pending
    bool repeated = false;           // its newest time is not the device's; `own_ms` is
    std::uint32_t labels_bytes = 0;  // of the identity, in wire form
    std::int64_t flushed_ms = never_ms;
    std::int64_t seen_ns = 0;  // monotonic, when it was last given

    std::uint64_t flushed_bits = 0;  // the value at flushed_ms
    std::uint32_t raw_bytes = 0;     // behind the identity, those that the device gave; 0: the same
    std::uint32_t ended_s = 0;       // when it became stale or was made, monotonic
    std::unique_ptr<char[]> bytes;
    std::uint64_t identity_hash = 0;
    std::int64_t due_ms = 0;  // the marker's time
    std::int64_t own_ms = 0;  // the device's time of its last sample, if repeats went past it
    std::uint32_t final_family = 0;  // after renaming; no_place: has no metadata
    std::uint32_t group = no_place;
    std::uint32_t next_of_group = no_place;
    std::uint32_t previous_of_group = no_place;

    [[nodiscard]] std::string_view labels() const { return {bytes.get(), labels_bytes}; }

    [[nodiscard]] std::string_view raw_labels() const {
        return raw_bytes == 0 ? labels() : std::string_view(bytes.get() + labels_bytes, raw_bytes);
    }
};

static_assert(sizeof(Series) == 128);

// Resource. One thread. Places are stable.
class SeriesStore {
  public:
    // The series of one family of one device.
    struct Group {
        std::uint32_t family = 0;
        std::uint32_t device = 0;
        std::uint32_t first = no_place;
        std::uint32_t next_of_device = no_place;
        std::uint32_t previous_of_device = no_place;
    };

    explicit SeriesStore(std::uint64_t seed) : seed_(seed) {}

    [[nodiscard]] Series& at(std::uint32_t place) {
        return slabs_[place / slab_size][place % slab_size];
    }

    [[nodiscard]] std::uint32_t find(const SeriesKey& key, std::uint64_t hash) {
        return by_key_.find(hash, [&](std::uint32_t place) { return at(place).key == key; });
    }

    // Whether it is the one at the place behind `last`, which is quicker than to find it. A device
    // gives its series in one order again and again, and in this order they were made.
    [[nodiscard]] bool follows(std::uint32_t last, const SeriesKey& key) {
        const std::uint32_t place = last + 1;
        if (place >= places_) {
            return false;
        }
        const Series& series = at(place);
        return series.key == key &&
               (series.state == SeriesState::live || series.state == SeriesState::stale);
    }

    // The series that is called so, whatever its state.
    [[nodiscard]] std::uint32_t find_identity(std::string_view labels);

    // A new series with these labels, which no other has. `first_group` is the head of its
    // device's groups.
    [[nodiscard]] std::uint32_t add(const SeriesKey& key, std::string_view labels,
                                    std::string_view raw_labels, std::uint32_t& first_group);
    // Its key may be given to another; its name is kept until it is removed.
    void retire(std::uint32_t place);
    // Nothing of it may be pending.
    void remove(std::uint32_t place, std::uint32_t& first_group);

    [[nodiscard]] const Group& group(std::uint32_t group) const { return groups_[group]; }

    // How many series there are, and how many places have been made: at() may be asked for those.
    [[nodiscard]] std::size_t size() const { return size_; }

    [[nodiscard]] std::uint32_t places() const { return places_; }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    static constexpr std::size_t slab_size = 1024;

    [[nodiscard]] std::uint64_t identity_hash(std::string_view labels) const;
    [[nodiscard]] std::uint32_t group_of(const SeriesKey& key, std::uint32_t& first_group);
    void leave_group(Series& series, std::uint32_t& first_group);

    std::uint64_t seed_;
    std::vector<std::unique_ptr<Series[]>> slabs_;
    std::vector<std::uint32_t> free_;
    std::uint32_t places_ = 0;
    std::size_t size_ = 0;
    std::size_t labels_bytes_ = 0;
    HashIndex by_key_;
    HashIndex by_identity_;
    std::vector<Group> groups_;
    std::vector<std::uint32_t> free_groups_;
    HashIndex by_group_;
};

}  // namespace weir
