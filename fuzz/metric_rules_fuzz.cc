// Metric rules: any expression, any template, any name and labels. Building says yes or no; what
// was built rewrites a series to a valid one, the same way each time.
#include "core/labels.h"
#include "fuzz/record_checks.h"
#include "pipeline/metric_rules.h"

#include <string>
#include <string_view>
#include <vector>

namespace {

using weir::Labels;
using weir::MetricRule;
using weir::MetricRuleAction;
using weir::MetricRules;
using weir::MetricRuleVerdict;

// The next line, without its end.
std::string take_line(std::string_view& input) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    std::string line(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
    return line;
}

std::vector<MetricRule> make_rules(std::string_view& input) {
    const std::string metric = take_line(input);
    const std::string to = take_line(input);
    const std::string label = take_line(input);
    const std::string value = take_line(input);
    std::vector<MetricRule> rules;
    rules.push_back({.name = "limit",
                     .action = MetricRuleAction::limit,
                     .metric = metric,
                     .series_max = 1 + metric.size()});
    rules.push_back(
        {.name = "rename", .action = MetricRuleAction::rename, .metric = metric, .to = to});
    rules.push_back({.name = "set",
                     .action = MetricRuleAction::set_label,
                     .labels = {{label, value}},
                     .set = {{label, to}}});
    rules.push_back({.name = "keep", .action = MetricRuleAction::keep, .metric = value});
    rules.push_back({.name = "drop", .metric = metric, .labels = {{label, metric}}});
    return rules;
}

void check(const MetricRules& rules, const std::string& name, const Labels& labels) {
    std::string new_name = name;
    Labels new_labels = labels;
    const MetricRuleVerdict verdict = rules.apply(new_name, new_labels);
    const auto count = static_cast<int>(rules.rules().size());
    WEIR_ASSERT(new_name == name || weir::is_valid_metric_name(new_name));
    WEIR_ASSERT(verdict.dropped == (verdict.dropped_by >= 0) && verdict.dropped_by < count);
    WEIR_ASSERT(new_labels.size() <= labels.size() + static_cast<std::size_t>(count));
    for (const std::string_view own : weir::metric_own_label_names) {
        const auto before = labels.find(own);
        const auto after = new_labels.find(own);
        WEIR_ASSERT((before == labels.end()) == (after == new_labels.end()));
        WEIR_ASSERT(before == labels.end() || before->second == after->second);
    }
    for (const std::uint32_t place : verdict.limits) {
        WEIR_ASSERT(rules.rules().at(place).action == MetricRuleAction::limit);
    }
    std::string again_name = name;
    Labels again_labels = labels;
    const MetricRuleVerdict again = rules.apply(again_name, again_labels);
    WEIR_ASSERT(again_name == new_name && again_labels == new_labels);
    WEIR_ASSERT(again.dropped_by == verdict.dropped_by && again.limits == verdict.limits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input = weir::fuzz::as_text(data, size);
    std::vector<MetricRule> rules = make_rules(input);
    const std::string name = take_line(input);
    Labels labels = {{"device", "core-1"}, {"job", "mdt"}};
    while (!input.empty() && labels.size() < 32) {
        std::string label = take_line(input);
        labels.insert_or_assign(std::move(label), take_line(input));
    }
    // One rule that is refused must not keep the others from being tried.
    std::vector<MetricRule> good;
    for (MetricRule& rule : rules) {
        const auto alone = MetricRules::build({rule});
        WEIR_ASSERT(alone.has_value() || alone.error().message.find("line 0: rule") == 0);
        if (alone) {
            check(**alone, name, labels);
            good.push_back(std::move(rule));
        }
    }
    const auto all = MetricRules::build(std::move(good));
    WEIR_ASSERT(all.has_value());
    check(**all, name, labels);
    return 0;
}
