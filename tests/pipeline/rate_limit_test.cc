#include "pipeline/rate_limit.h"

#include "core/time.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace weir {
namespace {

// Messages that pass when `per_s` arrive evenly for `seconds`.
std::uint64_t passed(const MessageRate& rate, std::uint64_t per_s, std::uint64_t seconds) {
    Allowance allowance;
    std::uint64_t count = 0;
    for (std::uint64_t i = 0; i < per_s * seconds; ++i) {
        const auto now_ns = static_cast<std::int64_t>(i * ns_per_s / per_s) + 5 * ns_per_s;
        count += allowance.take(rate, now_ns) ? 1U : 0U;
    }
    return count;
}

TEST(RateLimit, WhatIsUnderTheRatePassesWhole) {
    EXPECT_EQ(passed({.per_s = 100}, 100, 20), 2000U);
    EXPECT_EQ(passed({.per_s = 100}, 7, 20), 140U);
}

TEST(RateLimit, WhatIsOverPassesAtTheRateAfterTheBurst) {
    EXPECT_EQ(passed({.per_s = 100}, 10'000, 20), 2100U - 1U);
    EXPECT_EQ(passed({.per_s = 100, .burst = 5}, 10'000, 20), 2005U - 1U);
}

TEST(RateLimit, ABurstIsTakenAtOnceAndComesBackWithSilence) {
    const MessageRate rate{.per_s = 10, .burst = 3};
    Allowance allowance;
    for (int round = 0; round < 3; ++round) {
        const std::int64_t now_ns = (round + 1) * 10 * ns_per_s;
        for (int i = 0; i < 3; ++i) {
            EXPECT_TRUE(allowance.take(rate, now_ns)) << i;
        }
        EXPECT_FALSE(allowance.take(rate, now_ns));
        EXPECT_EQ(allowance.wait_ns(rate, now_ns), 100 * ns_per_ms);
        EXPECT_TRUE(allowance.take(rate, now_ns + 100 * ns_per_ms));
    }
}

TEST(RateLimit, ADebtDelaysWhatFollowsByItsSize) {
    const MessageRate rate{.per_s = 100, .burst = 1};
    Allowance allowance;
    for (int i = 0; i < 50; ++i) {
        allowance.charge(rate, ns_per_s);
    }
    EXPECT_EQ(allowance.wait_ns(rate, ns_per_s), 500 * ns_per_ms);
    EXPECT_EQ(allowance.wait_ns(rate, ns_per_s + 500 * ns_per_ms), 0);
}

TEST(RateLimit, ASharedLimitHoldsOverManyThreads) {
    const MessageRate rate{.per_s = 100'000};
    SharedAllowance shared;
    std::atomic<std::uint64_t> taken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            // The same simulated second on every thread, each asking for far more than there is.
            for (std::int64_t now_ns = ns_per_s; now_ns < 2 * ns_per_s; now_ns += 10'000) {
                taken += shared.lease(rate, now_ns, 100);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    // The burst of one second and the second itself.
    EXPECT_LE(taken.load(), 200'000U);
    EXPECT_GE(taken.load(), 199'900U);
}

TEST(RateLimit, ALeaseGivesWhatIsLeft) {
    const MessageRate rate{.per_s = 10, .burst = 4};
    SharedAllowance shared;
    EXPECT_EQ(shared.lease(rate, ns_per_s, 3), 3U);
    EXPECT_EQ(shared.lease(rate, ns_per_s, 3), 1U);
    EXPECT_EQ(shared.lease(rate, ns_per_s, 3), 0U);
    shared.charge(rate, ns_per_s);
    EXPECT_EQ(shared.wait_ns(rate, ns_per_s), 200 * ns_per_ms);
}

}  // namespace
}  // namespace weir
