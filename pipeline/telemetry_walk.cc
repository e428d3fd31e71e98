#include "pipeline/telemetry_walk.h"

#include "pipeline/telemetry_dn.h"
#include "pipeline/telemetry_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace weir {

namespace {

bool is_anonymous_container(const TelemetryNode& node) {
    return node.name.empty() && node.kind == TelemetryKind::container;
}

// True for [∅, ∅, ...]: elements of an array, each an object.
bool is_array(TelemetryNodes nodes) {
    for (std::size_t at = 0; at < nodes.size(); at += nodes[at].size) {
        if (!is_anonymous_container(nodes[at])) {
            return false;
        }
    }
    return !nodes.empty();
}

// Without anonymous containers around everything: ∅ → {...}.
TelemetryNodes unwrapped(TelemetryNodes nodes) {
    while (nodes.size() > 1 && is_anonymous_container(nodes[0]) && nodes[0].size == nodes.size()) {
        nodes = nodes.subspan(1);
    }
    return nodes;
}

// A leaf that a container of one `value` stands for, as IOS-XR's sysadmin models are sent.
const TelemetryNode* wrapped_value(const TelemetryNode& node, const TelemetryPath& path) {
    const TelemetryNode* inner = &node + 1;
    const bool wraps = node.size == 2 && inner->name == "value" &&
                       inner->kind == TelemetryKind::text &&
                       path.root->module.starts_with("Cisco-IOS-XR-sysadmin");
    return wraps ? inner : nullptr;
}

// The one name that all nodes have; empty if they have several, or are no containers.
std::string_view only_name(TelemetryNodes nodes) {
    for (std::size_t at = 0; at < nodes.size(); at += nodes[at].size) {
        if (nodes[at].name != nodes[0].name || nodes[at].kind != TelemetryKind::container) {
            return {};
        }
    }
    return nodes.empty() ? std::string_view() : without_module(nodes[0].name);
}

bool mirrors_a_list(std::string_view element) {
    return element == "state" || element == "config";
}

std::string_view text_of(const TelemetryNode* leaf) {
    return leaf != nullptr && leaf->kind == TelemetryKind::text ? trim_blanks(leaf->text)
                                                                : std::string_view();
}

}  // namespace

void TelemetryWalk::use(std::shared_ptr<const TelemetryMapping> mapping) {
    mapping_ = std::move(mapping);
    labels_.use(
        {.labels_max = mapping_->labels_max, .value_bytes_max = mapping_->label_value_bytes_max});
    paths_.use(mapping_);
}

std::size_t TelemetryWalk::memory_bytes() const {
    return sizeof *this + paths_.memory_bytes() + StateMemory::slots * 16 +
           children_.capacity() * sizeof(Child) + nodes_.capacity() * sizeof(TelemetryNodes) +
           elements_.capacity() * sizeof(Element) + hashes_.capacity() * 8;
}

std::int64_t TelemetryWalk::believed_time(std::uint64_t timestamp_ms) {
    const auto time = static_cast<std::int64_t>(std::min<std::uint64_t>(timestamp_ms, INT64_MAX));
    if (time - received_ms_ <= future_max_ms && received_ms_ - time <= past_max_ms) {
        return time;
    }
    counts_.clock_skewed += skew_counted_ ? 0 : 1;
    skew_counted_ = true;
    return received_ms_;
}

void TelemetryWalk::map(const TelemetryHeader& header, const TelemetryRow& row,
                        const TelemetrySource& source, MetricSink& sink) {
    header_ = &header;
    sink_ = &sink;
    // Not negative, so that no difference below overflows.
    received_ms_ = std::max<std::int64_t>(source.received_ms, 0);
    skew_counted_ = false;
    const std::uint64_t stamp = row.timestamp_ms != 0 ? row.timestamp_ms : header.msg_timestamp_ms;
    time_ms_ = stamp != 0 ? believed_time(stamp) : received_ms_;

    const TelemetryFamily family = telemetry_family(header.encoding_path, row.content);
    if (entry_ == nullptr || entry_->encoding_path != header.encoding_path ||
        entry_->root.family != family) {
        entry_ = paths_.entry(header.encoding_path, family);
    }
    if (entry_ == nullptr || entry_->path == nullptr) {
        skip_below(row.content, LeafSkip::paths_max);
        return;
    }
    labels_.begin(source.labels);
    dn_.clear();
    dn_begin_ = 0;
    add_row_keys(row);
    if (row.deleted) {
        vanish(*entry_->path);
        map_below(row.content);
        return;
    }
    walk_content(row);
    counts_.name_clashes = paths_.name_clashes();
}

