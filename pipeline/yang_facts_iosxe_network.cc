// IOS-XE: routing, neighbours, spanning tree, VLANs, probes, wireless.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr LeafFact bgp_state = state<"fsm-idle", "fsm-connect", "fsm-active", "fsm-opensent",
                                     "fsm-openconfirm", "fsm-established", "fsm-nonnegotiated">();

constexpr YangLeaves bgp_neighbor[] = {
    {"afi-safi vrf-name neighbor-id", identifier},
    {"session-state", bgp_state},
    {"description as link", info},
    {"installed-prefixes bgp-version", gauge()},
    {"up-time last-write last-read negotiated-cap encaps-pref", text},
};

constexpr YangLeaves bgp_timers[] = {
    {"hold-time keepalive-interval", gauge("seconds")},
};

constexpr YangLeaves bgp_messages[] = {
    {"opens updates notifications keepalives route-refreshes", counter()},
};

constexpr YangLeaves bgp_queues[] = {
    {"inq-depth outq-depth", gauge()},
};

constexpr YangLeaves bgp_connection[] = {
    {"state", some_state()},
    {"mode", state<"mode-active", "mode-passive">()},
    {"total-established total-dropped", counter()},
    {"last-reset reset-reason", text},
};

constexpr YangLeaves bgp_transport[] = {
    {"path-mtu-discovery mss", gauge()},
    {"local-host foreign-host", info},
    {"local-port foreign-port", text},
};

constexpr YangLeaves bgp_prefixes[] = {
    {"current-prefixes bestpaths multipaths", gauge()},
    {"total-prefixes implicit-withdraw explicit-withdraw", counter()},
};

constexpr YangLeaves bgp_address_family[] = {
    {"afi-safi vrf-name", identifier},
    {"router-id local-as", info},
    {"bgp-table-version routing-table-version", gauge()},
    {"total-memory", gauge("bytes")},
};

constexpr YangLeaves bgp_entries[] = {
    {"total-entries", gauge()},
    {"memory-usage", gauge("bytes")},
};

constexpr YangLeaves bgp_activities[] = {
    {"prefixes paths", gauge()},
    {"scan-interval", text},
};

constexpr YangLeaves bgp_summary[] = {
    {"id", identifier},
    {"state", bgp_state},
    {"messages-received messages-sent", counter()},
    {"prefixes-received input-queue output-queue bgp-version", gauge()},
    {"table-version dynamically-configured", gauge()},
    {"as", info},
    {"up-time", text},
};

constexpr YangLeaves ospf_interface[] = {
    {"name", identifier},
    {"state", some_state()},
    {"cost hello-interval dead-interval retransmit-interval priority", gauge()},
};

constexpr YangLeaves ospf_neighbor[] = {
    {"nbr-id neighbor-id", identifier},
    {"state", some_state()},
    {"address", info},
    {"dead-timer", gauge()},
};

constexpr YangLeaves lldp_entry[] = {
    {"device-id local-interface connecting-interface", identifier},
    {"ttl", gauge("seconds")},
    {"port-vlan-id mau-type", gauge()},
};

constexpr YangLeaves lldp_interface[] = {
    {"if-name", identifier},
    {"isenabled", gauge()},
    {"tx rx", some_state()},
};

constexpr YangLeaves lldp_neighbor[] = {
    {"identifier", identifier},
    {"system-name chassis-id port-id port-desc", info},
    {"ttl age time-remaining time-since-last-update", gauge("seconds")},
    {"system-desc chassis-id-type port-id-type media-caps", text},
};

constexpr YangLeaves lldp_counters[] = {
    {"enabled", gauge()},
    {"hello-timer", gauge("seconds")},
    {"frame-in frame-out frame-error-in frame-discard tlv-discard tlv-unknown", counter()},
    {"entries-aged-out mem-failures encap-failures inqueue-overflow table-overflow", counter()},
    {"system-name chassis-id", info},
    {"system-desc chassis-id-type", text},
};

