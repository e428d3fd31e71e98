// References to environment variables in configuration values.
#pragma once

#include "core/result.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// The value of a variable, or none when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// Reads the process environment.
[[nodiscard]] std::optional<std::string> process_environment(const std::string& name);

// Replaces ${NAME} by the variable and ${NAME:-default} by the default when the variable is unset
// or empty; "$$" is one '$', and a '$' before anything else stays. What a variable holds is not
// read again. Fails on a variable that is not set, a bad name, a missing '}' and a result over 64
// KiB.
[[nodiscard]] Result<std::string> expand_environment(std::string_view text,
                                                     const Environment& environment);

}  // namespace weir
