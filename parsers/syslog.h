// The lenient syslog parser chain: any bytes in, one Record out. Sits between framing and
// classification; pure (no clock, no allocation, no log, no throw).
#pragma once

#include "core/dialect.h"
#include "core/record.h"

#include <string_view>

namespace weir {

// Reads one message. `message` must be valid UTF-8 (see parsers/utf8.h) and must outlive `record`,
// which is cleared first and then holds views into it. Never fails: what cannot be read stays in
// `record.msg` with the reason in `record.defects`. `dialect` other than `any` skips the guessing.
void parse_syslog(std::string_view message, Dialect dialect, Record& record);

}  // namespace weir
