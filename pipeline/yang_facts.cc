#include "pipeline/yang_facts.h"

#include "pipeline/yang_table.h"

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir {

namespace {

constexpr const YangTable* all_tables[] = {
    &yang_openconfig,    &yang_openconfig_platform, &yang_openconfig_network, &yang_ietf,
    &yang_iosxe,         &yang_iosxe_device,        &yang_iosxe_network,      &yang_iosxr,
    &yang_iosxr_network, &yang_nxos_interfaces,     &yang_nxos_device,        &yang_nxos_show,
};

// Calls `visit` for each word of `list`, until it returns false.
template <typename Visit>
void for_each_word(std::string_view list, char separator, Visit visit) {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(separator), list.size());
        if (!visit(list.substr(0, end))) {
            return;
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
}

std::vector<std::string> split_paths(std::string_view paths) {
    std::vector<std::string> split;
    for_each_word(paths, '|', [&](std::string_view path) {
        split.emplace_back(path);
        return true;
    });
    return split;
}

using NodeIndex = std::unordered_map<std::string, const YangNode*>;

NodeIndex make_index() {
    NodeIndex index;
    for (const YangTable* table : yang_tables()) {
        for (YangPlace& place : yang_places(*table)) {
            index.emplace(std::move(place.path), place.node);
        }
    }
    return index;
}

// Made from the tables with the first question and never changed.
const NodeIndex& node_index() {
    static const NodeIndex index = make_index();
    return index;
}

const YangNode* exact_node(std::string_view path) {
    const auto found = node_index().find(std::string(path));
    return found == node_index().end() ? nullptr : found->second;
}

const YangLeaves* leaf_in(const YangNode* node, std::string_view name) {
    const YangLeaves* found = nullptr;
    if (node == nullptr) {
        return nullptr;
    }
    for (const YangLeaves& leaves : node->leaves) {
        for_each_word(leaves.names, ' ', [&](std::string_view word) {
            if (word == name) {
                found = &leaves;
            }
            return found == nullptr;
        });
        if (found != nullptr) {
            break;
        }
    }
    return found;
}

// "module:*/last" for "module:some/where/last", and "module:*" when `last` is not wanted.
std::string anywhere(std::string_view path, bool with_last) {
    const std::size_t colon = path.find(':');
    if (colon == std::string_view::npos) {
        return {};
    }
    std::string key(path.substr(0, colon + 1));
    key += '*';
    const std::size_t slash = path.rfind('/');
    if (with_last) {
        key += '/';
        key += path.substr((slash == std::string_view::npos ? colon : slash) + 1);
    }
    return key;
}

}  // namespace

std::span<const YangTable* const> yang_tables() {
    return all_tables;
}

std::vector<YangPlace> yang_places(const YangTable& table) {
    std::vector<YangPlace> places;
    std::vector<std::string> bases;
    for (const YangNode& node : table.nodes) {
        if (!node.paths.starts_with('/')) {
            bases = split_paths(node.paths);
            for (const std::string& base : bases) {
                places.push_back({.path = base, .node = &node});
            }
            continue;
        }
        for (const std::string& below : split_paths(node.paths)) {
            for (const std::string& base : bases) {
                places.push_back({.path = base + below, .node = &node});
            }
        }
    }
    return places;
}

std::span<const std::string_view> yang_list_keys(std::string_view list_path) {
    const YangNode* node = exact_node(list_path);
    if (node == nullptr || node->keys.empty()) {
        node = exact_node(anywhere(list_path, true));
    }
    return node == nullptr ? std::span<const std::string_view>() : node->keys;
}

const LeafFact* yang_leaf(std::string_view leaf_path) {
    const std::size_t slash = leaf_path.rfind('/');
    if (slash == std::string_view::npos) {
        return nullptr;
    }
    const std::string_view parent = leaf_path.substr(0, slash);
    const std::string_view name = leaf_path.substr(slash + 1);
    const YangLeaves* leaves = leaf_in(exact_node(parent), name);
    if (leaves == nullptr) {
        leaves = leaf_in(exact_node(anywhere(parent, true)), name);
    }
    if (leaves == nullptr) {
        leaves = leaf_in(exact_node(anywhere(parent, false)), name);
    }
    return leaves == nullptr ? nullptr : &leaves->fact;
}

}  // namespace weir
