#include "app/check_command.h"

#include "app/build_parts.h"
#include "app/config_load.h"
#include "app/config_print.h"
#include "app/memory_budget.h"
#include "app/settings_docs.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace weir {

namespace {

std::string counted(std::size_t count, std::string_view singular, std::string_view plural) {
    return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

std::string summary(const Config& config) {
    std::string text = counted(config.listeners.size(), "listener", "listeners");
    text += ", " + counted(config.classification.size() + config.hostnames.size(),
                           "classification entry", "classification entries");
    text += ", " + counted(config.rules.size(), "rule", "rules");
    text += ", " + counted(config.loki.size(), "Loki endpoint", "Loki endpoints");
    if (!config.mimir.empty()) {
        text += ", " + counted(config.mimir.size(), "Mimir endpoint", "Mimir endpoints");
    }
    return config.file.enabled ? text + ", files in " + config.file.directory : text;
}

}  // namespace

int run_check_command(const CheckOptions& options, std::ostream& out, std::ostream& messages) {
    ConfigLoadOptions load_options;
    load_options.check_files = true;
    const ConfigOutcome outcome = load_config_file(options.file, load_options);
    for (const ConfigProblem& problem : outcome.problems) {
        messages << to_string(problem, options.file) << '\n';
    }
    if (!outcome.config) {
        const auto errors = std::count_if(
            outcome.problems.begin(), outcome.problems.end(),
            [](const ConfigProblem& problem) { return problem.severity == Severity::error; });
        messages << options.file << ": "
                 << counted(static_cast<std::size_t>(errors), "error", "errors") << '\n';
        return 1;
    }
    // What only building the parts can tell, such as the memory that a pattern needs.
    if (const auto parts =
            make_intake_settings(*outcome.config, ingest_thread_count(*outcome.config));
        !parts) {
        messages << options.file << ": " << parts.error().message << '\n'
                 << options.file << ": 1 error\n";
        return 1;
    }
    const MemoryBudget budget =
        make_memory_budget(*outcome.config, ingest_thread_count(*outcome.config));
    if (const std::string refusal = memory_refusal(*outcome.config, budget); !refusal.empty()) {
        messages << options.file << ": " << refusal << '\n' << options.file << ": 1 error\n";
        return 1;
    }
    if (options.print) {
        out << print_config(*outcome.config);
    }
    messages << options.file << ": ok (" << summary(*outcome.config) << ")\n";
    return 0;
}

int run_schema_command(std::ostream& out) {
    out << settings_json_schema();
    return 0;
}

}  // namespace weir
