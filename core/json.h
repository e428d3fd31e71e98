// JSON text: the one place that knows how a string is escaped.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// Appends `text` as a JSON string with its quotes. Control characters are escaped; bytes that are
// not UTF-8 become U+FFFD, since JSON has no other way (RFC 8259 section 8.1).
void append_json_string(std::string_view text, std::string& out);

}  // namespace weir
