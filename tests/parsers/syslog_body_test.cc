// Lines as devices send them, of our own making, and the record each must give. The device and its
// firmware stand in front of each line.
#include "tests/parsers/record_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr DumpCase cases[] = {
    {"CEF behind a host", "<134>Sep 12 08:11:22 fw1 CEF:0|Check Point|VPN-1|x|",
     "16.6 --09-12T08:11:22 h=fw1 m=CEF:0|Check Point|VPN-1|x| {format=cef} !no_year"},
    {"CEF without header", "<13>CEF:0|Vendor|P|1|x|y|5|a=b",
     "1.5 - m=CEF:0|Vendor|P|1|x|y|5|a=b {format=cef} !no_timestamp,no_hostname"},
    {"LEEF behind a host", "<13>Sep 12 08:11:22 qr1 LEEF:2.0|Vendor|P|1|x|a=b",
     "1.5 --09-12T08:11:22 h=qr1 m=LEEF:2.0|Vendor|P|1|x|a=b {format=leef} !no_year"},
    {"SonicWall", "<134>id=firewall sn=0017C5158708 time=\"2015-01-01 10:00:00\" fw=10.0.0.1 pri=6",
     "16.6 - m=id=firewall sn=0017C5158708 time=\"2015-01-01 10:00:00\" fw=10.0.0.1 pr"
     "i=6 {format=kv,vendor_timestamp=2015-01-01 10:00:00} !no_timestamp,no_hostname"},
    {"Sophos XG 17",
     "<30>device=\"SFW\" date=2018-06-05 time=14:46:03 timezone=\"IST\" device_name=\""
     "XG125w\" device_id=S1",
     "3.6 - m=device=\"SFW\" date=2018-06-05 time=14:46:03 timezone=\"IST\" device_nam"
     "e=\"XG125w\" device_id=S1 {format=kv,vendor_timestamp=2018-06-05 time=14:46:03,v"
     "endor_host=XG125w} !no_timestamp,no_hostname"},
    {"FortiGate 7 behind a relay",
     "<189>Oct 10 10:00:00 fw01 date=2020-04-23 time=12:17:58 devname=\"fw\" tz=\"+020"
     "0\"",
     "23.5 --10-10T10:00:00 h=fw01 m=date=2020-04-23 time=12:17:58 devname=\"fw\" tz="
     "\"+0200\" {format=kv,vendor_timestamp=2020-04-23 time=12:17:58} !no_year"},
    {"FortiGate 7", "<189>date=2020-04-23 time=12:17:58 devname=\"fw\" tz=\"+0200\"",
     "23.5 - m=date=2020-04-23 time=12:17:58 devname=\"fw\" tz=\"+0200\" {format=kv,ve"
     "ndor_timestamp=2020-04-23 time=12:17:58,vendor_host=fw} !no_timestamp,no_hostnam"
     "e"},
    {"JSON", "<14>Mar  1 10:00:00 dc01.corp.local {\"EventID\":4624}",
     "1.6 --03-01T10:00:00 h=dc01.corp.local m={\"EventID\":4624} {format=json} !no_ye"
     "ar"},
    {"PAN-OS 10 without host",
     "<14>Mar  1 10:00:00 1,2021/03/01 10:00:00,007200001056,SYSTEM,general,0",
     "1.6 --03-01T10:00:00 m=1,2021/03/01 10:00:00,007200001056,SYSTEM,general,0 {form"
     "at=csv,vendor_timestamp=2021/03/01 10:00:00} !no_year,no_hostname"},
};

TEST(SyslogBody, ReadsEveryLine) {
    for (const DumpCase& c : cases) {
        EXPECT_EQ(parse_and_dump(c.line), c.dump) << c.device << "\n" << c.line;
    }
}

}  // namespace
}  // namespace weir
