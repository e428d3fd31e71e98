#include "core/address.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Address, ParsesAndPrintsBothFamilies) {
    EXPECT_EQ(IpAddress::parse("10.1.2.3")->to_string(), "10.1.2.3");
    EXPECT_EQ(IpAddress::parse("[2001:db8::1]")->to_string(), "2001:db8::1");
    EXPECT_EQ(IpAddress::parse("::ffff:10.1.2.3")->to_string(), "10.1.2.3");
    EXPECT_FALSE(IpAddress::parse("10.1.2"));
    EXPECT_FALSE(IpAddress::parse(""));
}

TEST(Address, KnowsLoopback) {
    for (const char* here : {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"}) {
        EXPECT_TRUE(IpAddress::parse(here)->is_loopback()) << here;
    }
    for (const char* elsewhere : {"0.0.0.0", "::", "126.255.255.255", "128.0.0.1", "::2",
                                  "10.0.0.1", "::127.0.0.1", "fe80::1"}) {
        EXPECT_FALSE(IpAddress::parse(elsewhere)->is_loopback()) << elsewhere;
    }
}

TEST(Prefix, ContainsByLength) {
    const Prefix v4 = *Prefix::parse("10.10.0.0/15");
    EXPECT_TRUE(v4.contains(*IpAddress::parse("10.11.255.255")));
    EXPECT_FALSE(v4.contains(*IpAddress::parse("10.12.0.0")));
    EXPECT_EQ(v4.to_string(), "10.10.0.0/15");
    EXPECT_TRUE(Prefix::parse("::/0")->contains(*IpAddress::parse("192.0.2.1")));
    EXPECT_FALSE(Prefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("2001:db8::1")));
}

TEST(Prefix, RefusesHostBitsAndBadLengths) {
    EXPECT_EQ(Prefix::parse("10.10.0.1/16").error().message,
              "\"10.10.0.1/16\" has host bits set; the network is 10.10.0.0/16");
    EXPECT_FALSE(Prefix::parse("10.0.0.0/33"));
    EXPECT_FALSE(Prefix::parse("10.0.0.0/"));
    EXPECT_FALSE(Prefix::parse("2001:db8::/129"));
}

}  // namespace
}  // namespace weir
