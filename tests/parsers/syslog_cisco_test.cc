// Lines as devices send them, of our own making, and the record each must give. The device and its
// firmware stand in front of each line.
#include "tests/parsers/record_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr DumpCase cases[] = {
    {"IOS 12.4, no time stamps", "<189>29: %SYS-5-CONFIG_I: Configured",
     "23.5 - a=SYS i=SYS-5-CONFIG_I m=%SYS-5-CONFIG_I: Configured {msg_counter=29,cisc"
     "o_facility=SYS,cisco_severity=5,mnemonic=CONFIG_I} !no_timestamp,no_hostname"},
    {"IOS 15, uptime in weeks", "<189>000029: 3w2d: %SYS-5-CONFIG_I: Configured",
     "23.5 up(3w2d) a=SYS i=SYS-5-CONFIG_I m=%SYS-5-CONFIG_I: Configured {msg_counter="
     "000029,cisco_facility=SYS,cisco_severity=5,mnemonic=CONFIG_I} !no_timestamp,unsy"
     "nced_clock,no_hostname"},
    {"IOS 15, counter, origin, sequence, mark, year and zone",
     "<189>55: r1: 000029: .Mar  1 2024 00:00:01.123 PDT: %SYS-5-CONFIG_I: Configured",
     "23.5 .2024-03-01T00:00:01.123(PDT) h=r1 a=SYS i=SYS-5-CONFIG_I m=%SYS-5-CONFIG_I"
     ": Configured {msg_counter=55,sequence=000029,cisco_facility=SYS,cisco_severity=5"
     ",mnemonic=CONFIG_I} !unsynced_clock"},
    {"IOS XE 17, zone of the operator's own name",
     "<187>100: Jan  1 2024 10:00:00.5 Berlin: %LINK-3-UPDOWN: a",
     "23.3 2024-01-01T10:00:00.5(Berlin) a=LINK i=LINK-3-UPDOWN m=%LINK-3-UPDOWN: a {m"
     "sg_counter=100,cisco_facility=LINK,cisco_severity=3,mnemonic=UPDOWN} !no_hostnam"
     "e"},
    {"IOS XR 7 line card",
     "<187>95: LC/0/3/CPU0:Jan 18 09:13:55.163 : ifmgr[169]: %PKT_INFRA-LINK-3-UPDOWN "
     ": Interface x",
     "23.3 --01-18T09:13:55.163 a=ifmgr p=169 i=PKT_INFRA-LINK-3-UPDOWN m=%PKT_INFRA-L"
     "INK-3-UPDOWN : Interface x {msg_counter=95,node=LC/0/3/CPU0,cisco_facility=PKT_I"
     "NFRA-LINK,cisco_severity=3,mnemonic=UPDOWN} !no_year,no_hostname"},
    {"IOS XR 6 admin plane",
     "<189>8812: R1 0/RP0/ADMIN0:Feb 2 09:13:55.163 UTC: envmon[122]: %PKT_INFRA-FM-3-"
     "FAULT_MAJOR : ALARM",
     "23.5 --02-02T09:13:55.163Z h=R1 a=envmon p=122 i=PKT_INFRA-FM-3-FAULT_MAJOR m=%P"
     "KT_INFRA-FM-3-FAULT_MAJOR : ALARM {msg_counter=8812,node=0/RP0/ADMIN0,cisco_faci"
     "lity=PKT_INFRA-FM,cisco_severity=3,mnemonic=FAULT_MAJOR} !no_year"},
    {"ASA 9.16 EMBLEM", "<166>:Jan 15 2020 10:10:10 UTC: %ASA-6-302013: Built inbound",
     "20.6 2020-01-15T10:10:10Z a=ASA i=ASA-6-302013 m=%ASA-6-302013: Built inbound {c"
     "isco_facility=ASA,cisco_severity=6,mnemonic=302013} !no_hostname"},
    {"ASA 9.8 without time stamp", "<166>%ASA-6-302013: Built outbound",
     "20.6 - a=ASA i=ASA-6-302013 m=%ASA-6-302013: Built outbound {cisco_facility=ASA,"
     "cisco_severity=6,mnemonic=302013} !no_timestamp,no_hostname"},
    {"ASA, no PRI at all", "%ASA-6-302013: Built outbound TCP",
     "- - a=ASA i=ASA-6-302013 m=%ASA-6-302013: Built outbound TCP {cisco_facility=ASA"
     ",cisco_severity=6,mnemonic=302013} !no_pri,no_timestamp,no_hostname"},
    {"ASA EMBLEM without time stamp", "<166>:%ASA-6-302013: Built outbound",
     "20.6 - a=ASA i=ASA-6-302013 m=%ASA-6-302013: Built outbound {cisco_facility=ASA,"
     "cisco_severity=6,mnemonic=302013} !no_timestamp,no_hostname"},
    {"ASA, ISO time and colon", "<166>2023-01-01T00:00:00Z: %ASA-6-302013: Built outbound",
     "20.6 2023-01-01T00:00:00Z a=ASA i=ASA-6-302013 m=%ASA-6-302013: Built outbound {"
     "cisco_facility=ASA,cisco_severity=6,mnemonic=302013} !no_hostname"},
    {"FTD 7 with host", "<166>Jan 28 2022 10:00:00 ftd01 : %FTD-6-430002: EventPriority: Low",
     "20.6 2022-01-28T10:00:00 h=ftd01 a=FTD i=FTD-6-430002 m=%FTD-6-430002: EventPrio"
     "rity: Low {cisco_facility=FTD,cisco_severity=6,mnemonic=430002}"},
    {"ASA with milliseconds and zone before the host",
     "<166>May  5 2023 10:00:00.123 CEST host: %ASA-6-1: x",
     "20.6 2023-05-05T10:00:00.123(CEST) h=host a=ASA i=ASA-6-1 m=%ASA-6-1: x {cisco_f"
     "acility=ASA,cisco_severity=6,mnemonic=1}"},
    {"NX-OS VDC", "<189>nx1: 2023 Apr 26 09:16:56 UTC: %$VDC-1$ %ETHPORT-5-IF_UP: Interface up",
     "23.5 2023-04-26T09:16:56Z h=nx1 a=ETHPORT i=ETHPORT-5-IF_UP m=%$VDC-1$ %ETHPORT-"
     "5-IF_UP: Interface up {cisco_facility=ETHPORT,cisco_severity=5,mnemonic=IF_UP}"},
    {"NX-OS microseconds, UTC+1", "<189>sw: 2023 Apr 26 09:16:56.123456 UTC+1: %ETHPORT-5-IF_UP: a",
     "23.5 2023-04-26T09:16:56.123456+60min h=sw a=ETHPORT i=ETHPORT-5-IF_UP m=%ETHPOR"
     "T-5-IF_UP: a {cisco_facility=ETHPORT,cisco_severity=5,mnemonic=IF_UP}"},
    {"NX-OS, no colon behind the time", "<189>2023 Apr 26 09:16:56 nx1 %ETHPORT-5-IF_UP: a",
     "23.5 2023-04-26T09:16:56 h=nx1 a=ETHPORT i=ETHPORT-5-IF_UP m=%ETHPORT-5-IF_UP: a"
     " {cisco_facility=ETHPORT,cisco_severity=5,mnemonic=IF_UP}"},
    {"ACI 5 APIC, blank behind the mnemonic",
     "<190>Oct 10 10:00:00 apic1 %LOG_LOCAL0-6-SYSTEM_MSG [F0467][soaking][configurati"
     "on-failed]",
     "23.6 --10-10T10:00:00 h=apic1 a=LOG_LOCAL0 i=LOG_LOCAL0-6-SYSTEM_MSG m=%LOG_LOCA"
     "L0-6-SYSTEM_MSG [F0467][soaking][configuration-failed] {cisco_facility=LOG_LOCAL"
     "0,cisco_severity=6,mnemonic=SYSTEM_MSG} !no_year"},
    {"Dell OS9, word before the mnemonic",
     "<189>Apr 13 10:00:00 dell1 %STKUNIT0-M:CP %SEC-5-LOGIN_SUCCESS: Login successful",
     "23.5 --04-13T10:00:00 h=dell1 a=SEC i=SEC-5-LOGIN_SUCCESS m=%STKUNIT0-M:CP %SEC-"
     "5-LOGIN_SUCCESS: Login successful {cisco_facility=SEC,cisco_severity=5,mnemonic="
     "LOGIN_SUCCESS} !no_year"},
    {"AireOS 7, '#' as mark",
     "<134>WLC1: *Dot1x_NW_MsgTask_7: Jan 19 14:58:37.120: #DOT1X-3-INVALID_WPA_KEY_ST"
     "ATE: x",
     "16.6 --01-19T14:58:37.120 h=WLC1 a=DOT1X i=DOT1X-3-INVALID_WPA_KEY_STATE m=#DOT1"
     "X-3-INVALID_WPA_KEY_STATE: x {task=Dot1x_NW_MsgTask_7,cisco_facility=DOT1X,cisco"
     "_severity=3,mnemonic=INVALID_WPA_KEY_STATE} !no_year"},
    {"AireOS 8 without host",
     "<134>*Dot1x_NW_MsgTask_7: Jan 19 14:58:37.120: %DOT1X-3-ABORT_AUTH: 1x.c:447 x",
     "16.6 --01-19T14:58:37.120 a=DOT1X i=DOT1X-3-ABORT_AUTH m=%DOT1X-3-ABORT_AUTH: 1x"
     ".c:447 x {task=Dot1x_NW_MsgTask_7,cisco_facility=DOT1X,cisco_severity=3,mnemonic"
     "=ABORT_AUTH} !no_year,no_hostname"},
    {"AireOS 8 behind a relay",
     "<134>Jan 19 14:58:37 wlc1 WLC1: *Dot1x: Jan 19 14:58:37.120: %DOT1X-3-ABORT_AUTH"
     ": x",
     "16.6 --01-19T14:58:37.120 h=WLC1 a=DOT1X i=DOT1X-3-ABORT_AUTH m=%DOT1X-3-ABORT_A"
     "UTH: x {relay_timestamp=Jan 19 14:58:37,relay_host=wlc1,task=Dot1x,cisco_facilit"
     "y=DOT1X,cisco_severity=3,mnemonic=ABORT_AUTH} !no_year"},
    {"relay, bare sequence",
     "<189>Jan 10 10:10:10 relay1 12345: Jan 10 10:10:09.123: %SYS-5-CONFIG_I: x",
     "23.5 --01-10T10:10:09.123 h=relay1 a=SYS i=SYS-5-CONFIG_I m=%SYS-5-CONFIG_I: x {"
     "sequence=12345,relay_timestamp=Jan 10 10:10:10,relay_host=relay1,cisco_facility="
     "SYS,cisco_severity=5,mnemonic=CONFIG_I} !no_year"},
    {"relay, NX-OS host inside",
     "<189>Jan 10 10:10:10 relay1 sw1: 2023 Apr 26 09:16:56 UTC: %ETHPORT-5-IF_UP: x",
     "23.5 2023-04-26T09:16:56Z h=sw1 a=ETHPORT i=ETHPORT-5-IF_UP m=%ETHPORT-5-IF_UP: "
     "x {relay_timestamp=Jan 10 10:10:10,relay_host=relay1,cisco_facility=ETHPORT,cisc"
     "o_severity=5,mnemonic=IF_UP}"},
    {"relay, uptime inside keeps the relay's time",
     "<189>Jan 10 10:10:10 relay1 123: 1w2d: %SYS-5-CONFIG_I: x",
     "23.5 --01-10T10:10:10up(1w2d) h=relay1 a=SYS i=SYS-5-CONFIG_I m=%SYS-5-CONFIG_I:"
     " x {sequence=123,cisco_facility=SYS,cisco_severity=5,mnemonic=CONFIG_I} !no_year"
     ",unsynced_clock"},
    {"relay, both numbers and a host inside",
     "<189>Jan 10 10:10:10 relay1 100: sw9: 101: *Jan 10 10:10:09.123: %SYS-5-CONFIG_I"
     ": x",
     "23.5 *--01-10T10:10:09.123 h=sw9 a=SYS i=SYS-5-CONFIG_I m=%SYS-5-CONFIG_I: x {ms"
     "g_counter=100,sequence=101,relay_timestamp=Jan 10 10:10:10,relay_host=relay1,cis"
     "co_facility=SYS,cisco_severity=5,mnemonic=CONFIG_I} !no_year,unsynced_clock"},
    {"relay, access point with a MAC as host",
     "<190>Jan  5 10:00:00 10.1.1.1 AP:a0e0.af00.0000: *Jan  5 10:00:00.1: %LINK-6-UPD"
     "OWN: x",
     "23.6 *--01-05T10:00:00.1 h=AP:a0e0.af00.0000 a=LINK i=LINK-6-UPDOWN m=%LINK-6-UP"
     "DOWN: x {relay_timestamp=Jan  5 10:00:00,relay_host=10.1.1.1,cisco_facility=LINK"
     ",cisco_severity=6,mnemonic=UPDOWN} !no_year,unsynced_clock"},
    {"UTC before the host", "<190>Oct 20 17:01:19 UTC sw1 %SYS-5-X: y",
     "23.6 --10-20T17:01:19Z h=sw1 a=SYS i=SYS-5-X m=%SYS-5-X: y {cisco_facility=SYS,c"
     "isco_severity=5,mnemonic=X} !no_year"},
    {"debug output, no mnemonic",
     "<191>26: *Mar  1 00:01:30.123: IP: s=10.1.1.1 (local), d=10.1.1.2",
     "23.7 *--03-01T00:01:30.123 m=IP: s=10.1.1.1 (local), d=10.1.1.2 {msg_counter=26}"
     " !no_year,unsynced_clock,no_hostname"},
    {"IOS XE, a relay that counts too",
     "<190>41: Nov  2 07:00:01 192.0.2.9 edge4: 000077: Nov  2 2026 06:59:58.120 UTC: "
     "%LINK-3-UPDOWN: a",
     "23.6 2026-11-02T06:59:58.120Z h=edge4 a=LINK i=LINK-3-UPDOWN m=%LINK-3-UPDOWN: a "
     "{msg_counter=41,relay_timestamp=Nov  2 "
     "07:00:01,relay_host=192.0.2.9,sequence=000077,cisco_facility=LINK,cisco_severity=3,mnemonic="
     "UPDOWN}"},
    {"IOS, host that begins with a digit, no colon",
     "<190>41: 4th-floor 77: Nov  2 2026 06:59:58 UTC: %LINK-3-UPDOWN: a",
     "23.6 2026-11-02T06:59:58Z h=4th-floor a=LINK i=LINK-3-UPDOWN m=%LINK-3-UPDOWN: a "
     "{msg_counter=41,sequence=77,cisco_facility=LINK,cisco_severity=3,mnemonic=UPDOWN}"},
    {"IOS, host and time, no colon",
     "<190>41: 4th-floor Nov  2 2026 06:59:58 UTC: %LINK-3-UPDOWN: a",
     "23.6 2026-11-02T06:59:58Z h=4th-floor a=LINK i=LINK-3-UPDOWN m=%LINK-3-UPDOWN: a "
     "{msg_counter=41,cisco_facility=LINK,cisco_severity=3,mnemonic=UPDOWN}"},
    {"NX-OS, colon, host without one", "<46>: 9k-core Nov  2 06:59:58 PDT: %SNMPD-6-INFO: a",
     "5.6 --11-02T06:59:58(PDT) h=9k-core a=SNMPD i=SNMPD-6-INFO m=%SNMPD-6-INFO: a "
     "{cisco_facility=SNMPD,cisco_severity=6,mnemonic=INFO} !no_year"},
    {"a writer that took the PRI for text",
     "Nov  2 07:00:01 access7.example.net <189>3: *Jan  2 00:00:47.100: %SYS-5-RESTART: a",
     "23.5 *--01-02T00:00:47.100 h=access7.example.net a=SYS i=SYS-5-RESTART m=%SYS-5-RESTART: a "
     "{sequence=3,relay_timestamp=Nov  2 "
     "07:00:01,relay_host=access7.example.net,cisco_facility=SYS,cisco_severity=5,mnemonic=RESTART}"
     " !no_pri,no_year,unsynced_clock"},
    {"the same, where the PRI is known: it is text",
     "<13>Nov  2 07:00:01 access7 <189>3: *Jan  2 00:00:47.100: %SYS-5-RESTART: a",
     "1.5 --11-02T07:00:01 h=access7 m=<189>3: *Jan  2 00:00:47.100: %SYS-5-RESTART: a !no_year"},
    {"Small Business, severity as a letter", "<188>%STP-W-PORTSTATUS: gi5: STP status Forwarding",
     "23.4 - a=STP i=STP-W-PORTSTATUS m=%STP-W-PORTSTATUS: gi5: STP status Forwarding "
     "{cisco_facility=STP,mnemonic=PORTSTATUS} !no_timestamp,no_hostname"},
    {"supervisor that counts in two numbers",
     "<187>12: spine1: 3 41: %SYSMGR-STANDBY-3-SHUTDOWN_START: a",
     "23.3 up(3 41) h=spine1 a=SYSMGR-STANDBY i=SYSMGR-STANDBY-3-SHUTDOWN_START "
     "m=%SYSMGR-STANDBY-3-SHUTDOWN_START: a "
     "{msg_counter=12,cisco_facility=SYSMGR-STANDBY,cisco_severity=3,mnemonic=SHUTDOWN_START} "
     "!no_timestamp,unsynced_clock"},
    {"two numbers and no mnemonic", "<187>12: spine1: 3 41: a",
     "23.3 - m=12: spine1: 3 41: a !no_timestamp,no_hostname"},
    {"NX-OS, VDC with blanks",
     "<187>: 2026 Nov  2 06:59:58 CET: %$ VDC-2 %$ %ETHPORT-5-IF_DOWN_NONE: a",
     "23.3 2026-11-02T06:59:58(CET) a=ETHPORT i=ETHPORT-5-IF_DOWN_NONE m=%$ VDC-2 %$ "
     "%ETHPORT-5-IF_DOWN_NONE: a {cisco_facility=ETHPORT,cisco_severity=5,mnemonic=IF_DOWN_NONE} "
     "!no_hostname"},
    {"EOS with sequence numbers", "<141>Nov  2 06:59:58 leaf3 Ebra: 412: %LINEPROTO-5-UPDOWN: a",
     "17.5 --11-02T06:59:58 h=leaf3 a=Ebra i=LINEPROTO-5-UPDOWN m=%LINEPROTO-5-UPDOWN: a "
     "{sequence=412,cisco_facility=LINEPROTO,cisco_severity=5,mnemonic=UPDOWN} !no_year"},
    {"brackets that are no structured data",
     "<14>Nov  2 07:00:01 store1 [358]: 2026-11-02T06:59:58Z store1 login: a",
     "1.6 --11-02T07:00:01 h=store1 m=[358]: 2026-11-02T06:59:58Z store1 login: a !no_year"},
};

TEST(SyslogCisco, ReadsEveryLine) {
    for (const DumpCase& c : cases) {
        EXPECT_EQ(parse_and_dump(c.line), c.dump) << c.device << "\n" << c.line;
    }
}

}  // namespace
}  // namespace weir
