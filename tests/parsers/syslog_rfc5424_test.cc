// Lines as devices send them, of our own making, and the record each must give. The device and its
// firmware stand in front of each line.
#include "tests/parsers/record_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr DumpCase cases[] = {
    {"RFC 5424 section 6.5 example 3",
     "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSD"
     "ID@32473 iut=\"3\"] An entry",
     "20.5 2003-10-11T22:14:15.003Z h=mymachine.example.com a=evntslog i=ID47 sd=[exam"
     "pleSDID@32473 iut=\"3\"] m=An entry"},
    {"RFC 5424 section 6.5 example 4, no message",
     "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSD"
     "ID@32473 iut=\"3\"][b@1 c=\"high\"]",
     "20.5 2003-10-11T22:14:15.003Z h=mymachine.example.com a=evntslog i=ID47 sd=[exam"
     "pleSDID@32473 iut=\"3\"][b@1 c=\"high\"]"},
    {"all nil", "<13>1 - - - - - -", "1.5 - !no_timestamp,no_hostname,empty_message"},
    {"util-linux 2.38 logger",
     "<13>1 2026-11-21T07:00:00.123456+00:00 box root - - [timeQuality tzKnown=\"1\" i"
     "sSynced=\"0\"] hello",
     "1.5 2026-11-21T07:00:00.123456+0min h=box a=root sd=[timeQuality tzKnown=\"1\" i"
     "sSynced=\"0\"] m=hello"},
    {"version without PRI", "1 2019-10-04T14:19:03.112Z host app 1 - - msg",
     "- 2019-10-04T14:19:03.112Z h=host a=app p=1 m=msg !no_pri"},
    {"pfSense 2.6 filterlog",
     "<134>1 2023-03-01T08:00:00.123+01:00 pf.local filterlog 12345 - - 4,,,100",
     "16.6 2023-03-01T08:00:00.123+60min h=pf.local a=filterlog p=12345 m=4,,,100"},
    {"NXLog, a name twice",
     "<14>1 2023-03-01T08:00:00Z dc01 nxlog 4 - [NXLOG@14506 EventID=\"1\" ip=\"a\" ip"
     "=\"b\"] text [x]",
     "1.6 2023-03-01T08:00:00Z h=dc01 a=nxlog p=4 sd=[NXLOG@14506 EventID=\"1\" ip=\"a"
     "\" ip=\"b\"] m=text [x]"},
    {"Junos 17 structured-data",
     "<165>1 2017-05-11T21:15:23.123Z 192.168.1.2 bgpd 12 BGP_X [junos@2636.1.1.1.2.57"
     " a=\"b\"] BGP_X: text",
     "20.5 2017-05-11T21:15:23.123Z h=192.168.1.2 a=bgpd p=12 i=BGP_X sd=[junos@2636.1"
     ".1.1.2.57 a=\"b\"] m=BGP_X: text"},
    {"Check Point R80 CLM, offset with two signs",
     "<134>1 2021-03-30T17:25:35--5:00 gw CheckPoint 12 - [a:\"b\"; c:\"d\"]",
     "16.6 2021-03-30T17:25:35-300min h=gw a=CheckPoint p=12 m=[a:\"b\"; c:\"d\"] !str"
     "uctured_data_malformed"},
    {"empty brackets", "<13>1 2020-10-10T10:00:00Z h a p i [] text",
     "1.5 2020-10-10T10:00:00Z h=h a=a p=p i=i m=[] text !structured_data_malformed"},
    {"no blank behind structured data", "<13>1 2020-10-10T10:00:00Z h a p i [a b=\"c\"]text",
     "1.5 2020-10-10T10:00:00Z h=h a=a p=p i=i sd=[a b=\"c\"] m=text !structured_data_"
     "malformed"},
    {"second element broken", "<13>1 2020-10-10T10:00:00Z h a p i [a b=\"c\"][bad d] text",
     "1.5 2020-10-10T10:00:00Z h=h a=a p=p i=i sd=[a b=\"c\"] m=[bad d] text !structur"
     "ed_data_malformed"},
    {"value without quotes", "<13>1 2020-10-10T10:00:00Z h a p i [a b=c] text",
     "1.5 2020-10-10T10:00:00Z h=h a=a p=p i=i sd=[a b=c] m=text !structured_data_malf"
     "ormed"},
    {"quote never closed", "<13>1 2020-10-10T10:00:00Z h a p i [a b=\"c text",
     "1.5 2020-10-10T10:00:00Z h=h a=a p=p i=i m=[a b=\"c text !structured_data_malfor"
     "med"},
    {"text where APP-NAME belongs", "<13>1 2020-01-01T00:00:00Z host this is plain text",
     "1.5 2020-01-01T00:00:00Z h=host m=this is plain text !header_incomplete"},
    {"no structured data", "<34>1 2003-10-11T22:14:15.003Z m su - ID47 no sd here",
     "4.2 2003-10-11T22:14:15.003Z h=m a=su m=ID47 no sd here !header_incomplete"},
    {"host and one word", "<34>1 2003-10-11T22:14:15.003Z m su",
     "4.2 2003-10-11T22:14:15.003Z h=m m=su !header_incomplete"},
    {"time only", "<34>1 2003-10-11T22:14:15.003Z",
     "4.2 2003-10-11T22:14:15.003Z !no_hostname,header_incomplete,empty_message"},
    {"impossible month", "<13>1 2020-13-01T00:00:00Z host app 1 - - text",
     "1.5 - h=host a=app p=1 m=text {vendor_timestamp=2020-13-01T00:00:00Z} !no_timest"
     "amp,bad_timestamp"},
    {"ASA behind version and time", "<165>1 2023-03-29T18:22:06Z fw1 %ASA-5-111010: User x",
     "20.5 2023-03-29T18:22:06Z h=fw1 a=ASA i=ASA-5-111010 m=%ASA-5-111010: User x {ci"
     "sco_facility=ASA,cisco_severity=5,mnemonic=111010} !header_incomplete"},
    {"Meraki MX, security event",
     "<134>1 1563249630.774247467 dc1_mx security_event ids_alerted signature=1:1",
     "16.6 2019-07-16T04:00:30.774247467Z h=dc1_mx a=security_event m=ids_alerted sign"
     "ature=1:1 !header_incomplete"},
    {"U+FEFF in front of the message", "<13>1 2020-10-10T10:00:00Z h a - - - \357\273\277text",
     "1.5 2020-10-10T10:00:00Z h=h a=a m=text"},
};

TEST(SyslogRfc5424, ReadsEveryLine) {
    for (const DumpCase& c : cases) {
        EXPECT_EQ(parse_and_dump(c.line), c.dump) << c.device << "\n" << c.line;
    }
}

}  // namespace
}  // namespace weir
