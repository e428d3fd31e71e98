// Listeners and endpoints of a configuration are known by their names.
#pragma once

#include <algorithm>
#include <string_view>

namespace weir {

// The item of a list, `std::vector` of what has a `name`, with that name; null when there is none.
// Lives as long as the list is not changed.
template <class List>
auto* find_by_name(List& items, std::string_view name) {
    const auto found = std::find_if(items.begin(), items.end(),
                                    [name](const auto& item) { return item.name == name; });
    return found == items.end() ? nullptr : &*found;
}

}  // namespace weir