constexpr YangLeaves cdp_neighbor[] = {
    {"device-id", identifier},
    {"device-name local-intf-name port-id platform-name native-vlan mgmt-address", info},
    {"power", gauge("watts", 0.001)},
    {"version capability duplex adv-version vty-mgmt-domain vvid-tag unidirectional-mode", text},
    {"ip-address ipv6-address clns-address decnet-addr novell-addr", text},
    {"second-port-status table-id neighbor-identifier vvid", text},
};

constexpr YangLeaves stp_instance[] = {
    {"instance", identifier},
    {"topology-changes", counter()},
    {"time-of-last-topology-change", time_text},
    {"hello-time max-age forwarding-delay hold-count hold-time", gauge()},
    {"bridge-priority designated-root-priority root-port root-cost", gauge()},
    {"bridge-address designated-root-address", info},
};

constexpr YangLeaves stp_interface[] = {
    {"name", identifier},
    {"state", state<"stp-disabled", "stp-blocking", "stp-listening", "stp-learning",
                    "stp-forwarding", "stp-broken", "stp-invalid">()},
    {"role", state<"stp-master", "stp-alternate", "stp-root", "stp-designated", "stp-backup">()},
    {"cost port-priority port-num designated-cost designated-root-priority", gauge()},
    {"designated-bridge-priority designated-port-priority designated-port-num", gauge()},
    {"forward-transitions bpdu-sent bpdu-received", counter()},
    {"designated-root-address designated-bridge-address", text},
    {"link-type guard bpdu-guard bpdu-filter", text},
};

constexpr YangLeaves mac_table[] = {
    {"table-type vlan-id-number", identifier},
    {"aging-time", gauge("seconds")},
};

constexpr YangLeaves mac_entry[] = {
    {"table-type vlan-id-number mac", identifier},
    {"mat-addr-type port", info},
};

constexpr YangLeaves arp_entry[] = {
    {"address", identifier},
    {"hardware interface", info},
    {"time", time_text},
    {"enctype type mode hwtype", text},
};

constexpr YangLeaves sla_entry[] = {
    {"oper-id", identifier},
    {"latest-return-code", some_state()},
    {"success-count failure-count", counter()},
    {"latest-oper-start-time", time_text},
    {"oper-type", info},
};

constexpr YangLeaves client_traffic[] = {
    {"ms-mac-address", identifier},
    {"bytes-rx bytes-tx", counter("bytes")},
    {"pkts-rx pkts-tx data-retries rts-retries duplicate-rcv decrypt-failed", counter()},
    {"mic-mismatch mic-missing policy-errs", counter()},
    {"most-recent-rssi", gauge("dbm")},
    {"most-recent-snr speed", gauge()},
};

constexpr YangLeaves radio_load[] = {
    {"rx-util-percentage tx-util-percentage cca-util-percentage", percent()},
    {"stations", gauge()},
};

constexpr YangLeaves mdt_subscription[] = {
    {"subscription-id", identifier},
    {"state", some_state()},
    {"updates-in updates-dampened updates-dropped", counter()},
};

