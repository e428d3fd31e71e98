#include "pipeline/metric_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Action = MetricRuleAction;

std::shared_ptr<const MetricRules> built(std::vector<MetricRule> rules) {
    auto made = MetricRules::build(std::move(rules));
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
    return made ? *made : nullptr;
}

std::string refusal(MetricRule rule) {
    rule.name = rule.name.empty() ? "mine" : rule.name;
    rule.line = 17;
    const auto made = MetricRules::build({std::move(rule)});
    return made ? "" : made.error().message;
}

struct Renamed {
    std::string name;
    Labels labels;
    MetricRuleVerdict verdict;
};

Renamed applied(const MetricRules& rules, std::string name, Labels labels = {}) {
    Renamed series{std::move(name), std::move(labels), {}};
    series.verdict = rules.apply(series.name, series.labels);
    return series;
}

TEST(MetricRules, NoRulesChangeNothing) {
    const auto rules = built({});
    const Renamed series = applied(*rules, "a", {{"b", "c"}});
    EXPECT_EQ(series.name, "a");
    EXPECT_FALSE(series.verdict.dropped);
    EXPECT_EQ(series.verdict.dropped_by, -1);
    EXPECT_TRUE(series.verdict.limits.empty());
}

TEST(MetricRules, DropNamesTheRule) {
    const auto rules =
        built({{.name = "other", .metric = "nothing"}, {.name = "noise", .metric = ".*_rate"}});
    EXPECT_TRUE(applied(*rules, "in_rate").verdict.dropped);
    EXPECT_EQ(applied(*rules, "in_rate").verdict.dropped_by, 1);
    EXPECT_FALSE(applied(*rules, "in_rate_x").verdict.dropped) << "an expression is of all of it";
    EXPECT_FALSE(applied(*rules, "x\nin_rates").verdict.dropped);
}

TEST(MetricRules, AllConditionsMustHold) {
    const auto rules =
        built({{.name = "r", .metric = "a.*", .labels = {{"interface", "Vlan.*"}, {"site", ""}}}});
    EXPECT_TRUE(applied(*rules, "ab", {{"interface", "Vlan1"}}).verdict.dropped)
        << "a label that is not there is empty";
    EXPECT_FALSE(applied(*rules, "ab", {{"interface", "xVlan1"}}).verdict.dropped);
    EXPECT_FALSE(applied(*rules, "ab", {{"interface", "Vlan1"}, {"site", "x"}}).verdict.dropped);
    EXPECT_FALSE(applied(*rules, "b", {{"interface", "Vlan1"}}).verdict.dropped);
    EXPECT_FALSE(applied(*rules, "ab").verdict.dropped);
}

TEST(MetricRules, KeepEndsTheList) {
    const auto rules = built({{.name = "wanted", .action = Action::keep, .metric = "good.*"},
                              {.name = "rest", .metric = ".*"}});
    EXPECT_FALSE(applied(*rules, "good_one").verdict.dropped);
    EXPECT_TRUE(applied(*rules, "bad_one").verdict.dropped);
}

TEST(MetricRules, RenameTakesGroups) {
    const auto rules = built({{.name = "short",
                               .action = Action::rename,
                               .metric = "cisco_(iosxe|iosxr)_(.*)",
                               .to = "\\2:\\1"},
                              {.name = "seen", .metric = "b:iosxe"}});
    EXPECT_EQ(applied(*rules, "cisco_iosxr_a").name, "a:iosxr");
    EXPECT_EQ(applied(*rules, "nxos_a").name, "nxos_a");
    EXPECT_TRUE(applied(*rules, "cisco_iosxe_b").verdict.dropped) << "later rules see the new name";
}

TEST(MetricRules, ARenameToNoNameIsNone) {
    const auto rules =
        built({{.name = "r", .action = Action::rename, .metric = "a_(.*)", .to = "\\1"}});
    EXPECT_EQ(applied(*rules, "a_b").name, "b");
    EXPECT_EQ(applied(*rules, "a_").name, "a_") << "it would be empty";
    EXPECT_EQ(applied(*rules, "a_1").name, "a_1") << "it would begin with a digit";
    EXPECT_EQ(applied(*rules, "a_\xc3\xa4").name, "a_\xc3\xa4");
}

