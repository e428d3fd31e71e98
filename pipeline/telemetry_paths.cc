#include "pipeline/telemetry_paths.h"

#include "pipeline/telemetry_names.h"

#include <algorithm>
#include <utility>
#include <xxhash.h>

namespace weir {

namespace {

// "in_octets" and "in-octets" below one element are one leaf: protobuf spells so.
bool same_element(std::string_view one, std::string_view other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](char a, char b) {
        return a == b || ((a == '_' || a == '-') && (b == '_' || b == '-'));
    });
}

std::string schema_of(const TelemetryPath& parent, std::string_view element) {
    switch (parent.root->family) {
        case TelemetryFamily::dme:
            if (parent.role == TelemetryRole::objects) {
                return "nxos_dme:" + std::string(element);
            }
            break;
        case TelemetryFamily::show: {
            // Rows have the path of their table, and columns one right below the command's.
            if (element.starts_with("ROW_")) {
                return parent.schema;
            }
            const TelemetryPath* command = &parent;
            while (command->parent != nullptr) {
                command = command->parent;
            }
            return command->schema + '/' + std::string(element);
        }
        default:
            if (parent.parent == nullptr) {
                return parent.schema + std::string(element);
            }
    }
    return parent.schema + '/' + std::string(element);
}

TelemetryRole role_of(const TelemetryPath& parent, std::string_view element) {
    if (parent.role == TelemetryRole::objects) {
        return TelemetryRole::object;
    }
    const bool rows = parent.root->family == TelemetryFamily::show && element.starts_with("ROW_");
    return rows ? TelemetryRole::rows : TelemetryRole::plain;
}

// Where an element leads that stands for one further out: `attributes` of an object is the object,
// `children` hold objects again. Null for all others.
TelemetryPath* alias_of(TelemetryPath& parent, std::string_view element) {
    const bool below = element == "children" || element == "imdata";
    if (parent.root->family == TelemetryFamily::other) {
        return below || element == "statObjects" ? &parent : nullptr;
    }
    if (parent.role == TelemetryRole::objects) {
        return below ? &parent : nullptr;
    }
    if (parent.role == TelemetryRole::object) {
        return element == "attributes" ? &parent : below ? parent.parent : nullptr;
    }
    return nullptr;
}

// Of a show table the rows are the list.
bool is_known_list(const TelemetryPath& path) {
    const bool rows = path.role == TelemetryRole::rows;
    return rows == (path.root->family == TelemetryFamily::show) &&
           !yang_list_keys(path.schema).empty();
}

bool has_key(std::string_view list_schema, std::string_view key) {
    const auto keys = yang_list_keys(list_schema);
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string root_name(const TelemetryRoot& root) {
    switch (root.family) {
        case TelemetryFamily::dme:
            return "nxos_dme:";
        case TelemetryFamily::show: {
            std::string name = "nxos_show:show";
            for (const std::string& word : root.elements) {
                name += ' ' + word;
            }
            return name;
        }
        case TelemetryFamily::other:
            return "nxos:";
        case TelemetryFamily::yang:
            break;
    }
    return root.module + ':';
}

}  // namespace

std::size_t TelemetryPaths::EdgeHash::operator()(const EdgeKey& key) const {
    const auto parent = reinterpret_cast<std::uintptr_t>(key.parent);
    return XXH3_64bits_withSeed(key.name.data(), key.name.size(), seed ^ parent);
}

TelemetryPaths::TelemetryPaths(MetricFamilies& families, std::uint64_t seed)
    : families_(families),
      seed_(seed),
      interface_label_(make_key_label({}, "interface")),
      other_dn_label_(make_key_label({}, "rn_value")) {}

const KeyLabel& TelemetryPaths::dn_label(std::string_view type, bool interface) {
    if (interface) {
        return interface_label_;
    }
    entry_key_.assign(type);
    const auto found = dn_labels_.find(entry_key_);
    if (found != dn_labels_.end()) {
        return found->second;
    }
    if (dn_labels_.size() == dn_labels_max || type.size() > element_bytes_max) {
        return other_dn_label_;
    }
    KeyLabel label = make_key_label({}, type);
    // A second peer in one dn.
    label.long_name = label.name + "_2";
    bytes_ += sizeof label + type.size() + 128;
    return dn_labels_.emplace(entry_key_, std::move(label)).first->second;
}

void TelemetryPaths::use(std::shared_ptr<const TelemetryMapping> mapping) {
    mapping_ = std::move(mapping);
    for (TelemetryPath& path : paths_) {
        if (path.leaf != nullptr) {
            resolve(path, *path.leaf);
        }
    }
}