constexpr YangNode nodes[] = {
    {"Cisco-IOS-XE-bgp-oper:bgp-state-data/neighbors/neighbor",
     words<"afi-safi", "vrf-name", "neighbor-id">, bgp_neighbor},
    {"/negotiated-keepalive-timers", {}, bgp_timers},
    {"/bgp-neighbor-counters", {}, bgp_queues},
    {"/bgp-neighbor-counters/sent|/bgp-neighbor-counters/received", {}, bgp_messages},
    {"/connection", {}, bgp_connection},
    {"/transport", {}, bgp_transport},
    {"/prefix-activity/sent|/prefix-activity/received", {}, bgp_prefixes},
    {"Cisco-IOS-XE-bgp-oper:bgp-state-data/address-families/address-family",
     words<"afi-safi", "vrf-name">, bgp_address_family},
    {"/prefixes|/path|/as-path|/route-map|/filter-list", {}, bgp_entries},
    {"/activities", {}, bgp_activities},
    {"/bgp-neighbor-summaries/bgp-neighbor-summary", words<"id">, bgp_summary},
    {"Cisco-IOS-XE-ospf-oper:ospf-oper-data/ospf-state/ospf-instance", words<"af", "router-id">},
    {"/ospf-area", words<"area-id">},
    {"/ospf-area/ospf-interface", words<"name">, ospf_interface},
    {"/ospf-area/ospf-interface/ospf-neighbor", words<"neighbor-id">, ospf_neighbor},
    {"Cisco-IOS-XE-ospf-oper:ospf-oper-data/ospfv2-instance", words<"instance-id">},
    {"/ospfv2-area", words<"area-id">},
    {"/ospfv2-area/ospfv2-interface", words<"name">, ospf_interface},
    {"/ospfv2-area/ospfv2-interface/ospfv2-neighbor", words<"nbr-id">, ospf_neighbor},
    {"Cisco-IOS-XE-lldp-oper:lldp-entries/lldp-entry",
     words<"device-id", "local-interface", "connecting-interface">, lldp_entry},
    {"Cisco-IOS-XE-lldp-oper:lldp-entries/lldp-state-details", {}, lldp_counters},
    {"Cisco-IOS-XE-lldp-oper:lldp-entries/lldp-intf-details", words<"if-name">, lldp_interface},
    {"/lldp-neighbor-details", words<"identifier">, lldp_neighbor},
    {"Cisco-IOS-XE-cdp-oper:cdp-neighbor-details/cdp-neighbor-detail", words<"device-id">,
     cdp_neighbor},
    {"Cisco-IOS-XE-spanning-tree-oper:stp-details/stp-detail", words<"instance">, stp_instance},
    {"/interfaces/interface", words<"name">, stp_interface},
    {"Cisco-IOS-XE-vlan-oper:vlans/vlan", words<"id">},
    {"Cisco-IOS-XE-arp-oper:arp-data/arp-vrf", words<"vrf">},
    {"/arp-oper", words<"address">, arp_entry},
    {"Cisco-IOS-XE-matm-oper:matm-oper-data/matm-table", words<"table-type", "vlan-id-number">,
     mac_table},
    {"/matm-mac-entry", words<"table-type", "vlan-id-number", "mac">, mac_entry},
    {"Cisco-IOS-XE-ip-sla-oper:ip-sla-stats/sla-oper-entry", words<"oper-id">, sla_entry},
    {"Cisco-IOS-XE-mdt-oper:mdt-oper-data/mdt-subscriptions", words<"subscription-id">,
     mdt_subscription},
    {"/mdt-receivers", words<"address", "port">},
    {"Cisco-IOS-XE-wireless-client-oper:client-oper-data/common-oper-data", words<"client-mac">},
    {"Cisco-IOS-XE-wireless-client-oper:client-oper-data/dot11-oper-data", words<"ms-mac-address">},
    {"Cisco-IOS-XE-wireless-client-oper:client-oper-data/traffic-stats", words<"ms-mac-address">,
     client_traffic},
    {"Cisco-IOS-XE-wireless-access-point-oper:access-point-oper-data/radio-oper-data",
     words<"wtp-mac", "radio-slot-id">},
    {"Cisco-IOS-XE-wireless-access-point-oper:access-point-oper-data/radio-oper-stats",
     words<"ap-mac", "slot-id">},
    {"Cisco-IOS-XE-wireless-access-point-oper:access-point-oper-data/capwap-data",
     words<"wtp-mac">},
    {"Cisco-IOS-XE-wireless-access-point-oper:access-point-oper-data/ap-name-mac-map",
     words<"wtp-name">},
    {"Cisco-IOS-XE-wireless-rrm-oper:rrm-oper-data/rrm-measurement",
     words<"wtp-mac", "radio-slot-id">},
    {"/load", {}, radio_load},
};

}  // namespace

constinit const YangTable yang_iosxe_network = {
    .title = "IOS-XE routing, neighbours, spanning tree, probes and wireless",
    .source =
        "Cisco-IOS-XE-bgp-oper, -ospf-oper, -lldp-oper, -cdp-oper, -spanning-tree-oper, "
        "-vlan-oper, -arp-oper, -matm-oper, -ip-sla-oper, -mdt-oper, "
        "-wireless-client-oper, -wireless-access-point-oper, -wireless-rrm-oper",
    .nodes = nodes,
};

}  // namespace weir
