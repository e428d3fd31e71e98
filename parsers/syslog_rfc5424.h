// The RFC 5424 header behind its PRI (section 6) and its near misses: Meraki's epoch time, a
// missing version, a header that stops early, malformed structured data, BSD tags behind VERSION
// and time.
#pragma once

#include "core/record.h"

#include <cstdint>
#include <string_view>

namespace weir {

enum class Rfc5424Reading : std::uint8_t {
    none,      // not this grammar; nothing was stored
    read,      // header and message are stored
    bsd_rest,  // version and time are stored; `rest` goes on as a BSD header does
};

// Value that borrows.
struct Rfc5424Result {
    Rfc5424Reading reading = Rfc5424Reading::none;
    std::string_view rest;       // for bsd_rest
    std::string_view time_text;  // for bsd_rest
};

// Reads what follows the PRI when it begins with VERSION and a time or "-". With `bsd_allowed` a
// tag where HOSTNAME or APP-NAME belongs gives bsd_rest.
[[nodiscard]] Rfc5424Result read_rfc5424(std::string_view text, bool bsd_allowed, Record& record);

// Reads HOSTNAME to MSG behind a time that came without VERSION, when the fields are surely RFC
// 5424's: a number or "-" for PROCID, and "-" or structured data in its place. False, and nothing
// stored, otherwise.
[[nodiscard]] bool read_rfc5424_fields(std::string_view text, Record& record);

// Meraki's "1650972789.426960608 host flows text", with or without VERSION, where another header
// may stand in front. The fraction must be there. False, and nothing stored, otherwise.
[[nodiscard]] bool read_epoch_header(std::string_view text, Record& record);

// "1 2026-11-21T06:47:00Z host app 12 ID - text" behind a relay's header: all fields must be there.
// False, and nothing stored, otherwise.
[[nodiscard]] bool read_relayed_rfc5424(std::string_view text, Record& record);

}  // namespace weir
