// OpenConfig: interfaces with their augmentations.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr LeafFact oper_status =
    state<"UP", "DOWN", "TESTING", "UNKNOWN", "DORMANT", "NOT_PRESENT", "LOWER_LAYER_DOWN">();

constexpr YangLeaves interface_state[] = {
    {"name", identifier},
    {"type description", info},
    {"mtu ifindex", gauge()},
    {"enabled loopback-mode logical management cpu", gauge()},
    {"admin-status", state<"UP", "DOWN", "TESTING">()},
    {"oper-status", oper_status},
    {"last-change", time_ns},
    {"hardware-port transceiver", info},
};

constexpr YangLeaves interface_counters[] = {
    {"in-octets out-octets", counter("bytes")},
    {"in-pkts in-unicast-pkts in-broadcast-pkts in-multicast-pkts", counter()},
    {"out-pkts out-unicast-pkts out-broadcast-pkts out-multicast-pkts", counter()},
    {"in-errors in-discards out-errors out-discards", counter()},
    {"in-unknown-protos in-fcs-errors carrier-transitions resets", counter()},
    {"interface-transitions link-transitions", counter()},
    {"last-clear", time_ns},
};

constexpr YangLeaves subinterface_state[] = {
    {"index", identifier},
    {"name description", info},
    {"enabled ifindex logical management cpu", gauge()},
    {"admin-status", state<"UP", "DOWN", "TESTING">()},
    {"oper-status", oper_status},
    {"last-change", time_ns},
};

constexpr YangLeaves hold_time[] = {
    {"up down", gauge("seconds", 0.001)},
};

constexpr YangLeaves ethernet_state[] = {
    {"auto-negotiate standalone-link-training enable-flow-control", gauge()},
    {"duplex-mode negotiated-duplex-mode", state<"FULL", "HALF">()},
    {"port-speed negotiated-port-speed mac-address hw-mac-address aggregate-id fec-mode", info},
};

constexpr YangLeaves ethernet_counters[] = {
    {"in-mac-control-frames in-mac-pause-frames in-oversize-frames in-undersize-frames", counter()},
    {"in-jabber-frames in-fragment-frames in-8021q-frames in-crc-errors in-block-errors",
     counter()},
    {"in-carrier-errors in-interrupted-tx in-late-collision in-mac-errors-rx", counter()},
    {"in-single-collision in-symbol-error in-maxsize-exceeded", counter()},
    {"out-mac-control-frames out-mac-pause-frames out-8021q-frames out-mac-errors-tx", counter()},
};

constexpr YangLeaves distribution[] = {
    {"in-frames-64-octets in-frames-65-127-octets in-frames-128-255-octets", counter()},
    {"in-frames-256-511-octets in-frames-512-1023-octets in-frames-1024-1518-octets", counter()},
};

constexpr YangLeaves aggregation_state[] = {
    {"lag-type", state<"LACP", "STATIC">()},
    {"min-links lag-speed", gauge()},
    {"member", text},
};

constexpr YangLeaves vlan_state[] = {
    {"interface-mode", state<"ACCESS", "TRUNK">()},
    {"native-vlan access-vlan", gauge()},
    {"trunk-vlans", text},
};

constexpr YangLeaves address_state[] = {
    {"ip", identifier},
    {"prefix-length", gauge()},
    {"origin status type", some_state()},
};

constexpr YangLeaves ip_counters[] = {
    {"in-octets out-octets in-forwarded-octets out-forwarded-octets", counter("bytes")},
    {"in-pkts out-pkts in-forwarded-pkts out-forwarded-pkts", counter()},
    {"in-error-pkts in-discarded-pkts out-error-pkts out-discarded-pkts", counter()},
    {"in-multicast-pkts out-multicast-pkts", counter()},
};

constexpr YangLeaves ip_state[] = {
    {"enabled mtu dhcp-client", gauge()},
};

constexpr YangLeaves neighbor_state[] = {
    {"ip", identifier},
    {"link-layer-address", info},
    {"origin", some_state()},
    {"is-router", gauge()},
    {"neighbor-state", state<"INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE">()},
};

constexpr YangNode nodes[] = {
    {"openconfig-interfaces:interfaces/interface", words<"name">},
    {"openconfig-interfaces:interfaces/interface/state", {}, interface_state},
    {"openconfig-interfaces:interfaces/interface/state/counters|"
     "openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/state/counters",
     {},
     interface_counters},
    {"openconfig-interfaces:interfaces/interface/hold-time/state", {}, hold_time},
    {"openconfig-interfaces:interfaces/interface/subinterfaces/subinterface", words<"index">},
    {"openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/state",
     {},
     subinterface_state},
    {"openconfig-interfaces:interfaces/interface/ethernet/state", {}, ethernet_state},
    {"openconfig-interfaces:interfaces/interface/ethernet/state/counters", {}, ethernet_counters},
    {"openconfig-interfaces:interfaces/interface/ethernet/state/counters/in-distribution",
     {},
     distribution},
    {"openconfig-interfaces:interfaces/interface/aggregation/state", {}, aggregation_state},
    {"openconfig-interfaces:interfaces/interface/ethernet/switched-vlan/state|"
     "openconfig-interfaces:interfaces/interface/aggregation/switched-vlan/state",
     {},
     vlan_state},
    {"openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv4/state|"
     "openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv6/state",
     {},
     ip_state},
    {"openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv4/state/counters|"
     "openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv6/state/counters",
     {},
     ip_counters},
    {"openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv4/addresses/address|"
     "openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv6/addresses/address|"
     "openconfig-interfaces:interfaces/interface/routed-vlan/ipv4/addresses/address|"
     "openconfig-interfaces:interfaces/interface/routed-vlan/ipv6/addresses/address",
     words<"ip">},
    {"openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv4/addresses/address/"
     "state|"
     "openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv6/addresses/address/"
     "state",
     {},
     address_state},
    {"openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv4/neighbors/"
     "neighbor|"
     "openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv6/neighbors/"
     "neighbor",
     words<"ip">},
    {"openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv4/neighbors/"
     "neighbor/"
     "state|"
     "openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/ipv6/neighbors/"
     "neighbor/"
     "state",
     {},
     neighbor_state},
};

}  // namespace

constinit const YangTable yang_openconfig = {
    .title = "OpenConfig interfaces",
    .source = "openconfig-interfaces, -if-ethernet, -if-aggregate, -if-ip, -vlan",
    .nodes = nodes,
};

}  // namespace weir
