#include "pipeline/redaction.h"

#include "pipeline/rules.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>

namespace weir {
namespace {

using Action = RuleSpec::Action;

class RedactionTest : public testing::Test {
  protected:
    // Runs redactions of (target, pattern, value) over a record of `line_`.
    void redact(const std::vector<std::array<std::string, 3>>& steps) {
        std::vector<RuleSpec> specs;
        for (const auto& [target, pattern, value] : steps) {
            specs.push_back({.name = "r",
                             .action = Action::redact,
                             .target = target,
                             .pattern = pattern,
                             .value = value});
        }
        rules_ = RuleSet::compile(specs, {}).value();
        scratch_ = std::make_unique<RuleScratch>(*rules_);
        input_ = {.record = &record_, .line = line_};
        EXPECT_TRUE(rules_->apply(input_, *scratch_).keep);
    }

    std::string line_ = "host app: user=bob password=hunter2 from 10.0.0.1";
    Record record_;
    RuleInput input_;
    std::shared_ptr<const RuleSet> rules_;
    std::unique_ptr<RuleScratch> scratch_;
};

TEST_F(RedactionTest, TheFieldsFollowTheLine) {
    const std::string_view line = line_;
    record_.hostname = line.substr(0, 4);
    record_.app_name = line.substr(5, 3);
    record_.msg = line.substr(10);
    record_.proc_id = line.substr(28, 7);  // "hunter2"
    record_.msg_id = line.substr(30, 12);  // "nter2 from 1"
    record_.add_extra(ExtraKey::node, line.substr(31, 0));
    record_.add_extra(ExtraKey::mac, line.substr(41));
    redact({{"", "password=\\S+", "<hidden>"}});
    EXPECT_EQ(input_.line, "host app: user=bob <hidden> from 10.0.0.1");
    EXPECT_EQ(record_.hostname, "host");
    EXPECT_EQ(record_.app_name, "app");
    EXPECT_EQ(record_.msg, "user=bob <hidden> from 10.0.0.1");
    EXPECT_EQ(record_.proc_id, "<hidden>");
    EXPECT_EQ(record_.msg_id, "<hidden> from 1");
    EXPECT_EQ(record_.extra(ExtraKey::node), "");
    EXPECT_NE(record_.extra(ExtraKey::node).data(), nullptr);
    EXPECT_EQ(record_.extra(ExtraKey::mac), "10.0.0.1");
}

TEST_F(RedactionTest, OneAfterTheOther) {
    record_.msg = std::string_view(line_).substr(10);
    record_.proc_id = std::string_view(line_).substr(28, 7);
    redact({{"line", "user=(\\w)\\w*", "user=\\1***"},
            {"line", "password=\\S+", ""},
            {"line", "10\\.0\\.0\\.", "x."}});
    EXPECT_EQ(input_.line, "host app: user=b***  from x.1");
    EXPECT_EQ(record_.msg, "user=b***  from x.1");
    EXPECT_EQ(record_.proc_id, "");
}

TEST_F(RedactionTest, AFieldIsRedactedInTheLineToo) {
    record_.hostname = std::string_view(line_).substr(0, 4);
    record_.msg = std::string_view(line_).substr(10);
    redact({{"msg", "o", "0"}, {"msg", "^user", "U"}});
    EXPECT_EQ(record_.msg, "U=b0b passw0rd=hunter2 fr0m 10.0.0.1");
    EXPECT_EQ(record_.hostname, "host");
    EXPECT_EQ(input_.line, "host app: U=b0b passw0rd=hunter2 fr0m 10.0.0.1");
}

TEST_F(RedactionTest, TextsOutsideTheLineAreRedactedWithIt) {
    const std::string elsewhere = "x password=hunter2";
    record_.msg = elsewhere;
    record_.add_extra(ExtraKey::format, "kv");
    redact({{"line", "password=\\S+", "-"}});
    EXPECT_EQ(record_.msg, "x -");
    EXPECT_EQ(record_.extra(ExtraKey::format), "kv");
    EXPECT_EQ(input_.line, "host app: user=bob - from 10.0.0.1");
    EXPECT_EQ(elsewhere, "x password=hunter2");
}

TEST_F(RedactionTest, WhatRulesCopiedIsRedactedToo) {
    const auto rules =
        RuleSet::compile(
            {{.name = "copy",
              .action = Action::set_metadata,
              .match = {{"line", "(password=\\S+)"}},
              .target = "copied",
              .value = "\\1"},
             {.name = "hide", .action = Action::redact, .pattern = "password=\\S+", .value = "-"}},
            {})
            .value();
    RuleScratch scratch(*rules);
    RuleInput input{.record = &record_, .line = line_};
    EXPECT_TRUE(rules->apply(input, scratch).keep);
    EXPECT_EQ(scratch.begin_metadata()->value, "-");
}

TEST_F(RedactionTest, AbsentFieldsAndNoMatchChangeNothing) {
    redact({{"msg", "x", "y"}, {"mnemonic", "x", "y"}, {"line", "absent", "y"}});
    EXPECT_EQ(input_.line.data(), line_.data());
    EXPECT_EQ(record_.msg.data(), nullptr);
}

TEST_F(RedactionTest, EmptyMatchesInsideATextAreSkipped) {
    line_ = "\xc3\xa4 one";
    redact({{"line", "\\b|n", "N"}});
    EXPECT_EQ(input_.line, "\xc3\xa4 oNe");
}

TEST_F(RedactionTest, TooManyMatchesHideTheRest) {
    line_.assign(redactions_max * 3, 's');
    line_ += "ecret";
    record_.msg = std::string_view(line_).substr(line_.size() - 6);
    redact({{"line", "s", "."}});
    EXPECT_EQ(input_.line, std::string(redactions_max, '.'));
    EXPECT_EQ(record_.msg, ".");
}

TEST_F(RedactionTest, GrowthIsBounded) {
    line_.assign(900, 's');
    redact({{"line", "s", std::string(1000, 'x')},
            {"line", "x", std::string(1000, 'x')},
            {"line", "x", std::string(1000, 'x')}});
    EXPECT_LE(input_.line.size(), redacted_bytes_max + 1000);
}

// Whatever the pattern's matches and however fields overlap them: no byte of a secret is left in
// any view, everything stays inside the new line, and what lies outside the matches is kept.
TEST_F(RedactionTest, NoViewKeepsASecret) {
    std::mt19937 random(17);
    const auto rules =
        RuleSet::compile({{.name = "a", .action = Action::redact, .pattern = "S+", .value = "-"},
                          {.name = "b",
                           .action = Action::redact,
                           .target = "msg",
                           .pattern = "T+",
                           .value = "<->"}},
                         {})
            .value();
    RuleScratch scratch(*rules);
    for (int round = 0; round < 20'000; ++round) {
        std::string line;
        for (std::size_t i = random() % 40; i > 0; --i) {
            line += "abST"[random() % 4];
        }
        const auto part = [&] {
            const std::size_t from = random() % (line.size() + 1);
            return std::string_view(line).substr(from, random() % 12);
        };
        Record record;
        record.hostname = part();
        record.app_name = part();
        record.msg = part();
        record.add_extra(ExtraKey::node, part());
        const std::string msg(record.msg);
        const std::string hostname(record.hostname);
        RuleInput input{.record = &record, .line = line};
        ASSERT_TRUE(rules->apply(input, scratch).keep);
        ASSERT_EQ(input.line.find('S'), std::string_view::npos) << line;
        ASSERT_EQ(record.msg.find_first_of("ST"), std::string_view::npos) << line;
        std::string plain = hostname;
        std::erase_if(plain, [](char c) { return c != 'a' && c != 'b'; });
        std::string left(record.hostname);
        std::erase_if(left, [](char c) { return c != 'a' && c != 'b'; });
        ASSERT_EQ(left, plain) << line;
        record.for_each_text([&](std::string_view& text) {
            ASSERT_EQ(text.find('S'), std::string_view::npos) << line;
            ASSERT_TRUE(text.data() == nullptr ||
                        (text.data() >= input.line.data() &&
                         text.data() + text.size() <= input.line.data() + input.line.size()));
        });
    }
}

}  // namespace
}  // namespace weir
