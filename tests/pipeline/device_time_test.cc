#include "pipeline/device_time.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

Timestamp at(int year, int month, int day, int hour = 0, int minute = 0, int second = 0) {
    return {unix_seconds({.year = year,
                          .month = month,
                          .day = day,
                          .hour = hour,
                          .minute = minute,
                          .second = second}) *
            ns_per_s};
}

DeviceTime device(int year, int month, int day, int hour = 0, int minute = 0, int second = 0) {
    DeviceTime time;
    time.present = true;
    time.year = static_cast<std::int16_t>(year);
    time.month = static_cast<std::int8_t>(month);
    time.day = static_cast<std::int8_t>(day);
    time.hour = static_cast<std::int8_t>(hour);
    time.minute = static_cast<std::int8_t>(minute);
    time.second = static_cast<std::int8_t>(second);
    return time;
}

std::string text_of(const DeviceTime& time, const ResolvedTime& resolved) {
    DeviceTimeText text;
    return std::string(format_device_time(time, resolved, text));
}

TEST(DeviceTime, TheYearIsTheNearest) {
    struct Case {
        DeviceTime device;
        Timestamp received;
        int year;
    };

    for (const Case& c : {Case{device(-1, 12, 31, 23, 59, 59), at(2027, 1, 1), 2026},
                          Case{device(-1, 1, 1, 0, 0, 1), at(2026, 12, 31, 23, 59, 59), 2027},
                          Case{device(-1, 6, 15), at(2026, 6, 15), 2026},
                          Case{device(-1, 7, 5), at(2027, 1, 1), 2026},
                          Case{device(-1, 6, 28), at(2027, 1, 1), 2027},
                          Case{device(-1, 2, 29), at(2024, 3, 1), 2024},
                          Case{device(-1, 2, 29), at(2026, 2, 28, 11), 2024},
                          Case{device(-1, 2, 29), at(2026, 3, 2), 2028},
                          Case{device(-1, 2, 29), at(2101, 1, 1), 2104},
                          Case{device(-1, 2, 29), at(2099, 1, 1), 2096},
                          Case{device(-1, 1, 1), at(1970, 1, 1), 1970},
                          Case{device(-1, 12, 31), at(1970, 1, 1), 1969}}) {
        EXPECT_EQ(nearest_year(c.device, c.received), c.year)
            << int{c.device.month} << '-' << int{c.device.day} << ' ' << to_rfc3339(c.received);
    }
}

TEST(DeviceTime, TheYearIsChosenInTheDevicesZone) {
    const Zone sydney = **load_zone("Australia/Sydney");
    // Half a year away, read as UTC, from both 2 July 2026 and 2 July 2027; Sydney is earlier.
    const DeviceTime july = device(-1, 7, 2);
    const Timestamp received = at(2026, 12, 31, 6);
    EXPECT_EQ(resolve_device_time(july, received, {}).year, 2026);
    const ResolvedTime resolved = resolve_device_time(july, received, {.rule = &sydney});
    EXPECT_EQ(resolved.year, 2027);
    EXPECT_EQ(resolved.time, at(2027, 7, 1, 14));
    EXPECT_TRUE(resolved.year_guessed);
}

TEST(DeviceTime, ZonesRankWireNameRuleLearnedUtc) {
    const Zone berlin = **load_zone("Europe/Berlin");
    const Timestamp now = at(2026, 7, 1, 12);
    const ZoneRef all{.rule = &berlin, .learned_s = -3600};
    DeviceTime time = device(2026, 7, 1, 12);

    ResolvedTime resolved = resolve_device_time(time, now, {});
    EXPECT_EQ(resolved.zone_source, ZoneSource::assumed_utc);
    EXPECT_EQ(resolved.time, now);
    EXPECT_FALSE(resolved.year_guessed);

    resolved = resolve_device_time(time, now, {.learned_s = -3600});
    EXPECT_EQ(resolved.zone_source, ZoneSource::learned);
    EXPECT_EQ(resolved.time, at(2026, 7, 1, 13));

    resolved = resolve_device_time(time, now, all);
    EXPECT_EQ(resolved.zone_source, ZoneSource::rule);
    EXPECT_EQ(resolved.time, at(2026, 7, 1, 10));

    time.zone_name = "EDT";
    resolved = resolve_device_time(time, now, all);
    EXPECT_EQ(resolved.zone_source, ZoneSource::name);
    EXPECT_EQ(resolved.time, at(2026, 7, 1, 16));

    time.zone_name = "XYZ";
    EXPECT_EQ(resolve_device_time(time, now, all).zone_source, ZoneSource::rule);

    time.has_offset = true;
    time.offset_minutes = 330;
    resolved = resolve_device_time(time, now, all);
    EXPECT_EQ(resolved.zone_source, ZoneSource::wire);
    EXPECT_EQ(resolved.time, at(2026, 7, 1, 6, 30));
}

