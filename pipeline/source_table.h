// SourceTable: what one ingest thread remembers of each source, by address. All memory is taken at
// construction; an address more than fit replaces the one that is missed least.
#pragma once

#include "core/address.h"
#include "core/time.h"
#include "pipeline/admission.h"
#include "pipeline/counter_gaps.h"
#include "pipeline/device_time.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weir {

struct Classification;

// Value. The per-source state of the thread that owns the source. SourceTable fills the first three
// fields, its callers the rest.
struct SourceState {
    // Value. What SourceSurvey saw at its last look.
    struct Surveyed {
        std::uint64_t records = 0;
        std::uint64_t bytes = 0;
        std::uint64_t hostnames = 0;  // since then, one bit for each hash; set by note_hostname
        bool told_silent = false;
    };

    IpAddress address;
    Timestamp first_seen;
    Timestamp last_seen;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    SourceAllowance allowance;
    Surveyed surveyed;
    CounterTrack counter;
    SkewEstimator skew;
    const Classification* classification = nullptr;  // of configuration `config_generation`
    std::uint64_t config_generation = 0;
    std::uint32_t stream_index = 0;  // handle of the source's stream in the batch builder
    std::uint32_t stream_generation = 0;
    bool had_own_stream = false;  // it is known to the StreamCeiling

    SourceState(const IpAddress& from, Timestamp now);

    // Remembers that a message of the source named this host.
    void note_hostname(std::string_view hostname);

    // The address as text, made once.
    [[nodiscard]] std::string_view text() const { return {text_.data(), text_size_}; }

  private:
    std::uint8_t text_size_ = 0;
    std::array<char, 46> text_{};  // INET6_ADDRSTRLEN
};

// Resource. One thread. Two queues: a newcomer stays on probation until it is seen again, then
// it is promoted; a full table gives up its oldest newcomer. Promoted sources, seven eighths of the
// table at most, lose their place only after `idle_ns` of silence. So a flood of forged addresses
// evicts other newcomers, not the devices that were here.
class SourceTable {
  public:
    // Value.
    struct Options {
        std::size_t sources_max = 65'536;
        std::uint64_t seed = 0;                     // differs per process
        std::int64_t idle_ns = 10 * 60 * ns_per_s;  // of silence
    };

    // Value that borrows; valid until the next touch().
    struct Touch {
        SourceState& source;
        bool is_new = false;   // the state is fresh
        bool evicted = false;  // another source's state was given up for it
    };

    explicit SourceTable(const Options& options);
    SourceTable(const SourceTable&) = delete;
    SourceTable& operator=(const SourceTable&) = delete;

    // The state of a source, made if need be, with last_seen moved to `now`. Constant time, no
    // allocation. A clock that steps back makes nobody idle.
    [[nodiscard]] Touch touch(const IpAddress& address, Timestamp now);

    // The state of a source without touching it; null when unknown.
    [[nodiscard]] const SourceState* find(const IpAddress& address) const;

    // The source in one of the places 0..size()-1, in no order. A place may change hands with any
    // touch().
    [[nodiscard]] SourceState& at(std::size_t place) { return entries_[place].state; }

    // Calls `visit(const SourceState&)` for every source, in no order.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const Entry& entry : entries_) {
            visit(entry.state);
        }
    }

    [[nodiscard]] std::size_t size() const { return entries_.size(); }

    [[nodiscard]] std::uint64_t evictions() const { return evictions_; }

    // All that a table with these options ever takes.
    [[nodiscard]] static std::size_t memory_bytes(const Options& options);

  private:
    static constexpr std::uint32_t nobody = UINT32_MAX;

    struct Entry {
        SourceState state;
        std::uint32_t older = nobody;  // neighbours in its queue
        std::uint32_t newer = nobody;
        bool promoted = false;
    };

    struct Queue {
        std::uint32_t oldest = nobody;
        std::uint32_t newest = nobody;
        std::size_t size = 0;
    };

    // The hash's upper half spares most comparisons of addresses.
    struct Slot {
        std::uint32_t entry = nobody;
        std::uint32_t tag = 0;
    };

    void push(Queue& queue, std::uint32_t index);
    void remove(Queue& queue, std::uint32_t index);
    [[nodiscard]] bool is_idle(const Entry& entry, Timestamp now) const;
    void promote(std::uint32_t index, Timestamp now);
    [[nodiscard]] std::uint32_t evict();
    [[nodiscard]] std::size_t slot_of(const IpAddress& address, std::uint64_t hash) const;
    void erase_slot(std::size_t slot);

    Options options_;
    std::size_t promoted_max_;
    std::size_t mask_;
    std::vector<Slot> slots_;  // power of two, at most half full
    std::vector<Entry> entries_;
    Queue probation_;
    Queue promoted_;
    std::uint64_t evictions_ = 0;
};

}  // namespace weir
