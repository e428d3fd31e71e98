// What is sent on change only is told again while it holds, and never hides what the device says.
#include "tests/pipeline/series_fixture.h"

#include <gtest/gtest.h>

#include <random>

namespace weir {
namespace {

class SeriesRepeatTest : public SeriesFixture {
  protected:
    SeriesRepeatTest() {
        make({});
        connect();
    }

    void connect() { table_->device_connected(table_->device("d")); }

    // A message of a feed with one sample of series "a", so long after the start.
    void give(double value, std::int64_t after_s, const std::string& feed = "path") {
        begin("d", feed);
        sample("a", {{"device", "d"}}, value, (start_s + after_s) * 1000);
        table_->end_frame(0);
    }

    // "1@0 1@120 stale@130": value and seconds since the start, of series "a".
    std::string told_s(std::int64_t behind_ms = 0) {
        table_->flush();
        std::string text;
        for (ReadSample sample : by_series_["a{device=d}"]) {
            sample.timestamp_ms -= start_s * 1000 - behind_ms;
            const std::int64_t rest_ms = sample.timestamp_ms % 1000;
            sample.timestamp_ms /= 1000;
            text += (text.empty() ? "" : " ") + text_of(sample) +
                    (rest_ms == 0 ? "" : "+" + std::to_string(rest_ms));
        }
        expect_balance();
        return text;
    }

