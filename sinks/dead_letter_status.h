// What the table of dead letters says of itself.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace weir {

// Letters by endpoint and reason.
using LetterCounts = std::map<std::pair<std::string, std::string>, std::uint64_t>;

// Value. The table at one moment.
struct DeadLetterStatus {
    bool healthy = true;
    std::string last_error;  // why letters were refused the last time; not for want of room
    LetterCounts letters;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_max = 0;
    bool full = false;          // the last letters did not all fit
    std::uint64_t refused = 0;  // letters since start that were not kept, for whatever reason
};

}  // namespace weir
