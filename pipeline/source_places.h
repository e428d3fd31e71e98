// SourcePlaces: how many sessions each address has on one ingest thread. An address is remembered
// only while it has one, so the table is bounded by the sessions there are.
#pragma once

#include "core/address.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace weir {

// Resource. One thread. Ordered, so that no choice of addresses makes a look-up slow.
class SourcePlaces {
    using Counts = std::map<IpAddress, std::size_t>;

  public:
    // Value (move-only). One session's place. May outlive the table.
    class Permit {
      public:
        Permit(Permit&& other) noexcept = default;

        // What this one held goes with `other`.
        Permit& operator=(Permit&& other) noexcept {
            std::swap(counts_, other.counts_);
            std::swap(place_, other.place_);
            return *this;
        }

        ~Permit() {
            if (counts_ != nullptr && --place_->second == 0) {
                counts_->erase(place_);
            }
        }

      private:
        friend class SourcePlaces;

        Permit(std::shared_ptr<Counts> counts, Counts::iterator place)
            : counts_(std::move(counts)), place_(place) {}

        std::shared_ptr<Counts> counts_;
        Counts::iterator place_;
    };

    // A place, or nothing when the address has `places_max` already.
    [[nodiscard]] std::optional<Permit> acquire(const IpAddress& address, std::size_t places_max) {
        if (places_max == 0) {
            return std::nullopt;
        }
        const auto place = counts_->try_emplace(address, 0).first;
        if (place->second >= places_max) {
            return std::nullopt;
        }
        ++place->second;
        return Permit(counts_, place);
    }

    // The most that any address has. Looks at every one.
    [[nodiscard]] std::size_t largest() const {
        std::size_t most = 0;
        for (const auto& [address, count] : *counts_) {
            most = std::max(most, count);
        }
        return most;
    }

    [[nodiscard]] std::size_t addresses() const { return counts_->size(); }

  private:
    std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace weir
