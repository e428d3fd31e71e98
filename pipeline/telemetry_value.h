// Values of telemetry: what a leaf sent, as a number or as text, by what the model says it is. A
// number is never guessed from the looks of a text. Pure.
#pragma once

#include "core/metric.h"
#include "core/telemetry.h"
#include "pipeline/yang_facts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Value. A number, or why there is none.
struct LeafNumber {
    double value = 0;
    std::optional<LeafSkip> skip;
    bool precision_lost = false;  // a gauge that a double cannot hold
};

// The number of a leaf that `fact` makes a counter, a gauge or a time; a fact of unknown kind reads
// as a gauge that must be a number already. Counters are taken modulo 2^53, below which a double is
// exact: Prometheus sees that as an ordinary reset.
[[nodiscard]] LeafNumber leaf_number(const TelemetryNode& leaf, const LeafFact& fact);

// Without blanks at both ends; NX-OS sends " " for empty, IOS-XR pads.
[[nodiscard]] std::string_view trim_blanks(std::string_view text);

// "never", "n/a", "--" and the like: the device says that there is no value.
[[nodiscard]] bool says_nothing(std::string_view text);

// Seconds since 1970 of "2026-01-22T14:15:46.199-08:00", "2023-08-03T20:12:59Z" or the same with a
// blank for the T; without an offset it is UTC. None if the text is no such date.
[[nodiscard]] std::optional<double> date_seconds(std::string_view text);

// The leaf as text for a label or a line: text as it is, numbers in decimal, written into `buffer`
// if need be. Octets give nothing.
[[nodiscard]] std::string_view leaf_text(const TelemetryNode& leaf, std::string& buffer);

// The word of a state: without the module of an identity, "openconfig-types:ACTIVE" is "ACTIVE".
[[nodiscard]] std::string_view state_word(std::string_view text);

}  // namespace weir
