// IOS-XE: interfaces.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr YangLeaves interface[] = {
    {"name", identifier},
    {"interface-type description vrf ipv4 phys-address bia-address", info},
    {"admin-status", state<"if-state-unknown", "if-state-up", "if-state-down", "if-state-test">()},
    {"oper-status", state<"if-oper-state-invalid", "if-oper-state-ready", "if-oper-state-no-pass",
                          "if-oper-state-test", "if-oper-state-unknown", "if-oper-state-dormant",
                          "if-oper-state-not-present", "if-oper-state-lower-layer-down">()},
    {"last-change", time_text},
    {"if-index mtu ipv4-tcp-adjust-mss ipv6-tcp-adjust-mss", gauge()},
    {"speed speed-64", gauge("bits_per_second")},
    {"higher-layer-if lower-layer-if ipv4-subnet-mask ipv6-addrs", text},
    {"input-security-acl output-security-acl", text},
};

constexpr YangLeaves statistics[] = {
    {"discontinuity-time", time_text},
    {"in-octets in-octets-64 out-octets out-octets-64", counter("bytes")},
    {"in-unicast-pkts in-broadcast-pkts in-multicast-pkts", counter()},
    {"in-discards in-errors in-unknown-protos", counter()},
    {"in-discards-64 in-errors-64 in-unknown-protos-64", counter()},
    {"out-unicast-pkts out-broadcast-pkts out-multicast-pkts", counter()},
    {"out-discards out-errors num-flaps in-crc-errors", counter()},
    {"rx-pps rx-kbps tx-pps tx-kbps", gauge()},
};

constexpr YangLeaves ether_state[] = {
    {"negotiated-duplex-mode",
     state<"full-duplex", "half-duplex", "auto-duplex", "unknown-duplex">()},
    {"negotiated-port-speed", some_state()},
    {"auto-negotiate enable-flow-control", gauge()},
    {"media-type", info},
};

constexpr YangLeaves ether_stats[] = {
    {"in-mac-control-frames in-mac-pause-frames in-oversize-frames in-jabber-frames", counter()},
    {"in-fragment-frames in-8021q-frames out-mac-control-frames out-mac-pause-frames", counter()},
    {"out-8021q-frames", counter()},
};

constexpr YangLeaves dot3_counters[] = {
    {"dot3-alignment-errors dot3-fcs-errors dot3-single-collision-frames", counter()},
    {"dot3-multiple-collision-frames dot3-sqe-test-errors dot3-deferred-transmissions", counter()},
    {"dot3-late-collisions dot3-excessive-collisions", counter()},
    {"dot3-internal-mac-transmit-errors dot3-internal-mac-receive-errors", counter()},
    {"dot3-carrier-sense-errors dot3-frame-too-longs dot3-symbol-errors", counter()},
    {"dot3-hc-alignment-errors dot3-hc-fcs-errors dot3-hc-frame-too-longs", counter()},
    {"dot3-hc-inpause-frames dot3-hc-outpause-frames dot3-hc-symbol-errors", counter()},
    {"dot3-hc-internal-mac-transmit-errors dot3-hc-internal-mac-receive-errors", counter()},
    {"dot3-duplex-status", gauge()},  // 1 unknown, 2 half, 3 full (RFC 3635)
};

constexpr YangLeaves extended_state[] = {
    {"error-type port-error-reason", some_state()},
    {"auto-mdix-enabled mdix-oper-status-enabled fec-enabled mgig-downshift-enabled", gauge()},
};

constexpr YangLeaves storm_control[] = {
    {"filter-state", state<"inactive", "link-down", "blocking", "forwarding">()},
};

constexpr YangLeaves storm_rate[] = {
    {"bandwidth", percent()},
    {"bps", gauge("bits_per_second")},
    {"pps", gauge("packets_per_second")},
};

constexpr YangLeaves classified[] = {
    {"classified-pkts", counter()},
    {"classified-bytes", counter("bytes")},
    {"classified-rate", gauge("bits_per_second")},
};

constexpr YangLeaves queuing[] = {
    {"output-pkts drop-pkts", counter()},
    {"output-bytes drop-bytes", counter("bytes")},
    {"queue-size-pkts", gauge()},
    {"queue-size-bytes", gauge("bytes")},
};

constexpr YangLeaves protocol_stats[] = {
    {"in-octets out-octets in-forwarded-octets out-forwarded-octets", counter("bytes")},
    {"in-pkts out-pkts in-error-pkts out-error-pkts", counter()},
    {"in-forwarded-pkts out-forwarded-pkts in-discarded-pkts out-discarded-pkts", counter()},
};

constexpr YangLeaves meter[] = {
    {"meter-id", identifier},
    {"meter-succeed-pkts meter-failed-pkts", counter()},
    {"meter-succeed-bytes meter-failed-bytes", counter("bytes")},
};

constexpr YangLeaves lag[] = {
    {"aggregate-id", identifier},
    {"lag-type", state<"lag-off", "lag-auto", "lag-active", "lag-passive">()},
    {"min-links lag-speed", gauge()},
    {"members", text},
};

constexpr YangNode nodes[] = {
    {"Cisco-IOS-XE-interfaces-oper:interfaces/interface", words<"name">, interface},
    {"/statistics", {}, statistics},
    {"/ether-state", {}, ether_state},
    {"/ether-stats", {}, ether_stats},
    {"/ether-stats/dot3-counters/dot3-error-counters-v2", {}, dot3_counters},
    {"/v4-protocol-stats|/v6-protocol-stats", {}, protocol_stats},
    {"/intf-ext-state", {}, extended_state},
    {"/storm-control/broadcast|/storm-control/multicast|/storm-control/unicast|"
     "/storm-control/unknown-unicast",
     {},
     storm_control},
    {"/storm-control/broadcast/current-rate|/storm-control/multicast/current-rate|"
     "/storm-control/unicast/current-rate|/storm-control/unknown-unicast/current-rate",
     {},
     storm_rate},
    {"/lag-aggregate-state", words<"aggregate-id">, lag},
    {"/diffserv-info", words<"direction", "policy-name">},
    {"/diffserv-info/diffserv-target-classifier-stats",
     words<"classifier-entry-name", "parent-path">},
    {"/diffserv-info/diffserv-target-classifier-stats/classifier-entry-stats", {}, classified},
    {"/diffserv-info/diffserv-target-classifier-stats/queuing-stats", {}, queuing},
    {"/diffserv-info/diffserv-target-classifier-stats/meter-stats", words<"meter-id">, meter},
    {"/diffserv-info/priority-oper-list", words<"priority-level">},
    {"/diffserv-info/priority-oper-list/agg-priority-stats", {}, queuing},
};

}  // namespace

constinit const YangTable yang_iosxe = {
    .title = "IOS-XE interfaces",
    .source = "Cisco-IOS-XE-interfaces-oper",
    .nodes = nodes,
};

}  // namespace weir
