// RFC 5424 STRUCTURED-DATA (section 6.3), strict and as devices really send it, and a walker over
// its elements for those who print it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

// Value. What stands at the start of a text.
struct StructuredDataScan {
    std::size_t length = 0;  // bytes of "[...]", one or more elements; 0: not structured data
    bool strict = true;      // false: blanks, quotes or brackets outside the grammar were tolerated
};

// Reads one or more elements back to back. Tolerated: blanks after '[', around '=' and before ']',
// values without quotes, ']' not escaped inside quotes. A first element that cannot be read gives
// length 0; a later one ends the data.
[[nodiscard]] StructuredDataScan scan_structured_data(std::string_view text);

// Value that borrows. One "[id name="value" ...]"; `params` is for next_sd_param.
struct SdElement {
    std::string_view id;
    std::string_view params;
};

// Value that borrows. `raw_value` still has its escapes.
struct SdParam {
    std::string_view name;
    std::string_view raw_value;
};

// Takes the next element off `structured_data`, which scan_structured_data accepted. False at the
// end.
[[nodiscard]] bool next_sd_element(std::string_view& structured_data, SdElement& element);

// Takes the next parameter off `params`. False at the end.
[[nodiscard]] bool next_sd_param(std::string_view& params, SdParam& param);

// Appends `raw_value` with \" \\ \] resolved; a backslash before anything else is itself (6.3.3).
void append_sd_value(std::string_view raw_value, std::string& out);

}  // namespace weir
