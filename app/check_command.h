// `weir check` and `weir schema`: what the configuration file means, without starting anything.
#pragma once

#include <iosfwd>
#include <string>

namespace weir {

struct CheckOptions {
    std::string file;
    bool print = false;  // the effective configuration to `out`
};

// Writes every problem, then "FILE: ok (3 listeners, ...)" or "FILE: 2 errors", to `messages`; the
// effective configuration goes to `out`, so that it can be piped. Returns the exit status: 0 when
// weir would start with the file, else 1.
[[nodiscard]] int run_check_command(const CheckOptions& options, std::ostream& out,
                                    std::ostream& messages);

// Writes the JSON Schema of the configuration file. Returns 0.
[[nodiscard]] int run_schema_command(std::ostream& out);

}  // namespace weir