TEST(MetricRules, ARenameCannotMakeANameTooLong) {
    const auto rules = built({{.name = "r", .action = Action::rename, .to = "\\0\\0"}});
    EXPECT_EQ(applied(*rules, std::string(512, 'a')).name.size(), 1024u);
    EXPECT_EQ(applied(*rules, std::string(513, 'a')).name.size(), 513u);
}

TEST(MetricRules, SetLabelPutsAndTakesAway) {
    const auto rules = built({{.name = "r",
                               .action = Action::set_label,
                               .labels = {{"interface", "Ethernet1/4[89]"}},
                               .set = {{"role", "uplink"}, {"description", ""}}}});
    const Renamed uplink =
        applied(*rules, "a", {{"description", "x"}, {"interface", "Ethernet1/48"}});
    EXPECT_EQ(uplink.labels, (Labels{{"interface", "Ethernet1/48"}, {"role", "uplink"}}));
    const Renamed other = applied(*rules, "a", {{"description", "x"}});
    EXPECT_EQ(other.labels, (Labels{{"description", "x"}}));
}

TEST(MetricRules, LimitsAreNamedForWhoCounts) {
    const auto rules =
        built({{.name = "all", .action = Action::limit, .series_max = 10},
               {.name = "x", .action = Action::limit, .metric = "x", .series_max = 1},
               {.name = "a", .action = Action::limit, .metric = "a.*", .series_max = 2}});
    EXPECT_THAT(applied(*rules, "ab").verdict.limits, ElementsAre(0u, 2u));
    EXPECT_FALSE(applied(*rules, "ab").verdict.dropped);
    EXPECT_EQ(rules->rules()[2].series_max, 2u);
}

struct Refused {
    MetricRule rule;
    std::string_view why;
};

TEST(MetricRules, BrokenOnesAreRefusedWithLineAndName) {
    const Refused cases[] = {
        {{.metric = "a("}, "\"a(\" is not a valid expression"},
        {{.metric = "(?<=a)b"}, "not a valid expression"},
        {{.metric = "a\\1"}, "not a valid expression"},
        {{.metric = "\xff\xfe"}, "not a valid expression"},
        {{.metric = std::string(5000, 'a')}, "longer than 4096 bytes"},
        {{.metric = "((a{100}){100}){100}"}, "not a valid expression"},
        {{.metric = "\\pL{30}"}, "not a valid expression"},  // valid, but for its size
        {{.labels = {{"a-b", "x"}}}, "\"a-b\" is not a valid label name"},
        {{.labels = {{"a", "x["}}}, "\"x[\" is not a valid expression"},
        {{}, "needs metric or labels"},
        {{.action = Action::keep}, "needs metric or labels"},
        {{.action = Action::rename, .metric = "a"}, "needs to"},
        {{.action = Action::rename, .metric = "a(b)", .to = "\\2"}, "does not fit metric"},
        {{.action = Action::rename, .metric = "a", .to = "x\\"}, "does not fit metric"},
        {{.action = Action::rename, .metric = "a", .to = "1a"}, "no valid metric name"},
        {{.action = Action::rename, .metric = "a", .to = "a b"}, "no valid metric name"},
        {{.action = Action::rename, .metric = "a", .to = "a-b"}, "no valid metric name"},
        {{.action = Action::rename, .metric = "a", .to = "a\\\\b"}, "no valid metric name"},
        {{.action = Action::rename, .metric = "a(b)", .to = "\\1{x=\"y\"}"},
         "no valid metric name"},
        {{.action = Action::rename, .metric = "a", .to = std::string(1025, 'a')},
         "no valid metric name"},
        {{.metric = "a", .to = "b"}, "only rename has to"},
        {{.metric = "a", .set = {{"b", "c"}}}, "only set_label has set"},
        {{.metric = "a", .series_max = 1}, "only limit has series_max"},
        {{.action = Action::limit, .metric = "a"}, "needs series_max"},
        {{.action = Action::set_label, .metric = "a"}, "labels in set"},
        {{.action = Action::set_label, .set = {{"1a", "c"}}}, "\"1a\" is not a valid label name"},
        {{.action = Action::set_label, .set = {{"a:b", "c"}}}, "is not a valid label name"},
        {{.action = Action::set_label, .set = {{"__name__", "c"}}}, "set by weir alone"},
        {{.action = Action::set_label, .set = {{"device", "c"}}}, "set by weir alone"},
        {{.action = Action::set_label, .set = {{"device", ""}}}, "set by weir alone"},
        {{.action = Action::set_label, .set = {{"job", "c"}}}, "set by weir alone"},
        {{.action = Action::set_label, .set = {{"instance", "c"}}}, "set by weir alone"},
        {{.action = Action::set_label, .set = {{"a", std::string(2049, 'x')}}}, "longer than 2048"},
    };
    for (const Refused& refused : cases) {
        const std::string message = refusal(refused.rule);
        EXPECT_THAT(message, HasSubstr(std::string(refused.why)));
        EXPECT_THAT(message, HasSubstr("line 17: rule \"mine\": "));
    }
}

