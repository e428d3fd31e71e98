#include "pipeline/counter_gaps.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace weir {
namespace {

CounterVerdict feed(CounterTrack& track, const std::string& message,
                    const std::string& sequence = "") {
    Record record;
    if (!message.empty()) {
        record.add_extra(ExtraKey::msg_counter, message);
    }
    if (!sequence.empty()) {
        record.add_extra(ExtraKey::sequence, sequence);
    }
    return track.observe(record);
}

CounterVerdict feed(CounterTrack& track, std::uint32_t value) {
    return feed(track, std::to_string(value));
}

TEST(CounterGaps, StepsHaveNames) {
    struct Step {
        std::uint32_t value;
        CounterStep step;
        std::uint32_t lost = 0;
    };

    CounterTrack track;
    for (const Step& step : {
             Step{4711, CounterStep::first},
             Step{4712, CounterStep::in_order},
             Step{4716, CounterStep::gap, 3},
             Step{4714, CounterStep::late},
             Step{4714, CounterStep::duplicate},
             Step{4716, CounterStep::duplicate},
             Step{4717, CounterStep::in_order},
             Step{14717, CounterStep::gap, 9999},
             Step{24718, CounterStep::restart},
             Step{24719, CounterStep::in_order},
             Step{1, CounterStep::restart},
             Step{2, CounterStep::in_order},
             Step{66, CounterStep::gap, 63},
             Step{3, CounterStep::late},
             Step{2, CounterStep::restart},
         }) {
        const CounterVerdict verdict = feed(track, step.value);
        EXPECT_EQ(static_cast<int>(verdict.step), static_cast<int>(step.step)) << step.value;
        EXPECT_EQ(verdict.lost, step.lost) << step.value;
    }
}

TEST(CounterGaps, WrapsAt32Bits) {
    CounterTrack track;
    (void)feed(track, UINT32_MAX - 1);
    EXPECT_EQ(feed(track, UINT32_MAX).step, CounterStep::in_order);
    EXPECT_EQ(feed(track, 0).step, CounterStep::in_order);
    EXPECT_EQ(feed(track, 3).lost, 2U);
    EXPECT_EQ(feed(track, UINT32_MAX).step, CounterStep::duplicate);
}

TEST(CounterGaps, ARestartWithinTheWindowIsSeen) {
    CounterTrack track;
    for (std::uint32_t value = 1; value <= 40; ++value) {
        (void)feed(track, value);
    }
    EXPECT_EQ(feed(track, 1).step, CounterStep::duplicate);
    EXPECT_EQ(feed(track, 2).step, CounterStep::duplicate);
    EXPECT_EQ(feed(track, 3).step, CounterStep::duplicate);
    EXPECT_EQ(feed(track, 4).step, CounterStep::restart);
    EXPECT_EQ(feed(track, 5).step, CounterStep::in_order);
}

TEST(CounterGaps, AJumpOfTheWholeWindowForgetsWhatCame) {
    for (const std::uint32_t jump : {CounterTrack::window, CounterTrack::window + 1, 200U}) {
        CounterTrack track;
        for (std::uint32_t value = 1; value <= 100; ++value) {
            (void)feed(track, value);
        }
        EXPECT_EQ(feed(track, 100 + jump).lost, jump - 1);
        EXPECT_EQ(feed(track, 100 + jump - 10).step, CounterStep::late) << jump;
    }
}

TEST(CounterGaps, TheMessageCounterIsPreferred) {
    CounterTrack track;
    EXPECT_EQ(feed(track, "", "000073").step, CounterStep::first);
    EXPECT_EQ(feed(track, "", "000074").step, CounterStep::in_order);
    EXPECT_EQ(feed(track, "12", "000080").step, CounterStep::first);
    EXPECT_EQ(feed(track, "13", "000099").step, CounterStep::in_order);
    EXPECT_EQ(feed(track, "", "000100").step, CounterStep::none);
    EXPECT_EQ(feed(track, "14", "").step, CounterStep::in_order);
    for (int i = 0; i < 31; ++i) {
        EXPECT_EQ(feed(track, "", std::to_string(200 + i)).step, CounterStep::none);
    }
    EXPECT_EQ(feed(track, "", "231").step, CounterStep::first);
    EXPECT_EQ(feed(track, "", "232").step, CounterStep::in_order);
}

TEST(CounterGaps, WhatIsNoNumberIsIgnored) {
    CounterTrack track;
    for (const char* text : {"", "x", "12x", "-1", "+1", " 1", "4294967296", "99999999999999999"}) {
        EXPECT_EQ(feed(track, text).step, CounterStep::none) << text;
    }
}

// Whatever the network does within the window, lost - late is what really did not come.
TEST(CounterGaps, LostLessLateIsTheTruth) {
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::uint32_t> sent;
        std::uint32_t missing = 0;
        for (std::uint32_t value = 1000; value < 1500; ++value) {
            const bool edge = value == 1000 || value == 1499;
            if (!edge && random() % 10 == 0) {
                ++missing;
            } else {
                sent.push_back(value);
            }
        }
        for (std::size_t i = 1; i + 2 < sent.size(); ++i) {
            std::swap(sent[i], sent[i + random() % 2]);
        }
        CounterTrack track;
        std::uint32_t lost = 0;
        std::uint32_t late = 0;
        for (const std::uint32_t value : sent) {
            const CounterVerdict verdict = feed(track, value);
            lost += verdict.lost;
            late += verdict.step == CounterStep::late ? 1U : 0U;
        }
        ASSERT_EQ(lost - late, missing);
    }
}

}  // namespace
}  // namespace weir
