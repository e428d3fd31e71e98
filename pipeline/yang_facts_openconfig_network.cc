// OpenConfig: routing, neighbours, LACP, spanning tree, ACLs and QoS.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr YangLeaves bgp_neighbor[] = {
    {"neighbor-address", identifier},
    {"session-state",
     state<"IDLE", "CONNECT", "ACTIVE", "OPENSENT", "OPENCONFIRM", "ESTABLISHED">()},
    {"peer-as local-as peer-type peer-group description", info},
    {"last-established", time_ns},
    {"established-transitions", counter()},
    {"enabled dynamically-configured", gauge()},
    {"supported-capabilities auth-password remove-private-as send-community", text},
};

constexpr YangLeaves bgp_messages[] = {
    {"UPDATE NOTIFICATION", counter()},
    {"last-notification-time", time_ns},
    {"last-notification-error-code last-notification-error-subcode", text},
};

constexpr YangLeaves bgp_queues[] = {
    {"input output", gauge()},
};

constexpr YangLeaves bgp_afi_safi[] = {
    {"afi-safi-name", identifier},
    {"active enabled", gauge()},
};

constexpr YangLeaves bgp_prefixes[] = {
    {"received received-pre-policy sent installed", gauge()},
};

constexpr YangLeaves bgp_global[] = {
    {"as router-id", info},
    {"total-paths total-prefixes", gauge()},
};

constexpr YangLeaves isis_adjacency[] = {
    {"system-id", identifier},
    {"adjacency-state", state<"UP", "DOWN", "INITIALIZING", "FAILED">()},
    {"neighbor-ipv4-address neighbor-ipv6-address neighbor-snpa adjacency-type", info},
    {"up-timestamp", time_ns},
    {"remaining-hold-time", gauge("seconds")},
};

constexpr YangLeaves ospf_neighbor[] = {
    {"router-id", identifier},
    {"adjacency-state", state<"DOWN", "ATTEMPT", "INIT", "TWO_WAY", "EXCHANGE_START", "EXCHANGE",
                              "LOADING", "FULL">()},
    {"state-changes", counter()},
    {"retransmission-queue-length priority metric", gauge()},
    {"last-established-time dead-time", time_ns},
    {"designated-router backup-designated-router neighbor-id", info},
};

constexpr YangLeaves lldp_neighbor[] = {
    {"id", identifier},
    {"system-name chassis-id port-id port-description management-address", info},
    {"system-description chassis-id-type port-id-type management-address-type", text},
    {"age ttl", gauge("seconds")},
    {"last-update", text},
};

constexpr YangLeaves lldp_counters[] = {
    {"frame-in frame-out frame-error-in frame-error-out frame-discard", counter()},
    {"tlv-discard tlv-unknown entries-aged-out tlv-accepted", counter()},
    {"last-clear", time_text},
};

constexpr YangLeaves lacp_member[] = {
    {"interface", identifier},
    {"activity", state<"ACTIVE", "PASSIVE">()},
    {"timeout", state<"LONG", "SHORT">()},
    {"synchronization", state<"IN_SYNC", "OUT_SYNC">()},
    {"aggregatable collecting distributing", gauge()},
    {"system-id partner-id", info},
    {"oper-key partner-key port-num partner-port-num", gauge()},
    {"last-change", time_ns},
};

constexpr YangLeaves lacp_counters[] = {
    {"lacp-in-pkts lacp-out-pkts lacp-rx-errors lacp-tx-errors", counter()},
    {"lacp-unknown-errors lacp-errors lacp-timeout-transitions", counter()},
};

constexpr YangLeaves stp_interface[] = {
    {"name", identifier},
    {"port-state", state<"DISABLED", "LISTENING", "LEARNING", "BLOCKING", "FORWARDING">()},
    {"role", state<"ROOT", "DESIGNATED", "ALTERNATE", "BACKUP">()},
    {"cost port-num port-priority designated-cost designated-root-priority", gauge()},
    {"designated-bridge-priority designated-port-num designated-port-priority", gauge()},
    {"forward-transisitions forward-transitions", counter()},
    {"designated-root-address designated-bridge-address", text},
};

constexpr YangLeaves stp_counters[] = {
    {"bpdu-sent bpdu-received", counter()},
};

constexpr YangLeaves stp_instance[] = {
    {"vlan-id mst-id", identifier},
    {"topology-changes", counter()},
    {"hello-time max-age forwarding-delay bridge-priority", gauge()},
    {"root-port root-cost hold-count designated-root-priority", gauge()},
    {"last-topology-change time-since-topology-change", text},
    {"bridge-address designated-root-address", info},
};

constexpr YangLeaves acl_entry[] = {
    {"sequence-id", identifier},
    {"matched-packets", counter()},
    {"matched-octets", counter("bytes")},
};

constexpr YangLeaves qos_queue[] = {
    {"name", identifier},
    {"transmit-pkts dropped-pkts", counter()},
    {"transmit-octets dropped-octets", counter("bytes")},
    {"max-queue-len avg-queue-len", gauge("bytes")},
    {"queue-management-profile", info},
};

constexpr YangLeaves qos_term[] = {
    {"id", identifier},
    {"matched-packets", counter()},
    {"matched-octets", counter("bytes")},
};

constexpr YangLeaves mac_entry[] = {
    {"mac-address vlan", identifier},
    {"age", gauge("seconds")},
    {"entry-type", some_state()},
};

