// Frame: one delimited message, borrowed from the receive slot of the listener that read it.
#pragma once

#include "core/address.h"
#include "core/defects.h"
#include "core/time.h"

#include <string_view>

namespace weir {

// Value that borrows. `bytes` is valid until the listener reads into its slot again, which is after
// the call that was handed the frame returns.
struct Frame {
    std::string_view bytes;  // without framing: no octet count, no LF/CRLF/NUL trailer
    Peer peer;
    Timestamp received_at;
    Defects defects;  // what framing found: truncated, bad_octet_count, ...
    bool octet_counted = false;
};

}  // namespace weir
