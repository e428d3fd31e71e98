// When a series is gone: deleted, its device away, or silent while its feed's rhythm is known.
#include "tests/pipeline/series_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

class SeriesStaleTest : public SeriesFixture {
  protected:
    SeriesStaleTest() { make({}); }

    // One collection of a feed: one sample of each of these series, now.
    void collect(const std::vector<std::string>& names, const std::string& device = "d",
                 const std::string& feed = "path") {
        begin(device, feed, ++collection_);
        for (const std::string& name : names) {
            sample(name, {{"device", device}}, 1, now_ms());
        }
        table_->end_frame(0);
    }

    // Collections every ten seconds.
    void collect_steadily(const std::vector<std::string>& names, int times) {
        for (int i = 0; i < times; ++i) {
            collect(names);
            pass_s(10);
        }
    }

    [[nodiscard]] bool is_stale(const std::string& name, const std::string& device = "d") {
        table_->flush();
        const auto& samples = by_series_[name + "{device=" + device + "}"];
        return !samples.empty() && samples.back().is_stale;
    }

    std::uint64_t collection_ = 0;
};

struct VanishCase {
    const char* name;
    const char* prefix;
    bool below;
    std::map<std::string, std::string> labels;
    std::vector<std::string> gone;
};

TEST_F(SeriesStaleTest, ASelectorTakesWhatIsBelowItsNameAndHasItsLabels) {
    const std::vector<VanishCase> cases = {
        {"a name and below", "if", true, {}, {"if{i=1}", "if{i=2}", "if_in{i=1}", "if_in{i=2}"}},
        {"a name alone", "if", false, {}, {"if{i=1}", "if{i=2}"}},
        {"labels", "if", true, {{"i", "1"}}, {"if{i=1}", "if_in{i=1}"}},
        {"all", "", true, {}, {"if{i=1}", "if{i=2}", "if_in{i=1}", "if_in{i=2}", "ifx{i=1}"}},
        {"all with a label", "", true, {{"i", "2"}}, {"if{i=2}", "if_in{i=2}"}},
        {"another value", "if", true, {{"i", "3"}}, {}},
        {"a label more", "if", true, {{"i", "1"}, {"j", "1"}}, {}},
        {"nothing so called", "other", true, {}, {}},
    };
    for (const VanishCase& vanished : cases) {
        SCOPED_TRACE(vanished.name);
        make({});
        by_series_.clear();
        begin("other device");
        sample("if", {{"i", "1"}, {"device", "o"}}, 1, now_ms());
        begin("d");
        for (const char* i : {"1", "2"}) {
            sample("if", {{"i", i}}, 1, now_ms());
            sample("if_in", {{"i", i}}, 1, now_ms());
        }
        sample("ifx", {{"i", "1"}}, 1, now_ms());
        table_->end_frame(0);
        clock_.advance_ns(ns_per_s);
        begin("d");
        vanish(vanished.prefix, vanished.labels, now_ms(), vanished.below);
        table_->end_frame(0);
        table_->flush();
        std::vector<std::string> gone;
        for (const auto& [series, samples] : by_series_) {
            if (samples.back().is_stale) {
                EXPECT_EQ(samples.back().timestamp_ms, now_ms());
                gone.push_back(series);
            }
        }
        EXPECT_THAT(gone, ::testing::UnorderedElementsAreArray(vanished.gone));
        EXPECT_EQ(table_->counts().stale_markers, gone.size());
        EXPECT_EQ(table_->counts().series, 6 - gone.size());
        expect_balance();
    }
}

TEST_F(SeriesStaleTest, AMarkerIsNewerThanTheLastSample) {
    begin("d");
    sample("a", 1);
    clock_.advance_ns(5 * ns_per_s);
    begin("d");
    vanish("a", {}, start_s * 1000);  // the sample's own time
    table_->end_frame(0);
    table_->flush();
    EXPECT_EQ(told("a{device=d}"), "1@" + std::to_string(start_s * 1000) + " stale@" +
                                       std::to_string(start_s * 1000 + 1));
}

TEST_F(SeriesStaleTest, WhatWasMeasuredAfterTheDeletionLives) {
    begin("d");
    sample("a", 1);
    vanish("a", {}, now_ms() - 1);
    table_->end_frame(0);
    EXPECT_FALSE(is_stale("a"));
    EXPECT_EQ(table_->counts().series, 1U);
}

TEST_F(SeriesStaleTest, WhatIsGivenAgainWithTheDeletionLives) {
    begin("d");
    sample("a", {{"device", "d"}}, 1, now_ms() - 1000);
    vanish("a", {}, now_ms());
    sample("a", {{"device", "d"}}, 2, now_ms());
    table_->end_frame(1);
    EXPECT_EQ(table_->counts().stale_waiting, 0U);
    table_->flush();
    EXPECT_EQ(told("a{device=d}"), "1@" + std::to_string(start_s * 1000 - 1000) + " 2@" +
                                       std::to_string(start_s * 1000));
    EXPECT_EQ(table_->counts().series, 1U);
    EXPECT_EQ(frames_[1], 1U);
}

