#include "core/time.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Time, PrintsRfc3339) {
    EXPECT_EQ(to_rfc3339({0}), "1970-01-01T00:00:00.000000000Z");
    EXPECT_EQ(to_rfc3339({1'700'000'000'123'456'789}, 3), "2023-11-14T22:13:20.123Z");
    EXPECT_EQ(to_rfc3339({-1}, 9), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(to_rfc3339({1'700'000'000'000'000'000}, 0), "2023-11-14T22:13:20Z");
}

TEST(Time, CivilRoundTripsOverLeapDays) {
    for (std::int64_t day = -800'000; day < 800'000; day += 997) {
        const CivilTime civil = civil_from_unix_seconds(day * 86400 + 4711);
        EXPECT_EQ(unix_seconds(civil), day * 86400 + 4711);
    }
    EXPECT_EQ(days_in_month(2024, 2), 29);
    EXPECT_EQ(days_in_month(2100, 2), 28);
}

}  // namespace
}  // namespace weir
