#include "core/metric.h"

#include <xxhash.h>

namespace weir {

std::string_view metric_type_name(MetricType type) {
    switch (type) {
        case MetricType::unknown:
            return "unknown";
        case MetricType::counter:
            return "counter";
        case MetricType::gauge:
        case MetricType::info:
        case MetricType::stateset:
            return "gauge";
    }
    return "unknown";
}

std::string_view leaf_skip_name(LeafSkip skip) {
    switch (skip) {
        case LeafSkip::text:
            return "text";
        case LeafSkip::empty:
            return "empty";
        case LeafSkip::sentinel:
            return "sentinel";
        case LeafSkip::identifier:
            return "identifier";
        case LeafSkip::bytes:
            return "bytes";
        case LeafSkip::not_number:
            return "not_number";
        case LeafSkip::name_clash:
            return "name_clash";
        case LeafSkip::labels_max:
            return "labels_max";
        case LeafSkip::paths_max:
            return "paths_max";
    }
    return "unknown";
}

std::uint64_t metric_labels_hash(std::span<const MetricLabel> labels, std::uint64_t seed) {
    std::uint64_t hash = seed;
    for (const MetricLabel& label : labels) {
        hash = XXH3_64bits_withSeed(label.name.data(), label.name.size(), hash);
        hash = XXH3_64bits_withSeed(label.value.data(), label.value.size(), hash);
    }
    return hash;
}

}  // namespace weir
