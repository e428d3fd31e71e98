#include "pipeline/rules.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Action = RuleSpec::Action;

// A record as the parser would make it of `line`, with the labels a source has.
struct Message {
    std::string line =
        "<189>45: sw1: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.9)";
    Record record;
    Labels base{{"dc", "one"}, {"job", "weir"}};
    Labels own{{"dc", "two"}, {"site", "east"}};

    Message() {
        record.facility = 23;
        record.severity = 5;
        const std::string_view text = line;
        record.hostname = text.substr(9, 3);
        record.app_name = text.substr(15, 3);
        record.msg = text.substr(14);
        record.add_extra(ExtraKey::mnemonic, text.substr(21, 8));
    }

    RuleInput input() {
        return {.record = &record,
                .line = line,
                .source_ip = "10.0.0.1",
                .listener = "syslog-udp",
                .dialect = "any",
                .base_labels = &base,
                .own_labels = &own};
    }
};

std::shared_ptr<const RuleSet> rules_of(const std::vector<RuleSpec>& specs) {
    auto compiled = RuleSet::compile(specs, {"dc", "site", "job"});
    EXPECT_TRUE(compiled) << (compiled ? "" : compiled.error().message);
    return *compiled;
}

bool matches(const char* field, const char* pattern) {
    const auto rules = rules_of({{.name = "r", .match = {{field, pattern}}}});
    RuleScratch scratch(*rules);
    Message message;
    RuleInput input = message.input();
    return !rules->apply(input, scratch).keep;
}

TEST(Rules, EveryFieldCanBeMatched) {
    struct Case {
        const char* field;
        const char* pattern;
        bool matched;
    };

    for (const Case& c : {Case{"line", "^<189>", true},
                          Case{"line", "admin.*vty\\d", true},
                          Case{"msg", "^%SYS", true},
                          Case{"msg", "^<189>", false},
                          Case{"hostname", "^sw1$", true},
                          Case{"app_name", "^SYS$", true},
                          Case{"proc_id", "", false},
                          Case{"structured_data", ".*", false},
                          Case{"facility", "^local7$", true},
                          Case{"facility", "^23$", true},
                          Case{"facility", "^2$", false},
                          Case{"severity", "^notice$", true},
                          Case{"severity", "^[5-7]$", true},
                          Case{"severity", "^[0-4]$", false},
                          Case{"mnemonic", "^CONFIG_I$", true},
                          Case{"msg_counter", "", false},
                          Case{"source_ip", "^10\\.0\\.", true},
                          Case{"listener", "udp", true},
                          Case{"dialect", "any", true},
                          Case{"dc", "^two$", true},
                          Case{"job", "^weir$", true},
                          Case{"site", "west", false}}) {
        EXPECT_EQ(matches(c.field, c.pattern), c.matched) << c.field << ' ' << c.pattern;
    }
}

TEST(Rules, SeverityHasItsKeywords) {
    const auto rules = rules_of({{.name = "r", .match = {{"severity", "^err$"}}}});
    RuleScratch scratch(*rules);
    Message message;
    message.record.severity = 3;
    RuleInput input = message.input();
    EXPECT_FALSE(rules->apply(input, scratch).keep);
    message.record.severity = -1;
    EXPECT_TRUE(rules->apply(input, scratch).keep);
}

TEST(Rules, AllConditionsMustHoldAndTheFirstDropEnds) {
    const auto rules =
        rules_of({{.name = "both", .match = {{"hostname", "sw1"}, {"msg", "reload"}}},
                  {.name = "second", .match = {{"hostname", "sw"}}},
                  {.name = "third", .match = {{"hostname", "sw"}}}});
    RuleScratch scratch(*rules);
    Message message;
    RuleInput input = message.input();
    const RuleVerdict verdict = rules->apply(input, scratch);
    EXPECT_FALSE(verdict.keep);
    EXPECT_EQ(rules->name(verdict.rule), "second");
    EXPECT_EQ(scratch.hits(), (std::vector<std::uint64_t>{0, 1, 0}));
}

TEST(Rules, KeepDropsWhatDoesNotMatch) {
    const auto rules = rules_of(
        {{.name = "only-switches", .action = Action::keep, .match = {{"hostname", "^sw"}}}});
    RuleScratch scratch(*rules);
    Message message;
    RuleInput input = message.input();
    EXPECT_TRUE(rules->apply(input, scratch).keep);
    message.record.hostname = "fw1";
    EXPECT_FALSE(rules->apply(input, scratch).keep);
    EXPECT_EQ(scratch.hits()[0], 1U);
}

TEST(Rules, SampleKeepsTheFirstOfEveryN) {
    const auto rules = rules_of({{.name = "thin",
                                  .action = Action::sample,
                                  .match = {{"msg", "Configured"}},
                                  .one_in = 3}});
    RuleScratch scratch(*rules);
    Message message;
    std::string kept;
    for (int i = 0; i < 7; ++i) {
        RuleInput input = message.input();
        kept += rules->apply(input, scratch).keep ? 'k' : '-';
    }
    EXPECT_EQ(kept, "k--k--k");
    message.record.msg = "other";
    RuleInput input = message.input();
    EXPECT_TRUE(rules->apply(input, scratch).keep);
}

