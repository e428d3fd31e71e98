// What the configuration tests share.
#pragma once

#include "app/config_load.h"

#include <map>
#include <optional>
#include <string>

namespace weir {

inline ConfigLoadOptions with_variables(std::map<std::string, std::string> variables) {
    ConfigLoadOptions options;
    options.environment = [variables = std::move(variables)](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    return options;
}

// One line for each problem, the file called "f".
inline std::string problems_of(const ConfigOutcome& outcome) {
    std::string text;
    for (const ConfigProblem& problem : outcome.problems) {
        text += to_string(problem, "f") + "\n";
    }
    return text;
}

}  // namespace weir
