// Lines as devices send them, of our own making, and the record each must give. The device and its
// firmware stand in front of each line.
#include "tests/parsers/record_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr DumpCase cases[] = {
    {"NetApp ONTAP 9 EMS",
     "<132>Apr 10 15:13:38 [node-1:callhome.spares.low:CRITICAL]: Call home for SPARES"
     "_LOW",
     "16.4 --04-10T15:13:38 h=node-1 a=callhome.spares.low m=Call home for SPARES_LOW "
     "{level_word=CRITICAL} !no_year"},
    {"UniFi AP 4.3, host token",
     "<29>Aug  8 10:00:00 U7PG2,f09fc2aabbcc,v4.3.20.11298 hostapd: ath0: STA",
     "3.5 --08-08T10:00:00 h=U7PG2,f09fc2aabbcc,v4.3.20.11298 a=hostapd m=ath0: STA {m"
     "odel=U7PG2,mac=f09fc2aabbcc,firmware=v4.3.20.11298} !no_year"},
    {"UniFi AP 4.3, host token with colon",
     "<29>Aug  8 10:00:00 U7PG2,f09fc2aabbcc,v4.3.20.11298: kernel: [123.4] foo",
     "3.5 --08-08T10:00:00 h=U7PG2,f09fc2aabbcc,v4.3.20.11298 a=kernel m=[123.4] foo {"
     "model=U7PG2,mac=f09fc2aabbcc,firmware=v4.3.20.11298} !no_year"},
    {"UniFi AP 4.3, name and token",
     "<29>Aug  8 10:00:00 unifi UBNT,f09fc2aabbcc,v4.3.20: hostapd: ath0: STA",
     "3.5 --08-08T10:00:00 h=unifi a=hostapd m=ath0: STA {pseudo_tag=UBNT,f09fc2aabbcc"
     ",v4.3.20} !no_year"},
    {"UniFi AP 3.9, in parentheses, no time",
     "<30>(\"U7PG2,f09fc2aabbcc,v3.9.3.7537\") hostapd: ath0: STA",
     "3.6 - h=U7PG2,f09fc2aabbcc,v3.9.3.7537 a=hostapd m=ath0: STA {model=U7PG2,mac=f0"
     "9fc2aabbcc,firmware=v3.9.3.7537} !no_timestamp"},
    {"F5 BIG-IP 15", "<133>Mar 5 10:00:00 bigip1 notice mcpd[6837]: 01070727:5: Pool",
     "16.5 --03-05T10:00:00 h=bigip1 a=mcpd p=6837 m=01070727:5: Pool {level_word=noti"
     "ce} !no_year"},
    {"F5 VIPRION blade", "<134>Jan  1 00:00:00 slot1/lb01 notice mcpd[123]: 01070 text",
     "16.6 --01-01T00:00:00 h=slot1/lb01 a=mcpd p=123 m=01070 text {level_word=notice}"
     " !no_year"},
    {"F5, no host", "<134>Jan  1 00:00:00 notice mcpd[123]: 01070 text",
     "16.6 --01-01T00:00:00 a=mcpd p=123 m=01070 text {level_word=notice} !no_year,no_"
     "hostname"},
    {"HPE ProCurve 2920", "<12>Jun 01 10:11:12 hpsw 00422 chassis: Power supply",
     "1.4 --06-01T10:11:12 h=hpsw a=chassis m=Power supply {event_id=00422} !no_year"},
    {"HPE Comware 5",
     "<189>Apr 26 12:00:49 2000 HP5500 %%10SHELL/5/SHELL_LOGIN: VTY logged in from 1.1"
     ".1.1.",
     "23.5 2000-04-26T12:00:49 h=HP5500 a=SHELL i=SHELL/5/SHELL_LOGIN m=%%10SHELL/5/SH"
     "ELL_LOGIN: VTY logged in from 1.1.1.1."},
    {"Huawei VRP 5", "<189>2013-7-16 18:01:03 HUAWEI %%01SSH/4/SSH_FAIL(l)[0]:Failed to login",
     "23.5 2013-07-16T18:01:03 h=HUAWEI a=SSH i=SSH/4/SSH_FAIL m=%%01SSH/4/SSH_FAIL(l)"
     "[0]:Failed to login"},
    {"ESXi 8",
     "<166>2022-05-01T10:11:12.123Z esx1.lab In(166) Hostd[2098]: info hostd[2099] [Or"
     "iginator@6876] text",
     "20.6 2022-05-01T10:11:12.123Z h=esx1.lab a=Hostd p=2098 m=info hostd[2099] [Orig"
     "inator@6876] text {level_word=In(166)}"},
    {"Junos 20 explicit priority",
     "<29>Jul 15 10:00:00 mx1 mib2d[1956]: %DAEMON-4-SNMP_TRAP_LINK_DOWN: ifIndex 1",
     "3.5 --07-15T10:00:00 h=mx1 a=mib2d p=1956 i=DAEMON-4-SNMP_TRAP_LINK_DOWN m=%DAEM"
     "ON-4-SNMP_TRAP_LINK_DOWN: ifIndex 1 {cisco_facility=DAEMON,cisco_severity=4,mnem"
     "onic=SNMP_TRAP_LINK_DOWN} !no_year"},
    {"Junos 20 event", "<29>Jul 15 10:00:00 mx1 mib2d[1956]: SNMP_TRAP_LINK_DOWN: ifIndex 1",
     "3.5 --07-15T10:00:00 h=mx1 a=mib2d p=1956 m=SNMP_TRAP_LINK_DOWN: ifIndex 1 {vend"
     "or_event=SNMP_TRAP_LINK_DOWN} !no_year"},
    {"ArubaOS 8 message numbers are no PRI",
     "<14>Jul 15 10:00:00 2023 aruba-mc stm[3456]: <501093> <3456> <NOTI> |AP x@y stm|"
     "  Auth success",
     "1.6 2023-07-15T10:00:00 h=aruba-mc a=stm p=3456 m=<501093> <3456> <NOTI> |AP x@y"
     " stm|  Auth success"},
    {"ISE 3.1, part 1 of 2",
     "<181>Oct 24 21:36:40 ise1 CISE_RADIUS_Accounting 0000000123 2 0 2023-10-24 21:36"
     ":40.123 +02:00 0000123 3002 NOTICE Radius-Accounting: x",
     "22.5 --10-24T21:36:40 h=ise1 a=CISE_RADIUS_Accounting m=0000000123 2 0 2023-10-2"
     "4 21:36:40.123 +02:00 0000123 3002 NOTICE Radius-Accounting: x {ise_id=000000012"
     "3,ise_total=2,ise_index=0} !no_year"},
    {"AIX 7.2 syslogd", "<38>Sep 22 10:50:02 Message forwarded from aix1: su: from root to x",
     "4.6 --09-22T10:50:02 h=aix1 a=su m=from root to x !no_year"},
    {"UniFi AP without a model", "<27>Nov  2 06:59:58 788a2056b1c4,v6.5.28: logread[54]: connected",
     "3.3 --11-02T06:59:58 h=788a2056b1c4,v6.5.28 a=logread p=54 m=connected "
     "{mac=788a2056b1c4,firmware=v6.5.28} !no_year"},
    {"VRP without a host", "<187>%%10IFNET/3/LINK_UPDOWN: GE1/0/1 is down",
     "23.3 - a=IFNET i=IFNET/3/LINK_UPDOWN m=%%10IFNET/3/LINK_UPDOWN: GE1/0/1 is down "
     "!no_timestamp,no_hostname"},
    {"VRP 5, messages of one millisecond counted",
     "<29>2026-11-2 06:59:58.270.1 ce1 %%01IFNET/4/IF_STATE(l)[49]:Eth0 is down",
     "3.5 2026-11-02T06:59:58.270 h=ce1 a=IFNET i=IFNET/4/IF_STATE "
     "m=%%01IFNET/4/IF_STATE(l)[49]:Eth0 is down"},
    {"VRP, summer time", "<188>Nov  2 2026 06:59:58 DST ce1 %%01SSH/5/LOGIN(s): a",
     "23.4 2026-11-02T06:59:58(DST) h=ce1 a=SSH i=SSH/5/LOGIN m=%%01SSH/5/LOGIN(s): a"},
    {"NetScaler 14, no host",
     "<134> 2026/11/02:06:59:58 GMT 0-PPE-1 : default API CMD_EXECUTED 14 0 : User - a",
     "16.6 2026-11-02T06:59:58Z m=0-PPE-1 : default API CMD_EXECUTED 14 0 : User - a !no_hostname"},
    {"NetScaler behind a BSD syslogd -v",
     "Nov  2 07:00:01 <local0.info> 192.0.2.9 11/02/2026:06:59:58 GMT vpx1 0-PPE-3 : default APPFW "
     "a",
     "- 2026-11-02T06:59:58Z h=vpx1 m=0-PPE-3 : default APPFW a "
     "{level_word=local0.info,relay_timestamp=Nov  2 07:00:01,relay_host=192.0.2.9} !no_pri"},
    {"BSD syslogd -v", "Nov  2 07:00:01 <kern.crit> bsd1 kernel: panic",
     "- --11-02T07:00:01 h=bsd1 a=kernel m=panic {level_word=kern.crit} !no_pri,no_year"},
    {"no level between the brackets", "<13>Nov  2 07:00:01 <a.b> c kernel: panic",
     "1.5 --11-02T07:00:01 m=<a.b> c kernel: panic !no_year,no_hostname"},
    {"Meraki without version", "<134>1793602798.5 mx7 flows src=192.0.2.1",
     "16.6 2026-11-02T06:59:58.5Z h=mx7 a=flows m=src=192.0.2.1 {format=kv} !header_incomplete"},
    {"an integer is no Meraki time", "<134>1793602798 mx7 flows src=192.0.2.1",
     "16.6 - m=1793602798 mx7 flows src=192.0.2.1 !no_timestamp,no_hostname"},
};

TEST(SyslogVendor, ReadsEveryLine) {
    for (const DumpCase& c : cases) {
        EXPECT_EQ(parse_and_dump(c.line), c.dump) << c.device << "\n" << c.line;
    }
}

}  // namespace
}  // namespace weir
