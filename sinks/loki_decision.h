// What to do with one answer of Loki to one push: the decision table of docs/delivery.md as a pure
// function. The endpoint carries out what it says.
#pragma once

#include "core/time.h"
#include "sinks/http_answer.h"
#include "sinks/loki_answer.h"
#include "sinks/reason.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class LokiAction : std::uint8_t {
    ok,                // all of it is stored
    retry,             // the same bytes again, after a backoff
    split_by_stream,   // halves by stream; a lone stream has its labels sanitised, once
    split_by_entries,  // halves by entry; a lone entry is truncated
    hold,              // stop this endpoint, keep everything, probe
    repair,            // what `repairs` claims is rewritten and resent, the rest is stored
    slow_lane,         // the named streams wait, the rest goes out again at once
    dead_letter,       // all of it ends here
    drop,              // nothing in it was worth keeping
};

enum class RepairKind : std::uint8_t {
    truncate,     // lines longer than `limit`
    clamp_old,    // entries older than `time`
    clamp_new,    // entries not older than `time`
    replay,       // entries older than `time`
    fold_all,     // entries with metadata
    fold_large,   // entries whose metadata takes more than `limit` bytes
    fold_many,    // entries with more than `limit` pairs of metadata
    dead_letter,  // the streams named
    sanitise,     // the streams named
};

// Value. One thing to change about those entries of a request that it claims.
struct Repair {
    RepairKind kind = RepairKind::truncate;
    Reason reason = Reason::none;
    std::uint64_t limit = 0;
    Timestamp time{};
    std::optional<Timestamp> server_now{};  // clamp_new: the server's own clock, if it was told
    std::vector<std::string> streams{};     // as the answer has them; compare by same_stream
};

// Value. What was sent, as far as the decision depends on it.
struct LokiRequestFacts {
    std::size_t raw_bytes = 0;
    std::uint32_t records = 0;
    std::uint32_t streams = 0;
    std::uint32_t rate_limited_before = 0;  // 429s for the whole tenant in a row, this one not
    Timestamp now;
};

// Value.
struct LokiDecision {
    LokiAction action = LokiAction::ok;
    Reason reason = Reason::none;
    std::vector<Repair> repairs;                    // repair
    std::vector<std::string> streams;               // slow_lane
    std::optional<std::chrono::milliseconds> wait;  // Retry-After, or a floor of our own
    std::optional<Timestamp> hold_until;            // hold: the date Loki named
    std::optional<std::uint64_t> rate_bytes_per_s;  // the tenant's limit, when it was named
    bool rest_is_stored = true;  // repair: false when the rest has to be asked about again
};

// A request at or below this is not split for a few 429s: it is the rate that is too high.
inline constexpr std::size_t rate_split_floor_bytes = 256UL * 1024;

// After so many refusals in a row a smaller one is split too, down to the second floor: there are
// tenants with smaller bursts.
inline constexpr std::uint32_t patient_refusals = 6;
inline constexpr std::size_t patient_split_floor_bytes = 32UL * 1024;

// A new stream beyond the tenant's limit waits at least this long before it is tried again.
inline constexpr std::chrono::milliseconds stream_limit_wait{60'000};

// Limits below this are not Loki's but a misreading of its text, and are not obeyed.
inline constexpr std::uint64_t believable_line_bytes_min = 256;

[[nodiscard]] LokiDecision decide_loki(const HttpResponse& response, const LokiRequestFacts& sent);

// For a request that got no answer.
[[nodiscard]] LokiDecision decide_transport(TransportError error);

}  // namespace weir
