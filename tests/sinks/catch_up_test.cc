#include "sinks/catch_up.h"

#include "pipeline/memory_log.h"
#include "tests/support/event_recorder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

constexpr Timestamp now{1'800'000'000 * ns_per_s};
constexpr std::uint64_t mib = 1024UL * 1024;

class CatchUpTest : public ::testing::Test {
  protected:
    void append(std::int64_t age_s, std::size_t count = 1, std::size_t largest_stream_bytes = 0) {
        for (std::size_t i = 0; i < count; ++i) {
            auto batch = std::make_unique<Batch>();
            batch->records = 1;
            batch->raw_bytes = mib;
            batch->largest_stream_bytes = largest_stream_bytes;
            batch->first_received.unix_ns = now.unix_ns - age_s * ns_per_s;
            ASSERT_EQ(log_.append(std::move(batch)), AppendVerdict::accepted);
        }
    }

    using Backlog = CatchUp::Backlog;

    CatchUp::Taken take(std::int64_t now_ns = 0, Backlog backlog = Backlog::paced) {
        CatchUp::Taken taken = catch_up_.take(cursor_, limits_, now, now_ns, backlog);
        if (taken.batch) {
            cursor_.settle(*taken.batch, {.delivered = 1});
        }
        return taken;
    }

    // The batches that come without waiting, by number.
    std::vector<std::uint64_t> take_all() {
        std::vector<std::uint64_t> numbers;
        while (const BatchPtr batch = take().batch) {
            numbers.push_back(batch->id);
        }
        return numbers;
    }

    EventRecorder events_;
    MemoryLog log_{events_};
    LogCursor& cursor_ = log_.add_cursor("loki", 1UL << 30U);
    CatchUp catch_up_;
    CatchUp::Limits limits_{.behind_after = std::chrono::seconds(10), .stream_bytes_per_s = mib};
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(CatchUpTest, WhoKeepsUpTakesTheOldest) {
    append(3, 5);
    EXPECT_EQ(take_all(), (Numbers{1, 2, 3, 4, 5}));
    EXPECT_FALSE(catch_up_.is_behind());
    EXPECT_EQ(take().again_at_ns, 0);
}

TEST_F(CatchUpTest, WhatComesWhileBehindGoesFirstButTheBacklogMovesToo) {
    append(100, 6);
    EXPECT_EQ(take().batch->id, 1U);
    EXPECT_TRUE(catch_up_.is_behind());
    append(0, 6);  // 7 to 12
    EXPECT_EQ(take_all(), (Numbers{7, 8, 9, 2, 10, 11, 12, 3, 4, 5, 6}));
    EXPECT_FALSE(catch_up_.is_behind());
}

TEST_F(CatchUpTest, TheBacklogKeepsToTheRateOfItsLargestStream) {
    append(100, 3, mib / 2);
    ASSERT_NE(take(0).batch, nullptr);
    const CatchUp::Taken early = take(ns_per_s / 4);
    EXPECT_EQ(early.batch, nullptr);
    EXPECT_EQ(early.again_at_ns, ns_per_s / 2);
    append(0);
    EXPECT_EQ(take(ns_per_s / 4).batch->id, 4U);  // live data does not wait
    EXPECT_EQ(take(ns_per_s / 2).batch->id, 2U);
    EXPECT_EQ(take(ns_per_s / 2).again_at_ns, ns_per_s);
    EXPECT_EQ(take(ns_per_s / 2, Backlog::hurried).batch->id,
              3U);  // nor does the end of the process
}

TEST_F(CatchUpTest, TheBacklogTakesHalfOfWhatTheEndpointBears) {
    limits_.bytes_per_s = 4 * mib;
    append(100, 2);
    ASSERT_NE(take(0).batch, nullptr);
    EXPECT_EQ(take(0).again_at_ns, ns_per_s / 2);
}

TEST_F(CatchUpTest, ABacklogThatIsStoppedLetsLiveDataPass) {
    append(100, 3);
    ASSERT_NE(take().batch, nullptr);
    append(0, 5);  // 4 to 8
    for (std::uint64_t number = 4; number <= 8; ++number) {
        EXPECT_EQ(take(0, Backlog::stopped).batch->id, number);
    }
    EXPECT_GT(take(0, Backlog::stopped).again_at_ns, 1'000'000 * ns_per_s);
    EXPECT_EQ(take().batch->id, 2U);
}

TEST_F(CatchUpTest, LiveDataThatGrewOldIsBacklogAfterAMinute) {
    append(100, 20);
    ASSERT_NE(take(0).batch, nullptr);
    append(50, 10);  // 21 to 30
    EXPECT_EQ(take(ns_per_s).batch->id, 21U);
    append(0);  // 31
    EXPECT_EQ(take(2 * ns_per_s).batch->id, 22U) << "it begins anew once a minute at most";
    EXPECT_EQ(take(61 * ns_per_s).batch->id, 23U);
    append(0, 2);  // 32, 33
    EXPECT_EQ(take(61 * ns_per_s).batch->id, 2U) << "the backlog's turn";
    EXPECT_EQ(take(61 * ns_per_s).batch->id, 32U);
    EXPECT_EQ(take(61 * ns_per_s).batch->id, 33U);
}

TEST_F(CatchUpTest, BehindAgainIsANewBeginning) {
    append(100, 2);
    EXPECT_EQ(take_all(), (Numbers{1, 2}));
    append(100, 2);  // 3, 4
    EXPECT_EQ(take().batch->id, 3U);
    append(0, 2);  // 5, 6
    EXPECT_EQ(take_all(), (Numbers{5, 6, 4}));
}

}  // namespace
}  // namespace weir
