// The configuration back as YAML, every default filled in, for `weir check --print`. Secrets are
// paths of files in the configuration and therefore here.
#pragma once

#include "app/config.h"

#include <string>

namespace weir {

// Loading the result gives the same configuration. Settings that nobody set and that have no
// default are left out, and so are limits that do nothing for their listener's transport.
[[nodiscard]] std::string print_config(const Config& config);

}  // namespace weir
