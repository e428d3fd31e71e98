// A header behind another, and headers that lack what usually comes first. Lines of our own making.
#include "tests/parsers/record_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr DumpCase cases[] = {
    {"host names chained by syslog-ng", "<34>Nov  2 07:00:01 web1.example.net/192.0.2.9 su: a",
     "4.2 --11-02T07:00:01 h=web1.example.net/192.0.2.9 a=su m=a !no_year"},
    {"a slash that chains no hosts", "<34>Nov  2 07:00:01 port/7 went down",
     "4.2 --11-02T07:00:01 m=port/7 went down !no_year,no_hostname"},
    {"Meraki behind a relay", "Nov  2 07:00:01 192.0.2.9 1 1793602798.207232138 mx7 events link up",
     "- 2026-11-02T06:59:58.207232138Z h=mx7 a=events m=link up {relay_timestamp=Nov  2 "
     "07:00:01,relay_host=192.0.2.9} !no_pri,header_incomplete"},
    {"Meraki behind a relay, no version",
     "<164>Nov  2 07:00:01 relay1 1793602798.25 mx7 urls src=192.0.2.1",
     "20.4 2026-11-02T06:59:58.25Z h=mx7 a=urls m=src=192.0.2.1 {relay_timestamp=Nov  2 "
     "07:00:01,relay_host=relay1,format=kv} !header_incomplete"},
    {"RFC 5424 behind a relay",
     "<78>Nov  2 07:00:01 relay1 1 2026-11-02T06:59:58.5Z nas1 /usr/sbin/cron 618 - - (root) CMD",
     "9.6 2026-11-02T06:59:58.5Z h=nas1 a=/usr/sbin/cron p=618 m=(root) CMD {relay_timestamp=Nov  "
     "2 07:00:01,relay_host=relay1}"},
    {"RFC 5424 without a host behind a relay",
     "<78>Nov  2 07:00:01 nas1 1 2026-11-02T06:59:58.5Z - cron 618 ID4 [a@1 b=\"c\"] x",
     "9.6 2026-11-02T06:59:58.5Z h=nas1 a=cron p=618 i=ID4 sd=[a@1 b=\"c\"] m=x "
     "{relay_timestamp=Nov  2 07:00:01,relay_host=nas1}"},
    {"a number and a time that are text",
     "<78>Nov  2 07:00:01 nas1 1 2026-11-02T06:59:58.5Z backup done",
     "9.6 --11-02T07:00:01 h=nas1 m=1 2026-11-02T06:59:58.5Z backup done !no_year"},
    {"RFC 5424, version 0", "<12>0 2026-11-02T06:59:58.5Z log1 test - - - four",
     "1.4 2026-11-02T06:59:58.5Z h=log1 a=test m=four"},
    {"version with a leading zero", "<12>01 2026-11-02T06:59:58.5Z log1 test - - - four",
     "1.4 - m=01 2026-11-02T06:59:58.5Z log1 test - - - four !no_timestamp,no_hostname"},
    {"systemd's name of the router",
     "Nov  2 07:00:01 _gateway date=2026-11-02 time=07:00:00 devname=fw1",
     "- --11-02T07:00:01 h=_gateway m=date=2026-11-02 time=07:00:00 devname=fw1 "
     "{format=kv,vendor_timestamp=2026-11-02 time=07:00:00} !no_pri,no_year"},
    {"blanks behind PRI and no header", "<134>  CEF:0|a|b|1|2|c|3|d=e",
     "16.6 - m=CEF:0|a|b|1|2|c|3|d=e {format=cef} !no_timestamp,no_hostname"},
    {"blanks and no PRI", "  plain text", "- - m=  plain text !no_pri,no_timestamp,no_hostname"},
    {"nil for a host", "<14>Nov  2 07:00:01 - sshd[12]: a",
     "1.6 --11-02T07:00:01 a=sshd p=12 m=a !no_year,no_hostname"},
};

TEST(SyslogRelay, ReadsEveryLine) {
    for (const DumpCase& c : cases) {
        EXPECT_EQ(parse_and_dump(c.line), c.dump) << c.device << "\n" << c.line;
    }
}

}  // namespace
}  // namespace weir
