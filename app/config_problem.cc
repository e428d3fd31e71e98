#include "app/config_problem.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

std::string to_string(const ConfigProblem& problem, std::string_view file) {
    std::string text(file);
    if (problem.line > 0) {
        text += fmt::format(":{}", problem.line);
    }
    text += problem.severity == Severity::warning ? ": warning: " : ": ";
    if (!problem.path.empty()) {
        text += problem.path + ": ";
    }
    return text + problem.message;
}

void ConfigProblems::error(int line, std::string path, std::string message) {
    has_errors_ = true;
    add({line, std::move(path), std::move(message), Severity::error});
}

void ConfigProblems::warning(int line, std::string path, std::string message) {
    add({line, std::move(path), std::move(message), Severity::warning});
}

void ConfigProblems::add(ConfigProblem problem) {
    if (problems_.size() < problems_max) {
        problems_.push_back(std::move(problem));
        return;
    }
    left_out_ = true;
    // An error is never the one left out while warnings are shown.
    const auto last_warning =
        std::find_if(problems_.rbegin(), problems_.rend(),
                     [](const ConfigProblem& kept) { return kept.severity == Severity::warning; });
    if (problem.severity == Severity::error && last_warning != problems_.rend()) {
        *last_warning = std::move(problem);
    }
}

std::vector<ConfigProblem> ConfigProblems::take() {
    std::stable_sort(
        problems_.begin(), problems_.end(),
        [](const ConfigProblem& a, const ConfigProblem& b) { return a.line < b.line; });
    if (left_out_) {
        const Severity severity = has_errors_ ? Severity::error : Severity::warning;
        problems_.push_back(
            {0, "", fmt::format("more than {} problems; the rest is not shown", problems_max),
             severity});
    }
    return std::move(problems_);
}

}  // namespace weir
