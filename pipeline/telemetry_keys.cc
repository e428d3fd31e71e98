#include "pipeline/telemetry_keys.h"

#include "pipeline/telemetry_names.h"
#include "pipeline/telemetry_value.h"
#include "pipeline/yang_facts.h"

#include <algorithm>
#include <iterator>
#include <xxhash.h>

namespace weir {

namespace {

bool is_interface_list(std::string_view element) {
    const std::string word = snake_case(name_word(element));
    return word == "interface" || word == "if" || word.ends_with("_interface") ||
           word.ends_with("_if");
}

bool is_interface_key(std::string_view key) {
    constexpr std::string_view keys[] = {"interface_name", "interface", "if_name",
                                         "ifname",         "intf",      "intf_name"};
    return std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
}

std::string exported(const std::string& name) {
    return "exported_" + name;
}

bool is_named(std::string_view name, std::string_view wanted) {
    return name == wanted || (name.size() > wanted.size() && name.ends_with(wanted) &&
                              name[name.size() - wanted.size() - 1] == ':');
}

// "mac-address" as models, protobuf and NX-OS spell it.
void add_spellings(std::string_view kebab, std::vector<std::string>& out) {
    out.emplace_back(kebab);
    if (kebab.find('-') == std::string_view::npos) {
        return;
    }
    std::string snake(kebab);
    std::replace(snake.begin(), snake.end(), '-', '_');
    std::string camel;
    bool capital = false;
    for (const char c : kebab) {
        if (c == '-') {
            capital = true;
            continue;
        }
        camel += capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        capital = false;
    }
    out.push_back(std::move(snake));
    out.push_back(std::move(camel));
}

// name, id, ..., then those that begin with the list's own words: "process-id" of "process-cpu".
std::vector<std::string> candidate_names(std::string_view element, bool nxos) {
    std::vector<std::string> names = {"name", "id", "index", "key"};
    std::string words = snake_case(name_word(element));
    std::replace(words.begin(), words.end(), '_', '-');
    for (std::string_view prefix = words; !prefix.empty();) {
        for (const std::string_view end : {"-name", "-id", "-index", "-number"}) {
            add_spellings(std::string(prefix) + std::string(end), names);
        }
        const std::size_t dash = prefix.rfind('-');
        prefix = dash == std::string_view::npos ? std::string_view() : prefix.substr(0, dash);
    }
    if (nxos) {
        names.insert(names.end(), {"dn", "rn"});
    }
    for (const std::string_view other :
         {"interface-name", "interface", "neighbor-address", "neighbor-id", "vrf-name", "node-name",
          "address", "ip-address", "mac-address", "prefix", "vlan-id", "queue", "slot"}) {
        if (other != words) {
            add_spellings(other, names);
        }
    }
    return names;
}

std::uint64_t value_hash(const TelemetryNode& leaf, std::uint64_t seed) {
    return leaf.kind == TelemetryKind::text
               ? XXH3_64bits_withSeed(leaf.text.data(), leaf.text.size(), seed)
               : XXH3_64bits_withSeed(&leaf.bits, sizeof leaf.bits, seed + 1);
}

bool has_value(const TelemetryNode& leaf) {
    if (leaf.kind == TelemetryKind::container || leaf.kind == TelemetryKind::bytes) {
        return false;
    }
    return leaf.kind != TelemetryKind::text || !trim_blanks(leaf.text).empty();
}

}  // namespace

bool is_generic_key(std::string_view key) {
    constexpr std::string_view generic[] = {"name", "id", "index", "key", "number", "rn", "dn"};
    return std::find(std::begin(generic), std::end(generic), key) != std::end(generic);
}

KeyLabel make_key_label(std::string_view list_element, std::string_view key) {
    KeyLabel label;
    label.name = snake_case(key);
    label.long_name = snake_case(name_word(list_element));
    append_snake_case(key, label.long_name);
    if (label.long_name.empty()) {
        label.long_name = "key";
    }
    const bool generic = is_generic_key(label.name);
    if (is_interface_key(label.name) ||
        (generic && label.name != "index" && is_interface_list(list_element))) {
        label.name = "interface";
    } else if (generic || label.name.empty()) {
        label.name = label.long_name;
    }
    label.name = label_name(label.name);
    label.long_name = label_name(label.long_name);
    label.exported = exported(label.name);
    return label;
}

const TelemetryNode* find_leaf(TelemetryNodes nodes, std::string_view name) {
    for (std::size_t at = 0; at < nodes.size(); at += nodes[at].size) {
        if (is_named(nodes[at].name, name) && has_value(nodes[at])) {
            return &nodes[at];
        }
    }
    return nullptr;
}

const TelemetryNode* key_value(TelemetryNodes element, std::string_view leaf) {
    if (const TelemetryNode* found = find_leaf(element, leaf)) {
        return found;
    }
    for (std::size_t at = 0; at < element.size(); at += element[at].size) {
        const bool mirror = element[at].name == "state" || element[at].name == "config";
        if (mirror) {
            if (const TelemetryNode* found = find_leaf(telemetry_children(element, at), leaf)) {
                return found;
            }
        }
    }
    return nullptr;
}

TelemetryList::TelemetryList(TelemetryFamily family, std::string_view schema,
                             std::string_view element, bool rows)
    : element_(element), rows_(rows) {
    for (const std::string_view key : yang_list_keys(schema)) {
        table_.push_back({std::string(key), make_key_label(element, key)});
    }
    const bool nxos = family != TelemetryFamily::yang || schema.starts_with("Cisco-NX-OS");
    for (std::string& name : candidate_names(element, nxos)) {
        KeyLabel label = make_key_label(element, name);
        candidates_.push_back({std::move(name), std::move(label)});
    }
    index_label_ = make_key_label(element, "index");
    index_label_.name = index_label_.long_name;
    index_label_.exported = exported(index_label_.name);
}

bool TelemetryList::may_be_key(std::string_view leaf) const {
    const auto is_leaf = [&](const ListKey& key) { return is_named(leaf, key.leaf); };
    const std::vector<ListKey>& keys = table_.empty() ? candidates_ : table_;
    // Of the candidates only those that are of the list itself.
    return std::any_of(keys.begin(), keys.end(), is_leaf);
}

bool TelemetryList::all_have(std::span<const TelemetryNodes> elements,
                             std::string_view leaf) const {
    return std::all_of(elements.begin(), elements.end(),
                       [&](TelemetryNodes element) { return find_leaf(element, leaf) != nullptr; });
}

bool TelemetryList::all_distinct(std::span<const TelemetryNodes> elements,
                                 std::span<const ListKey> keys, std::vector<std::uint64_t>& scratch,
                                 std::uint64_t seed) const {
    scratch.clear();
    for (const TelemetryNodes element : elements) {
        std::uint64_t hash = seed;
        for (const ListKey& key : keys) {
            const TelemetryNode* leaf = find_leaf(element, key.leaf);
            if (leaf == nullptr) {
                return false;
            }
            hash = value_hash(*leaf, hash);
        }
        scratch.push_back(hash);
    }
    std::sort(scratch.begin(), scratch.end());
    return std::adjacent_find(scratch.begin(), scratch.end()) == scratch.end();
}

// The first column of an NX-OS table is its key, if it is text.
void TelemetryList::learn_first_column(std::span<const TelemetryNodes> elements) {
    rows_ = false;
    if (elements.front().empty()) {
        return;
    }
    const TelemetryNode& first = elements.front().front();
    if (has_value(first) && !first.name.empty()) {
        candidates_.insert(candidates_.begin(),
                           {std::string(first.name), make_key_label(element_, first.name)});
    }
}

KeyChoice TelemetryList::choose_jointly(std::span<const TelemetryNodes> elements,
                                        std::vector<std::uint64_t>& scratch, std::uint64_t seed) {
    if (joint_.empty()) {
        for (const ListKey& candidate : candidates_) {
            if (all_have(elements, candidate.leaf)) {
                joint_.push_back(candidate);
            }
        }
    }
    if (!joint_.empty() && all_distinct(elements, joint_, scratch, seed)) {
        return {.by = KeysBy::siblings, .keys = joint_};
    }
    return {.by = KeysBy::index, .index = true};
}

KeyChoice TelemetryList::choose(std::span<const TelemetryNodes> elements,
                                std::vector<std::uint64_t>& scratch, std::uint64_t seed) {
    if (!table_.empty()) {
        const auto lacks_all = [&](TelemetryNodes element) {
            return std::all_of(table_.begin(), table_.end(), [&](const ListKey& key) {
                return key_value(element, key.leaf) == nullptr;
            });
        };
        const bool lacking =
            elements.size() > 1 && std::any_of(elements.begin(), elements.end(), lacks_all);
        return {.by = lacking ? KeysBy::index : KeysBy::table, .keys = table_, .index = lacking};
    }
    if (rows_) {
        learn_first_column(elements);
    }
    for (std::size_t at = from_; at < candidates_.size(); ++at) {
        const std::span<const ListKey> one = std::span(candidates_).subspan(at, 1);
        if (all_distinct(elements, one, scratch, seed)) {
            // An element that stands alone proves nothing against the candidates before.
            from_ = elements.size() > 1 ? at : from_;
            return {.by = KeysBy::siblings, .keys = one};
        }
    }
    if (elements.size() == 1) {
        return {};
    }
    return choose_jointly(elements, scratch, seed);
}

}  // namespace weir
