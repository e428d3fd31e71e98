#include "parsers/syslog_zone.h"

#include "tests/parsers/record_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

// The zone of a midnight, and what follows it.
std::string zone_of(std::string_view text, ZoneNames zones) {
    DeviceTime time;
    const std::size_t length = scan_zone(text, zones, time);
    std::string out = time.zulu         ? "Z"
                      : time.has_offset ? fmt::format("{:+}", time.offset_minutes)
                                        : std::string(time.zone_name);
    return out + '|' + std::string(text.substr(length));
}

TEST(SyslogZone, ReadsOffsets) {
    EXPECT_EQ(zone_of("Z x", ZoneNames::known), "Z| x");
    EXPECT_EQ(zone_of("+05:30 x", ZoneNames::known), "+330| x");
    EXPECT_EQ(zone_of("-0500", ZoneNames::known), "-300|");
    EXPECT_EQ(zone_of("+02 x", ZoneNames::known), "+120| x");
    EXPECT_EQ(zone_of("--5:00 x", ZoneNames::known), "-300| x");
    EXPECT_EQ(zone_of(" -06:00 x", ZoneNames::known), "-360| x");
    EXPECT_EQ(zone_of(" UTC: x", ZoneNames::known), "Z|: x");
    EXPECT_EQ(zone_of(" GMT x", ZoneNames::known), "Z| x");
    EXPECT_EQ(zone_of(" UTC+07:30: x", ZoneNames::known), "+450|: x");
    EXPECT_EQ(zone_of(" GMT-3 x", ZoneNames::known), "-180| x");
}

TEST(SyslogZone, ReadsNames) {
    EXPECT_EQ(zone_of(" CEST: x", ZoneNames::known), "CEST|: x");
    EXPECT_EQ(zone_of(" AEDT host", ZoneNames::known), "AEDT| host");
    EXPECT_EQ(zone_of(" XYZ: %LINK-3-UPDOWN", ZoneNames::known), "XYZ|: %LINK-3-UPDOWN");
    EXPECT_EQ(zone_of(" Berlin: x", ZoneNames::any_before_colon), "Berlin|: x");
    EXPECT_EQ(zone_of(" EDT : x", ZoneNames::known), "EDT| : x");
}

TEST(SyslogZone, LeavesWordsAlone) {
    for (const std::string_view text :
         {" STP: VLAN 125", " PP 1,9/16/19", " Berlin: x", " UTCX x", " +2 x", " - x", " -- x",
          "Zebra", " 2007 x", "+99:00 x", "+1234567 x"}) {
        EXPECT_EQ(zone_of(text, ZoneNames::known), '|' + std::string(text));
    }
    EXPECT_EQ(zone_of(" CEST: x", ZoneNames::none), "| CEST: x");
    EXPECT_EQ(zone_of(" Berlin x", ZoneNames::any_before_colon), "| Berlin x");
}

TEST(SyslogZone, KnowsAbbreviations) {
    EXPECT_TRUE(is_zone_name("CEST"));
    EXPECT_TRUE(is_zone_name("ACWST"));
    EXPECT_FALSE(is_zone_name("STP"));
    EXPECT_FALSE(is_zone_name("cest"));
    EXPECT_FALSE(is_zone_name(""));
}

}  // namespace
}  // namespace weir
