// What the sink has counted: lines, lines that differ, and how long each took to come. A value.
#pragma once

#include "bench/peers/mark.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace weir::bench {

class Tally {
  public:
    // Counts every mark in `text`; `now_us` is when the whole of it was there.
    void count(std::string_view text, std::uint64_t now_us) {
        ++requests_;
        bytes_ += text.size();
        while (!text.empty()) {
            const void* found = std::memchr(text.data(), mark_begin.front(), text.size());
            if (found == nullptr) {
                return;
            }
            const auto skipped = static_cast<const char*>(found) - text.data();
            text.remove_prefix(static_cast<std::size_t>(skipped));
            if (const auto mark = read_mark(text)) {
                count(*mark, now_us);
            }
            text.remove_prefix(1);
        }
    }

    // How many of the numbers from `first` to before `last` have come.
    [[nodiscard]] std::uint64_t distinct_within(std::uint64_t first, std::uint64_t last) const {
        std::uint64_t sum = 0;
        for (std::uint64_t n = first; n < last && n / 64 < numbers_.size(); ++n) {
            sum += numbers_[n / 64] >> n % 64 & 1;
        }
        return sum;
    }

    // Those that have not come, as a JSON list.
    [[nodiscard]] std::string missing_within(std::uint64_t first, std::uint64_t last) const {
        std::string text = "[";
        for (std::uint64_t n = first; n < last; ++n) {
            if (distinct_within(n, n + 1) == 0) {
                text += fmt::format("{}{}", text.size() > 1 ? "," : "", n);
            }
        }
        return text + "]";
    }

    [[nodiscard]] std::string json() const {
        return fmt::format(
            R"({{"lines":{},"distinct":{},"requests":{},"bytes":{},"p50_ms":{},"p99_ms":{},)"
            R"("longest_ms":{}}})",
            lines_, distinct_, requests_, bytes_, quantile_ms(0.5), quantile_ms(0.99), longest_ms_);
    }

  private:
    static constexpr std::size_t latency_ms_max = 120'000;
    static constexpr std::uint64_t number_max = std::uint64_t{1} << 28;

    void count(const Mark& mark, std::uint64_t now_us) {
        ++lines_;
        if (mark.number >= number_max || seen(mark.number)) {
            return;
        }
        ++distinct_;
        const std::uint64_t took_ms = (now_us - std::min(now_us, mark.sent_us)) / 1000;
        longest_ms_ = std::max(longest_ms_, took_ms);
        ++latencies_ms_[std::min<std::size_t>(took_ms, latency_ms_max)];
    }

    // Whether this number was here before; remembers it.
    bool seen(std::uint64_t number) {
        const std::size_t word = number / 64;
        const std::uint64_t bit = std::uint64_t{1} << number % 64;
        if (word >= numbers_.size()) {
            numbers_.resize(std::max(word + 1, numbers_.size() * 2));
        }
        const bool was = (numbers_[word] & bit) != 0;
        numbers_[word] |= bit;
        return was;
    }

    [[nodiscard]] std::size_t quantile_ms(double part) const {
        const auto wanted = static_cast<std::uint64_t>(static_cast<double>(distinct_) * part);
        std::uint64_t sum = 0;
        for (std::size_t ms = 0; ms < latencies_ms_.size(); ++ms) {
            sum += latencies_ms_[ms];
            if (sum > wanted) {
                return ms;
            }
        }
        return 0;
    }

    std::uint64_t lines_ = 0;
    std::uint64_t distinct_ = 0;
    std::uint64_t requests_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t longest_ms_ = 0;
    std::vector<std::uint64_t> numbers_;  // one bit for each number
    std::vector<std::uint32_t> latencies_ms_ = std::vector<std::uint32_t>(latency_ms_max + 1);
};

}  // namespace weir::bench
