#include "pipeline/metric_rules.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <set>
#include <utility>

namespace weir {

namespace {

using Action = MetricRuleAction;
using Pattern = std::unique_ptr<re2::RE2>;

constexpr std::size_t groups_max = 10;                   // \0 to \9
constexpr std::size_t pattern_bytes_max = 4096;          // as written
constexpr std::int64_t pattern_memory_max = 256 * 1024;  // of one automaton

template <typename... Args>
tl::unexpected<Error> refuse(const MetricRule& rule, fmt::format_string<Args...> text,
                             Args&&... args) {
    return fail(fmt::format("line {}: rule \"{}\": {}", rule.line, rule.name,
                            fmt::format(text, std::forward<Args>(args)...)));
}

Result<Pattern> compile_pattern(const MetricRule& rule, const std::string& text) {
    if (text.size() > pattern_bytes_max) {
        return refuse(rule, "an expression is longer than {} bytes", pattern_bytes_max);
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(pattern_memory_max);
    auto compiled = std::make_unique<re2::RE2>(text, options);
    if (!compiled->ok()) {
        return refuse(rule, "\"{}\" is not a valid expression: {}", text, compiled->error());
    }
    return compiled;
}

bool is_own_label(std::string_view name) {
    return name.starts_with("__") ||
           std::find(metric_own_label_names.begin(), metric_own_label_names.end(), name) !=
               metric_own_label_names.end();
}

Result<void> check_set(const MetricRule& rule) {
    if (rule.set.empty() || rule.set.size() > metric_rule_labels_max) {
        return refuse(rule, "needs 1 to {} labels in set", metric_rule_labels_max);
    }
    for (const auto& [name, value] : rule.set) {
        if (!is_valid_label_name(name)) {
            return refuse(rule, "\"{}\" is not a valid label name", name);
        }
        if (is_own_label(name)) {
            return refuse(rule, "the label \"{}\" is set by weir alone", name);
        }
        if (value.size() > label_value_bytes_max) {
            return refuse(rule, "the label \"{}\" is longer than {} bytes", name,
                          label_value_bytes_max);
        }
    }
    return {};
}

// The name that `to` gives when every group is a letter.
std::string sample_name(std::string_view to) {
    std::string name;
    for (std::size_t i = 0; i < to.size(); ++i) {
        const bool is_group = to[i] == '\\' && i + 1 < to.size();
        name += is_group ? 'a' : to[i];
        i += is_group ? 1 : 0;
    }
    return name;
}

Result<void> check_rename(const MetricRule& rule, const re2::RE2& metric) {
    std::string why;
    if (!metric.CheckRewriteString(rule.to, &why)) {
        return refuse(rule, "to: \"{}\" does not fit metric: {}", rule.to, why);
    }
    if (!is_valid_metric_name(sample_name(rule.to)) || rule.to.find("\\\\") != std::string::npos) {
        return refuse(rule, "to: \"{}\" makes no valid metric name", rule.to);
    }
    return {};
}

// What belongs to one action must not stand in a rule of another one, where it would do nothing.
Result<void> check_parts(const MetricRule& rule) {
    const bool asks = !rule.metric.empty() || !rule.labels.empty();
    if (!asks && (rule.action == Action::drop || rule.action == Action::keep)) {
        return refuse(rule, "needs metric or labels");
    }
    if (rule.labels.size() > metric_rule_labels_max) {
        return refuse(rule, "has more than {} labels", metric_rule_labels_max);
    }
    if ((rule.action == Action::rename) == rule.to.empty()) {
        return refuse(rule, "{}", rule.to.empty() ? "needs to" : "only rename has to");
    }
    if (rule.action != Action::set_label && !rule.set.empty()) {
        return refuse(rule, "only set_label has set");
    }
    if ((rule.action == Action::limit) == (rule.series_max == 0)) {
        return refuse(
            rule, "{}",
            rule.series_max == 0 ? "needs series_max, at least 1" : "only limit has series_max");
    }
    return rule.action == Action::set_label ? check_set(rule) : Result<void>();
}

std::string_view label_value(const Labels& labels, std::string_view name) {
    const auto found = labels.find(name);
    return found == labels.end() ? std::string_view() : std::string_view(found->second);
}

void rename(const re2::RE2& pattern, const std::string& to, std::string& name) {
    re2::StringPiece groups[groups_max];
    const int count = std::min(1 + pattern.NumberOfCapturingGroups(), int{groups_max});
    std::string renamed;
    if (pattern.Match(name, 0, name.size(), re2::RE2::ANCHOR_BOTH, groups, count) &&
        pattern.Rewrite(&renamed, to, groups, count) && is_valid_metric_name(renamed)) {
        name = std::move(renamed);
    }
}

void set_labels(const Labels& set, Labels& labels) {
    for (const auto& [name, value] : set) {
        if (value.empty()) {
            labels.erase(name);
        } else {
            labels.insert_or_assign(name, value);
        }
    }
}

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

}  // namespace

bool is_valid_metric_name(std::string_view name) {
    return !name.empty() && name.size() <= metric_name_bytes_max && is_name_start(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_name_start(c) || (c >= '0' && c <= '9'); });
}

struct MetricRules::Compiled {
    Pattern metric;  // null: any
    std::vector<std::pair<std::string, Pattern>> labels;