    [[nodiscard]] const SeriesCounts& counts() const { return table_->counts(); }
};

TEST_F(SeriesRepeatTest, AValueThatHoldsIsToldAgain) {
    give(1, 0);
    pass_s(149);
    EXPECT_EQ(told_s(), "1@0");
    pass_s(1);
    EXPECT_EQ(told_s(), "1@0 1@120");
    pass_s(250);
    EXPECT_EQ(told_s(), "1@0 1@120 1@240 1@360");
    EXPECT_EQ(counts().given, 1U);
    EXPECT_EQ(counts().repeated, 3U);
    EXPECT_EQ(counts().appended, 4U);
    EXPECT_EQ(counts().series, 1U);
    give(2, 400);
    pass_s(150);
    EXPECT_EQ(told_s(), "1@0 1@120 1@240 1@360 2@400 2@520");
}

TEST_F(SeriesRepeatTest, NothingIsToldAgainWhenThatIsOff) {
    make({.repeat_after_ns = 0});
    connect();
    give(1, 0);
    pass_s(1000);
    EXPECT_EQ(told_s(), "1@0");
}

TEST_F(SeriesRepeatTest, WhatBelongsToNoFeedIsNotToldAgain) {
    begin("d");
    sample("a", 1);
    table_->end_frame(0);
    pass_s(1000);
    EXPECT_EQ(told_s(), "1@0");
}

TEST_F(SeriesRepeatTest, AnInfoSeriesIsNotToldAgain) {
    begin("d", "path");
    const std::vector<MetricLabel> labels = {{"device", "d"}};
    table_->sample({.family = families_.intern({.name = "a", .type = MetricType::info}),
                    .labels = labels,
                    .labels_hash = metric_labels_hash(labels, 5),
                    .value = 1,
                    .timestamp_ms = now_ms()});
    table_->end_frame(0);
    pass_s(1000);
    EXPECT_EQ(told_s(), "1@0");
}

TEST_F(SeriesRepeatTest, SilenceOfAFeedWithARhythmIsNotFilled) {
    for (int i = 0; i < 10; ++i) {
        give(i, i * 60);
        pass_s(60);
    }
    EXPECT_EQ(counts().repeated, 0U);
    pass_s(300);
    table_->flush();
    EXPECT_EQ(counts().repeated, 0U);
    EXPECT_EQ(counts().stale_markers, 1U);
}

// Longer than whoever queries looks back.
TEST_F(SeriesRepeatTest, BetweenCollectionsOfASlowFeedItsValuesAreToldAgain) {
    for (int i = 0; i < 10; ++i) {
        give(i, i * 600);
        pass_s(600);
    }
    EXPECT_EQ(counts().repeated, 40U);
    pass_s(1250);
    table_->flush();
    EXPECT_EQ(counts().repeated, 40U);
    EXPECT_EQ(counts().stale_markers, 1U);
}

TEST_F(SeriesRepeatTest, OfADeviceThatLeftNothingIsToldAgain) {
    make({.stale_disconnect_ns = 1000 * ns_per_s});
    connect();
    give(1, 0);
    pass_s(160);
    table_->device_disconnected(table_->device("d"), now_ns());
    pass_s(900);
    EXPECT_EQ(told_s(), "1@0 1@120");
    pass_s(200);
    EXPECT_EQ(told_s(), "1@0 1@120 stale@160");
}

TEST_F(SeriesRepeatTest, WithoutSessionsADeviceMustHaveBeenHeardOf) {
    make({});
    give(1, 0);
    pass_s(280);
    begin("d", "other");
    table_->end_frame(0);
    pass_s(3000);
    // Until 300 s after that message, and half a minute behind.
    EXPECT_EQ(told_s(), "1@0 1@120 1@240 1@360 1@480");
}

// Half a minute late and less is as if nothing had been repeated.
TEST_F(SeriesRepeatTest, WhatIsALittleLateKeepsItsTime) {
    give(1, 0);
    pass_s(155);
    give(2, 126);
    EXPECT_EQ(told_s(), "1@0 1@120 2@126");
    EXPECT_EQ(counts().retimed, 0U);
}

TEST_F(SeriesRepeatTest, ARepeatThatWaitsGivesWay) {
    give(1, 0);
    pass_s(150);
    ASSERT_EQ(counts().repeated, 0U);
    give(2, 100);
    EXPECT_EQ(told_s(), "1@0 2@100");
    EXPECT_EQ(counts().repeated, 0U);
    EXPECT_EQ(counts().retimed, 0U);
}

TEST_F(SeriesRepeatTest, WhatIsOlderThanARepeatThatLeftGoesBehindIt) {
    give(1, 0);
    pass_s(151);
    give(2, 100);
    give(3, 110);
    EXPECT_EQ(told_s(), "1@0 1@120 2@120+1 3@120+2");
    EXPECT_EQ(counts().retimed, 2U);
    pass_s(100);
    give(4, 250);
    EXPECT_EQ(told_s(), "1@0 1@120 2@120+1 3@120+2 4@250");
    EXPECT_EQ(counts().retimed, 2U);
    give(5, 249);
    EXPECT_EQ(dropped(SampleDrop::out_of_order), 1U);
}

TEST_F(SeriesRepeatTest, WhatTheDeviceSaysTwiceIsStillKnown) {
    give(1, 0);
    pass_s(151);
    give(1, 0);
    EXPECT_EQ(dropped(SampleDrop::duplicate), 1U);
    give(2, 0);
    EXPECT_EQ(dropped(SampleDrop::conflict), 1U);
    give(3, -1);
    EXPECT_EQ(dropped(SampleDrop::out_of_order), 1U);
    give(4, 60);
    give(4, 60);
    EXPECT_EQ(dropped(SampleDrop::duplicate), 2U);
    EXPECT_EQ(told_s(), "1@0 1@120 4@120+1");
    give(5, 60);
    EXPECT_EQ(dropped(SampleDrop::conflict), 2U);
}

TEST_F(SeriesRepeatTest, ADeletionOlderThanARepeatIsOne) {
    give(1, 0);
    pass_s(151);
    begin("d", "path");
    vanish("a", {}, (start_s + 100) * 1000);
    table_->end_frame(0);
    EXPECT_EQ(told_s(), "1@0 1@120 stale@120+1");
    pass_s(300);
    EXPECT_EQ(counts().repeated, 1U);
    // What was measured before it is not news, what was after it is.
    give(2, 99);
    EXPECT_EQ(dropped(SampleDrop::out_of_order), 1U);
    EXPECT_EQ(counts().series, 0U);
    give(3, 101);
    EXPECT_EQ(told_s(), "1@0 1@120 stale@120+1 3@120+2");
    EXPECT_EQ(counts().series, 1U);
}

TEST_F(SeriesRepeatTest, WhatIsMadeAgainAtOnceLives) {
    give(1, 0);
    pass_s(151);
    begin("d", "path");
    vanish("a", {}, (start_s + 100) * 1000);
    sample("a", {{"device", "d"}}, 2, (start_s + 101) * 1000);
    table_->end_frame(0);
    EXPECT_EQ(told_s(), "1@0 1@120 2@120+1");
    EXPECT_EQ(counts().series, 1U);
    EXPECT_EQ(counts().stale_waiting, 0U);
}

// A device's clock is told by what came with least delay.
TEST_F(SeriesRepeatTest, RepeatsHaveTheDevicesTime) {
    give(1, -500);
    pass_s(151);
    EXPECT_EQ(told_s(), "1@-500 1@-380");
    begin("d", "other");
    sample("b", {{"device", "d"}}, 1, now_ms() - 1000);
    table_->end_frame(0);
    pass_s(2);
    // It was the sample that was late.
    EXPECT_EQ(told_s(), "1@-500 1@-380 1@121");
}

TEST_F(SeriesRepeatTest, RepeatsAreNotInTheFuture) {
    give(1, 200);
    pass_s(319);
    EXPECT_EQ(told_s(), "1@200");
    pass_s(1);
    EXPECT_EQ(told_s(), "1@200 1@320");
    pass_s(130);
    give(2, 640);
    EXPECT_EQ(told_s(), "1@200 1@320 1@440 2@640");
}

// Two windows after its clock was set back, a device's repeats follow.
TEST_F(SeriesRepeatTest, AClockThatStepsBackIsNoticed) {
    give(1, 0);
    pass_s(700);
    begin("d", "other");
    sample("b", {{"device", "d"}}, 1, now_ms() - 100'000);
    table_->end_frame(0);
    pass_s(700);
    begin("d", "other");
    sample("b", {{"device", "d"}}, 2, now_ms() - 100'000);
    table_->end_frame(0);
    by_series_.clear();
    pass_s(169);
    EXPECT_EQ(told_s(), "");
    pass_s(1);
    EXPECT_EQ(told_s(), "1@1440");
}

TEST_F(SeriesRepeatTest, WhatAFullLogDidNotTakeComesAsARepeat) {
    give(1, 0);
    table_->flush();
    full_ = true;
    give(2, 1);
    table_->flush();
    for (int i = 0; i < 500; ++i) {
        table_->note_pause(now_ns());
        pass_s(1);
    }
    EXPECT_EQ(counts().repeated, 0U);
    EXPECT_EQ(dropped(SampleDrop::log_full), 1U);
    full_ = false;
    pass_s(10);
    EXPECT_EQ(told_s(), "1@0 2@475");
}

TEST_F(SeriesRepeatTest, ASuccessorOfTheSameNameKnowsTheTime) {
    give(1, 0);
    pass_s(151);
    std::vector<MetricRule> rules = {
        {.name = "rename", .action = MetricRuleAction::rename, .metric = "b", .to = "a"}};
    begin("d", "path");
    vanish("a", {}, (start_s + 90) * 1000);
    table_->end_frame(0);
    table_->reconfigure(limits_, *MetricRules::build(std::move(rules)));
    begin("d", "path");
    sample("b", {{"device", "d"}}, 2, (start_s + 100) * 1000);
    table_->end_frame(0);
    EXPECT_EQ(told_s(), "1@0 1@120 stale@120+1 2@120+2");
}

// Two tables that are given the same, one of which repeats.
class Twin {
  public:
    explicit Twin(std::int64_t repeat_after_ns)
        : table_({.limits = {.repeat_after_ns = repeat_after_ns}, .listeners = 1, .seed = 5},
                 families_, [this](std::unique_ptr<Batch> batch, const FrameCounts&) {
                     return take(std::move(batch));
                 }) {}

    AppendVerdict take(std::unique_ptr<Batch> batch) {
        if (batch != nullptr) {
            const Result<WriteRequest> request = decode_write_request(batch->body);
            EXPECT_TRUE(request);
            for (const WrittenSeries& series : request->series) {
                const SeriesSample& sample = series.samples.front();
                std::pair<std::int64_t, std::string>& last = last_[series_text(series)];
                EXPECT_LT(last.first, sample.timestamp_ms);
                last = {sample.timestamp_ms,
                        is_stale_marker(sample.value) ? "stale" : std::to_string(sample.value)};
            }
        }
        return AppendVerdict::accepted;
    }

    // What each series was last said to be, whenever.
    [[nodiscard]] std::map<std::string, std::string> last() const {
        std::map<std::string, std::string> values;
        for (const auto& [series, last] : last_) {
            values.emplace(series, last.second);
        }
        return values;
    }

    MetricFamilies families_;
    std::map<std::string, std::pair<std::int64_t, std::string>> last_;
    SeriesTable table_;
};

class SeriesTwinTest : public ::testing::TestWithParam<unsigned> {
  protected:
    unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

    template <typename Step>
    void both(Step step) {
        for (Twin* twin : {&plain_, &repeating_}) {
            step(*twin);
            twin->table_.flush();
        }
    }

    // Samples and deletions of one device, up to three minutes late.
    void message() {
        struct Said {
            std::string name;
            double value = 0;
            std::int64_t when_ms = 0;
            bool gone = false;
        };

        const std::string device = "d" + std::to_string(below(3));
        std::vector<Said> all(below(6));
        for (Said& said : all) {
            said = {.name = "m" + std::to_string(below(4)),
                    .value = static_cast<double>(below(100)),
                    .when_ms = clock_.now().unix_ns / ns_per_ms - below(below(2) * 180'000 + 1),
                    .gone = below(8) == 0};
        }
        // Within a message only what waits can be put in order, and a repeat does not wait for
        // long.
        std::sort(all.begin(), all.end(),
                  [](const Said& a, const Said& b) { return a.when_ms < b.when_ms; });
        const std::string feed = "f" + std::to_string(below(2));
        both([&](Twin& twin) {
            const SeriesTable::DeviceId id = twin.table_.device(device);
            twin.table_.begin(id, twin.table_.feed(id, feed, 0, clock_.monotonic_ns()),
                              clock_.monotonic_ns(), clock_.now());
            for (const Said& said : all) {
                say(twin, device, said.name, said.value, said.when_ms, said.gone);
            }
            twin.table_.end_frame(0);
        });
    }

    static void say(Twin& twin, const std::string& device, const std::string& name, double value,
                    std::int64_t when_ms, bool gone) {
        const std::vector<MetricLabel> labels = {{"device", device}};
        if (gone) {
            twin.table_.vanish({.name = name, .labels = labels, .timestamp_ms = when_ms});
            return;
        }
        twin.table_.sample({.family = twin.families_.intern({.name = name}),
                            .labels = labels,
                            .labels_hash = metric_labels_hash(labels, 5),
                            .value = value,
                            .timestamp_ms = when_ms});
    }

    void session() {
        const unsigned device = below(3);
        const bool connect = sessions_[device] == 0 || below(4) != 0;
        sessions_[device] += connect ? 1U : -1U;
        both([&](Twin& twin) {
            const SeriesTable::DeviceId id = twin.table_.device("d" + std::to_string(device));
            connect ? twin.table_.device_connected(id)
                    : twin.table_.device_disconnected(id, clock_.monotonic_ns());
        });
    }

    std::mt19937_64 random_{GetParam()};
    ManualClock clock_{{1'795'000'000 * ns_per_s}};
    Twin plain_{0};
    Twin repeating_{20 * ns_per_s};
    unsigned sessions_[3] = {};
};

TEST_P(SeriesTwinTest, RepeatsHideNothingThatADeviceSays) {
    for (int i = 0; i < 5000; ++i) {
        const unsigned what = below(100);
        if (what < 30) {
            message();
        } else if (what < 35) {
            session();
        } else {
            clock_.advance_ns((what < 38 ? below(200'000) : below(10'000)) * ns_per_ms);
            both([this](Twin& twin) { twin.table_.tick(clock_.monotonic_ns(), clock_.now()); });
        }
        ASSERT_EQ(plain_.table_.counts().series, repeating_.table_.counts().series) << i;
        ASSERT_EQ(plain_.last(), repeating_.last()) << i;
    }
    EXPECT_EQ(plain_.table_.counts().repeated, 0U);
    EXPECT_GT(repeating_.table_.counts().repeated, 100U);
    EXPECT_GT(repeating_.table_.counts().retimed, 100U);
    EXPECT_GT(plain_.table_.counts().stale_markers, 10U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SeriesTwinTest, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace weir