TEST(DeviceTime, AnAmbiguousNameNeedsTheRulesZone) {
    const Zone shanghai = **load_zone("Asia/Shanghai");
    const Zone chicago = **load_zone("America/Chicago");
    DeviceTime time = device(2026, 1, 15, 12);
    time.zone_name = "CST";
    const Timestamp now = at(2026, 1, 15, 12);
    EXPECT_EQ(resolve_device_time(time, now, {}).zone_source, ZoneSource::assumed_utc);
    EXPECT_EQ(resolve_device_time(time, now, {.rule = &shanghai}).offset_s, 8 * 3600);
    EXPECT_EQ(resolve_device_time(time, now, {.rule = &chicago}).offset_s, -6 * 3600);
    for (const char* name : {"IST", "CST", "CDT", "AST", "BST", "GST", "SST", "", "cet", "ZZZZ"}) {
        EXPECT_EQ(offset_of_zone_name(name), std::nullopt) << name;
    }
    EXPECT_EQ(offset_of_zone_name("CEST"), 7200);
    EXPECT_EQ(offset_of_zone_name("AEDT"), 11 * 3600);
    EXPECT_EQ(offset_of_zone_name("WET"), 0);
    EXPECT_EQ(offset_of_zone_name("JST"), 9 * 3600);
}

TEST(DeviceTime, WhatIsNoTimeStaysNone) {
    DeviceTime uptime;
    uptime.uptime = "13w1d";
    EXPECT_FALSE(resolve_device_time(uptime, at(2026, 1, 1), {}).time);
    EXPECT_EQ(text_of(uptime, resolve_device_time(uptime, at(2026, 1, 1), {})), "");
    for (const int year : {0, 1677, 2262, 9999}) {
        const DeviceTime time = device(year, 1, 1);
        EXPECT_FALSE(resolve_device_time(time, at(2026, 1, 1), {}).time) << year;
    }
    EXPECT_TRUE(resolve_device_time(device(2261, 12, 31), at(2026, 1, 1), {}).time);
    EXPECT_EQ(text_of(device(9999, 1, 1), {}), "9999-01-01T00:00:00");
}

TEST(DeviceTime, LeapSecondAndFraction) {
    DeviceTime time = device(2016, 12, 31, 23, 59, 60);
    time.nanos = 250'000'000;
    EXPECT_EQ(resolve_device_time(time, at(2017, 1, 1), {}).time->unix_ns,
              at(2017, 1, 1).unix_ns + 250'000'000);
}

TEST(DeviceTime, IsPrintedAsFarAsItIsKnown) {
    const Zone newfoundland = **load_zone("America/St_Johns");
    const Timestamp now = at(2026, 11, 21, 6, 47);
    DeviceTime time = device(-1, 11, 21, 6, 47, 5);
    EXPECT_EQ(text_of(time, resolve_device_time(time, now, {})), "2026-11-21T06:47:05");
    EXPECT_EQ(text_of(time, resolve_device_time(time, now, {.rule = &newfoundland})),
              "2026-11-21T06:47:05-03:30");
    time.fraction_digits = 3;
    time.nanos = 7'000'000;
    EXPECT_EQ(text_of(time, resolve_device_time(time, now, {})), "2026-11-21T06:47:05.007");
    time.year = 2026;
    EXPECT_EQ(text_of(time, resolve_device_time(time, now, {})), "2026-11-21T06:47:05.007");
    time.has_offset = true;
    EXPECT_EQ(text_of(time, resolve_device_time(time, now, {})), "2026-11-21T06:47:05.007+00:00");
    time.zulu = true;
    EXPECT_EQ(text_of(time, resolve_device_time(time, now, {})), "2026-11-21T06:47:05.007Z");
    time = device(-1, 12, 31, 23);
    time.has_offset = true;
    time.offset_minutes = 345;
    time.fraction_digits = 9;
    time.nanos = 999'999'999;
    EXPECT_EQ(text_of(time, resolve_device_time(time, at(2027, 1, 1), {})),
              "2026-12-31T23:00:00.999999999+05:45");
}