    [[nodiscard]] static Result<Compiled> build(const MetricRule& rule);

    [[nodiscard]] bool matches(std::string_view name, const Labels& series) const {
        return (metric == nullptr || re2::RE2::FullMatch(name, *metric)) &&
               std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
                   return re2::RE2::FullMatch(label_value(series, label.first), *label.second);
               });
    }
};

Result<MetricRules::Compiled> MetricRules::Compiled::build(const MetricRule& rule) {
    if (Result<void> checked = check_parts(rule); !checked) {
        return fail(std::move(checked.error().message));
    }
    Compiled compiled;
    // A rename looks for its groups even where any name will do.
    if (!rule.metric.empty() || rule.action == Action::rename) {
        auto pattern = compile_pattern(rule, rule.metric.empty() ? "(?s).*" : rule.metric);
        if (!pattern) {
            return fail(std::move(pattern.error().message));
        }
        compiled.metric = std::move(*pattern);
    }
    if (rule.action == Action::rename) {
        if (Result<void> checked = check_rename(rule, *compiled.metric); !checked) {
            return fail(std::move(checked.error().message));
        }
    }
    for (const auto& [name, text] : rule.labels) {
        if (!is_valid_label_name(name)) {
            return refuse(rule, "\"{}\" is not a valid label name", name);
        }
        auto pattern = compile_pattern(rule, text);
        if (!pattern) {
            return fail(std::move(pattern.error().message));
        }
        compiled.labels.emplace_back(name, std::move(*pattern));
    }
    return compiled;
}

MetricRules::MetricRules(Key) {}

MetricRules::~MetricRules() = default;

Result<std::shared_ptr<const MetricRules>> MetricRules::build(std::vector<MetricRule> rules) {
    if (rules.size() > metric_rules_max) {
        return fail(fmt::format("there are {} metric rules; at most {} are allowed", rules.size(),
                                metric_rules_max));
    }
    auto made = std::make_shared<MetricRules>(Key{});
    std::set<std::string_view> names;
    for (const MetricRule& rule : rules) {
        if (rule.name.empty()) {
            return refuse(rule, "needs a name");
        }
        if (!names.insert(rule.name).second) {
            return refuse(rule, "there is another rule of that name");
        }
        Result<Compiled> compiled = Compiled::build(rule);
        if (!compiled) {
            return fail(std::move(compiled.error().message));
        }
        made->compiled_.push_back(std::move(*compiled));
    }
    made->rules_ = std::move(rules);
    return made;
}

MetricRuleVerdict MetricRules::apply(std::string& name, Labels& labels) const {
    MetricRuleVerdict verdict;
    for (std::size_t place = 0; place < rules_.size(); ++place) {
        const MetricRule& rule = rules_[place];
        if (!compiled_[place].matches(name, labels)) {
            continue;
        }
        switch (rule.action) {
            case Action::drop:
                verdict.dropped = true;
                verdict.dropped_by = static_cast<int>(place);
                return verdict;
            case Action::keep:
                return verdict;
            case Action::rename:
                rename(*compiled_[place].metric, rule.to, name);
                break;
            case Action::set_label:
                set_labels(rule.set, labels);
                break;
            case Action::limit:
                verdict.limits.push_back(static_cast<std::uint32_t>(place));
                break;
        }
    }
    return verdict;
}

}  // namespace weir
