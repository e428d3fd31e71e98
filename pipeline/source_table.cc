#include "pipeline/source_table.h"

#include "core/assert.h"

#include <algorithm>
#include <arpa/inet.h>
#include <bit>
#include <cstring>
#include <functional>

namespace weir {

namespace {

std::size_t slot_count(std::size_t sources_max) {
    return std::bit_ceil(std::max<std::size_t>(sources_max, 1) * 2);
}

std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32U);
}

}  // namespace

// As IpAddress::to_string, which allocates.
SourceState::SourceState(const IpAddress& from, Timestamp now)
    : address(from), first_seen(now), last_seen(now) {
    const bool v4 = address.is_v4();
    inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data() + (v4 ? 12 : 0), text_.data(),
              static_cast<socklen_t>(text_.size()));
    text_size_ = static_cast<std::uint8_t>(std::strlen(text_.data()));
}

void SourceState::note_hostname(std::string_view hostname) {
    surveyed.hostnames |= std::uint64_t{1} << (std::hash<std::string_view>{}(hostname) % 64);
}

SourceTable::SourceTable(const Options& options)
    : options_(options),
      promoted_max_(options.sources_max - std::max<std::size_t>(options.sources_max / 8, 1)),
      mask_(slot_count(options.sources_max) - 1),
      slots_(mask_ + 1) {
    WEIR_ASSERT(options.sources_max > 0 && options.sources_max < nobody / 2);
    entries_.reserve(options.sources_max);
}

std::size_t SourceTable::memory_bytes(const Options& options) {
    return slot_count(options.sources_max) * sizeof(Slot) + options.sources_max * sizeof(Entry);
}

SourceTable::Touch SourceTable::touch(const IpAddress& address, Timestamp now) {
    const std::uint64_t hash = hash_address(address, options_.seed);
    std::size_t slot = slot_of(address, hash);
    std::uint32_t index = slots_[slot].entry;
    if (index != nobody) {
        entries_[index].state.last_seen = now;
        if (!entries_[index].promoted) {
            promote(index, now);
        }
        return {.source = entries_[index].state};
    }
    const bool full = entries_.size() == options_.sources_max;
    if (full) {
        index = evict();
        // Taking a slot out may move others, this address's place among them.
        slot = slot_of(address, hash);
        entries_[index] = Entry{.state = SourceState(address, now)};
    } else {
        index = static_cast<std::uint32_t>(entries_.size());
        entries_.push_back(Entry{.state = SourceState(address, now)});
    }
    slots_[slot] = {index, tag_of(hash)};
    push(probation_, index);
    return {.source = entries_[index].state, .is_new = true, .evicted = full};
}

const SourceState* SourceTable::find(const IpAddress& address) const {
    const std::size_t slot = slot_of(address, hash_address(address, options_.seed));
    return slots_[slot].entry == nobody ? nullptr : &entries_[slots_[slot].entry].state;
}

// The slot that holds the address, or the empty one where it belongs. Half of all slots are empty,
// so the walk ends.
std::size_t SourceTable::slot_of(const IpAddress& address, std::uint64_t hash) const {
    std::size_t slot = hash & mask_;
    while (slots_[slot].entry != nobody &&
           (slots_[slot].tag != tag_of(hash) ||
            entries_[slots_[slot].entry].state.address != address)) {
        slot = (slot + 1) & mask_;
    }
    return slot;
}

// Linear probing without tombstones: whatever follows and would no longer be found moves up.
void SourceTable::erase_slot(std::size_t slot) {
    std::size_t hole = slot;
    for (std::size_t next = (hole + 1) & mask_; slots_[next].entry != nobody;
         next = (next + 1) & mask_) {
        const IpAddress& address = entries_[slots_[next].entry].state.address;
        const std::size_t home = hash_address(address, options_.seed) & mask_;
        if (((next - home) & mask_) >= ((next - hole) & mask_)) {
            slots_[hole] = slots_[next];
            hole = next;
        }
    }
    slots_[hole] = {};
}

void SourceTable::push(Queue& queue, std::uint32_t index) {
    entries_[index].older = queue.newest;
    entries_[index].newer = nobody;
    (queue.newest == nobody ? queue.oldest : entries_[queue.newest].newer) = index;
    queue.newest = index;
    ++queue.size;
}

void SourceTable::remove(Queue& queue, std::uint32_t index) {
    const Entry& entry = entries_[index];
    (entry.older == nobody ? queue.oldest : entries_[entry.older].newer) = entry.newer;
    (entry.newer == nobody ? queue.newest : entries_[entry.newer].older) = entry.older;
    --queue.size;
}

bool SourceTable::is_idle(const Entry& entry, Timestamp now) const {
    return now.unix_ns - entry.state.last_seen.unix_ns >= options_.idle_ns;
}

// Called on a newcomer that was seen again. With all places taken it needs a promoted source that
// fell silent; one is looked at a call, so that the queue turns while newcomers ask.
void SourceTable::promote(std::uint32_t index, Timestamp now) {
    if (promoted_.size == promoted_max_) {
        const std::uint32_t oldest = promoted_.oldest;
        if (oldest == nobody) {
            return;
        }
        remove(promoted_, oldest);
        if (!is_idle(entries_[oldest], now)) {
            push(promoted_, oldest);
            return;
        }
        entries_[oldest].promoted = false;
        push(probation_, oldest);
    }
    remove(probation_, index);
    entries_[index].promoted = true;
    push(promoted_, index);
}

// Takes the oldest newcomer out of its queue and slot. There is one: promoted_max_ is smaller than
// the table, which is full.
std::uint32_t SourceTable::evict() {
    const std::uint32_t victim = probation_.oldest;
    remove(probation_, victim);
    const IpAddress& address = entries_[victim].state.address;
    erase_slot(slot_of(address, hash_address(address, options_.seed)));
    ++evictions_;
    return victim;
}

}  // namespace weir
