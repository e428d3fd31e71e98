// Batch: the frozen unit that crosses threads. Written once by one ingest thread, then immutable
// and shared: the log keeps these bytes and every endpoint gets these bytes, so that a retry is
// identical and Loki can tell a repeat from a new line (delivery.md: retries are idempotent only
// then).
#pragma once

#include "core/time.h"
#include "pipeline/intake_ledger.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir {

// Value. Immutable once made.
struct Batch {
    std::uint64_t id = 0;       // given by the log at append; dense, ascending
    std::uint32_t shard = 0;    // the ingest thread that made it
    std::string tenant;         // X-Scope-OrgID, empty for none
    std::string body;           // snappy block of a logproto.PushRequest
    std::size_t raw_bytes = 0;  // size of the PushRequest before snappy
    std::uint32_t records = 0;  // entries in all its streams
    std::uint32_t streams = 0;
    std::size_t largest_stream_bytes = 0;  // of the PushRequest; every other stream has no more
    bool heavy = false;            // of sources over their fair share; given up before others
    std::uint64_t line_bytes = 0;  // sum of the entries' line lengths
    Timestamp oldest;              // entries' Loki timestamps
    Timestamp newest;
    Timestamp first_received;  // receive time of the first record, for latency
    // What its thread counted since it last told, this batch's frames as accepted.
    IntakeAccount intake;

    // What this batch costs in memory while something holds it.
    [[nodiscard]] std::size_t memory_bytes() const {
        constexpr std::size_t listener_bytes = 256;  // roughly, with a reason or two
        return sizeof(Batch) + body.capacity() + intake.size() * listener_bytes;
    }
};

using BatchPtr = std::shared_ptr<const Batch>;

}  // namespace weir
