// What rules and limits make of series.
#include "tests/pipeline/series_fixture.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

class SeriesLimitsTest : public SeriesFixture {
  protected:
    SeriesLimitsTest() { make({}); }

    static std::shared_ptr<const MetricRules> rules(std::vector<MetricRule> of) {
        Result<std::shared_ptr<const MetricRules>> built = MetricRules::build(std::move(of));
        EXPECT_TRUE(built.has_value());
        return *built;
    }

    // One message of device "d" with one sample.
    void give(const std::string& name, const std::map<std::string, std::string>& labels,
              double value) {
        clock_.advance_ns(ns_per_s);
        begin("d");
        sample(name, labels, value, now_ms());
        table_->end_frame(0);
    }

    // The values told of a series so far, 's' for its marker.
    std::string values(const std::string& series) {
        table_->flush();
        std::string text;
        for (const ReadSample& sample : by_series_[series]) {
            text += sample.is_stale ? "s" : std::to_string(static_cast<int>(sample.value));
        }
        return text;
    }
};

TEST_F(SeriesLimitsTest, ThereAreSoManySeriesAndNoMore) {
    make({.series_max = 2});
    for (int i = 0; i < 5; ++i) {
        give("a", {{"n", std::to_string(i)}}, 1);
        give("a", {{"n", std::to_string(i)}}, 2);
    }
    EXPECT_EQ(dropped(SampleDrop::series_max), 6U);
    EXPECT_EQ(table_->counts().series, 2U);
    EXPECT_EQ(table_->devices()[0].refused, 3U);
    expect_balance();
}

TEST_F(SeriesLimitsTest, ADeviceHasSoManyAndOthersHaveTheirs) {
    make({.series_per_device_max = 2});
    for (const char* device : {"d", "e"}) {
        begin(device);
        for (int i = 0; i < 5; ++i) {
            sample("a", {{"device", device}, {"n", std::to_string(i)}}, 1, now_ms());
        }
        table_->end_frame(0);
    }
    EXPECT_EQ(dropped(SampleDrop::series_per_device_max), 6U);
    EXPECT_EQ(table_->counts().series, 4U);
}

TEST_F(SeriesLimitsTest, ThereAreSoManyDevices) {
    make({.devices_max = 1});
    begin("d");
    sample("a", 1);
    table_->end_frame(0);
    EXPECT_EQ(table_->device("e"), SeriesTable::none);
    EXPECT_EQ(table_->feed(SeriesTable::none, "path", 1, now_ns()), SeriesTable::none);
    table_->device_connected(SeriesTable::none);
    begin("e", "path", 1);
    sample("a", 1);
    vanish("a", {}, now_ms());
    table_->end_frame(0);
    table_->device_disconnected(SeriesTable::none, now_ns());
    EXPECT_EQ(dropped(SampleDrop::devices_max), 1U);
    table_->flush();
    EXPECT_EQ(frames_[0], 2U);
    expect_balance();
}

TEST_F(SeriesLimitsTest, ARefusedSeriesAsksAgain) {
    make({.series_max = 1});
    give("a", {}, 1);
    give("b", {}, 1);
    make({.series_max = 1, .forget_after_ns = 2 * ns_per_s});
    give("a", {}, 1);
    give("b", {}, 1);
    clock_.advance_ns(ns_per_s);
    begin("d");
    vanish("a", {}, now_ms());
    table_->end_frame(0);
    pass_s(5);
    give("b", {}, 2);
    EXPECT_EQ(dropped(SampleDrop::series_max), 2U);  // it is remembered for a while
    pass_s(5);
    give("b", {}, 3);
    EXPECT_EQ(values("b{}"), "3");
}

TEST_F(SeriesLimitsTest, WhatARuleDropsIsRememberedUntilRulesChange) {
    table_->reconfigure(limits_, rules({{.name = "r", .metric = "a.*"}}));
    give("abc", {}, 1);
    give("abc", {}, 2);
    give("b", {}, 1);
    EXPECT_EQ(dropped(SampleDrop::rule), 2U);
    EXPECT_EQ(table_->devices()[0].refused, 0U);
    pass_s(100);
    give("abc", {}, 3);
    EXPECT_EQ(dropped(SampleDrop::rule), 3U);
    table_->reconfigure(limits_, nullptr);
    give("abc", {}, 4);
    give("b", {}, 2);
    EXPECT_EQ(values("abc{}"), "4");
    EXPECT_EQ(values("b{}"), "12");
    expect_balance();
}