constexpr YangNode nodes[] = {
    {"openconfig-network-instance:network-instances/network-instance", words<"name">},
    {"/protocols/protocol", words<"identifier", "name">},
    {"/interfaces/interface", words<"id">},
    {"/vlans/vlan", words<"vlan-id">},
    {"/fdb/mac-table/entries/entry", words<"mac-address", "vlan">},
    {"/fdb/mac-table/entries/entry/state", {}, mac_entry},
    {"/protocols/protocol/isis/interfaces/interface", words<"interface-id">},
    {"/protocols/protocol/isis/interfaces/interface/levels/level", words<"level-number">},
    {"/protocols/protocol/isis/interfaces/interface/levels/level/adjacencies/adjacency",
     words<"system-id">},
    {"/protocols/protocol/isis/interfaces/interface/levels/level/adjacencies/adjacency/state",
     {},
     isis_adjacency},
    {"/protocols/protocol/ospfv2/areas/area", words<"identifier">},
    {"/protocols/protocol/ospfv2/areas/area/interfaces/interface", words<"id">},
    {"/protocols/protocol/ospfv2/areas/area/interfaces/interface/neighbors/neighbor",
     words<"router-id">},
    {"/protocols/protocol/ospfv2/areas/area/interfaces/interface/neighbors/neighbor/state",
     {},
     ospf_neighbor},
    {"openconfig-network-instance:network-instances/network-instance/protocols/protocol/bgp|"
     "openconfig-bgp:bgp"},
    {"/global/state", {}, bgp_global},
    {"/global/afi-safis/afi-safi", words<"afi-safi-name">},
    {"/global/afi-safis/afi-safi/state", {}, bgp_global},
    {"/peer-groups/peer-group", words<"peer-group-name">},
    {"/neighbors/neighbor", words<"neighbor-address">},
    {"/neighbors/neighbor/state", {}, bgp_neighbor},
    {"/neighbors/neighbor/state/messages/sent|/neighbors/neighbor/state/messages/received",
     {},
     bgp_messages},
    {"/neighbors/neighbor/state/queues", {}, bgp_queues},
    {"/neighbors/neighbor/afi-safis/afi-safi", words<"afi-safi-name">},
    {"/neighbors/neighbor/afi-safis/afi-safi/state", {}, bgp_afi_safi},
    {"/neighbors/neighbor/afi-safis/afi-safi/state/prefixes", {}, bgp_prefixes},
    {"openconfig-lldp:lldp/state/counters", {}, lldp_counters},
    {"openconfig-lldp:lldp/interfaces/interface", words<"name">},
    {"/state/counters", {}, lldp_counters},
    {"/neighbors/neighbor", words<"id">},
    {"/neighbors/neighbor/state", {}, lldp_neighbor},
    {"/neighbors/neighbor/capabilities/capability", words<"name">},
    {"openconfig-lacp:lacp/interfaces/interface", words<"name">},
    {"/members/member", words<"interface">},
    {"/members/member/state", {}, lacp_member},
    {"/members/member/state/counters", {}, lacp_counters},
    {"openconfig-spanning-tree:stp/rapid-pvst/vlan|openconfig-spanning-tree:stp/pvst/vlan",
     words<"vlan-id">},
    {"/state", {}, stp_instance},
    {"/interfaces/interface", words<"name">},
    {"/interfaces/interface/state", {}, stp_interface},
    {"/interfaces/interface/state/counters", {}, stp_counters},
    {"openconfig-spanning-tree:stp/mstp/mst-instances/mst-instance", words<"mst-id">},
    {"/state", {}, stp_instance},
    {"/interfaces/interface", words<"name">},
    {"/interfaces/interface/state", {}, stp_interface},
    {"/interfaces/interface/state/counters", {}, stp_counters},
    {"openconfig-spanning-tree:stp/rstp/interfaces/interface", words<"name">},
    {"/state", {}, stp_interface},
    {"/state/counters", {}, stp_counters},
    {"openconfig-acl:acl/acl-sets/acl-set", words<"name", "type">},
    {"/acl-entries/acl-entry", words<"sequence-id">},
    {"/acl-entries/acl-entry/state", {}, acl_entry},
    {"openconfig-acl:acl/interfaces/interface", words<"id">},
    {"/ingress-acl-sets/ingress-acl-set|/egress-acl-sets/egress-acl-set",
     words<"set-name", "type">},
    {"/ingress-acl-sets/ingress-acl-set/acl-entries/acl-entry|"
     "/egress-acl-sets/egress-acl-set/acl-entries/acl-entry",
     words<"sequence-id">},
    {"/ingress-acl-sets/ingress-acl-set/acl-entries/acl-entry/state|"
     "/egress-acl-sets/egress-acl-set/acl-entries/acl-entry/state",
     {},
     acl_entry},
    {"openconfig-qos:qos/interfaces/interface", words<"interface-id">},
    {"/output/queues/queue|/input/queues/queue", words<"name">},
    {"/output/queues/queue/state|/input/queues/queue/state", {}, qos_queue},
    {"/input/classifiers/classifier|/output/classifiers/classifier", words<"type">},
    {"/input/classifiers/classifier/terms/term|/output/classifiers/classifier/terms/term",
     words<"id">},
    {"/input/classifiers/classifier/terms/term/state|"
     "/output/classifiers/classifier/terms/term/state",
     {},
     qos_term},
};

}  // namespace

constinit const YangTable yang_openconfig_network = {
    .title = "OpenConfig routing, neighbours, LACP, spanning tree, ACLs and QoS",
    .source =
        "openconfig-network-instance, -bgp, -isis, -ospfv2, -lldp, -lacp, -spanning-tree, "
        "-acl, -qos",
    .nodes = nodes,
};

}  // namespace weir
