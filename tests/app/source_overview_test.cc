#include "app/source_overview.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

SourceActivity activity(const char* address, std::uint64_t messages, unsigned hostnames) {
    return {.address = *IpAddress::parse(address), .messages = messages, .hostnames = hostnames};
}

SourceOverview overview_of(std::vector<SourceActivity> top, std::uint64_t others = 0) {
    auto report = std::make_shared<SurveyReport>();
    report->duration_ns = 10 * ns_per_s;
    report->messages = others;
    for (const SourceActivity& source : top) {
        report->messages += source.messages;
    }
    report->top = std::move(top);
    return make_source_overview({report, std::make_shared<const SurveyReport>()});
}

TEST(SourceOverview, RatesAndSharesOverAllThreads) {
    const SourceOverview overview =
        overview_of({activity("10.0.0.1", 600, 1), activity("10.0.0.2", 300, 1)}, 100);
    ASSERT_EQ(overview.top.size(), 2U);
    EXPECT_DOUBLE_EQ(overview.top[0].messages_per_s, 60);
    EXPECT_DOUBLE_EQ(overview.top[0].share, 0.6);
}

TEST(SourceOverview, ANodeThatHidesDevicesIsNamed) {
    const SourceOverview overview =
        overview_of({activity("10.42.0.1", 900, 30), activity("10.42.1.1", 600, 22)}, 20);
    EXPECT_TRUE(overview.addresses_hidden);
    EXPECT_EQ(overview.hidden_by,
              "10.42.0.1 (30 or more hostnames), 10.42.1.1 (22 or more hostnames)");
}

TEST(SourceOverview, OrdinarySitesAreNotSuspected) {
    const SourceActivity relay{.address = *IpAddress::parse("10.42.0.1"),
                               .messages = 1000,
                               .hostnames = 40,
                               .trusted_relay = true};
    EXPECT_FALSE(overview_of({relay}).addresses_hidden) << "a relay that is known";
    EXPECT_FALSE(overview_of({activity("10.0.0.1", 1000, 1)}).addresses_hidden) << "one device";
    EXPECT_FALSE(overview_of({activity("192.0.2.1", 1000, 30)}).addresses_hidden) << "not private";
    EXPECT_FALSE(overview_of({activity("10.42.0.1", 50, 30)}).addresses_hidden) << "too few";
    EXPECT_FALSE(overview_of({activity("10.42.0.1", 500, 30)}, 500).addresses_hidden)
        << "many others";
}

}  // namespace
}  // namespace weir
