// MetricRules: what the configuration says about series by name and label: drop, keep, rename, add
// labels, limit how many there are. Asked once for a new series, never for a sample.
#pragma once

#include "core/labels.h"
#include "core/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace weir {

inline constexpr std::size_t metric_rules_max = 1000;
inline constexpr std::size_t metric_rule_labels_max = 16;  // in `labels`, and in `set`
inline constexpr std::size_t metric_name_bytes_max = 1024;

// Labels that say whose a series is. weir alone sets them: rules may ask for them, not change them,
// because without them series of two devices would be one. Names that begin with "__" are
// Prometheus's own.
inline constexpr std::array<std::string_view, 5> metric_own_label_names = {
    "cluster", "device", "instance", "job", "replay"};

// `[a-zA-Z_:][a-zA-Z0-9_:]*`, at most metric_name_bytes_max long.
[[nodiscard]] bool is_valid_metric_name(std::string_view name);

enum class MetricRuleAction : std::uint8_t {
    drop,  // the series is not kept
    keep,  // the series is kept, and no later rule is asked
    // The name becomes `to`, in which \1 stands for the first group of `metric` and \0 for the
    // whole name. A name that would be none stays as it was.
    rename,
    set_label,  // puts `set` on it; an empty value takes the label away
    limit,      // at most `series_max` series per device that this rule matches
};

// Value. One entry of `metric_rules:`; a series must match all that is given. A label that a
// series does not have is as good as an empty one. Rules see what earlier ones made.
struct MetricRule {
    std::string name = {};  // of the rule, in metrics; unique
    MetricRuleAction action = MetricRuleAction::drop;
    std::string metric = {};                         // RE2 over the whole name; empty: any
    std::map<std::string, std::string> labels = {};  // label: RE2 over the whole value
    std::string to = {};
    Labels set = {};
    std::size_t series_max = 0;
    int line = 0;  // in the configuration file
};

// What the rules made of one series.
struct MetricRuleVerdict {
    bool dropped = false;
    int dropped_by = -1;  // the rule's place
    // Rules of action `limit` that matched, by place; who keeps the series counts them.
    std::vector<std::uint32_t> limits;
};

// Value, immutable; const access from any thread.
class MetricRules {
    struct Key {};

  public:
    explicit MetricRules(Key);
    ~MetricRules();
    MetricRules(const MetricRules&) = delete;
    MetricRules& operator=(const MetricRules&) = delete;

    // Fails on a broken expression, a name that is none or a label that weir alone sets, naming the
    // line and the rule.
    [[nodiscard]] static Result<std::shared_ptr<const MetricRules>> build(
        std::vector<MetricRule> rules);

    // Rewrites name and labels (sorted by name; a Labels is a sorted map).
    [[nodiscard]] MetricRuleVerdict apply(std::string& name, Labels& labels) const;

    [[nodiscard]] const std::vector<MetricRule>& rules() const { return rules_; }

  private:
    std::vector<MetricRule> rules_;
    struct Compiled;
    std::vector<Compiled> compiled_;
};

}  // namespace weir
