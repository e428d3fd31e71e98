#include "pipeline/interface_name.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace weir {
namespace {

std::string normalised(std::string_view name) {
    std::string out = "left over";
    normalise_interface(name, out);
    return out;
}

struct Spelling {
    std::string_view given;
    std::string_view expected;
};

constexpr Spelling spellings[] = {
    // NX-OS: DME, show commands, YANG
    {"eth1/1", "Ethernet1/1"},
    {"Eth1/1", "Ethernet1/1"},
    {"Ethernet1/1", "Ethernet1/1"},
    {"ethernet1/1", "Ethernet1/1"},
    {"Ethernet 1/1", "Ethernet1/1"},
    {"ETH1/1", "Ethernet1/1"},
    {"eth1/1/4", "Ethernet1/1/4"},
    {"Eth101/1/48", "Ethernet101/1/48"},
    {"eth1/1.100", "Ethernet1/1.100"},
    {" eth1/1 ", "Ethernet1/1"},
    {"po10", "port-channel10"},
    {"Po10", "port-channel10"},
    {"Po10.7", "port-channel10.7"},
    {"port-channel10", "port-channel10"},
    {"lo0", "loopback0"},
    {"Lo0", "loopback0"},
    {"loopback254", "loopback254"},
    {"vlan10", "Vlan10"},
    {"Vl10", "Vlan10"},
    {"mgmt0", "mgmt0"},
    {"Mgmt0", "mgmt0"},
    {"tunnel1", "Tunnel1"},
    {"Tu1", "Tunnel1"},
    {"nve1", "nve1"},
    {"Nve1", "nve1"},
    {"null0", "Null0"},
    {"Nu0", "Null0"},
    {"sup-eth0", "sup-eth0"},
    {"vfc1/1", "vfc1/1"},
    {"fc1/1", "fc1/1"},
    {"san-port-channel3", "san-port-channel3"},
    // IOS-XE
    {"Gi1/0/1", "GigabitEthernet1/0/1"},
    {"Gig1/0/1", "GigabitEthernet1/0/1"},
    {"gi0/0", "GigabitEthernet0/0"},
    {"Gi1", "GigabitEthernet1"},
    {"Gi0/0/1.200", "GigabitEthernet0/0/1.200"},
    {"Te1/1/8", "TenGigabitEthernet1/1/8"},
    {"Ten1/1/8", "TenGigabitEthernet1/1/8"},
    {"TenGigabitEthernet1/1/8", "TenGigabitEthernet1/1/8"},
    {"Tw1/0/1", "TwoGigabitEthernet1/0/1"},
    {"Twe1/0/1", "TwentyFiveGigE1/0/1"},
    {"TwentyFiveGigE1/0/1", "TwentyFiveGigE1/0/1"},
    {"Fi1/0/1", "FiveGigabitEthernet1/0/1"},
    {"Fif1/0/1", "FiftyGigE1/0/1"},
    {"Fo1/1/1", "FortyGigabitEthernet1/1/1"},
    {"Fou1/0/1", "FourHundredGigE1/0/1"},
    {"Hu1/0/49", "HundredGigE1/0/49"},
    {"Fa0/1", "FastEthernet0/1"},
    {"Ap1/0/1", "AppGigabitEthernet1/0/1"},
    {"Port-channel1", "Port-channel1"},
    {"Loopback0", "Loopback0"},
    {"Vlan1", "Vlan1"},
    {"Se0/1/0:15", "Serial0/1/0:15"},
    {"Bd1", "BDI1"},
    {"Vi2.1", "Virtual-Access2.1"},
    {"Vt1", "Virtual-Template1"},
    // IOS-XR
    {"Te0/0/0/16", "TenGigE0/0/0/16"},
    {"TenGigE0/0/0/16.12", "TenGigE0/0/0/16.12"},
    {"Te0/0/0/1/3", "TenGigE0/0/0/1/3"},
    {"Fo0/0/0/1", "FortyGigE0/0/0/1"},
    {"TF0/0/0/1", "TwentyFiveGigE0/0/0/1"},
    {"Hu0/0/0/10", "HundredGigE0/0/0/10"},
    {"FH0/0/0/0", "FourHundredGigE0/0/0/0"},
    {"FourHundredGigE0/0/0/0", "FourHundredGigE0/0/0/0"},
    {"BE100.200", "Bundle-Ether100.200"},
    {"be1", "Bundle-Ether1"},
    {"Bundle-Ether1", "Bundle-Ether1"},
    {"MgmtEth0/RP0/CPU0/0", "MgmtEth0/RP0/CPU0/0"},
    {"Mg0/RSP0/CPU0/0", "MgmtEth0/RSP0/CPU0/0"},
    {"tt100", "tunnel-te100"},
    {"tunnel-te100", "tunnel-te100"},
    {"BV10", "BVI10"},
    {"Optics0/0/0/1", "Optics0/0/0/1"},
    // no name of an interface, or none that is known
    {"", ""},
    {" ", " "},
    {"eth", "eth"},
    {"1/1", "1/1"},
    {"ge-0/0/0", "ge-0/0/0"},
    {"xe-0/0/0.0", "xe-0/0/0.0"},
    {"e1/1", "e1/1"},
    {"Eth1/", "Eth1/"},
    {"Eth1//1", "Eth1//1"},
    {"Eth1/1 up", "Eth1/1 up"},
    {"Eth1/a", "Eth1/a"},
    {"Eth1/1\n", "Eth1/1\n"},
    {"uplink to core 1", "uplink to core 1"},
    {"Ethernet1/RP0", "Ethernet1/RP0"},
};

TEST(InterfaceName, OneSpellingForOnePort) {
    for (const Spelling& spelling : spellings) {
        EXPECT_EQ(normalised(spelling.given), spelling.expected) << spelling.given;
    }
}

TEST(InterfaceName, TheLongFormStaysAsItIs) {
    for (const Spelling& spelling : spellings) {
        const std::string once = normalised(spelling.given);
        EXPECT_EQ(normalised(once), once);
    }
}

TEST(InterfaceName, ReusesTheRoomOfTheAnswer) {
    std::string out;
    out.reserve(64);
    const char* const room = out.data();
    normalise_interface("Hu0/0/0/10", out);
    EXPECT_EQ(out.data(), room);
}

}  // namespace
}  // namespace weir