TelemetryEntry* TelemetryPaths::entry(std::string_view encoding_path, TelemetryFamily family) {
    // One path may be answered in two shapes; rarely, and by different devices.
    entry_key_.assign(1, static_cast<char>('0' + static_cast<int>(family)));
    entry_key_ += encoding_path;
    const auto found = by_encoding_path_.find(entry_key_);
    if (found != by_encoding_path_.end()) {
        return found->second;
    }
    if (entries_.size() == entries_max) {
        return nullptr;
    }
    TelemetryEntry& entry = entries_.emplace_back();
    entry.encoding_path = encoding_path;
    entry.root = read_encoding_path(encoding_path, family);
    entry.event = is_event_path(encoding_path);
    entry.path = root_path(entry);
    for (const TelemetryPathKey& each : entry.root.keys) {
        entry.path_keys.push_back(make_key_label(entry.root.elements[each.element], each.name));
    }
    bytes_ += sizeof entry + 2 * entry_key_.size();
    by_encoding_path_.emplace(entry_key_, &entry);
    return &entry;
}

TelemetryPath* TelemetryPaths::root_path(TelemetryEntry& entry) {
    const std::string name = root_name(entry.root);
    TelemetryPath*& root = by_root_[name];
    if (root == nullptr) {
        root = make_path(nullptr, {}, &roots_.emplace_back(entry.root));
        if (root == nullptr) {
            by_root_.erase(name);
            return nullptr;
        }
        root->schema = name;
    }
    TelemetryPath* path = root;
    const TelemetryFamily family = entry.root.family;
    if (family == TelemetryFamily::dme || family == TelemetryFamily::show) {
        return path;
    }
    for (const std::string& element : entry.root.elements) {
        path = path == nullptr ? nullptr : child_of(*path, element);
    }
    return path;
}

TelemetryPath* TelemetryPaths::make_path(TelemetryPath* parent, std::string_view element,
                                         const TelemetryRoot* root) {
    if (paths_.size() == paths_max || element.size() > element_bytes_max ||
        (parent != nullptr && parent->children == children_max)) {
        return nullptr;
    }
    TelemetryPath& path = paths_.emplace_back();
    path.parent = parent;
    path.root = root;
    path.element = element;
    if (parent == nullptr) {
        path.role =
            root->family == TelemetryFamily::dme ? TelemetryRole::objects : TelemetryRole::plain;
    } else {
        path.schema = element.empty() ? parent->schema : schema_of(*parent, element);
        path.role = role_of(*parent, element);
        path.next_sibling = parent->first_child;
        parent->first_child = &path;
        ++parent->children;
        parent->key_below = parent->key_below || may_be_key(*parent, element);
        path.known_list = is_known_list(path);
    }
    bytes_ += sizeof path + path.schema.size() + path.element.size();
    return &path;
}

bool TelemetryPaths::may_be_key(const TelemetryPath& list, std::string_view leaf) {
    if (asked_ != &list) {
        asked_ = &list;
        asked_list_ =
            std::make_unique<TelemetryList>(list.root->family, list.schema, list.element, false);
    }
    return asked_list_->may_be_key(leaf);
}

TelemetryPath* TelemetryPaths::child_of(TelemetryPath& parent, std::string_view element) {
    for (TelemetryPath* each = parent.first_child; each != nullptr; each = each->next_sibling) {
        if (same_element(each->element, element)) {
            return each;
        }
    }
    return make_path(&parent, element, parent.root);
}

TelemetryPath* TelemetryPaths::child(TelemetryPath& parent, std::string_view name,
                                     TelemetryEdge*& guess) {
    TelemetryEdge* const before = guess;
    TelemetryEdge* next = before == nullptr ? parent.first_edge : before->next;
    if (next == nullptr || next->name != name) {
        const auto found = by_edge_.find(EdgeKey{&parent, name});
        if (found != by_edge_.end()) {
            next = found->second;
        } else {
            // As many spellings as paths, at most.
            if (edges_.size() == 2 * paths_max) {
                return nullptr;
            }
            const std::string_view element = without_module(name);
            TelemetryPath* to = alias_of(parent, element);
            to = to == nullptr ? child_of(parent, element) : to;
            if (to == nullptr) {
                return nullptr;
            }
            next = &edges_.emplace_back(TelemetryEdge{.name = std::string(name), .to = to});
            by_edge_.emplace(EdgeKey{&parent, next->name}, next);
            bytes_ += sizeof *next + name.size() + 48;
        }
        (before == nullptr ? parent.first_edge : before->next) = next;
    }
    guess = next;
    return next->to;
}

