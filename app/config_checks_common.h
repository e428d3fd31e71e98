// What the parts of app/config_checks share. For the config_checks*.cc files only.
#pragma once

#include "app/config_checks.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

[[nodiscard]] inline bool is_written(const ReadConfig& read, std::string_view path) {
    return read.lines.contains(path);
}

// Reports every name that an earlier item of the same list has.
template <class Item>
void check_names(const ReadConfig& read, std::string_view list, const std::vector<Item>& items,
                 ConfigProblems& problems) {
    std::map<std::string_view, int> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::string path = fmt::format("{}[{}].name", list, i);
        const int line = line_of(read.lines, path);
        if (items[i].name.empty()) {
            continue;  // already refused
        }
        const auto [first, is_new] = seen.emplace(items[i].name, line);
        if (!is_new) {
            problems.error(
                line, path,
                fmt::format("\"{}\" is the name in line {} as well", items[i].name, first->second));
        }
    }
}

}  // namespace weir