TEST_F(SeriesLimitsTest, ARuleRenamesASeriesAndItsMetadata) {
    table_->reconfigure(
        limits_,
        rules({{.name = "r",
                .action = MetricRuleAction::rename,
                .metric = "old_(.*)",
                .to = "new_\\1"},
               {.name = "l", .action = MetricRuleAction::set_label, .set = {{"Z", "1"}}}}));
    give("old_bytes", {{"n", "1"}}, 1);
    EXPECT_EQ(values("new_bytes{Z=1,n=1}"), "1");
    EXPECT_EQ(flushed_.back().metadata, std::vector<std::string>{"new_bytes"});
    // Deletions mean what the device gave.
    clock_.advance_ns(ns_per_s);
    begin("d");
    vanish("old", {{"n", "1"}}, now_ms());
    table_->end_frame(0);
    EXPECT_EQ(values("new_bytes{Z=1,n=1}"), "1s");
}

TEST_F(SeriesLimitsTest, TheFirstOfTwoWithOneNameKeepsIt) {
    table_->reconfigure(
        limits_, rules({{.name = "r", .action = MetricRuleAction::set_label, .set = {{"n", ""}}}}));
    give("a", {{"n", "1"}}, 1);
    give("a", {{"n", "2"}}, 2);
    give("a", {{"n", "2"}}, 3);
    give("a", {{"n", "1"}}, 4);
    EXPECT_EQ(values("a{}"), "14");
    EXPECT_EQ(dropped(SampleDrop::name_clash), 2U);
    expect_balance();
}

TEST_F(SeriesLimitsTest, TwoDevicesWithOneNameClashToo) {
    give("a", {}, 1);
    begin("e");
    sample("a", {}, 2, now_ms() + 5);
    table_->end_frame(0);
    EXPECT_EQ(values("a{}"), "1");
    EXPECT_EQ(dropped(SampleDrop::name_clash), 1U);
}

TEST_F(SeriesLimitsTest, ALimitRuleCountsEachDevicesSeries) {
    table_->reconfigure(
        limits_,
        rules({{.name = "r", .action = MetricRuleAction::limit, .metric = "a", .series_max = 2}}));
    for (int i = 0; i < 4; ++i) {
        give("a", {{"n", std::to_string(i)}}, 1);
        give("b", {{"n", std::to_string(i)}}, 1);
    }
    EXPECT_EQ(dropped(SampleDrop::rule_limit), 2U);
    begin("e");
    sample("a", {{"device", "e"}}, 1, now_ms());
    table_->end_frame(0);
    EXPECT_EQ(dropped(SampleDrop::rule_limit), 2U);
    EXPECT_EQ(table_->counts().series, 7U);
}

TEST_F(SeriesLimitsTest, ALimitRulesPlacesComeBackWithTheSeries) {
    make({.forget_after_ns = ns_per_s});
    table_->reconfigure(
        limits_,
        rules({{.name = "r", .action = MetricRuleAction::limit, .metric = "a", .series_max = 1}}));
    give("a", {{"n", "1"}}, 1);
    clock_.advance_ns(ns_per_s);
    begin("d");
    vanish("a", {}, now_ms());
    table_->end_frame(0);
    pass_s(5);
    give("a", {{"n", "2"}}, 1);
    EXPECT_EQ(values("a{n=2}"), "1");
    EXPECT_EQ(dropped(SampleDrop::rule_limit), 0U);
}

TEST_F(SeriesLimitsTest, NewRulesEndTheSeriesTheyRename) {
    give("a", {}, 1);
    give("b", {}, 1);
    table_->reconfigure(
        limits_, rules({{.name = "r", .action = MetricRuleAction::rename, .metric = "a", .to = "c"},
                        {.name = "d", .metric = "b"}}));
    give("a", {}, 2);
    give("b", {}, 2);
    EXPECT_EQ(values("a{}"), "1s");
    EXPECT_EQ(values("b{}"), "1s");
    EXPECT_EQ(values("c{}"), "2");
    EXPECT_EQ(by_series_["a{}"][1].timestamp_ms, by_series_["c{}"][0].timestamp_ms);
    EXPECT_EQ(table_->devices()[0].series, 1U);
    // And back.
    table_->reconfigure(limits_, nullptr);
    give("a", {}, 3);
    give("b", {}, 3);
    EXPECT_EQ(values("a{}"), "1s3");
    EXPECT_EQ(values("c{}"), "2s");
    EXPECT_EQ(table_->counts().series, 2U);
    expect_balance();
}

TEST_F(SeriesLimitsTest, NewRulesThatChangeNothingChangeNothing) {
    give("a", {{"n", "1"}}, 1);
    table_->reconfigure(limits_, rules({{.name = "r", .metric = "other"}}));
    give("a", {{"n", "1"}}, 2);
    EXPECT_EQ(values("a{n=1}"), "12");
    EXPECT_EQ(table_->counts().stale_markers, 0U);
}

}  // namespace
}  // namespace weir
