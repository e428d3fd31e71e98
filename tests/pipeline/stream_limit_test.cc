#include "pipeline/stream_limit.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace weir {
namespace {

TEST(StreamLimit, NewSourcesCollapseAtTheCeiling) {
    StreamCeiling ceiling(16);
    for (std::uint64_t hash = 0; hash < 16; ++hash) {
        EXPECT_TRUE(ceiling.admit(hash, false).own);
    }
    const StreamVerdict verdict = ceiling.admit(35, false);
    EXPECT_FALSE(verdict.own);
    EXPECT_EQ(verdict.overflow_slot, 3U);
    EXPECT_EQ(ceiling.active(), 16U);
    EXPECT_EQ(ceiling.collapsed(), 1U);
    ceiling.release();
    EXPECT_TRUE(ceiling.admit(99, false).own);
}

TEST(StreamLimit, KnownSourcesHaveAReserve) {
    StreamCeiling ceiling(16);
    for (int i = 0; i < 16; ++i) {
        EXPECT_TRUE(ceiling.admit(0, false).own);
    }
    EXPECT_TRUE(ceiling.admit(0, true).own);
    EXPECT_TRUE(ceiling.admit(0, true).own);
    EXPECT_FALSE(ceiling.admit(0, true).own);
}

TEST(StreamLimit, TheCeilingCanMove) {
    StreamCeiling ceiling(2);
    EXPECT_TRUE(ceiling.admit(0, false).own);
    EXPECT_TRUE(ceiling.admit(0, false).own);
    ceiling.set_streams_max(1);
    ceiling.release();
    EXPECT_FALSE(ceiling.admit(0, false).own);
    ceiling.release();
    EXPECT_TRUE(ceiling.admit(0, false).own);
}

TEST(StreamLimit, OverflowNamesDiffer) {
    std::set<std::string_view> names;
    for (std::size_t slot = 0; slot < overflow_streams; ++slot) {
        names.insert(overflow_device(slot));
    }
    EXPECT_EQ(names.size(), overflow_streams);
}

TEST(StreamLimit, ThreadsNeverPassTheCeiling) {
    StreamCeiling ceiling(1000);
    std::atomic<std::size_t> own{0};
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&ceiling, &own, thread] {
            for (std::uint64_t i = 0; i < 1000; ++i) {
                if (ceiling.admit(thread * 1000 + i, false).own) {
                    ++own;
                    if (i % 4 == 0) {
                        --own;
                        ceiling.release();
                    }
                }
            }
        });
    }
    threads.clear();
    EXPECT_EQ(own, 1000U);
    EXPECT_EQ(ceiling.active(), 1000U);
}

TEST(StreamLimitDeathTest, ReleasingMoreThanTakenIsABug) {
    StreamCeiling ceiling(1);
    EXPECT_DEATH(ceiling.release(), "before > 0");
}

}  // namespace
}  // namespace weir
