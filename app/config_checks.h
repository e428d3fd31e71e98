// Looks at the values of a configuration together: names and addresses used twice, settings that
// contradict each other, files that can not be read.
#pragma once

#include "app/config_problem.h"
#include "app/config_reader.h"

namespace weir {

// The parts of check_config; each adds its problems. Pure.
void check_listeners(const ReadConfig& read, ConfigProblems& problems);
void check_classification(const ReadConfig& read, ConfigProblems& problems);
void check_rules(const ReadConfig& read, ConfigProblems& problems);
void check_outputs(const ReadConfig& read, ConfigProblems& problems);
void check_canary(const ReadConfig& read, ConfigProblems& problems);
void check_admin(const ReadConfig& read, ConfigProblems& problems);

// All of the above. To be called when every value alone was good.
void check_config(const ReadConfig& read, ConfigProblems& problems);

// Warns of every file named in the configuration that this process can not open now. Warnings,
// because `weir check` may run elsewhere than weir.
void check_files(const ReadConfig& read, ConfigProblems& problems);

// False for what means nothing to this listener: a limit of connections over udp, a dialect of
// telemetry, a framing of syslog.
[[nodiscard]] bool setting_applies(const ListenerConfig& listener, std::string_view key);

// The line of a path or of the nearest key above it that was written; 0 when there is none.
[[nodiscard]] int line_of(const ConfigLines& lines, std::string_view path);

}  // namespace weir
