#include "app/env_expand.h"

#include <fmt/format.h>

#include <cstdlib>

namespace weir {

namespace {

constexpr std::size_t expanded_bytes_max = 64 * 1024;

bool is_variable_name(std::string_view name) {
    if (name.empty() || (name.front() >= '0' && name.front() <= '9')) {
        return false;
    }
    for (const char c : name) {
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_')) {
            return false;
        }
    }
    return true;
}

// `reference` is what stands between the braces.
Result<std::string> resolve(std::string_view reference, const Environment& environment) {
    const std::size_t separator = reference.find(":-");
    const std::string name(reference.substr(0, separator));
    if (!is_variable_name(name)) {
        return fail(
            fmt::format("\"${{{}}}\" does not name an environment variable; for a '$' "
                        "before '{{' write \"$$\"",
                        reference));
    }
    std::optional<std::string> value = environment(name);
    if (separator != std::string_view::npos && (!value || value->empty())) {
        return std::string(reference.substr(separator + 2));
    }
    if (!value) {
        return fail(
            fmt::format("environment variable {} is not set; ${{{}:-default}} would give a "
                        "default",
                        name, name));
    }
    return std::move(*value);
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<std::string> expand_environment(std::string_view text, const Environment& environment) {
    std::string expanded;
    while (true) {
        const std::size_t dollar = text.find('$');
        expanded += text.substr(0, dollar);
        if (expanded.size() > expanded_bytes_max) {
            return fail(fmt::format("is longer than {} KiB", expanded_bytes_max / 1024));
        }
        if (dollar == std::string_view::npos) {
            return expanded;
        }
        text.remove_prefix(dollar + 1);
        if (text.starts_with('$')) {
            expanded += '$';
            text.remove_prefix(1);
        } else if (!text.starts_with('{')) {
            expanded += '$';
        } else {
            const std::size_t end = text.find('}');
            if (end == std::string_view::npos) {
                return fail("\"${\" has no closing \"}\"; for a '$' before '{' write \"$$\"");
            }
            Result<std::string> value = resolve(text.substr(1, end - 1), environment);
            if (!value) {
                return value;
            }
            expanded += *value;
            text.remove_prefix(end + 1);
        }
    }
}

}  // namespace weir
