#include "parsers/syslog_tag.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string tag_of(std::string_view text) {
    const Tag tag = scan_tag(text);
    if (tag.length == 0) {
        return "none";
    }
    return std::string(tag.name) + '|' + std::string(tag.proc_id) + '|' +
           std::string(text.substr(tag.length));
}

TEST(SyslogTag, ReadsTags) {
    EXPECT_EQ(tag_of("sshd[123]: x"), "sshd|123| x");
    EXPECT_EQ(tag_of("su: x"), "su|| x");
    EXPECT_EQ(tag_of("/usr/sbin/cron[1]:"), "/usr/sbin/cron|1|");
    EXPECT_EQ(tag_of("su(pam_unix)[12]: x"), "su(pam_unix)|12| x");
    EXPECT_EQ(tag_of("UNITMGR[emWeb]: x"), "UNITMGR|emWeb| x");
    EXPECT_EQ(tag_of("foo[12] bar"), "foo|12| bar");
    EXPECT_EQ(tag_of("foo[12] : bar"), "foo|12| bar");
    EXPECT_EQ(tag_of("ASM:f5_asm=x"), "ASM||f5_asm=x");
    EXPECT_EQ(tag_of("OX-X:rpd[12]: x"), "OX-X:rpd|12| x");
    EXPECT_EQ(tag_of("Net::Server: x"), "Net::Server|| x");
    EXPECT_EQ(tag_of("kernel:\tx"), "kernel||\tx");
    EXPECT_EQ(tag_of("bgp#zebra: x"), "bgp#zebra|| x");
}

TEST(SyslogTag, LeavesTextAlone) {
    for (const std::string_view text : {"",
                                        "word",
                                        "two words: x",
                                        "foo[up] x",
                                        "[12345.678] x",
                                        "Severity: Informational",
                                        "error: x",
                                        "CEF:0|Vendor",
                                        "key:value x",
                                        "a0:b1:c2:d3:e4:f5 x",
                                        "2001:db8::1: x",
                                        "10.1.1.1: x",
                                        "10.1.1.1:80 x",
                                        "http://x/y z",
                                        "12345: x",
                                        "time=12: x",
                                        "--: x",
                                        "%SYS-5-X: y",
                                        ": x",
                                        "foo[]: x",
                                        "foo[1 2]: x"}) {
        EXPECT_EQ(tag_of(text), "none") << text;
    }
    EXPECT_EQ(tag_of(std::string(300, 'a') + ": x"), "none");
}

TEST(SyslogTag, KnowsHostnames) {
    for (const std::string_view word :
         {"web1", "host.example.com", "10.1.2.3", "2001:db8::1", "::1", "fe80::1%eth0",
          "EC:i9i2.ud2a.9t91", "WIN-ABC_1", "2814XFSU1799", "mymachine"}) {
        EXPECT_TRUE(is_hostname(word)) << word;
    }
    for (const std::string_view word :
         {"", "--", "-x", "key=value", "1,2012/10/30", "[audit]", "User", "Connection", "notice",
          "ERROR", "(root)", ":x", "x%y"}) {
        EXPECT_FALSE(is_hostname(word)) << word;
    }
    EXPECT_FALSE(is_hostname(std::string(256, 'a')));
}

TEST(SyslogTag, KnowsAddressesAndLevels) {
    EXPECT_TRUE(is_address_literal("10.1.2.3"));
    EXPECT_TRUE(is_address_literal("2a02:cf40::"));
    EXPECT_FALSE(is_address_literal("10.1.2"));
    EXPECT_FALSE(is_address_literal("host-1.a.b.c"));
    EXPECT_TRUE(is_level_word("NOTICE"));
    EXPECT_FALSE(is_level_word("noticed"));
}

}  // namespace
}  // namespace weir
