// MemoryBudget: what weir takes at most, written as a sum of its configured limits. Logged at
// start; a configuration whose sum exceeds memory_bytes_max is refused. ARCHITECTURE.md (Memory)
// explains the terms.
#pragma once

#include "app/config.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

// Value.
struct MemoryBudget {
    struct Term {
        std::string name;
        std::uint64_t bytes = 0;
    };

    std::vector<Term> terms;

    [[nodiscard]] std::uint64_t total() const;
    // "a 1.0 MiB + b 20.5 MiB = 21.5 MiB".
    [[nodiscard]] std::string to_string() const;
};

// Ingest threads that a configuration means on this machine.
[[nodiscard]] std::size_t ingest_thread_count(const Config& config);

// For so many ingest threads. Pure.
[[nodiscard]] MemoryBudget make_memory_budget(const Config& config, std::size_t threads);

// What the control group of this process may use (memory.max of cgroup v2); the largest number when
// nothing limits it.
[[nodiscard]] std::uint64_t container_memory_bytes();

// Why the budget is refused, naming the three largest terms; empty when it is within
// memory_bytes_max, or when there is no limit.
[[nodiscard]] std::string memory_refusal(const Config& config, const MemoryBudget& budget);

}  // namespace weir
