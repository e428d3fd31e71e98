// `weir spool`: what lies in a spool directory, and delivering what another weir left in one.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace weir {

// The directory itself and, if it has one, that of the log of samples in it.
[[nodiscard]] std::vector<std::string> spool_directories(const std::string& directory);

// Writes what the spool of `directory` holds and what each endpoint has had of it to `out`. While a
// weir uses the directory this is at most some 50 ms old. Returns the exit status: 1 when there is
// no spool or it cannot be read.
[[nodiscard]] int run_spool_status_command(const std::string& directory, std::ostream& out,
                                           std::ostream& messages);

struct SpoolDrainOptions {
    std::string config_file;  // for its endpoints; its listeners stay closed
    std::string directory;    // of the weir that is gone
};

// Delivers everything in the directory to the endpoints of the configuration, by name, and ends.
// Interrupted, it goes on where it was the next time. Returns 0 when nothing is left.
[[nodiscard]] int run_spool_drain_command(const SpoolDrainOptions& options, std::ostream& out,
                                          std::ostream& messages);

}  // namespace weir
