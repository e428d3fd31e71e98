// TelemetryLabels: the labels that hold while a row is walked: the device's, then those of each
// list element that was gone into. Kept sorted; hashed once for all leaves of an element.
#pragma once

#include "core/metric.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Value. What a key is called, made once. Tried in this order until one is free.
struct KeyLabel {
    std::string name;       // "name" of a list "neighbor" is "neighbor_name"
    std::string long_name;  // "neighbor_name" whatever the key: where `name` is another key's
    std::string exported;   // "exported_..." where the device's own labels have the name
};

// Value.
struct LabelLimits {
    std::size_t labels_max = 30;  // the name of the series is one of them
    std::size_t value_bytes_max = 1024;
};

// Resource. One thread. Allocates until it has grown to the deepest row.
class TelemetryLabels {
  public:
    explicit TelemetryLabels(std::uint64_t seed) : seed_(seed) {}

    void use(const LabelLimits& limits) { limits_ = limits; }

    // A new row, of a device with these labels (sorted), which are borrowed until the next begin().
    void begin(std::span<const MetricLabel> source);

    // An element within the innermost one, or within the device alone; ended by pop().
    void push();
    void push_source();
    void pop();

    // Puts a label on the innermost element. The value is borrowed until pop(). An empty value is
    // no label. What does not fit makes the element refused.
    void add(const KeyLabel& key, std::string_view value);

    // A copy of the text that lives until the pop() of the innermost element.
    [[nodiscard]] std::string_view keep(std::string_view text);

    // Set: nothing of the element may become a series.
    [[nodiscard]] bool refused() const { return frames_.back().refused; }

    [[nodiscard]] std::span<const MetricLabel> all() const;
    [[nodiscard]] std::uint64_t hash();
    [[nodiscard]] const MetricLabel* find(std::string_view name) const;

    // All labels and `more` (sorted here, names that are not taken); valid until the next call.
    [[nodiscard]] std::span<MetricLabel> with(std::span<const MetricLabel> more);
    // All labels, `interface` in its long form; empty if there is none. Made once for an element.
    [[nodiscard]] std::span<const MetricLabel> normalised();

    [[nodiscard]] std::uint64_t normalised_hash() const { return normalised_hash_; }

    [[nodiscard]] bool is_of_source(std::string_view name) const;
    [[nodiscard]] bool fits(std::size_t more) const;

    [[nodiscard]] std::uint64_t seed() const { return seed_; }

    [[nodiscard]] const LabelLimits& limits() const { return limits_; }

  private:
    struct Frame {
        std::size_t begin = 0;  // in labels_
        std::size_t kept = 0;   // texts that outer elements keep
        std::uint64_t hash = 0;
        std::uint64_t number = 0;  // of its state, for what is made from it
        bool hashed = false;
        bool refused = false;
    };

    void push_copy(std::size_t begin, std::size_t end, bool refused);
    void insert(std::string_view name, std::string_view value);

    std::uint64_t seed_;
    LabelLimits limits_;
    std::vector<MetricLabel> labels_;  // of all frames, one after another
    std::vector<Frame> frames_;
    std::deque<std::string> kept_;  // reused; places never move
    std::size_t kept_count_ = 0;
    std::uint64_t numbers_ = 0;

    std::vector<MetricLabel> with_;
    std::vector<MetricLabel> normalised_;
    std::string interface_;
    std::uint64_t normalised_hash_ = 0;
    std::uint64_t normalised_of_ = 0;  // the frame's number
};

}  // namespace weir
