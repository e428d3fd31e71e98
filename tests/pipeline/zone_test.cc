#include "pipeline/zone.h"

#include "core/time.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::int64_t at(int year, int month, int day, int hour = 0, int minute = 0) {
    return unix_seconds({.year = year, .month = month, .day = day, .hour = hour, .minute = minute});
}

ZonePtr zone(const char* name) {
    Result<ZonePtr> loaded = load_zone(name);
    EXPECT_TRUE(loaded) << name << ": " << (loaded ? "" : loaded.error().message);
    return loaded ? *loaded : std::make_shared<const Zone>(Zone::fixed(0));
}

TEST(Zone, ReadsTheSystemsFiles) {
    struct Case {
        const char* name;
        std::int64_t when;
        int offset_minutes;
    };

    for (const Case& c :
         {Case{"Europe/Berlin", at(2026, 1, 15), 60}, Case{"Europe/Berlin", at(2026, 7, 15), 120},
          Case{"Europe/Berlin", at(1890, 1, 1), 53}, Case{"Europe/Berlin", at(2090, 7, 15), 120},
          Case{"America/New_York", at(2026, 3, 8, 6, 59), -300},
          Case{"America/New_York", at(2026, 3, 8, 7, 0), -240},
          Case{"Australia/Sydney", at(2026, 1, 1), 660},
          Case{"Australia/Sydney", at(2080, 1, 1), 660},
          Case{"Australia/Sydney", at(2080, 7, 1), 600}, Case{"Asia/Kolkata", at(2026, 1, 1), 330},
          Case{"Europe/Dublin", at(2090, 1, 1), 0}, Case{"Europe/Dublin", at(2090, 7, 1), 60},
          Case{"America/Nuuk", at(2090, 7, 1), -60}, Case{"+05:45", at(2026, 1, 1), 345},
          Case{"-0330", at(2026, 1, 1), -210}, Case{"Z", at(2026, 1, 1), 0}}) {
        EXPECT_EQ(zone(c.name)->offset_at(c.when) / 60, c.offset_minutes)
            << c.name << ' ' << c.when;
    }
}

TEST(Zone, RefusesNamesThatAreNotZones) {
    for (const char* name :
         {"", "../passwd", "/etc/passwd", "Europe/../../x", "Europe", "No/Such", "+25:00", "+1:00",
          "+01:60", "+01-00", "Europe/Berlin/", "CEST now", "tzdata.zi"}) {
        EXPECT_FALSE(load_zone(name)) << name;
    }
}

TEST(Zone, LocalTimeIsResolvedAcrossChanges) {
    const ZonePtr berlin = zone("Europe/Berlin");
    EXPECT_EQ(berlin->to_utc(at(2026, 11, 21, 7, 47), 0), at(2026, 11, 21, 6, 47));
    // 02:30 happens twice on 25 October 2026.
    EXPECT_EQ(berlin->to_utc(at(2026, 10, 25, 2, 30), at(2026, 10, 25, 0, 31)),
              at(2026, 10, 25, 0, 30));
    EXPECT_EQ(berlin->to_utc(at(2026, 10, 25, 2, 30), at(2026, 10, 25, 1, 31)),
              at(2026, 10, 25, 1, 30));
    // 02:30 does not happen on 29 March 2026.
    EXPECT_EQ(berlin->to_utc(at(2026, 3, 29, 2, 30), 0), at(2026, 3, 29, 1, 30));
    EXPECT_EQ(berlin->to_utc(at(2026, 3, 29, 3, 0), 0), at(2026, 3, 29, 1, 0));
}

TEST(Zone, KnowsItsOwnAbbreviations) {
    const std::int64_t now = at(2026, 1, 15);
    EXPECT_EQ(zone("Asia/Shanghai")->offset_of("CST", now), 8 * 3600);
    EXPECT_EQ(zone("America/Chicago")->offset_of("CST", now), -6 * 3600);
    EXPECT_EQ(zone("America/Chicago")->offset_of("CDT", now), -5 * 3600);
    EXPECT_EQ(zone("America/Chicago")->offset_of("CEST", now), std::nullopt);
    EXPECT_EQ(zone("Europe/Berlin")->offset_of("CEST", at(2080, 1, 1)), 7200);
    EXPECT_EQ(zone("+01:00")->offset_of("", now), std::nullopt);
}

