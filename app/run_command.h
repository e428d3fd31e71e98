// `weir run`: reads the configuration, runs the machine until SIGTERM or SIGINT, reloads on SIGHUP
// and on a changed file.
#pragma once

#include <string>

namespace weir {

struct RunOptions {
    std::string config_file;  // empty: the embedded default
};

// Blocks until the machine has stopped. Returns the exit status: 0 after an orderly stop, 1 when it
// could not start.
[[nodiscard]] int run_run_command(const RunOptions& options);

}  // namespace weir
