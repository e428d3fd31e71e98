// Whose streams the sink was sent lines in: the values of Loki's `device` label. A value.
#pragma once

#include "bench/peers/mark.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace weir::bench {

class DeviceTally {
  public:
    // Lines with numbers below `below` are told by their device; 0 looks at nothing.
    explicit DeviceTally(std::uint64_t below) : below_(below) {}

    // In a push a stream's labels come before its lines, so a line's device is the last one named.
    void count(std::string_view push) {
        if (below_ == 0) {
            return;
        }
        std::string_view device;
        for (std::size_t at = push.find_first_of("~d"); at != std::string_view::npos;
             at = push.find_first_of("~d", at + 1)) {
            const std::string_view rest = push.substr(at);
            if (rest.starts_with(label)) {
                device = rest.substr(label.size(), rest.find('"', label.size()) - label.size());
                devices_.emplace(device);
            } else if (const auto mark = read_mark(rest); mark && mark->number < below_) {
                ++lines_[{mark->number / numbers_each, std::string(device)}];
            }
        }
    }

    // {"streams": distinct devices, "lines": [[range, device, lines], ...]}; range r holds the
    // numbers from r * numbers_each on.
    [[nodiscard]] std::string json() const {
        std::string text = fmt::format(R"({{"streams":{},"lines":[)", devices_.size());
        const char* comma = "";
        for (const auto& [key, count] : lines_) {
            text += fmt::format(R"({}[{},"{}",{}])", std::exchange(comma, ","), key.first,
                                key.second, count);
        }
        return text + "]}";
    }

  private:
    static constexpr std::string_view label = "device=\"";
    static constexpr std::uint64_t numbers_each = 200'000;

    std::uint64_t below_;
    std::unordered_set<std::string> devices_;
    std::map<std::pair<std::uint64_t, std::string>, std::uint64_t> lines_;
};

}  // namespace weir::bench
