// The BSD header behind its time (RFC 3164 section 4.1.2 on): hostname, tag, message, and what
// vendors put between them. The time itself is read by parsers/syslog_timestamp.
#pragma once

#include "core/record.h"

#include <cstdint>
#include <string_view>

namespace weir {

enum class BsdVendors : std::uint8_t {
    none,   // time, host, tag: the dialect is pinned to rfc3164 or nutanix
    cisco,  // also Cisco headers behind a relay's
    all,
};

// Value that borrows.
struct BsdContext {
    BsdVendors vendors = BsdVendors::all;
    std::string_view time_text;  // the header's time as written, for a relay's extra
};

// Reads "host tag: message" or what of it is there. `record` already holds the time.
void read_bsd_header(std::string_view text, const BsdContext& context, Record& record);

// Reads "tag[pid]: message" where no time was found. A tag without a process id counts only with
// `after_pri`. False, and nothing stored, when the text begins with no tag.
[[nodiscard]] bool read_bsd_tag_only(std::string_view text, bool after_pri, Record& record);

}  // namespace weir