void TelemetryWalk::add_row_keys(const TelemetryRow& row) {
    row_has_keys_ = false;
    std::size_t place = 0;
    for (std::size_t at = 0; at < row.keys.size(); at += row.keys[at].size) {
        const TelemetryNode& key = row.keys[at];
        if (key.size > 1 || is_path_key(key, entry_->encoding_path)) {
            continue;
        }
        const KeyLabel* label = paths_.row_key(*entry_, place, key.name);
        ++place;
        const std::string_view value = leaf_text(key, text_);
        if (label != nullptr && !value.empty()) {
            labels_.add(*label, key.kind == TelemetryKind::text ? value : labels_.keep(value));
            row_has_keys_ = true;
        }
    }
    if (!row_has_keys_) {
        for (std::size_t each = 0; each < entry_->path_keys.size(); ++each) {
            labels_.add(entry_->path_keys[each], entry_->root.keys[each].value);
            row_has_keys_ = true;
        }
    }
}

void TelemetryWalk::walk_content(const TelemetryRow& row) {
    const TelemetryNodes content = unwrapped(row.content);
    TelemetryPath& path = *paths_.content_path(*entry_->path, only_name(content));
    const bool whole = &path == entry_->path;
    if (is_array(content) && path.role == TelemetryRole::plain) {
        const std::size_t begin = nodes_.size();
        add_array(content, {});
        if (nodes_.size() > begin) {
            list(path, begin);
        }
        nodes_.resize(begin);
        elements_.resize(begin);
    } else if (whole && !row_has_keys_ && path.role == TelemetryRole::plain) {
        nodes_.push_back(content);
        elements_.emplace_back();
        single(path, nodes_.size() - 1);
        nodes_.pop_back();
        elements_.pop_back();
    } else {
        children(content, path);
    }
}

void TelemetryWalk::children(TelemetryNodes nodes, TelemetryPath& path) {
    if (depth_ == depth_max) {
        skip_below(nodes, LeafSkip::paths_max);
        return;
    }
    ++depth_;
    const std::size_t begin = children_.size();
    TelemetryEdge* guess = nullptr;
    collect(nodes, path, ++walks_, guess, begin);
    visit(begin, path);
    --depth_;
}

// Finds the path of each child. Anonymous containers among the children are no level of their own.
void TelemetryWalk::collect(TelemetryNodes nodes, TelemetryPath& parent, std::uint64_t walk,
                            TelemetryEdge*& guess, std::size_t begin) {
    for (std::size_t at = 0; at < nodes.size(); at += nodes[at].size) {
        const TelemetryNode& node = nodes[at];
        if (is_anonymous_container(node) && node.size > 1) {
            if (depth_ == depth_max) {
                skip_below(telemetry_children(nodes, at), LeafSkip::paths_max);
                continue;
            }
            ++depth_;
            collect(telemetry_children(nodes, at), parent, walk, guess, begin);
            --depth_;
            continue;
        }
        TelemetryPath* path = paths_.child(parent, node.name, guess);
        if (path == nullptr) {
            skip_below(nodes.subspan(at, node.size), LeafSkip::paths_max);
            continue;
        }
        const auto place = static_cast<std::uint32_t>(children_.size());
        const bool first = path->walk != walk;
        if (!first) {
            children_[path->last].next = place;
        }
        path->walk = walk;
        path->last = place;
        children_.push_back({.path = path, .node = &node, .first = first});
    }
}

// Ends what children() began: everything from `begin` on.
void TelemetryWalk::visit(std::size_t begin, TelemetryPath& path) {
    const std::size_t end = children_.size();
    const std::size_t outer_infos = infos_begin_;
    infos_begin_ = infos_.size();
    for (std::size_t at = begin; at < end; ++at) {
        const Child& child = children_[at];
        if (!child.first) {
            continue;
        }
        if (child.next == 0 && child.node->size == 1) {
            leaf(*child.path, *child.node);
        } else {
            group(at, path);
        }
    }
    children_.resize(begin);
    if (infos_.size() > infos_begin_) {
        info_sample(path, infos_begin_);
    }
    infos_begin_ = outer_infos;
}

// All children of one path.
void TelemetryWalk::group(std::size_t at, const TelemetryPath& parent) {
    TelemetryPath& path = *children_[at].path;
    const std::size_t begin = nodes_.size();
    const std::size_t leaves = leaves_.size();
    for (std::size_t each = at;; each = children_[each].next) {
        const TelemetryNode& node = *children_[each].node;
        const TelemetryNode* const leaf = node.size == 1 ? &node : wrapped_value(node, path);
        if (leaf != nullptr) {
            leaves_.push_back(leaf);
        } else {
            add_elements(node);
        }
        if (children_[each].next == 0) {
            break;
        }
    }
    if (nodes_.size() > begin) {
        elements(path, parent, begin);
    }
    nodes_.resize(begin);
    elements_.resize(begin);
    if (leaves_.size() == leaves + 1) {
        leaf(path, *leaves_.back());
    } else if (leaves_.size() > leaves) {
        leaf_list(path, std::span(leaves_).subspan(leaves));
    }
    leaves_.resize(leaves);
}

