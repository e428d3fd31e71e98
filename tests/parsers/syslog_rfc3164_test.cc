// Lines as devices send them, of our own making, and the record each must give. The device and its
// firmware stand in front of each line.
#include "tests/parsers/record_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr DumpCase cases[] = {
    {"RFC 3164 section 5.4 example 1",
     "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
     "4.2 --10-11T22:14:15 h=mymachine a=su m='su root' failed for lonvick on /dev/pts"
     "/8 !no_year"},
    {"RFC 3164 section 5.4 example 2 with an address", "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!",
     "1.5 --02-05T17:32:18 h=10.0.0.99 m=Use the BFG! !no_year"},
    {"RFC 3164 section 5.4 example 3",
     "<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time to make the do-"
     "nuts.",
     "20.5 1987-08-24T05:34:00(CST) h=mymachine a=myproc p=10 m=%% It's time to make t"
     "he do-nuts."},
    {"cronie on Debian 12, path as tag",
     "<78>Feb  5 17:32:18 web1 /usr/sbin/cron[123]: (root) CMD (x)",
     "9.6 --02-05T17:32:18 h=web1 a=/usr/sbin/cron p=123 m=(root) CMD (x) !no_year"},
    {"cronie, local header without host", "<78>Feb  5 17:32:18 CRON[1]: (root) CMD",
     "9.6 --02-05T17:32:18 a=CRON p=1 m=(root) CMD !no_year,no_hostname"},
    {"Linux-PAM on RHEL 5, parentheses in the tag",
     "<86>Feb  5 17:32:18 web1 su(pam_unix)[1234]: session opened",
     "10.6 --02-05T17:32:18 h=web1 a=su(pam_unix) p=1234 m=session opened !no_year"},
    {"Solaris 10 message id", "<38>Feb  5 17:32:18 sol sshd[123]: [ID 800047 auth.info] Accepted",
     "4.6 --02-05T17:32:18 h=sol a=sshd p=123 m=[ID 800047 auth.info] Accepted !no_yea"
     "r"},
    {"Docker 24 syslog driver, tag with slashes, no host",
     "<30>Oct 10 10:00:00 docker/abc123/name[1234]: text",
     "3.6 --10-10T10:00:00 a=docker/abc123/name p=1234 m=text !no_year,no_hostname"},
    {"tag with process id and no colon", "<13>Feb  5 17:32:18 host-1 foo[123] no colon",
     "1.5 --02-05T17:32:18 h=host-1 a=foo p=123 m=no colon !no_year"},
    {"tabs as separators", "<13>Feb  5 17:32:18 host\ttabbed[1]:\tmsg here",
     "1.5 --02-05T17:32:18 h=host a=tabbed p=1 m=msg here !no_year"},
    {"BSD syslogd, no host", "<13>Feb  5 17:32:18 last message repeated 3 times",
     "1.5 --02-05T17:32:18 m=last message repeated 3 times !no_year,no_hostname"},
    {"BSD syslogd, relayed", "<13>Feb  5 17:32:18 web1 last message repeated 3 times",
     "1.5 --02-05T17:32:18 h=web1 m=last message repeated 3 times !no_year"},
    {"sysklogd mark without host", "<13>Feb  5 17:32:18 -- MARK --",
     "1.5 --02-05T17:32:18 m=-- MARK -- !no_year,no_hostname"},
    {"glibc syslog() to a remote port, no host", "<13>Nov 21 07:00:00 root: from logger",
     "1.5 --11-21T07:00:00 a=root m=from logger !no_year,no_hostname"},
    {"rsyslog RSYSLOG_ForwardFormat from an IPv6 host",
     "<46>2022-03-01T10:00:00.123456+01:00 2001:db8::1 rsyslogd: [origin software=\"rs"
     "yslogd\"] start",
     "5.6 2022-03-01T10:00:00.123456+60min h=2001:db8::1 a=rsyslogd m=[origin software"
     "=\"rsyslogd\"] start"},
    {"IPv6 host that begins like a year", "<46>Mar  1 10:00:00 2001:db8::1 app[1]: x",
     "5.6 --03-01T10:00:00 h=2001:db8::1 a=app p=1 m=x !no_year"},
    {"IPv6 host with its interface", "<46>Mar  1 10:00:00 fe80::1%eth0 app[1]: x",
     "5.6 --03-01T10:00:00 h=fe80::1%eth0 a=app p=1 m=x !no_year"},
    {"IPv6 loopback", "<13>Nov 21 07:00:00 ::1 root: hi",
     "1.5 --11-21T07:00:00 h=::1 a=root m=hi !no_year"},
    {"pfSense 2.4 filterlog without host", "<134>Mar  1 08:00:00 filterlog: 5,16777216,,1000",
     "16.6 --03-01T08:00:00 a=filterlog m=5,16777216,,1000 !no_year,no_hostname"},
    {"MikroTik RouterOS 7 with topics",
     "<30>Jan  2 10:00:00 MikroTik system,info,account user admin logged in",
     "3.6 --01-02T10:00:00 h=MikroTik m=system,info,account user admin logged in !no_y"
     "ear"},
    {"TP-Link Omada, date with a space", "<14>2020-12-10 11:36:41 tplink 52501 text",
     "1.6 2020-12-10T11:36:41 h=tplink m=52501 text"},
    {"Sophos UTM 9 date", "<30>2019:10:10-10:00:00 utm ulogd[1234]: id=\"2001\"",
     "3.6 2019-10-10T10:00:00 h=utm a=ulogd p=1234 m=id=\"2001\" {format=kv}"},
    {"day first", "<13>05 Apr 2023 10:11:12 host app: text",
     "1.5 2023-04-05T10:11:12 h=host a=app m=text"},
    {"RFC 5322 date", "<13>Wed, 05 Apr 2023 10:11:12 +0200 host app: text",
     "1.5 2023-04-05T10:11:12+120min h=host a=app m=text"},
    {"ctime date with the year last", "<13>Wed Apr  5 10:11:12 2023 host app: text",
     "1.5 2023-04-05T10:11:12 h=host a=app m=text"},
    {"full month name", "<13>September 5 10:11:12 host app: text",
     "1.5 --09-05T10:11:12 h=host a=app m=text !no_year"},
    {"12-hour clock", "<13>Apr 5 1:11:12 PM host app: text",
     "1.5 --04-05T13:11:12 h=host a=app m=text !no_year"},
    {"rsyslog relay around an ISO header",
     "<13>Feb  5 17:32:18 relay 2023-05-08T10:49:34.756+10:00 host app[1]: x",
     "1.5 2023-05-08T10:49:34.756+600min h=host a=app p=1 m=x {relay_timestamp=Feb  5 "
     "17:32:18,relay_host=relay}"},
    {"a Java time in the body is no relay header",
     "<13>Feb  5 17:32:18 web java: 2020-10-10 10:00:00,123 INFO x",
     "1.5 --02-05T17:32:18 h=web a=java m=2020-10-10 10:00:00,123 INFO x !no_year"},
    {"a Java time behind the host is no relay header",
     "<13>Feb  5 17:32:18 web 2020-10-10 10:00:00,123 INFO main: x",
     "1.5 --02-05T17:32:18 h=web m=2020-10-10 10:00:00,123 INFO main: x !no_year"},
    {"a Java line without host", "<13>2020-05-29 06:07:17,742 INFO main - text",
     "1.5 2020-05-29T06:07:17.742 m=INFO main - text !no_hostname"},
    {"impossible day, kept as sent", "<13>Feb 30 10:00:00 host app: text",
     "1.5 - h=host a=app m=text {vendor_timestamp=Feb 30 10:00:00} !no_timestamp,bad_t"
     "imestamp"},
    {"Windows Snare agent, tabs", "<14>Mar  1 10:00:00 WIN7 MSWinEventLog\t1\tSecurity\t123",
     "1.6 --03-01T10:00:00 h=WIN7 m=MSWinEventLog\t1\tSecurity\t123 !no_year"},
    {"nginx 1.18 access log",
     "<14>Jul 15 10:00:00 host-a nginx: 10.0.0.1 - - [15/Jul/2023:10:00:00 +0000] \"GE"
     "T / HTTP/1.1\"",
     "1.6 --07-15T10:00:00 h=host-a a=nginx m=10.0.0.1 - - [15/Jul/2023:10:00:00 +0000"
     "] \"GET / HTTP/1.1\" !no_year"},
    {"Cisco ESA 14 log subscription as tag", "<22>Feb 18 10:00:00 esa mail_logs: Info: MID 123",
     "2.6 --02-18T10:00:00 h=esa a=mail_logs m=Info: MID 123 !no_year"},
    {"NetScaler 13 date, zone behind it",
     "<134> 07/09/2025:17:30:45 GMT CEBC 0-PPE-0 : default TCP CONN",
     "16.6 2025-07-09T17:30:45Z h=CEBC m=0-PPE-0 : default TCP CONN"},
};

TEST(SyslogRfc3164, ReadsEveryLine) {
    for (const DumpCase& c : cases) {
        EXPECT_EQ(parse_and_dump(c.line), c.dump) << c.device << "\n" << c.line;
    }
}

}  // namespace
}  // namespace weir
