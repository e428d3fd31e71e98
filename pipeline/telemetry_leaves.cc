// TelemetryPaths: what becomes of leaves, and which names they get.
#include "pipeline/telemetry_names.h"
#include "pipeline/telemetry_paths.h"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

constexpr LeafFact identifier_fact = {.kind = LeafKind::identifier};
constexpr LeafFact info_fact = {.kind = LeafKind::info};

// Of every NX-OS object and message, whatever the class.
bool is_nxos_identifier(std::string_view name) {
    constexpr std::string_view names[] = {
        "dn", "rn", "status", "childAction", "xmlns", "subscriptionId", "totalCount"};
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool ends_with_path(std::string_view path, std::string_view end) {
    return path == end || (path.size() > end.size() && path.ends_with(end) &&
                           (path[path.size() - end.size() - 1] == '/' ||
                            path[path.size() - end.size() - 1] == ':'));
}

LeafFact fact_of(const TelemetryPath& path) {
    if (const LeafFact* fact = yang_leaf(path.schema)) {
        return *fact;
    }
    const std::string_view name = path.element;
    if (path.root->family != TelemetryFamily::yang && is_nxos_identifier(name)) {
        return identifier_fact;
    }
    if (const LeafFact* fact = yang_leaf_by_name(name)) {
        return *fact;
    }
    // "inOctets" and "in_octets" are known as "in-octets".
    std::string kebab = snake_case(name);
    std::replace(kebab.begin(), kebab.end(), '_', '-');
    const LeafFact* fact = kebab == name ? nullptr : yang_leaf_by_name(kebab);
    return fact == nullptr ? LeafFact() : *fact;
}

MetricType type_of(LeafKind kind) {
    switch (kind) {
        case LeafKind::counter:
            return MetricType::counter;
        case LeafKind::state:
            return MetricType::stateset;
        case LeafKind::info:
            return MetricType::info;
        default:
            return MetricType::gauge;
    }
}

std::string_view unit_of(const LeafFact& fact) {
    switch (fact.kind) {
        case LeafKind::timestamp_s:
        case LeafKind::timestamp_ms:
        case LeafKind::timestamp_us:
        case LeafKind::timestamp_ns:
        case LeafKind::timestamp_text:
            return "seconds";
        default:
            return fact.unit;
    }
}

// The elements above a leaf, outermost first.
std::vector<std::string_view> elements_above(const TelemetryPath& path) {
    std::vector<std::string_view> elements;
    for (const TelemetryPath* each = path.parent; each != nullptr; each = each->parent) {
        if (!each->element.empty()) {
            elements.push_back(each->element);
        }
    }
    if (path.root->family == TelemetryFamily::show) {
        elements.insert(elements.end(), path.root->elements.rbegin(), path.root->elements.rend());
    }
    std::reverse(elements.begin(), elements.end());
    return elements;
}

}  // namespace

TelemetryLeaf& TelemetryPaths::leaf(TelemetryPath& path) {
    if (path.leaf == nullptr) {
        path.leaf = std::make_unique<TelemetryLeaf>();
        path.leaf->number = ++leaves_;
        bytes_ += sizeof(TelemetryLeaf);
        resolve(path, *path.leaf);
    }
    return *path.leaf;
}

void TelemetryPaths::resolve(TelemetryPath& path, TelemetryLeaf& leaf) const {
    const LeafKind before = leaf.fact.kind;
    leaf.fact = fact_of(path);
    const auto& listed = mapping_->info_leaves;
    if (std::any_of(listed.begin(), listed.end(),
                    [&](const std::string& end) { return ends_with_path(path.schema, end); })) {
        leaf.fact = info_fact;
    }
    if (leaf.fact.kind != before) {
        leaf.family = nullptr;
        leaf.refused.reset();
    }
    const bool own_name =
        leaf.fact.kind == LeafKind::info || path.root->family == TelemetryFamily::show;
    leaf.name = own_name ? label_name(snake_case(path.element)) : "state";
    leaf.other_name = label_name(snake_case(path.element) + "_word");
    leaf.interface_metric = network_interface_metric(path.schema);
    if (leaf.words.empty()) {
        for (const std::string_view word : leaf.fact.states) {
            leaf.words.emplace_back(word);
        }
    }
}

void TelemetryPaths::name_leaf(TelemetryPath& path, TelemetryLeaf& leaf) {
    leaf.family = claim(path, leaf.fact, leaf.refused);
    if (const NetworkInterfaceMetric* metric = leaf.interface_metric) {
        leaf.interface_family = families_.intern({.name = std::string(metric->name),
                                                  .type = metric->type,
                                                  .unit = std::string(metric->unit),
                                                  .help = std::string(metric->help)});
    }
}

const MetricFamily* TelemetryPaths::info(TelemetryPath& container) {
    if (container.info_family == nullptr && !container.info_refused) {
        container.info_family = claim(container, info_fact, container.info_refused);
    }
    return container.info_family;
}

const MetricFamily* TelemetryPaths::claim(TelemetryPath& path, const LeafFact& fact,
                                          std::optional<LeafSkip>& refused) {
    const MetricFamily* family = take_name(path, fact, false, refused);
    return family == nullptr && !refused ? take_name(path, fact, true, refused) : family;
}

// Null without `refused`: the name is no one's.
const MetricFamily* TelemetryPaths::take_name(TelemetryPath& path, const LeafFact& fact, bool full,
                                              std::optional<LeafSkip>& refused) {
    const bool info = fact.kind == LeafKind::info;
    std::vector<std::string_view> elements = elements_above(path);
    if (info && !path.element.empty()) {
        elements.push_back(path.element);
    }
    std::string name =
        telemetry_name(*path.root, elements, info ? std::string_view() : path.element, full);
    add_name_suffix(fact.kind, fact.unit, name);
    Claim& claim = claims_[name];
    // A name of weir's own, as telemetry_device_up and network_interface_... are, is no model's.
    if (claim.owner == nullptr && !claim.clashed && families_.find(name) != nullptr) {
        claim.clashed = true;
        ++name_clashes_;
    }
    if (claim.owner == nullptr && !claim.clashed) {
        claim.owner = &path;
        claim.info = info;
        bytes_ += sizeof claim + 2 * name.size();
    } else if (claim.owner != &path || claim.info != info) {
        if (!claim.clashed) {
            ++name_clashes_;
            const Claim lost = std::exchange(claim, {.clashed = true});
            lose_name(lost);
        }
        if (full) {
            refused = LeafSkip::name_clash;
        }
        return nullptr;
    }
    std::string help = fact.help.empty() ? path.schema : std::string(fact.help);
    const MetricFamily* family = families_.intern({.name = std::move(name),
                                                   .type = type_of(fact.kind),
                                                   .unit = std::string(unit_of(fact)),
                                                   .help = std::move(help)});
    if (family == nullptr) {
        refused = LeafSkip::paths_max;
    }
    return family;
}

// The one that had the name alone until now goes by its full one.
void TelemetryPaths::lose_name(const Claim& claim) {
    TelemetryPath& path = *claim.owner;
    if (claim.info) {
        path.info_family = take_name(path, info_fact, true, path.info_refused);
    } else {
        path.leaf->family = take_name(path, path.leaf->fact, true, path.leaf->refused);
    }
}

}  // namespace weir
