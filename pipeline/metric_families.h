// MetricFamilies: the names of all series that one thread has made, each once, with its type, unit
// and help. Families are never forgotten; a device cannot make many, because names come of models.
#pragma once

#include "core/metric.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir {

// Resource. One thread; the families it gives live as long as it does, at a fixed place.
class MetricFamilies {
  public:
    static constexpr std::size_t families_max = 65'536;

    // The family of that name; made with these facts if there is none yet, and otherwise as it was
    // made first. Null when there are `families_max` already. `number` of `facts` means nothing.
    [[nodiscard]] const MetricFamily* intern(MetricFamily facts);
    [[nodiscard]] const MetricFamily* find(std::string_view name) const;

    [[nodiscard]] const MetricFamily& at(std::uint32_t number) const { return families_[number]; }

    [[nodiscard]] std::size_t size() const { return families_.size(); }

  private:
    std::deque<MetricFamily> families_;  // by number
    std::unordered_map<std::string_view, const MetricFamily*> by_name_;
};

}  // namespace weir
