// The canary's line, the question for it and the reader of what Loki answers. Pure; an answer may
// hold any bytes.
#pragma once

#include "core/result.h"
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// The stream label `job` of every canary line, by which it is found and left out.
inline constexpr std::string_view canary_job = "weir-canary";
// So many lines are read from one answer.
inline constexpr std::uint64_t canary_query_lines_max = 500;

// Value. One line that weir made: `sequence` within `run`, which names one life of the process.
struct CanaryLine {
    std::uint64_t sequence = 0;
    Timestamp made;

    friend bool operator==(const CanaryLine&, const CanaryLine&) = default;
};

// The text of a line. `run` is letters and digits.
[[nodiscard]] std::string canary_text(std::string_view run, const CanaryLine& line);

// Undoes canary_text; nothing for any other text, another run's or a damaged line included.
[[nodiscard]] std::optional<CanaryLine> read_canary_text(std::string_view text,
                                                         std::string_view run);

// The parameters of Loki's query_range that ask for the lines of a run made from `from` to `to`,
// both included.
[[nodiscard]] std::string canary_query(std::string_view run, Timestamp from, Timestamp to);

// The lines of this run in the answer to that. Fails, in words, on anything but a successful
// answer of query_range with streams in it.
[[nodiscard]] Result<std::vector<CanaryLine>> read_canary_answer(std::string_view body,
                                                                 std::string_view run);

}  // namespace weir