TEST(Zone, FooterRules) {
    const auto offset = [](const char* rule, std::int64_t when) {
        const Result<ZoneRule> parsed = ZoneRule::parse(rule);
        EXPECT_TRUE(parsed) << rule;
        return parsed ? parsed->type_at(when).offset_s : -1;
    };
    EXPECT_EQ(offset("<+0330>-3:30", 0), 12'600);
    EXPECT_EQ(offset("EET-2EEST,M3.4.4/50,M10.4.4/50", at(2026, 3, 27, 23, 59)), 7200);
    EXPECT_EQ(offset("EET-2EEST,M3.4.4/50,M10.4.4/50", at(2026, 3, 28, 0, 0)), 10'800);
    // Day 60 of Jn is 1 March in leap years too; day 59 of n is 29 February in them.
    EXPECT_EQ(offset("AAA0BBB,J60/0,J300", at(2024, 2, 29, 23, 59)), 0);
    EXPECT_EQ(offset("AAA0BBB,J60/0,J300", at(2024, 3, 1)), 3600);
    EXPECT_EQ(offset("AAA0BBB,59/0,300", at(2024, 2, 29)), 3600);
    EXPECT_EQ(offset("AAA0BBB-2,J1/0,J365/25", at(2026, 6, 1)), 7200);
    for (const char* bad :
         {"", "C", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-25", "CET-1CEST,M13.5.0,M10.5.0",
          "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/168",
          "CET-1CEST,J0,J5", "CET-1CEST,M-3.5.0,M10.5.0", "<CET-1", "CET-1,x",
          "CET-1CEST,M3.5.0,M10.5.0 "}) {
        EXPECT_FALSE(ZoneRule::parse(bad)) << bad;
    }
}

// A TZif v1 file with one transition at 1000 s from type 0 (UTC+1) to type 1 (UTC+2).
std::string small_file() {
    std::string file("TZif\0", 5);
    file.append(15, '\0');
    for (const int count : {0, 0, 0, 1, 2, 8}) {
        file.append(3, '\0');
        file += static_cast<char>(count);
    }
    file.append("\x00\x00\x03\xe8", 4);
    file += '\x01';
    file.append("\x00\x00\x0e\x10\x00\x00", 6);
    file.append("\x00\x00\x1c\x20\x01\x04", 6);
    file.append("AAA\0BBB\0", 8);
    return file;
}

TEST(Zone, EveryCutOfAFileIsRefused) {
    const std::string file = small_file();
    const Result<Zone> whole = Zone::from_tzif(file);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->offset_at(999), 3600);
    EXPECT_EQ(whole->offset_at(1000), 7200);
    for (std::size_t size = 0; size < file.size(); ++size) {
        EXPECT_FALSE(Zone::from_tzif(std::string_view(file).substr(0, size))) << size;
    }
}

TEST(Zone, CountsAndIndicesOutOfRangeAreRefused) {
    const auto with = [](std::size_t position, char byte) {
        std::string file = small_file();
        file[position] = byte;
        return file;
    };
    EXPECT_FALSE(Zone::from_tzif(with(0, 'X')));
    EXPECT_FALSE(Zone::from_tzif(with(32, '\x7f')));  // transitions
    EXPECT_FALSE(Zone::from_tzif(with(36, '\x7f')));  // types
    EXPECT_FALSE(Zone::from_tzif(with(48, '\x02')));  // type of the transition
    EXPECT_FALSE(Zone::from_tzif(with(49, '\x7f')));  // offset of type 0
    EXPECT_FALSE(Zone::from_tzif(with(54, '\x08')));  // name index of type 0
    EXPECT_FALSE(Zone::from_tzif(std::string(zone_file_bytes_max + 1, 'T')));
}

}  // namespace
}  // namespace weir
