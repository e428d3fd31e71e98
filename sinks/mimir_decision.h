// What to do with one answer of Mimir to one request: the decision table of docs/delivery.md as a
// pure function. The endpoint carries out what it says.
#pragma once

#include "sinks/http_answer.h"
#include "sinks/reason.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace weir {

enum class MimirAction : std::uint8_t {
    ok,         // all of it is stored
    refused,    // samples are refused: `refused` of them, or those that halving finds
    drop,       // none of it is stored and never will be
    split,      // halves by series; a lone series is dropped
    retry,      // the same again, after a backoff
    hold,       // stop this endpoint, keep everything, probe
    fall_back,  // the same in remote write 1.0, for an hour
};

// Value. What was sent, as far as the decision depends on it.
struct MimirRequestFacts {
    std::uint32_t samples = 0;
    std::uint32_t series = 0;
    bool version_2 = false;
    std::uint32_t rate_limited_before = 0;  // 429s in a row, this one not
    bool halved_undecodable = false;        // it is half of one that could not be decoded
};

// Value.
struct MimirDecision {
    MimirAction action = MimirAction::ok;
    Reason reason = Reason::none;
    std::optional<std::uint64_t> refused;             // refused: the number, when it is known
    std::optional<std::chrono::milliseconds> wait;    // Retry-After
    std::optional<std::uint64_t> rate_samples_per_s;  // the tenant's limit, when it was named
    bool metadata_refused = false;                    // ok, but for what stands beside samples
};

// A request at or below this is not split for a few 429s: it is the rate that is too high.
inline constexpr std::uint32_t rate_split_floor_samples = 500;

[[nodiscard]] MimirDecision decide_mimir(const HttpResponse& response,
                                         const MimirRequestFacts& sent);

// For a request that got no answer.
[[nodiscard]] MimirDecision decide_mimir_transport(TransportError error);

}  // namespace weir
