// YAML tree to Config, driven by the table in app/settings. Reports what is wrong with each value
// alone; app/config_checks looks at values together.
#pragma once

#include "app/config.h"
#include "app/config_problem.h"
#include "app/env_expand.h"
#include "app/yaml_tree.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Value. One prefix of `classification:` and where it was written.
struct SourceLine {
    Prefix prefix;
    int line = 0;
    std::uint32_t entry = 0;  // index in `classification`
    std::uint32_t item = 0;   // index in its `sources`
};

// Value. Path to line of every key that was written, except below `classification`, which may be
// long and whose entries keep their own line.
using ConfigLines = std::map<std::string, int, std::less<>>;

// Value. What was written, with defaults for what was not.
struct ReadConfig {
    Config config;
    ConfigLines lines;
    std::vector<SourceLine> sources;
};

// Reads a document. Every problem goes to `problems`; the result is of use only without errors.
// An empty document is all defaults. Never throws.
[[nodiscard]] ReadConfig read_config(const YamlTree& tree, const Environment& environment,
                                     ConfigProblems& problems);

}  // namespace weir
