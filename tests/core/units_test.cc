#include "core/units.h"

#include <gtest/gtest.h>

#include <limits>

namespace weir {
namespace {

using std::chrono::milliseconds;

TEST(Units, ReadsSizes) {
    EXPECT_EQ(*parse_size("0B"), 0U);
    EXPECT_EQ(*parse_size("500B"), 500U);
    EXPECT_EQ(*parse_size("64KiB"), 65536U);
    EXPECT_EQ(*parse_size("1MiB"), 1048576U);
    EXPECT_EQ(*parse_size("20GiB"), 21474836480U);
    EXPECT_EQ(*parse_size("2TiB"), 2199023255552U);
    EXPECT_EQ(*parse_size("1kB"), 1000U);
    EXPECT_EQ(*parse_size("1KB"), 1000U);
    EXPECT_EQ(*parse_size("10MB"), 10000000U);
    EXPECT_EQ(*parse_size("18446744073709551615B"), std::numeric_limits<std::uint64_t>::max());
}

TEST(Units, ReadsDurations) {
    EXPECT_EQ(*parse_duration("500ms"), milliseconds{500});
    EXPECT_EQ(*parse_duration("30s"), milliseconds{30000});
    EXPECT_EQ(*parse_duration("10m"), milliseconds{600000});
    EXPECT_EQ(*parse_duration("2h"), milliseconds{7200000});
    EXPECT_EQ(*parse_duration("7d"), milliseconds{604800000});
}

TEST(Units, RefusesABareNumberWithAnExample) {
    EXPECT_EQ(parse_size("65536").error().message,
              "\"65536\" has no unit; write it as in 64KiB "
              "(units: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)");
    EXPECT_EQ(parse_duration("30").error().message,
              "\"30\" has no unit; write it as in 30s (units: ms, s, m, h, d)");
}

TEST(Units, RefusesWhatIsNotAWholeNumberAndAUnit) {
    for (const char* text : {"", "KiB", "-1KiB", "+1KiB", "1.5GiB", "64 KiB", " 64KiB", "64kib",
                             "64Kb", "64KiB ", "0x10B", "1h"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
    for (const char* text : {"", "s", "-1s", "1.5s", "1h30m", "10 m", "10S", "1w", "1us"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(Units, RefusesOverflow) {
    EXPECT_EQ(parse_size("18446744073709551616B").error().message,
              "\"18446744073709551616B\" is too large");
    EXPECT_FALSE(parse_size("18014398509481984KiB"));
    EXPECT_TRUE(parse_size("18014398509481983KiB"));
    EXPECT_FALSE(parse_duration("9223372036854775808ms"));
    EXPECT_TRUE(parse_duration("9223372036854775807ms"));
    EXPECT_FALSE(parse_duration("213503982335d"));
}

TEST(Units, PrintsWhatItReadsBack) {
    EXPECT_EQ(format_size(65536), "64KiB");
    EXPECT_EQ(format_size(10000000), "10MB");
    EXPECT_EQ(format_size(1500), "1500B");
    EXPECT_EQ(format_size(0), "0B");
    EXPECT_EQ(format_duration(milliseconds{90000}), "90s");
    EXPECT_EQ(format_duration(milliseconds{7200000}), "2h");
    EXPECT_EQ(format_duration(milliseconds{0}), "0s");
    EXPECT_EQ(format_duration(milliseconds::min()), "-9223372036854775808ms");
    for (std::uint64_t number = 1; number < (1ULL << 62U); number = number * 3 + 1) {
        EXPECT_EQ(*parse_size(format_size(number)), number);
        const milliseconds duration{static_cast<std::int64_t>(number)};
        EXPECT_EQ(*parse_duration(format_duration(duration)), duration);
    }
}

}  // namespace
}  // namespace weir