TEST_F(SeriesStaleTest, AMarkerThatIsTakenBackLeavesNoFrameBehind) {
    begin("d");
    sample("a", {{"device", "d"}}, 1, now_ms() - 1000);
    table_->end_frame(0);
    table_->flush();
    begin("d");
    vanish("a", {}, now_ms());
    table_->end_frame(1);
    begin("d");
    sample("a", 2);  // takes the other frame's marker back
    table_->end_frame(0);
    table_->flush();
    EXPECT_FALSE(is_stale("a"));
    EXPECT_EQ(frames_, (FrameCounts{2, 1}));
}

TEST_F(SeriesStaleTest, AnOldSampleDoesNotSaveASeries) {
    collect({"a"});
    table_->flush();
    clock_.advance_ns(ns_per_s);
    begin("d");
    vanish("a", {}, now_ms());
    sample("a", {{"device", "d"}}, 1, now_ms() - 2000);
    table_->end_frame(0);
    EXPECT_EQ(dropped(SampleDrop::out_of_order), 1U);
    pass_s(2);
    EXPECT_TRUE(is_stale("a"));
}

TEST_F(SeriesStaleTest, AMarkerWaitsForAClockThatIsAhead) {
    begin("d");
    sample("a", {{"device", "d"}}, 1, now_ms() + 20'000);
    vanish("a", {}, 0);
    table_->end_frame(0);
    pass_s(15);
    EXPECT_FALSE(is_stale("a"));
    EXPECT_EQ(table_->counts().series, 0U);
    pass_s(10);
    EXPECT_EQ(told("a{device=d}"), "1@" + std::to_string(start_s * 1000 + 20'000) + " stale@" +
                                       std::to_string(start_s * 1000 + 20'001));
}

TEST_F(SeriesStaleTest, ASeriesComesBack) {
    begin("d");
    sample("a", 1);
    table_->end_frame(0);
    clock_.advance_ns(ns_per_s);
    begin("d");
    vanish("a", {}, now_ms());
    table_->end_frame(0);
    EXPECT_TRUE(is_stale("a"));
    clock_.advance_ns(ns_per_s);
    collect({"a"});
    EXPECT_FALSE(is_stale("a"));
    EXPECT_EQ(by_series_["a{device=d}"].size(), 3U);
    EXPECT_EQ(table_->counts().series, 1U);
}

TEST_F(SeriesStaleTest, DeletingWithoutEndIsBounded) {
    make({.series_max = 3000});
    begin("d");
    for (int i = 0; i < 3000; ++i) {
        sample("a", {{"n", std::to_string(i)}}, 1, now_ms());
    }
    for (int i = 0; i < 1000; ++i) {
        vanish("a", {{"n", "x"}}, now_ms());
    }
    EXPECT_GT(table_->counts().vanish_skipped, 600U);
    clock_.advance_ns(ns_per_s);
    begin("d");
    vanish("a", {{"n", "7"}}, now_ms());
    table_->end_frame(0);
    table_->flush();
    EXPECT_TRUE(by_series_["a{n=7}"].back().is_stale);
}

TEST_F(SeriesStaleTest, AfterTheLastSessionSeriesEnd) {
    const SeriesTable::DeviceId device = table_->device("d");
    table_->device_connected(device);
    table_->device_connected(device);
    collect({"a"});
    pass_s(5);
    table_->device_disconnected(device, now_ns());
    pass_s(200);
    EXPECT_FALSE(is_stale("a"));  // the other session
    collect({"a"});
    pass_s(10);
    table_->device_disconnected(device, now_ns());
    pass_s(55);
    EXPECT_FALSE(is_stale("a"));
    pass_s(10);
    ASSERT_TRUE(is_stale("a"));
    // When it left, by the clock of its samples.
    EXPECT_EQ(by_series_["a{device=d}"].back().timestamp_ms, (start_s + 215) * 1000);
}

TEST_F(SeriesStaleTest, ADeviceThatComesBackInTimeKeepsItsSeries) {
    const SeriesTable::DeviceId device = table_->device("d");
    table_->device_connected(device);
    collect({"a"});
    table_->device_disconnected(device, now_ns());
    pass_s(30);
    table_->device_connected(device);
    pass_s(300);
    EXPECT_FALSE(is_stale("a"));
}

TEST_F(SeriesStaleTest, ASessionThatBeganWithoutAPlaceEndsWithoutHarm) {
    const SeriesTable::DeviceId device = table_->device("d");
    collect({"a"});
    table_->device_disconnected(device, now_ns());
    pass_s(100);
    EXPECT_FALSE(is_stale("a"));
}

TEST_F(SeriesStaleTest, AnotherDevicesSessionMeansNothing) {
    table_->device_connected(table_->device("e"));
    table_->device_connected(table_->device("d"));
    collect({"a"}, "d");
    collect({"a"}, "e");
    table_->device_disconnected(table_->device("d"), now_ns());
    pass_s(70);
    EXPECT_TRUE(is_stale("a", "d"));
    EXPECT_FALSE(is_stale("a", "e"));
}

TEST_F(SeriesStaleTest, ASeriesThatIsMissingFromItsFeedEnds) {
    collect_steadily({"a", "b"}, 8);
    collect_steadily({"a"}, 2);
    EXPECT_FALSE(is_stale("b"));
    collect_steadily({"a"}, 3);
    EXPECT_TRUE(is_stale("b"));
    EXPECT_FALSE(is_stale("a"));
    EXPECT_EQ(table_->counts().series, 1U);
    // Not so late that what comes late would be older, and not in the future.
    const std::vector<ReadSample>& told = by_series_["b{device=d}"];
    EXPECT_GT(told.back().timestamp_ms, told[told.size() - 2].timestamp_ms + 10'000);
    EXPECT_LT(told.back().timestamp_ms, now_ms());
}

TEST_F(SeriesStaleTest, ATableThatLosesMostOfItsRowsLosesTheirSeries) {
    collect_steadily({"a", "b", "c", "e"}, 8);
    collect_steadily({"a"}, 10);
    EXPECT_TRUE(is_stale("b"));
    EXPECT_TRUE(is_stale("e"));
    EXPECT_FALSE(is_stale("a"));
}

TEST_F(SeriesStaleTest, AFeedThatStopsTakesItsSeriesAlong) {
    collect_steadily({"a"}, 8);
    pass_s(20);
    EXPECT_FALSE(is_stale("a"));
    pass_s(10);
    EXPECT_TRUE(is_stale("a"));
}

TEST_F(SeriesStaleTest, AShortIntervalIsGivenTheLeastTime) {
    for (int i = 0; i < 20; ++i) {
        collect({"a"});
        pass_s(2);
    }
    pass_s(25);
    EXPECT_FALSE(is_stale("a"));
    pass_s(10);
    EXPECT_TRUE(is_stale("a"));
}

TEST_F(SeriesStaleTest, OnChangeSilenceMeansNothing) {
    collect({"a", "b", "c", "e"});
    for (const int gap : {3, 90, 7, 14, 200, 5, 31, 3, 60}) {
        pass_s(gap);
        collect({"a"});
    }
    pass_s(600);
    EXPECT_FALSE(is_stale("a"));
    EXPECT_FALSE(is_stale("b"));
}

// An interface that flaps every ten seconds says nothing of the others.
TEST_F(SeriesStaleTest, OnChangeARhythmOfFewMeansNothing) {
    collect({"a", "b", "c", "e"});
    for (int i = 0; i < 30; ++i) {
        pass_s(10);
        collect({"a"});
    }
    EXPECT_FALSE(is_stale("b"));
    EXPECT_EQ(table_->devices()[0].feeds[0].interval_ns, 0);
}

TEST_F(SeriesStaleTest, WhileNothingIsReadSilenceMeansNothing) {
    collect_steadily({"a"}, 8);
    pass_s(15);
    table_->note_pause(now_ns());
    pass_s(25);
    EXPECT_FALSE(is_stale("a"));
    pass_s(10);
    EXPECT_TRUE(is_stale("a"));
}

TEST_F(SeriesStaleTest, ASeriesOfTwoFeedsLivesWhileOneGivesIt) {
    for (int i = 0; i < 12; ++i) {
        collect({"a", "b"}, "d", "fast");
        pass_s(10);
        if (i % 3 == 0) {
            collect({"a"}, "d", "slow");
        }
    }
    for (int i = 0; i < 10; ++i) {
        collect({"b"}, "d", "fast");
        pass_s(15);
        collect({"a"}, "d", "slow");
        pass_s(15);
    }
    EXPECT_FALSE(is_stale("a"));
    EXPECT_FALSE(is_stale("b"));
}

TEST_F(SeriesStaleTest, WithoutSessionsAndRhythmAnHourOfSilenceEndsADevice) {
    collect({"a"});
    pass_s(3590);
    EXPECT_FALSE(is_stale("a"));
    pass_s(20);
    EXPECT_TRUE(is_stale("a"));
    pass_s(3600);
    EXPECT_EQ(table_->counts().devices, 0U);
    EXPECT_TRUE(table_->devices().empty());
}

TEST_F(SeriesStaleTest, AStaleSeriesPlaceIsFreeAfterAWhile) {
    make({.series_max = 1});
    collect({"a"});
    clock_.advance_ns(ns_per_s);
    begin("d");
    vanish("a", {}, now_ms());
    sample("b", 1);
    table_->end_frame(0);
    EXPECT_EQ(dropped(SampleDrop::series_max), 1U);
    pass_s(3610);
    collect({"b"});
    EXPECT_EQ(dropped(SampleDrop::series_max), 1U);
    EXPECT_EQ(table_->devices()[0].series, 1U);
}

TEST_F(SeriesStaleTest, TheDrainLeavesSeriesAlone) {
    collect({"a"});
    table_->flush();
    EXPECT_FALSE(is_stale("a"));
    EXPECT_EQ(table_->counts().stale_markers, 0U);
}

}  // namespace
}  // namespace weir
