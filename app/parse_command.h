// `weir parse`: reads messages from a stream and prints what the parser chain makes of each, one
// JSON object a line. For operators who ask why a device's line came out as it did, and for our
// corpus.
#pragma once

#include "core/dialect.h"
#include "core/result.h"
#include "core/time.h"
#include "parsers/framing.h"

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string_view>

namespace weir {

struct ParseCommandOptions {
    Dialect dialect = Dialect::any;
    std::optional<Timestamp> received_at;  // completes a missing year
    std::optional<FramingMode> framing;    // read the stream as a TCP listener would
    bool ndjson = false;                   // each line is a JSON object with the message in "raw"
    std::size_t message_bytes_max = 64 * 1024;
};

// Reads `in` to its end and writes to `out`. Default: one message per line, its LF or CRLF cut off,
// a last line without one included. With `ndjson`, a bad line gives {"error": ..., "line": N} on
// `errors` and the rest is read on. Returns 0, or 1 when a line was bad or the output failed.
[[nodiscard]] int run_parse_command(const ParseCommandOptions& options, std::istream& in,
                                    std::ostream& out, std::ostream& errors);

// As above, with std::cerr for the errors.
[[nodiscard]] int run_parse_command(const ParseCommandOptions& options, std::istream& in,
                                    std::ostream& out);

// Values of the command line's --framing ("octet", "lf", "nul", "auto").
[[nodiscard]] std::optional<FramingMode> framing_mode_from_name(std::string_view name);

// Value of --received-at: RFC 3339 with an offset.
[[nodiscard]] Result<Timestamp> timestamp_from_rfc3339(std::string_view text);

}  // namespace weir