TelemetryPath* TelemetryPaths::content_path(TelemetryPath& path, std::string_view only_child) {
    const TelemetryFamily family = path.root->family;
    if (family == TelemetryFamily::dme || family == TelemetryFamily::show) {
        return &path;
    }
    for (TelemetryPath* each = &path; each->parent != nullptr; each = each->parent) {
        if (each->element == only_child) {
            return each->parent;
        }
    }
    return &path;
}

KeyLabel TelemetryPaths::row_key_label(const TelemetryEntry& entry, std::size_t place,
                                       std::string_view name) const {
    const std::vector<std::string>& elements = entry.root.elements;
    if (elements.empty() || entry.root.family == TelemetryFamily::show) {
        return make_key_label({}, name);
    }
    // The n-th key of that name is of the n-th list that has one.
    auto before = static_cast<std::size_t>(
        std::count_if(entry.keys.begin(), entry.keys.begin() + static_cast<std::ptrdiff_t>(place),
                      [&](const TelemetryRowKey& key) { return key.name == name; }));
    std::string schema = entry.root.module + ':';
    std::string_view plural_rule;
    std::size_t generic_before = before;
    for (std::size_t at = 0; at < elements.size(); ++at) {
        schema += at == 0 ? elements[at] : '/' + elements[at];
        if (has_key(schema, name)) {
            if (before == 0) {
                return make_key_label(elements[at], name);
            }
            --before;
        }
        if (at > 0 && is_plural_of(elements[at - 1], elements[at])) {
            plural_rule = elements[at];
            if (generic_before > 0) {
                --generic_before;
            }
        }
    }
    return make_key_label(plural_rule.empty() ? std::string_view(elements.back()) : plural_rule,
                          name);
}

const KeyLabel* TelemetryPaths::row_key(TelemetryEntry& entry, std::size_t place,
                                        std::string_view name) {
    if (place >= row_keys_max || name.size() > element_bytes_max) {
        return nullptr;
    }
    if (place >= entry.keys.size() || entry.keys[place].name != name) {
        // Another order than before; later rows are of that order, too.
        while (place >= entry.keys.size()) {
            entry.keys.emplace_back();
        }
        const std::string_view key = without_module(name);
        entry.keys[place] = {std::string(name), row_key_label(entry, place, key)};
    }
    return &entry.keys[place].label;
}

TelemetryList& TelemetryPaths::list(TelemetryPath& path) {
    if (path.list == nullptr) {
        path.list = std::make_unique<TelemetryList>(path.root->family, path.schema, path.element,
                                                    path.role == TelemetryRole::rows);
        bytes_ += sizeof(TelemetryList) + 2048;
    }
    return *path.list;
}

std::size_t TelemetryPaths::word(TelemetryLeaf& leaf, std::string_view word) {
    for (std::size_t at = 0; at < leaf.words.size(); ++at) {
        if (leaf.words[at] == word) {
            return at;
        }
    }
    if (leaf.words.size() >= words_max || word.size() > word_bytes_max) {
        leaf.word_left_out = true;
        return leaf.words.size();
    }
    leaf.words.emplace_back(word);
    bytes_ += sizeof(std::string) + word.size();
    return leaf.words.size() - 1;
}

void TelemetryPaths::families_below(const TelemetryPath& path,
                                    std::vector<const MetricFamily*>& own,
                                    std::vector<const MetricFamily*>& interface) const {
    // Depth first without a stack: down, along, and up again until the start.
    const TelemetryPath* at = &path;
    while (at != nullptr) {
        for (const MetricFamily* family :
             {at->leaf == nullptr ? nullptr : at->leaf->family, at->info_family}) {
            if (family != nullptr) {
                own.push_back(family);
            }
        }
        if (at->leaf != nullptr && at->leaf->interface_family != nullptr) {
            interface.push_back(at->leaf->interface_family);
        }
        if (at->first_child != nullptr) {
            at = at->first_child;
            continue;
        }
        while (at != &path && at->next_sibling == nullptr) {
            at = at->parent;
        }
        at = at == &path ? nullptr : at->next_sibling;
    }
}

std::vector<TelemetrySkippedPath> TelemetryPaths::skipped_paths() const {
    std::vector<TelemetrySkippedPath> skipped;
    for (const TelemetryPath& path : paths_) {
        if (path.skipped > 0) {
            skipped.push_back({path.schema, path.skipped_for, path.skipped});
        }
    }
    return skipped;
}

}  // namespace weir
