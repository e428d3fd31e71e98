#include "pipeline/metric_families.h"

#include <utility>

namespace weir {

const MetricFamily* MetricFamilies::intern(MetricFamily facts) {
    if (const MetricFamily* known = find(facts.name)) {
        return known;
    }
    if (families_.size() == families_max) {
        return nullptr;
    }
    facts.number = static_cast<std::uint32_t>(families_.size());
    const MetricFamily& family = families_.emplace_back(std::move(facts));
    by_name_.emplace(family.name, &family);
    return &family;
}

const MetricFamily* MetricFamilies::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace weir
