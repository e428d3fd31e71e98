#include "parsers/syslog_pri.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(SyslogPri, ReadsFacilityAndSeverity) {
    for (unsigned value = 0; value <= 191; ++value) {
        const std::string text = "<" + std::to_string(value) + ">x";
        const Pri pri = scan_pri(text);
        EXPECT_EQ(pri.reading, PriReading::ok) << text;
        EXPECT_EQ(pri.facility * 8U + pri.severity, value);
        EXPECT_EQ(pri.length, text.size() - 1);
    }
    EXPECT_EQ(scan_pri("<013>x").severity, 5);
}

TEST(SyslogPri, TellsBadFromNone) {
    for (const std::string_view bad : {"<192>", "<999>", "<>", "<1234>", "<13", "<13x", "<1 3>"}) {
        EXPECT_EQ(scan_pri(bad).reading, PriReading::bad) << bad;
        EXPECT_EQ(scan_pri(bad).length, 0U);
    }
    for (const std::string_view none : {"", "<", "13>", "<a>", "<-1>", "<?xml", " <13>"}) {
        EXPECT_EQ(scan_pri(none).reading, PriReading::none) << none;
    }
}

}  // namespace
}  // namespace weir
