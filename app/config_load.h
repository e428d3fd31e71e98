// Reads the configuration file. Strict: what is not understood completely is refused, with file,
// line, key and a suggestion, and everything that is wrong is named at once.
#pragma once

#include "app/config.h"
#include "app/config_problem.h"
#include "app/env_expand.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Value. `config` is set unless a problem is an error.
struct ConfigOutcome {
    std::optional<Config> config;
    std::vector<ConfigProblem> problems;
};

struct ConfigLoadOptions {
    Environment environment = process_environment;
    bool check_files = false;  // warn of certificates and secrets that can not be opened
};

// Reads a text. `path` goes into Config::path only. Never throws; bounded in time and memory
// whatever the text is.
[[nodiscard]] ConfigOutcome load_config(std::string_view text, std::string path,
                                        const ConfigLoadOptions& options = {});

// Reads a file of at most 16 MiB. Blocks. A file that can not be read is a problem like any other.
[[nodiscard]] ConfigOutcome load_config_file(const std::string& path,
                                             const ConfigLoadOptions& options = {});

// What holds with no file at all: syslog on 5514 (udp and tcp), Nutanix on 1515, NDJSON files in
// ./weir-data, admin on 127.0.0.1:12345. There is no TLS listener, because there is no certificate.
[[nodiscard]] Config default_config();

}  // namespace weir
