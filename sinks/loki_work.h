// The pieces that one frozen batch falls into on its way to Loki, and the pure part of carrying out
// a decision: which entries are rewritten, which end, which are done.
#pragma once

#include "pipeline/batch.h"
#include "pipeline/log.h"
#include "pipeline/loki_rewrite.h"
#include "sinks/loki_decision.h"
#include "sinks/reason.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

// Value, shared by the items that came of one batch. Settled when none is left.
struct ParentBatch {
    BatchPtr batch;
    Outcome outcome;
    std::uint32_t items = 0;
};

// Value. One request to be sent: a whole batch as it was frozen, or something derived from it.
struct LokiItem {
    std::shared_ptr<ParentBatch> parent;
    std::string own_body;  // empty: the parent's frozen bytes
    std::size_t raw_bytes = 0;
    std::uint32_t records = 0;
    std::uint32_t streams = 0;
    std::int64_t due_ns = 0;         // not before, monotonic
    std::uint32_t attempts = 0;      // failures of these bytes
    std::uint32_t rate_limited = 0;  // 429s for the whole tenant, in a row
    std::uint32_t rounds = 0;   // how often the rest of a refused request was asked about again
    std::uint32_t applied = 0;  // bit set of RepairKind
    bool replay = false;
    bool slow = false;
    Reason slow_reason = Reason::none;
    bool held = false;  // waits because the whole endpoint holds

    [[nodiscard]] std::string_view body() const {
        return own_body.empty() ? std::string_view(parent->batch->body) : own_body;
    }
};

[[nodiscard]] constexpr std::uint32_t repair_bit(RepairKind kind) {
    return 1U << static_cast<unsigned>(kind);
}

// Value. What a repair needs to know beside the entries.
struct RepairContext {
    Timestamp received;         // of the batch's first record, for clamping
    std::uint32_t applied = 0;  // repairs made before
    std::string_view replay_label{};
    std::string_view replay_value{};
    bool replay = false;  // it went out with the replay label
};

// Value. A request after its repairs. Every entry is in exactly one of the parts.
struct RepairedPush {
    LokiPush changed;
    LokiPush replay;                                 // changed too, and with the replay label
    std::vector<std::pair<Reason, LokiPush>> ended;  // one for each reason
    LokiPush rest;                                   // no repair claimed it
    std::uint32_t applied = 0;                       // the context's, and what was done here
    bool all_matched = true;                         // every repair claimed something
    std::map<Reason, std::uint64_t> repaired;        // entries in changed and replay, by reason
};

[[nodiscard]] RepairedPush apply_repairs(LokiPush push, const std::vector<Repair>& repairs,
                                         const RepairContext& context);

// Puts the replay label on every stream.
void label_for_replay(LokiPush& push, std::string_view name, std::string_view value);

// Appends the streams of `more`.
void append_push(LokiPush& push, LokiPush more);

}  // namespace weir
