#include "sinks/aimd_rate.h"

#include "core/time.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::uint64_t mb = 1'000'000;

// Seconds of good answers until the rate is at least `wanted`.
int seconds_until(AimdRate& rate, std::uint64_t wanted, std::int64_t begin_s) {
    int seconds = 0;
    while (rate.per_s() != 0 && rate.per_s() < wanted && seconds < 10'000) {
        ++seconds;
        rate.accepted((begin_s + seconds) * ns_per_s);
    }
    return seconds;
}

TEST(AimdRate, ThereIsNoLimitUntilTheFirstRefusal) {
    AimdRate rate(AimdRate::loki_bytes);
    rate.accepted(ns_per_s);
    rate.spend(100 * mb, ns_per_s);
    EXPECT_EQ(rate.per_s(), 0U);
    EXPECT_EQ(rate.ready_at_ns(), 0);
}

TEST(AimdRate, ARefusalNamesOrHalvesIt) {
    AimdRate rate(AimdRate::loki_bytes);
    rate.refused(8 * mb, 0);
    EXPECT_EQ(rate.per_s(), 8 * mb);
    rate.refused(8 * mb, ns_per_s / 2);  // it was under way with the first
    EXPECT_EQ(rate.per_s(), 8 * mb);
    rate.refused(std::nullopt, ns_per_s);
    EXPECT_EQ(rate.per_s(), 4 * mb);
    for (std::int64_t second = 2; second < 100; ++second) {
        rate.refused(8 * mb, second * ns_per_s);
    }
    EXPECT_EQ(rate.per_s(), 64U * 1024);
}

TEST(AimdRate, ARequestPaysForItsBytes) {
    AimdRate rate(AimdRate::loki_bytes);
    rate.refused(4 * mb, 0);
    rate.spend(2 * mb, ns_per_s);
    EXPECT_EQ(rate.ready_at_ns(), ns_per_s + ns_per_s / 2);
}

TEST(AimdRate, ItRisesSlowlyToWhereItWasRefused) {
    AimdRate rate(AimdRate::loki_bytes);
    rate.refused(8 * mb, 0);
    rate.refused(8 * mb, ns_per_s);
    EXPECT_EQ(rate.per_s(), 4 * mb);
    rate.accepted(ns_per_s + ns_per_s / 2);
    EXPECT_EQ(rate.per_s(), 4 * mb);  // once a second
    EXPECT_EQ(seconds_until(rate, 8 * mb, 1), 10);
}

// An operator raised the limit a hundredfold: nobody should wait for an hour.
TEST(AimdRate, PastThatItRisesEverFasterAndIsForgotten) {
    AimdRate rate(AimdRate::loki_bytes);
    for (int i = 0; i < 20; ++i) {
        rate.refused(20'000, i * ns_per_s);
    }
    EXPECT_LT(seconds_until(rate, 2 * mb, 20), 15);
    EXPECT_LT(seconds_until(rate, 1000 * mb, 40), 15);
    EXPECT_EQ(rate.per_s(), 0U);
}

}  // namespace
}  // namespace weir
