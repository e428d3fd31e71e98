// Lines as devices send them, of our own making, and the record each must give. The device and its
// firmware stand in front of each line.
#include "tests/parsers/record_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr DumpCase rfc3164_cases[] = {
    {"pinned to rfc3164, no vendor reading",
     "<189>Jan 10 10:10:10 relay1 12345: Jan 10 10:10:09.123: %SYS-5-CONFIG_I: x",
     "23.5 --01-10T10:10:10 h=relay1 m=12345: Jan 10 10:10:09.123: %SYS-5-CONFIG_I: x "
     "!no_year"},
    {"pinned to rfc3164, version is text", "<13>1 2020-10-10T10:00:00Z h a 1 - - text",
     "1.5 - m=1 2020-10-10T10:00:00Z h a 1 - - text !no_timestamp,no_hostname"},
    {"pinned to rfc3164", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
     "4.2 --10-11T22:14:15 h=mymachine a=su m='su root' failed !no_year"},
};

TEST(SyslogPinned, KeepsRfc3164) {
    for (const DumpCase& c : rfc3164_cases) {
        EXPECT_EQ(parse_and_dump(c.line, Dialect::rfc3164), c.dump) << c.device << "\n" << c.line;
    }
}

constexpr DumpCase rfc5424_cases[] = {
    {"pinned to rfc5424, BSD stays text", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
     "4.2 - m=Oct 11 22:14:15 mymachine su: 'su root' failed !no_timestamp,no_hostname"
     ",header_incomplete"},
    {"pinned to rfc5424", "<13>1 2020-10-10T10:00:00Z h a 1 - - text",
     "1.5 2020-10-10T10:00:00Z h=h a=a p=1 m=text"},
    {"pinned to rfc5424, tag is no reason to leave it", "<13>1 2020-10-10T10:00:00Z h app[1]: text",
     "1.5 2020-10-10T10:00:00Z h=h m=app[1]: text !header_incomplete"},
};

TEST(SyslogPinned, KeepsRfc5424) {
    for (const DumpCase& c : rfc5424_cases) {
        EXPECT_EQ(parse_and_dump(c.line, Dialect::rfc5424), c.dump) << c.device << "\n" << c.line;
    }
}

constexpr DumpCase cisco_cases[] = {
    {"pinned to cisco, any zone word", "<189>Jan 10 10:10:10 XYZ: %SYS-5-CONFIG_I: x",
     "23.5 --01-10T10:10:10(XYZ) a=SYS i=SYS-5-CONFIG_I m=%SYS-5-CONFIG_I: x {cisco_fa"
     "cility=SYS,cisco_severity=5,mnemonic=CONFIG_I} !no_year,no_hostname"},
    {"pinned to cisco, BSD host and tag", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
     "4.2 --10-11T22:14:15 h=mymachine a=su m='su root' failed !no_year"},
    {"pinned to cisco, no UniFi reading",
     "<29>Aug  8 10:00:00 U7PG2,f09fc2aabbcc,v4.3.20.11298 hostapd: x",
     "3.5 --08-08T10:00:00 m=U7PG2,f09fc2aabbcc,v4.3.20.11298 hostapd: x !no_year,no_h"
     "ostname"},
};

TEST(SyslogPinned, KeepsCisco) {
    for (const DumpCase& c : cisco_cases) {
        EXPECT_EQ(parse_and_dump(c.line, Dialect::cisco), c.dump) << c.device << "\n" << c.line;
    }
}

constexpr DumpCase nutanix_cases[] = {
    {"pinned to nutanix", "<134>2022-04-28T16:44:53 cvm-1 audispd[32696]: x",
     "16.6 2022-04-28T16:44:53 h=cvm-1 a=audispd p=32696 m=x"},
    {"pinned to nutanix, no PRI", "2022-04-28T16:44:53 cvm-1 audispd[32696]: x",
     "- 2022-04-28T16:44:53 h=cvm-1 a=audispd p=32696 m=x !no_pri"},
};

TEST(SyslogPinned, KeepsNutanix) {
    for (const DumpCase& c : nutanix_cases) {
        EXPECT_EQ(parse_and_dump(c.line, Dialect::nutanix), c.dump) << c.device << "\n" << c.line;
    }
}

constexpr DumpCase raw_cases[] = {
    {"pinned to raw", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
     "4.2 - m=Oct 11 22:14:15 mymachine su: 'su root' failed !no_timestamp,no_hostname"},
    {"pinned to raw, version", "<13>1 2020-10-10T10:00:00Z h a 1 - - text",
     "1.5 - m=1 2020-10-10T10:00:00Z h a 1 - - text !no_timestamp,no_hostname"},
};

TEST(SyslogPinned, KeepsRaw) {
    for (const DumpCase& c : raw_cases) {
        EXPECT_EQ(parse_and_dump(c.line, Dialect::raw), c.dump) << c.device << "\n" << c.line;
    }
}

}  // namespace
}  // namespace weir
