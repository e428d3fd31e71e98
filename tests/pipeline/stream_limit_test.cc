#include "pipeline/stream_limit.h"

#include "core/time.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace weir {
namespace {

TEST(StreamLimit, NewSourcesCollapseAtTheCeiling) {
    StreamCeiling ceiling(16);
    for (std::uint64_t hash = 0; hash < 16; ++hash) {
        EXPECT_TRUE(ceiling.admit(hash, StreamClaim::labels, 0).own);
    }
    const StreamVerdict verdict = ceiling.admit(35, StreamClaim::labels, 0);
    EXPECT_FALSE(verdict.own);
    EXPECT_EQ(verdict.overflow_slot, 3U);
    EXPECT_EQ(ceiling.active(), 16U);
    EXPECT_EQ(ceiling.collapsed(), 1U);
    ceiling.release();
    EXPECT_TRUE(ceiling.admit(99, StreamClaim::labels, 0).own);
}

TEST(StreamLimit, KnownSourcesHaveAReserve) {
    StreamCeiling ceiling(16);
    for (int i = 0; i < 16; ++i) {
        EXPECT_TRUE(ceiling.admit(0, StreamClaim::labels, 0).own);
    }
    EXPECT_TRUE(ceiling.admit(0, StreamClaim::known, 0).own);
    EXPECT_TRUE(ceiling.admit(0, StreamClaim::known, 0).own);
    EXPECT_FALSE(ceiling.admit(0, StreamClaim::known, 0).own);
}

TEST(StreamLimit, TheCeilingCanMove) {
    StreamCeiling ceiling(2);
    EXPECT_TRUE(ceiling.admit(0, StreamClaim::labels, 0).own);
    EXPECT_TRUE(ceiling.admit(0, StreamClaim::labels, 0).own);
    ceiling.set_streams_max(1);
    ceiling.release();
    EXPECT_FALSE(ceiling.admit(0, StreamClaim::labels, 0).own);
    ceiling.release();
    EXPECT_TRUE(ceiling.admit(0, StreamClaim::labels, 0).own);
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
                if (ceiling.admit(thread * 1000 + i, StreamClaim::labels, 0).own) {
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

TEST(StreamCeiling, NewcomersGetTheirPlacesOnceAndThenSlowly) {
    constexpr std::int64_t minute_ns = 60 * ns_per_s;
    StreamCeiling ceiling(60);
    std::int64_t now_ns = 1000 * minute_ns;
    std::size_t made = 0;
    // Every minute all streams fall silent and a thousand forged addresses ask.
    for (int minute = 0; minute < 10; ++minute, now_ns += minute_ns) {
        const std::size_t before = made;
        for (std::uint64_t address = 0; address < 1000; ++address) {
            made += ceiling.admit(address, StreamClaim::newcomer, now_ns).own ? 1U : 0U;
        }
        for (std::size_t i = before; i < made; ++i) {
            ceiling.release();
        }
    }
    EXPECT_GE(made, 60U);
    EXPECT_LE(made, 60U + 10U);
    EXPECT_EQ(ceiling.active(), 0U);
    EXPECT_TRUE(ceiling.admit(1, StreamClaim::known, now_ns).own) << "known sources come back";
}

}  // namespace
}  // namespace weir