TEST(MetricRules, NamesOfRulesAreUniqueAndGiven) {
    const auto twice = MetricRules::build(
        {{.name = "a", .metric = "x", .line = 1}, {.name = "a", .metric = "y", .line = 2}});
    ASSERT_FALSE(twice.has_value());
    EXPECT_EQ(twice.error().message, "line 2: rule \"a\": there is another rule of that name");
    const auto nameless = MetricRules::build({{.metric = "x", .line = 3}});
    ASSERT_FALSE(nameless.has_value());
    EXPECT_EQ(nameless.error().message, "line 3: rule \"\": needs a name");
}

std::vector<MetricRule> many(std::size_t count) {
    std::vector<MetricRule> rules;
    for (std::size_t i = 0; i < count; ++i) {
        rules.push_back({.name = std::to_string(i), .metric = "x"});
    }
    return rules;
}

TEST(MetricRules, ThereIsAMostOfEverything) {
    EXPECT_TRUE(MetricRules::build(many(metric_rules_max)).has_value());
    const auto more = MetricRules::build(many(metric_rules_max + 1));
    ASSERT_FALSE(more.has_value());
    EXPECT_THAT(more.error().message, HasSubstr("at most 1000"));
    MetricRule wide{.name = "wide"};
    for (std::size_t i = 0; i <= metric_rule_labels_max; ++i) {
        wide.labels.emplace("l" + std::to_string(i), "x");
    }
    EXPECT_THAT(refusal(wide), HasSubstr("more than 16 labels"));
    MetricRule wide_set{.action = Action::set_label};
    for (std::size_t i = 0; i <= metric_rule_labels_max; ++i) {
        wide_set.set.emplace("l" + std::to_string(i), "x");
    }
    EXPECT_THAT(refusal(wide_set), HasSubstr("1 to 16 labels"));
}

// Expressions that take exponential time, or memory without end, elsewhere.
TEST(MetricRules, HardExpressionsAreQuick) {
    const auto rules = built({{.name = "a", .metric = "(a*)*b"},
                              {.name = "b", .metric = "(a|aa)+$x"},
                              {.name = "c", .metric = "(.*)(.*)(.*)(.*)(.*)(.*)(.*)x"},
                              {.name = "d", .metric = "[a-q][^u-z]{100}x"},
                              {.name = "e", .metric = "(?i)(x+x+)+y"}});
    const std::string long_name(1 << 20, 'a');
    EXPECT_FALSE(applied(*rules, long_name, {{"x", long_name}}).verdict.dropped);
    EXPECT_FALSE(applied(*rules, std::string(1 << 20, 'x').append("z")).verdict.dropped);
}

TEST(MetricRules, WhatIsAMetricName) {
    for (const std::string_view name : {"a", "_", ":", "a1", "A:b_c", "up"}) {
        EXPECT_TRUE(is_valid_metric_name(name)) << name;
    }
    for (const std::string_view name : {"", "1a", "a-b", "a b", "a.b", "\xc3\xa4", "a\n", "{}"}) {
        EXPECT_FALSE(is_valid_metric_name(name)) << name;
    }
    EXPECT_TRUE(is_valid_metric_name(std::string(1024, 'a')));
    EXPECT_FALSE(is_valid_metric_name(std::string(1025, 'a')));
}

}  // namespace
}  // namespace weir
