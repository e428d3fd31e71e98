#include "pipeline/source_places.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir {
namespace {

TEST(SourcePlaces, CountsEachAddressAndForgetsItWithItsLastPlace) {
    SourcePlaces places;
    const IpAddress one = *IpAddress::parse("192.0.2.1");
    const IpAddress two = *IpAddress::parse("2001:db8::1");
    std::vector<SourcePlaces::Permit> held;
    for (int i = 0; i < 3; ++i) {
        auto place = places.acquire(one, 3);
        ASSERT_TRUE(place);
        held.push_back(std::move(*place));
    }
    EXPECT_FALSE(places.acquire(one, 3));
    EXPECT_TRUE(places.acquire(one, 4)) << "a raised limit holds at once";
    EXPECT_TRUE(places.acquire(two, 3)) << "and what is not kept comes back";
    EXPECT_EQ(places.largest(), 3U);
    EXPECT_EQ(places.addresses(), 1U);
    held.pop_back();
    EXPECT_TRUE(places.acquire(one, 3));
    held.clear();
    EXPECT_EQ(places.largest(), 0U);
    EXPECT_EQ(places.addresses(), 0U);
    EXPECT_FALSE(places.acquire(one, 0));
    EXPECT_EQ(places.addresses(), 0U) << "a refused address is not remembered";
}

TEST(SourcePlaces, AnAssignedPermitHoldsOnePlaceOnly) {
    SourcePlaces places;
    const IpAddress one = *IpAddress::parse("192.0.2.1");
    const IpAddress two = *IpAddress::parse("192.0.2.2");
    std::optional<SourcePlaces::Permit> kept = places.acquire(one, 1);
    kept = places.acquire(two, 1);
    EXPECT_EQ(places.addresses(), 1U);
    EXPECT_TRUE(places.acquire(one, 1));
    EXPECT_FALSE(places.acquire(two, 1));
}

TEST(SourcePlaces, APermitMayOutliveTheTable) {
    std::optional<SourcePlaces::Permit> permit;
    {
        SourcePlaces places;
        permit = places.acquire(*IpAddress::parse("192.0.2.1"), 1);
    }
    EXPECT_TRUE(permit);
}

}  // namespace
}  // namespace weir
