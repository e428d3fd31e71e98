#include "sinks/mimir_refused.h"

#include "core/time.h"

namespace weir {

namespace {

std::uint64_t hash_of(const WrittenSeries& series) {
    constexpr std::uint64_t seed = 0x7765'6972;
    return metric_labels_hash(series.labels, seed);
}

}  // namespace

bool RefusedSeries::is_lasting(Reason reason) {
    switch (reason) {
        case Reason::series_limit:
        case Reason::labels_invalid:
        case Reason::label_names_too_many:
        case Reason::label_name_too_long:
        case Reason::label_value_too_long:
        case Reason::label_duplicate:
            return true;
        default:
            return false;
    }
}

void RefusedSeries::note(const WrittenSeries& series, Reason reason, std::int64_t until_ns,
                         std::int64_t now_ns) {
    if (known_.size() >= series_max && now_ns - swept_ns_ >= ns_per_s) {
        swept_ns_ = now_ns;
        std::erase_if(known_,
                      [now_ns](const auto& entry) { return entry.second.until_ns <= now_ns; });
    }
    if (known_.size() < series_max) {
        known_.insert_or_assign(hash_of(series), Refusal{reason, until_ns});
    }
}

std::optional<Reason> RefusedSeries::find(const WrittenSeries& series, std::int64_t now_ns) {
    const auto found = known_.find(hash_of(series));
    if (found == known_.end()) {
        return std::nullopt;
    }
    if (found->second.until_ns <= now_ns) {
        known_.erase(found);
        return std::nullopt;
    }
    return found->second.reason;
}

}  // namespace weir
