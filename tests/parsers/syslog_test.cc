// Lines as devices send them, of our own making, and the record each must give. The device and its
// firmware stand in front of each line.
#include "tests/parsers/record_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr DumpCase cases[] = {
    {"PRI and nothing", "<34>", "4.2 - !no_timestamp,no_hostname,empty_message"},
    {"PRI and a blank", "<34> ", "4.2 - !no_timestamp,no_hostname,empty_message"},
    {"PRI and a digit", "<34>1", "4.2 - m=1 !no_timestamp,no_hostname"},
    {"nothing but text", "This is a message!",
     "- - m=This is a message! !no_pri,no_timestamp,no_hostname"},
    {"text behind a PRI", "<13>logger text only",
     "1.5 - m=logger text only !no_timestamp,no_hostname"},
    {"tag behind a PRI", "<13>root: from logger",
     "1.5 - a=root m=from logger !no_timestamp,no_hostname"},
    {"PRI above 191", "<192>Oct 11 22:14:15 host app: text",
     "- - m=<192>Oct 11 22:14:15 host app: text !bad_pri,no_timestamp,no_hostname"},
    {"PRI not closed", "<13", "- - m=<13 !bad_pri,no_timestamp,no_hostname"},
    {"PRI of four digits", "<0013>text", "- - m=<0013>text !bad_pri,no_timestamp,no_hostname"},
    {"PRI with leading zeros", "<013>text", "1.5 - m=text !no_timestamp,no_hostname"},
    {"angle bracket text", "<?xml version=\"1.0\"?>",
     "- - m=<?xml version=\"1.0\"?> !no_pri,no_timestamp,no_hostname"},
    {"blanks before the PRI", "  <13>root: hi", "1.5 - a=root m=hi !no_timestamp,no_hostname"},
    {"Nutanix AOS 6 without PRI", "2022-04-28T16:44:53 cvm-1 audispd[32696]: node=x type=SYSCALL",
     "- 2022-04-28T16:44:53 h=cvm-1 a=audispd p=32696 m=node=x type=SYSCALL {format=kv"
     "} !no_pri"},
    {"Nutanix AOS 6, offset", "<14>2022-04-28T16:44:53.123456+02:00 NTNX-A-CVM stargate.INFO: text",
     "1.6 2022-04-28T16:44:53.123456+120min h=NTNX-A-CVM a=stargate.INFO m=text"},
    {"host and process id, no time", "<14>web-1 sshd[123]: text",
     "1.6 - h=web-1 a=sshd p=123 m=text !no_timestamp"},
    {"a stack trace keeps its indent", "    at com.example.Main(Main.java:1)",
     "- - m=    at com.example.Main(Main.java:1) !no_pri,no_timestamp,no_hostname"},
};

TEST(SyslogChain, ReadsEveryLine) {
    for (const DumpCase& c : cases) {
        EXPECT_EQ(parse_and_dump(c.line), c.dump) << c.device << "\n" << c.line;
    }
}

TEST(SyslogChain, CutsTrailersAndSeesNul) {
    using namespace std::string_view_literals;
    EXPECT_EQ(parse_and_dump("<13>root: hi\r\n"), parse_and_dump("<13>root: hi"));
    EXPECT_EQ(parse_and_dump("<13>root: hi\0\n\0"sv), parse_and_dump("<13>root: hi"));
    EXPECT_EQ(parse_and_dump("<13>root: hi  "), "1.5 - a=root m=hi   !no_timestamp,no_hostname");
    Record record;
    parse_syslog("<13>root: a\0b"sv, Dialect::any, record);
    EXPECT_TRUE(record.defects.has(Defect::nul_bytes));
    EXPECT_EQ(record.msg, "a\0b"sv);
}

TEST(SyslogChain, ClearsTheRecordFirst) {
    Record record;
    parse_syslog("<165>1 2003-10-11T22:14:15Z h a p i [x y=\"z\"] m", Dialect::any, record);
    parse_syslog("", Dialect::any, record);
    EXPECT_EQ(dump(record), "- - !no_pri,no_timestamp,no_hostname,empty_message");
    EXPECT_FALSE(record.rfc5424);
}

TEST(SyslogChain, StripsTheMarkOfEncoding) {
    EXPECT_EQ(parse_and_dump("\xEF\xBB\xBF<13>root: hi"), parse_and_dump("<13>root: hi"));
    EXPECT_EQ(parse_and_dump("<189>1 2020-10-10T10:00:00Z - - - - - BOM%SYS-5-X: y"),
              parse_and_dump("<189>1 2020-10-10T10:00:00Z - - - - - %SYS-5-X: y"));
}

}  // namespace
}  // namespace weir
