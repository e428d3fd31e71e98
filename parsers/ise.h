// Cisco ISE multi-part messages: the "<id> <total> <index> " that follows the CISE_ category.
#pragma once

#include "core/record.h"

#include <cstdint>
#include <string_view>

namespace weir {

// Value that borrows from the record's message. `text` is the part's payload after the three
// numbers.
struct IsePart {
    bool present = false;
    std::string_view category;  // "CISE_Passed_Authentications"
    std::string_view id;        // "0001939187"
    std::uint16_t total = 0;    // parts in all; 1 means nothing to put together
    std::uint16_t index = 0;    // 0-based
    std::string_view text;
};

// Reads the part header of a record whose app_name is "CISE_...". Not present for anything else.
[[nodiscard]] IsePart read_ise_part(const Record& record);

}  // namespace weir
