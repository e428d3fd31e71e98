#include "pipeline/intake_told.h"

#include <algorithm>

namespace weir {

void IntakeTold::set_names(std::vector<std::string> listeners) {
    names_ = std::move(listeners);
    told_.resize(std::max(told_.size(), names_.size()));
}

IntakeAccount IntakeTold::untold(const std::vector<std::uint32_t>& accepted) const {
    IntakeAccount account;
    for (std::size_t i = 0; i < names_.size(); ++i) {
        IntakeLedger now = IntakeLedger::of(*counters_[i]);
        if (i < accepted.size()) {
            now.held -= accepted[i];
            now.accepted += accepted[i];
        }
        IntakeLedger counted = now.since(told_[i]);
        if (!counted.is_zero()) {
            account.emplace(names_[i], std::move(counted));
        }
    }
    return account;
}

void IntakeTold::note_told() {
    for (std::size_t i = 0; i < names_.size(); ++i) {
        told_[i] = IntakeLedger::of(*counters_[i]);
    }
}

}  // namespace weir
