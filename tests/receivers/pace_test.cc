#include "receivers/pace.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::int64_t asked_ns = 4 * ns_per_ms;
constexpr std::int64_t start_ns = 1000 * asked_ns;  // on the grid of waits

TEST(Pace, WaitsOfTheSameLengthEndTogether) {
    for (const std::int64_t late_ns : {0L, 1L, 1'000'000L, 3'999'999L}) {
        Pace pace;
        pace.begin(start_ns);
        const std::int64_t now_ns = start_ns + asked_ns + late_ns;
        EXPECT_EQ(now_ns + pace.next_wait_ns(now_ns, asked_ns, 10, 100), start_ns + 2 * asked_ns);
    }
}

TEST(Pace, ComesBackSoonerWhenMoreThanTheRoomWouldCome) {
    Pace pace;
    pace.begin(start_ns);
    // Four times the room came in 4 ms: 1 ms is what brings as much as there is room for.
    EXPECT_EQ(pace.next_wait_ns(start_ns + asked_ns, asked_ns, 400, 100), ns_per_ms);
}

TEST(Pace, KeepsTheShortWaitWhileTheRateLasts) {
    Pace pace;
    pace.begin(start_ns);
    std::int64_t now_ns = start_ns + asked_ns;
    std::int64_t wait_ns = pace.next_wait_ns(now_ns, asked_ns, 400, 100);
    for (int i = 0; i < 100; ++i) {
        now_ns += wait_ns;
        const auto brought = static_cast<std::size_t>(wait_ns / 10'000);  // 100 a millisecond
        wait_ns = pace.next_wait_ns(now_ns, asked_ns, brought, 100);
        ASSERT_LE(wait_ns, ns_per_ms + 100'000) << i;
    }
}

TEST(Pace, ReadsOnAtOnceRatherThanForAVeryShortWait) {
    Pace pace;
    pace.begin(start_ns);
    EXPECT_EQ(pace.next_wait_ns(start_ns + asked_ns, asked_ns, 100'000, 100), 0);
}

TEST(Pace, AClockThatStandsStillIsNotAnEndlessRate) {
    Pace pace;
    pace.begin(start_ns);
    EXPECT_EQ(pace.next_wait_ns(start_ns, asked_ns, 1000, 100), asked_ns);
}

TEST(Pace, AnIntervalBelowTheShortestWaitIsTakenAsItIs) {
    Pace pace;
    pace.begin(start_ns);
    EXPECT_EQ(pace.next_wait_ns(start_ns, 50'000, 0, 100), 50'000);
}

}  // namespace
}  // namespace weir