void TelemetryWalk::add_elements(const TelemetryNode& node) {
    const TelemetryNodes below = unwrapped({&node + 1, node.size - 1});
    if (!is_array(below)) {
        nodes_.push_back(below);
        elements_.push_back({node.timestamp_ms, node.deleted});
        return;
    }
    add_array(below, {node.timestamp_ms, node.deleted});
}

void TelemetryWalk::add_array(TelemetryNodes nodes, const Element& outer) {
    for (std::size_t at = 0; at < nodes.size(); at += nodes[at].size) {
        const TelemetryNode& node = nodes[at];
        if (node.size == 1) {
            skip(LeafSkip::empty, 1);
            continue;
        }
        nodes_.push_back(unwrapped(telemetry_children(nodes, at)));
        elements_.push_back({node.timestamp_ms != 0 ? node.timestamp_ms : outer.timestamp_ms,
                             node.deleted || outer.deleted});
    }
}

void TelemetryWalk::elements(TelemetryPath& path, const TelemetryPath& parent, std::size_t begin) {
    const std::size_t end = nodes_.size();
    // `attributes` and `children` of NX-OS: nothing that repeats is a list of theirs.
    const bool passed = &path == &parent || path.role == TelemetryRole::objects;
    if (passed || path.role == TelemetryRole::object) {
        for (std::size_t at = begin; at < end; ++at) {
            if (passed) {
                children(nodes_[at], path);
            } else {
                object(path, nodes_[at], elements_[at].deleted);
            }
        }
    } else if (end - begin == 1) {
        single(path, begin);
    } else {
        list(path, begin);
    }
}

// True for the path of the row's encoding path and all above it: row keys are theirs.
bool TelemetryWalk::is_on_entry_path(const TelemetryPath& path) const {
    for (const TelemetryPath* each = entry_->path; each != nullptr; each = each->parent) {
        if (each == &path) {
            return true;
        }
    }
    return false;
}

void TelemetryWalk::list(TelemetryPath& path, std::size_t begin) {
    const std::size_t end = nodes_.size();
    TelemetryList& plan = paths_.list(path);
    const KeyChoice choice = plan.choose(std::span(nodes_).subspan(begin), hashes_, labels_.seed());
    counts_.keys_by_table += choice.by == KeysBy::table ? 1 : 0;
    counts_.keys_by_siblings += choice.by == KeysBy::siblings ? 1 : 0;
    counts_.keys_by_index += choice.by == KeysBy::index ? 1 : 0;
    const std::int64_t outer_time = time_ms_;
    for (std::size_t at = begin; at < end; ++at) {
        const std::size_t keys = key_nodes_.size();
        labels_.push();
        add_keys(choice, path, nodes_[at], at - begin);
        if (elements_[at].timestamp_ms != 0) {
            time_ms_ = believed_time(elements_[at].timestamp_ms);
        }
        if (elements_[at].deleted) {
            vanish(path);
            map_below(nodes_[at]);
        } else {
            children(nodes_[at], path);
        }
        time_ms_ = outer_time;
        labels_.pop();
        key_nodes_.resize(keys);
    }
}

// A container, or a list of one element: it has a key then.
void TelemetryWalk::single(TelemetryPath& path, std::size_t at) {
    const TelemetryNodes nodes = nodes_[at];
    if (depth_ == depth_max) {
        skip_below(nodes, LeafSkip::paths_max);
        return;
    }
    const std::size_t begin = children_.size();
    ++depth_;
    // First, because it tells whether there is a key.
    TelemetryEdge* guess = nullptr;
    collect(nodes, path, ++walks_, guess, begin);
    const bool keyed = path.known_list || (path.key_below && !mirrors_a_list(path.element)) ||
                       path.role == TelemetryRole::rows;
    const std::size_t keys = key_nodes_.size();
    const std::int64_t outer_time = time_ms_;
    const bool own_labels = keyed && !(row_has_keys_ && is_on_entry_path(path));
    if (own_labels) {
        const KeyChoice choice = paths_.list(path).choose({&nodes, 1}, hashes_, labels_.seed());
        counts_.keys_by_table += choice.by == KeysBy::table ? 1 : 0;
        counts_.keys_by_siblings += choice.by == KeysBy::siblings ? 1 : 0;
        labels_.push();
        add_keys(choice, path, nodes, 0);
    }
    if (elements_[at].timestamp_ms != 0) {
        time_ms_ = believed_time(elements_[at].timestamp_ms);
    }
    if (elements_[at].deleted) {
        vanish(path);
        map_below(nodes);
        children_.resize(begin);
    } else {
        visit(begin, path);
    }
    time_ms_ = outer_time;
    if (own_labels) {
        labels_.pop();
    }
    key_nodes_.resize(keys);
    --depth_;
}

