#include "parsers/syslog_timestamp.h"

#include "tests/parsers/record_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

struct TimeCase {
    std::string_view text;
    std::string_view dump;
    std::string_view rest;
};

constexpr TimeCase cases[] = {
    {"Oct  3 11:53:36 host", "--10-03T11:53:36", " host"},
    {"Oct 03 2024 11:53:36: x", "2024-10-03T11:53:36", ": x"},
    {"NOV 22 00:07:00 host", "--11-22T00:07:00", " host"},
    {"Apr 15 21:44:24 2007 host", "2007-04-15T21:44:24", " host"},
    {"Apr  5 22:03:31.156789 host", "--04-05T22:03:31.156789", " host"},
    {"Jul 05 2016 04:01:42 PM.688 UTC : x", "2016-07-05T16:01:42.688Z", " : x"},
    {"Oct 14 2015 12:29:48 AM x", "2015-10-14T00:29:48", " x"},
    {"2023 Apr 26 09:16:56.5 UTC: x", "2023-04-26T09:16:56.5Z", ": x"},
    {"2022-04-28T16:44:53 x", "2022-04-28T16:44:53", " x"},
    {"2022-04-28t16:44:53z x", "2022-04-28T16:44:53Z", " x"},
    {"2022-04-28 16:44:53,123 x", "2022-04-28T16:44:53.123", " x"},
    {"2022/04/28 16:44:53 x", "2022-04-28T16:44:53", " x"},
    {"2013-7-16 18:01:03 x", "2013-07-16T18:01:03", " x"},
    {"1987-01-01T12:39:26.000087+00:20 x", "1987-01-01T12:39:26.000087+20min", " x"},
    {"2022-03-29T18:22:06.415+0200]", "2022-03-29T18:22:06.415+120min", "]"},
    {"2022-03-29T18:22:06.1234567891Z", "2022-03-29T18:22:06.123456789Z", ""},
    {"28/Jan/2025:10:46:06.051] x", "2025-01-28T10:46:06.051", "] x"},
    {"07/09/2025:17:30:45 GMT ns", "2025-07-09T17:30:45Z", " ns"},
    {"25/09/2025:17:30:45 ns", "2025-09-25T17:30:45", " ns"},
    {"2019:10:10-10:00:00 utm", "2019-10-10T10:00:00", " utm"},
    {"*Mar  1 18:23:33.483 UTC: x", "*--03-01T18:23:33.483Z", ": x"},
    {".Mar  1 18:23:33.483 Berlin: x", ".--03-01T18:23:33.483(Berlin)", ": x"},
    {"Jul 5 12:01:42 EDT 2016 x", "2016-07-05T12:01:42(EDT)", " x"},
    {"Thu Oct 03 2024 11:12:36 -06:00 [x", "2024-10-03T11:12:36-360min", " [x"},
    {"Feb 29 10:00:00 x", "--02-29T10:00:00", " x"},
    {"Feb 29 2024 10:00:00 x", "2024-02-29T10:00:00", " x"},
    {"Dec 31 23:59:60 x", "--12-31T23:59:60", " x"},
    {"2014/01/28 01:04:13,434190649969,T", "2014-01-28T01:04:13", ",434190649969,T"},
    {"Mar  1 10:00:00 2001:db8::1 x", "--03-01T10:00:00", " 2001:db8::1 x"},
};

TEST(SyslogTimestamp, ReadsEveryShape) {
    for (const TimeCase& c : cases) {
        DeviceTime time;
        const TimeScan scan = scan_device_time(c.text, ZoneNames::known, time);
        EXPECT_EQ(scan.reading, TimeReading::ok) << c.text;
        EXPECT_EQ(dump_time(time), c.dump) << c.text;
        EXPECT_EQ(c.text.substr(scan.length), c.rest) << c.text;
    }
}

TEST(SyslogTimestamp, KnowsTheImpossible) {
    for (const std::string_view text :
         {"Feb 30 10:00:00 x", "Feb 29 2023 10:00:00 x", "Apr 31 10:00:00 x", "Oct  0 10:00:00 x",
          "Oct  3 24:00:00 x", "Oct  3 10:60:00 x", "Oct  3 10:00:61 x", "2022-13-01T00:00:00Z",
          "2022-00-01T00:00:00Z", "0000-01-01T00:00:00Z", "Oct 14 2015 13:29:48 PM x"}) {
        DeviceTime time;
        const TimeScan scan = scan_device_time(text, ZoneNames::known, time);
        EXPECT_EQ(scan.reading, TimeReading::out_of_range) << text;
        EXPECT_FALSE(time.present);
        EXPECT_GT(scan.length, 0U);
    }
}

TEST(SyslogTimestamp, LeavesTextAlone) {
    for (const std::string_view text :
         {"", "Oct", "October fest is 10:00", "Marble 5 10:11:12 x", "2022-04-28 is a date",
          "10:00:00 x x x x x x", "May I go 10:00:00", "12345678901234567890", "Sun shine today ok",
          "Octoper 3 10:00:00", "1,2014/01/28 01:04:13", "[2022-03-29T18:22:06]"}) {
        DeviceTime time;
        EXPECT_EQ(scan_device_time(text, ZoneNames::known, time).reading, TimeReading::none)
            << text;
    }
}

TEST(SyslogTimestamp, ReadsEpochs) {
    DeviceTime time;
    EXPECT_EQ(scan_epoch_time("1650972789.426960608 host", time), 20U);
    EXPECT_EQ(dump_time(time), "2022-04-26T11:33:09.426960608Z");
    EXPECT_EQ(scan_epoch_time("1650972789", time), 10U);
    EXPECT_EQ(dump_time(time), "2022-04-26T11:33:09Z");
    EXPECT_EQ(scan_epoch_time("16509727891", time), 0U);
    EXPECT_EQ(scan_epoch_time("2024", time), 0U);
}

TEST(SyslogTimestamp, ReadsUptimes) {
    EXPECT_EQ(scan_uptime("00:16:23: x"), 8U);
    EXPECT_EQ(scan_uptime("1234:16:23.456: x"), 14U);
    EXPECT_EQ(scan_uptime("13w1d: x"), 5U);
    EXPECT_EQ(scan_uptime("2y10w: x"), 5U);
    EXPECT_EQ(scan_uptime("1d03h: x"), 5U);
    EXPECT_EQ(scan_uptime("13x1d: x"), 0U);
    EXPECT_EQ(scan_uptime("13w1dx: x"), 0U);
    EXPECT_EQ(scan_uptime("1:2:3: x"), 0U);
    EXPECT_EQ(scan_uptime("99"), 0U);
}

}  // namespace
}  // namespace weir