// A source that stands `offset_s` east of UTC and sends `count` messages, `step_s` apart.
void feed(SkewEstimator& skew, Timestamp& now, int offset_s, int count, int step_s) {
    for (int i = 0; i < count; ++i) {
        now.unix_ns += step_s * ns_per_s;
        const CivilTime local = civil_from_unix_seconds(now.unix_ns / ns_per_s + offset_s);
        skew.observe(device(-1, local.month, local.day, local.hour, local.minute, local.second),
                     now);
    }
}

TEST(SkewEstimator, LearnsAfterSixteenMessagesAndAMinute) {
    SkewEstimator skew;
    Timestamp now = at(2026, 12, 31, 23, 50);
    feed(skew, now, 7200 + 3, 15, 30);
    EXPECT_EQ(skew.offset_s(), std::nullopt);
    feed(skew, now, 7200 - 3, 1, 30);
    EXPECT_EQ(skew.offset_s(), 7200);

    SkewEstimator burst;
    feed(burst, now, -3600, 500, 0);
    EXPECT_EQ(burst.offset_s(), std::nullopt) << "a burst of old messages is no zone";
}

TEST(SkewEstimator, RelearnsAfterAChangeAndSurvivesStrays) {
    SkewEstimator skew;
    Timestamp now = at(2026, 3, 29);
    feed(skew, now, 3600, 20, 10);
    ASSERT_EQ(skew.offset_s(), 3600);
    feed(skew, now, 20'000, 3, 10);
    feed(skew, now, 3600, 1, 10);
    EXPECT_EQ(skew.offset_s(), 3600);
    feed(skew, now, 7200, 15, 10);
    EXPECT_EQ(skew.offset_s(), 3600);
    feed(skew, now, 7200, 1, 10);
    EXPECT_EQ(skew.offset_s(), 7200);
}

TEST(SkewEstimator, ForgetsAClockThatIsSimplyWrong) {
    SkewEstimator skew;
    Timestamp now = at(2026, 3, 29);
    feed(skew, now, -4 * 3600, 20, 10);
    ASSERT_EQ(skew.offset_s(), -4 * 3600);
    feed(skew, now, 450, 20, 10);
    EXPECT_EQ(skew.offset_s(), std::nullopt);
    feed(skew, now, 40 * 3600, 20, 10);
    EXPECT_EQ(skew.offset_s(), std::nullopt);
}

TEST(SkewEstimator, IgnoresWhatHasAZoneOrNoSync) {
    SkewEstimator skew;
    for (int minute = 0; minute < 59; ++minute) {
        DeviceTime time = device(2026, 3, 29, 12, minute);
        time.clock_mark = '*';
        skew.observe(time, at(2026, 3, 29, 10, minute));
        time.clock_mark = '\0';
        time.has_offset = true;
        skew.observe(time, at(2026, 3, 29, 10, minute));
        skew.observe({}, at(2026, 3, 29, 10, minute));
    }
    EXPECT_EQ(skew.offset_s(), std::nullopt);
}

TEST(SkewEstimator, AReceiveClockThatStepsBackStartsOver) {
    SkewEstimator skew;
    Timestamp now = at(2026, 3, 29, 12);
    feed(skew, now, 3600, 10, 10);
    now = at(2026, 3, 29, 6);
    feed(skew, now, 3600, 15, 10);
    EXPECT_EQ(skew.offset_s(), std::nullopt);
    feed(skew, now, 3600, 1, 10);
    EXPECT_EQ(skew.offset_s(), 3600);
}

}  // namespace
}  // namespace weir