void TelemetryWalk::add_keys(const KeyChoice& choice, TelemetryPath& path, TelemetryNodes element,
                             std::size_t place) {
    for (const ListKey& key : choice.keys) {
        const TelemetryNode* node = key_value(element, key.leaf);
        if (node == nullptr) {
            continue;
        }
        const std::string_view value = leaf_text(*node, text_);
        labels_.add(key.label, node->kind == TelemetryKind::text ? value : labels_.keep(value));
        key_nodes_.push_back(node);
    }
    if (choice.index) {
        text_.clear();
        fmt::format_to(std::back_inserter(text_), "{}", place);
        labels_.add(paths_.list(path).index_label(), labels_.keep(text_));
    }
}

void TelemetryWalk::add_dn_labels(std::string_view dn) {
    const DnParts parts = read_dn(dn);
    if (!parts.valid) {
        labels_.add(paths_.dn_label("dn", false), labels_.keep(dn));
        return;
    }
    bool interface = false;
    for (const DnPart& part : parts.all()) {
        labels_.add(paths_.dn_label(part.type, part.interface && !interface),
                    labels_.keep(part.value));
        interface = interface || part.interface;
    }
}

// An object of NX-OS: its labels are those of its dn, whatever it stands in.
void TelemetryWalk::object(TelemetryPath& path, TelemetryNodes nodes, bool deleted) {
    Object object{.deleted = deleted};
    for (std::size_t at = 0; at < nodes.size(); at += nodes[at].size) {
        if (nodes[at].name == "attributes") {
            object.attributes = unwrapped(telemetry_children(nodes, at));
            object.dn = text_of(find_leaf(object.attributes, "dn"));
            object.rn = text_of(find_leaf(object.attributes, "rn"));
            object.deleted =
                deleted || text_of(find_leaf(object.attributes, "status")) == "deleted";
            break;
        }
    }
    const std::size_t outer_begin = dn_begin_;
    const std::size_t outer_size = dn_.size();
    if (!object.dn.empty()) {
        dn_begin_ = outer_size;
        dn_ += object.dn;
    } else if (!object.rn.empty()) {
        dn_ += outer_size > dn_begin_ ? "/" : "";
        dn_ += object.rn;
    }
    const bool named = dn_.size() > dn_begin_;
    labels_.push_source();
    if (named) {
        add_dn_labels(std::string_view(dn_).substr(dn_begin_));
    }
    if (object.deleted) {
        vanish(path);
        map_below(nodes);
    } else {
        children(nodes, path);
    }
    if (entry_->event) {
        line_ = "level=info";
        append_object_event(path.element, std::string_view(dn_).substr(dn_begin_),
                            object.attributes, line_);
        event(line_);
    }
    labels_.pop();
    dn_.resize(outer_size);
    dn_begin_ = outer_begin;
}

// What is known below is gone, as far as it has the labels of where the walk is.
void TelemetryWalk::vanish(const TelemetryPath& path) {
    own_.clear();
    interface_.clear();
    paths_.families_below(path, own_, interface_);
    std::sort(interface_.begin(), interface_.end());
    interface_.erase(std::unique(interface_.begin(), interface_.end()), interface_.end());
    for (const MetricFamily* family : own_) {
        sink_->vanish({.name = family->name,
                       .below = false,
                       .labels = labels_.all(),
                       .timestamp_ms = time_ms_});
    }
    const std::span<const MetricLabel> labels = labels_.normalised();
    for (const MetricFamily* family : interface_) {
        if (!labels.empty()) {
            sink_->vanish(
                {.name = family->name, .below = false, .labels = labels, .timestamp_ms = time_ms_});
        }
    }
    if (!entry_->event) {
        line_ = "level=info event=deleted";
        append_logfmt("path", path.schema, line_);
        for (const MetricLabel& label : labels_.all()) {
            if (!labels_.is_of_source(label.name)) {
                append_logfmt(label.name, label.value, line_);
            }
        }
        event(line_);
    }
}

}  // namespace weir