TEST(Rules, LabelsAndMetadataAreSetFromGroups) {
    const auto rules =
        rules_of({{.name = "user",
                   .action = Action::set_metadata,
                   .match = {{"msg", "by (\\w+) on (?P<tty>\\w+)"}, {"hostname", "(s)"}},
                   .target = "user",
                   .value = "\\1@\\2 \\\\ \\0"},
                  {.name = "site", .action = Action::set_label, .target = "site", .value = "north"},
                  {.name = "again",
                   .action = Action::set_label,
                   .match = {{"site", "^(n)orth$"}},
                   .target = "site",
                   .value = "\\1\\1"},
                  {.name = "fresh", .action = Action::set_label, .target = "fresh", .value = "x"},
                  {.name = "drop", .match = {{"fresh", "x"}, {"site", "^nn$"}}}});
    RuleScratch scratch(*rules);
    Message message;
    RuleInput input = message.input();
    EXPECT_EQ(rules->apply(input, scratch).rule, 4U);
    ASSERT_EQ(scratch.end_metadata() - scratch.begin_metadata(), 1);
    EXPECT_EQ(scratch.begin_metadata()->name, "user");
    EXPECT_EQ(scratch.begin_metadata()->value, "admin@vty0 \\ by admin on vty0");
    ASSERT_EQ(scratch.end_labels() - scratch.begin_labels(), 2);
    EXPECT_EQ(scratch.begin_labels()->name, "site");
    EXPECT_EQ(scratch.begin_labels()->value, "nn");
    // The next record starts from nothing.
    message.record.msg = "";
    input = message.input();
    (void)rules->apply(input, scratch);
    EXPECT_EQ(scratch.begin_metadata(), scratch.end_metadata());
}

TEST(Rules, AValueIsCutBetweenCharacters) {
    const auto rules = rules_of({{.name = "long",
                                  .action = Action::set_label,
                                  .match = {{"hostname", "^(.*)$"}},
                                  .target = "name",
                                  .value = "\\1"}});
    RuleScratch scratch(*rules);
    Message message;
    std::string name = "x";
    while (name.size() < 4000) {
        name += "\xc3\xa4";
    }
    message.record.hostname = name;
    RuleInput input = message.input();
    EXPECT_TRUE(rules->apply(input, scratch).keep);
    EXPECT_EQ(scratch.begin_labels()->value, name.substr(0, label_value_bytes_max - 1));
}

TEST(Rules, NoRulesChangeNothing) {
    const auto rules = rules_of({});
    EXPECT_TRUE(rules->empty());
    RuleScratch scratch(*rules);
    Message message;
    RuleInput input = message.input();
    EXPECT_TRUE(rules->apply(input, scratch).keep);
    EXPECT_EQ(input.line, message.line);
}

TEST(Rules, WhatIsWrongIsRefusedWithTheRuleAndItsLine) {
    struct Case {
        RuleSpec spec;
        const char* part;
    };

    const std::string long_value(rule_value_bytes_max + 1, 'x');
    for (const Case& c : {
             Case{{.action = Action::drop}, "at least one field"},
             Case{{.action = Action::keep}, "at least one field"},
             Case{{.match = {{"msg", "("}}}, "\"(\" is not a valid expression"},
             Case{{.match = {{"mesage", "x"}}}, "\"mesage\" is neither"},
             Case{{.match = {{"a=1", "x"}}}, "is neither"},
             Case{{.action = Action::redact}, "needs a pattern"},
             Case{{.action = Action::redact, .pattern = "x*"}, "matches the empty text"},
             Case{{.action = Action::redact, .pattern = "[", .value = ""}, "not a valid"},
             Case{{.action = Action::redact, .target = "severity", .pattern = "x"},
                  "can be redacted"},
             Case{{.action = Action::redact, .target = "dc", .pattern = "x"}, "can be redacted"},
             Case{{.action = Action::redact, .pattern = "(x)", .value = "\\2"}, "does not fit"},
             Case{{.action = Action::set_label, .target = "1a", .value = "x"}, "not a valid name"},
             Case{{.action = Action::set_label, .target = "", .value = "x"}, "not a valid name"},
             Case{{.action = Action::set_label, .target = "a", .value = "\\1"}, "does not fit"},
             Case{{.action = Action::set_metadata,
             .match = {{"msg", "x"}, {"line", "(x)"}},
             .target = "a",
             .value = "\\1"},
                  "does not fit"},
             Case{{.action = Action::set_metadata, .target = "a", .value = long_value}, "longer"},
             Case{{.action = Action::sample, .one_in = 0}, "one_in"},
         }) {
        RuleSpec spec = c.spec;
        spec.name = "bad";
        spec.line = 31;
        const auto compiled = RuleSet::compile({spec}, {"dc"});
        ASSERT_FALSE(compiled) << c.part;
        EXPECT_EQ(compiled.error().message.find("line 31: rule \"bad\": "), 0U);
        EXPECT_NE(compiled.error().message.find(c.part), std::string::npos)
            << compiled.error().message;
    }
    EXPECT_FALSE(RuleSet::compile(std::vector<RuleSpec>(rules_max + 1), {}));
}

}  // namespace
}  // namespace weir
