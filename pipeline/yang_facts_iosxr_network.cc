// IOS-XR: routing, neighbours, QoS, MPLS.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr YangLeaves bgp_neighbor[] = {
    {"neighbor-address", identifier},
    {"connection-state", some_state()},
    {"description remote-as local-as", info},
    {"connection-up-count connection-down-count", counter()},
    {"messages-received messages-sent update-messages-in update-messages-out", counter()},
    {"messages-queued-in messages-queued-out hold-time keep-alive-time", gauge()},
    {"connection-established-time", gauge("seconds")},
    {"reset-reason local-address connection-local-address connection-remote-address", text},
};

constexpr YangLeaves bgp_address_family[] = {
    {"af-name", identifier},
    {"prefixes-accepted prefixes-denied prefixes-advertised", gauge()},
    {"prefixes-suppressed prefixes-withdrawn max-prefix-limit", gauge()},
};

constexpr YangLeaves isis_adjacency[] = {
    {"adjacency-system-id system-id interface-name", identifier},
    {"adjacency-state", some_state()},
    {"adjacency-uptime", gauge("seconds")},
};

constexpr YangLeaves qos_general_stats[] = {
    {"transmit-packets total-drop-packets pre-policy-matched-packets", counter()},
    {"transmit-bytes total-drop-bytes pre-policy-matched-bytes", counter("bytes")},
    {"match-data-rate total-transmit-rate total-drop-rate", gauge("bits_per_second", 1000)},
};

constexpr YangLeaves qos_class[] = {
    {"class-name", identifier},
    {"counter-validity-bitmask class-level cac-state", text},
};

constexpr YangLeaves qos_queue[] = {
    {"queue-id", identifier},
    {"tail-drop-packets random-drop-packets conform-packets exceed-packets", counter()},
    {"tail-drop-bytes random-drop-bytes conform-bytes exceed-bytes", counter("bytes")},
};

constexpr YangNode nodes[] = {
    {"Cisco-IOS-XR-ipv4-bgp-oper:bgp/instances/instance", words<"instance-name">},
    {"/instance-active/vrfs/vrf|/instance-standby/vrfs/vrf", words<"vrf-name">},
    {"/instance-active/default-vrf/neighbors/neighbor|"
     "/instance-active/vrfs/vrf/neighbors/neighbor",
     words<"neighbor-address">, bgp_neighbor},
    {"/instance-active/default-vrf/neighbors/neighbor/af-data|"
     "/instance-active/vrfs/vrf/neighbors/neighbor/af-data",
     words<"af-name">, bgp_address_family},
    {"/instance-active/default-vrf/afs/af|/instance-active/vrfs/vrf/afs/af", words<"af-name">},
    {"Cisco-IOS-XR-clns-isis-oper:isis/instances/instance", words<"instance-name">},
    {"/levels/level", words<"level">},
    {"/levels/level/adjacencies/adjacency", words<"system-id", "interface-name">, isis_adjacency},
    {"/interfaces/interface", words<"interface-name">},
    {"Cisco-IOS-XR-qos-ma-oper:qos/interface-table/interface", words<"interface-name">},
    {"/input/service-policy-names/service-policy-instance|"
     "/output/service-policy-names/service-policy-instance",
     words<"service-policy-name">},
    {"/input/service-policy-names/service-policy-instance/statistics/class-stats|"
     "/output/service-policy-names/service-policy-instance/statistics/class-stats",
     words<"class-name">, qos_class},
    {"/input/service-policy-names/service-policy-instance/statistics/class-stats/general-stats|"
     "/output/service-policy-names/service-policy-instance/statistics/class-stats/general-stats",
     {},
     qos_general_stats},
    {"/input/service-policy-names/service-policy-instance/statistics/class-stats/"
     "queue-stats-array|"
     "/output/service-policy-names/service-policy-instance/statistics/class-stats/"
     "queue-stats-array",
     words<"queue-id">, qos_queue},
    {"Cisco-IOS-XR-mpls-te-oper:mpls-te/p2p-p2mp-tunnel/tunnel-heads/tunnel-head",
     words<"tunnel-name">},
    {"Cisco-IOS-XR-cdp-oper:cdp/nodes/node", words<"node-name">},
    {"/neighbors/details/detail|/neighbors/summaries/summary|/neighbors/devices/device",
     words<"interface-name", "device-id">},
    {"Cisco-IOS-XR-ethernet-lldp-oper:lldp/nodes/node", words<"node-name">},
    {"/neighbors/details/detail|/neighbors/summaries/summary|/neighbors/devices/device",
     words<"interface-name", "device-id">},
};

}  // namespace

constinit const YangTable yang_iosxr_network = {
    .title = "IOS-XR routing, neighbours, QoS and MPLS",
    .source =
        "Cisco-IOS-XR-ipv4-bgp-oper, -clns-isis-oper, -qos-ma-oper, -mpls-te-oper, "
        "-cdp-oper, -ethernet-lldp-oper",
    .nodes = nodes,
};

}  // namespace weir
