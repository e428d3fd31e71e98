#include "pipeline/network_interface.h"

#include "pipeline/yang_table.h"

#include <iterator>

namespace weir {

namespace {

using yang::words;

// The family, by what it measures; the same help for every model.
constexpr NetworkInterfaceMetric receive_bytes = {.name = "network_interface_receive_bytes_total",
                                                  .unit = "bytes",
                                                  .help = "Bytes received on the interface"};
constexpr NetworkInterfaceMetric transmit_bytes = {.name = "network_interface_transmit_bytes_total",
                                                   .unit = "bytes",
                                                   .help = "Bytes sent on the interface"};
constexpr NetworkInterfaceMetric receive_packets = {
    .name = "network_interface_receive_packets_total", .help = "Packets received, of all kinds"};
constexpr NetworkInterfaceMetric transmit_packets = {
    .name = "network_interface_transmit_packets_total", .help = "Packets sent, of all kinds"};
constexpr NetworkInterfaceMetric receive_unicast = {
    .name = "network_interface_receive_unicast_packets_total", .help = "Unicast packets received"};
constexpr NetworkInterfaceMetric transmit_unicast = {
    .name = "network_interface_transmit_unicast_packets_total", .help = "Unicast packets sent"};
constexpr NetworkInterfaceMetric receive_multicast = {
    .name = "network_interface_receive_multicast_packets_total",
    .help = "Multicast packets received"};
constexpr NetworkInterfaceMetric transmit_multicast = {
    .name = "network_interface_transmit_multicast_packets_total", .help = "Multicast packets sent"};
constexpr NetworkInterfaceMetric receive_broadcast = {
    .name = "network_interface_receive_broadcast_packets_total",
    .help = "Broadcast packets received"};
constexpr NetworkInterfaceMetric transmit_broadcast = {
    .name = "network_interface_transmit_broadcast_packets_total", .help = "Broadcast packets sent"};
constexpr NetworkInterfaceMetric receive_errors = {.name = "network_interface_receive_errors_total",
                                                   .help = "Received packets that had errors"};
constexpr NetworkInterfaceMetric transmit_errors = {
    .name = "network_interface_transmit_errors_total",
    .help = "Packets not sent because of errors"};
constexpr NetworkInterfaceMetric receive_discards = {
    .name = "network_interface_receive_discards_total",
    .help = "Received packets without errors that were dropped"};
constexpr NetworkInterfaceMetric transmit_discards = {
    .name = "network_interface_transmit_discards_total",
    .help = "Packets without errors that were dropped instead of sent"};
constexpr NetworkInterfaceMetric carrier_changes = {
    .name = "network_interface_carrier_changes_total",
    .help = "How often the interface went up or down"};

constexpr NetworkInterfaceMetric up(std::span<const std::string_view> words_for_up) {
    return {.name = "network_interface_up",
            .type = MetricType::gauge,
            .help = "1: the interface passes packets",
            .true_words = words_for_up};
}

constexpr NetworkInterfaceMetric admin_up(std::span<const std::string_view> words_for_up) {
    return {.name = "network_interface_admin_up",
            .type = MetricType::gauge,
            .help = "1: the interface is meant to pass packets",
            .true_words = words_for_up};
}

constexpr std::string_view openconfig = "openconfig-interfaces:interfaces/interface/state/counters";
constexpr std::string_view iosxe = "Cisco-IOS-XE-interfaces-oper:interfaces/interface/statistics";
constexpr std::string_view ietf =
    "ietf-interfaces:interfaces-state/interface/statistics|"
    "ietf-interfaces:interfaces/interface/statistics";
constexpr std::string_view iosxr =
    "Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/latest/generic-counters";
constexpr std::string_view nxos_show = "nxos_show:show interface";
constexpr std::string_view nxos_hc_in = "nxos_dme:rmonIfHCIn|Cisco-NX-OS-device:*/dbgIfHCIn-items";
constexpr std::string_view nxos_hc_out =
    "nxos_dme:rmonIfHCOut|Cisco-NX-OS-device:*/dbgIfHCOut-items";
constexpr std::string_view nxos_in = "nxos_dme:rmonIfIn|Cisco-NX-OS-device:*/dbgIfIn-items";
constexpr std::string_view nxos_out = "nxos_dme:rmonIfOut|Cisco-NX-OS-device:*/dbgIfOut-items";

// Where a model has one thing twice only one of the two is here: two leaves of one row must not
// be two samples of one series. Of IOS-XE that is the 64-bit leaf, since 32 bits of bytes are
// gone in seconds; of NX-OS the HC class.
constexpr NetworkInterfaceSource rows[] = {
    {openconfig, "in-octets", receive_bytes},
    {openconfig, "out-octets", transmit_bytes},
    {openconfig, "in-unicast-pkts", receive_unicast},
    {openconfig, "out-unicast-pkts", transmit_unicast},
    {openconfig, "in-multicast-pkts", receive_multicast},
    {openconfig, "out-multicast-pkts", transmit_multicast},
    {openconfig, "in-broadcast-pkts", receive_broadcast},
    {openconfig, "out-broadcast-pkts", transmit_broadcast},
    {openconfig, "in-errors", receive_errors},
    {openconfig, "out-errors", transmit_errors},
    {openconfig, "in-discards", receive_discards},
    {openconfig, "out-discards", transmit_discards},
    {openconfig, "in-pkts", receive_packets},
    {openconfig, "out-pkts", transmit_packets},
    {openconfig, "carrier-transitions", carrier_changes},
    {"openconfig-interfaces:interfaces/interface/state", "oper-status", up(words<"UP">)},
    {"openconfig-interfaces:interfaces/interface/state", "admin-status", admin_up(words<"UP">)},
    {iosxe, "in-octets", receive_bytes},
    {iosxe, "out-octets-64", transmit_bytes},
    {iosxe, "in-unicast-pkts", receive_unicast},
    {iosxe, "out-unicast-pkts", transmit_unicast},
    {iosxe, "in-multicast-pkts", receive_multicast},
    {iosxe, "out-multicast-pkts", transmit_multicast},
    {iosxe, "in-broadcast-pkts", receive_broadcast},
    {iosxe, "out-broadcast-pkts", transmit_broadcast},
    {iosxe, "in-errors", receive_errors},
    {iosxe, "out-errors", transmit_errors},
    {iosxe, "in-discards", receive_discards},
    {iosxe, "out-discards", transmit_discards},
    {iosxe, "num-flaps", carrier_changes},
    {"Cisco-IOS-XE-interfaces-oper:interfaces/interface", "oper-status",
     up(words<"if-oper-state-ready">)},
    {"Cisco-IOS-XE-interfaces-oper:interfaces/interface", "admin-status",
     admin_up(words<"if-state-up">)},
    {ietf, "in-octets", receive_bytes},
    {ietf, "out-octets", transmit_bytes},
    {ietf, "in-unicast-pkts", receive_unicast},
    {ietf, "out-unicast-pkts", transmit_unicast},
    {ietf, "in-multicast-pkts", receive_multicast},
    {ietf, "out-multicast-pkts", transmit_multicast},
    {ietf, "in-broadcast-pkts", receive_broadcast},
    {ietf, "out-broadcast-pkts", transmit_broadcast},
    {ietf, "in-errors", receive_errors},
    {ietf, "out-errors", transmit_errors},
    {ietf, "in-discards", receive_discards},
    {ietf, "out-discards", transmit_discards},
    {"ietf-interfaces:interfaces-state/interface|ietf-interfaces:interfaces/interface",
     "oper-status", up(words<"up">)},
    {"ietf-interfaces:interfaces-state/interface|ietf-interfaces:interfaces/interface",
     "admin-status", admin_up(words<"up">)},
    {iosxr, "bytes-received", receive_bytes},
    {iosxr, "bytes-sent", transmit_bytes},
    {iosxr, "packets-received", receive_packets},
    {iosxr, "packets-sent", transmit_packets},
    {iosxr, "multicast-packets-received", receive_multicast},
    {iosxr, "multicast-packets-sent", transmit_multicast},
    {iosxr, "broadcast-packets-received", receive_broadcast},
    {iosxr, "broadcast-packets-sent", transmit_broadcast},
    {iosxr, "input-errors", receive_errors},
    {iosxr, "output-errors", transmit_errors},
    {iosxr, "input-drops", receive_discards},
    {iosxr, "output-drops", transmit_discards},
    {iosxr, "carrier-transitions", carrier_changes},
    {"Cisco-IOS-XR-pfi-im-cmd-oper:interfaces/interface-xr/interface", "line-state",
     up(words<"im-state-up">)},
    {nxos_hc_in, "octets", receive_bytes},
    {nxos_hc_in, "ucastPkts", receive_unicast},
    {nxos_hc_in, "multicastPkts", receive_multicast},
    {nxos_hc_in, "broadcastPkts", receive_broadcast},
    {nxos_in, "errors", receive_errors},
    {nxos_in, "discards", receive_discards},
    {nxos_hc_out, "octets", transmit_bytes},
    {nxos_hc_out, "ucastPkts", transmit_unicast},
    {nxos_hc_out, "multicastPkts", transmit_multicast},
    {nxos_hc_out, "broadcastPkts", transmit_broadcast},
    {nxos_out, "errors", transmit_errors},
    {nxos_out, "discards", transmit_discards},
    {"nxos_dme:ethpmPhysIf|Cisco-NX-OS-device:*/phys-items", "operSt", up(words<"up">)},
    {"nxos_dme:l1PhysIf|Cisco-NX-OS-device:*/PhysIf-list", "adminSt", admin_up(words<"up">)},
    {nxos_show, "eth_inbytes", receive_bytes},
    {nxos_show, "eth_outbytes", transmit_bytes},
    {nxos_show, "eth_inpkts", receive_packets},
    {nxos_show, "eth_outpkts", transmit_packets},
    {nxos_show, "eth_inucast", receive_unicast},
    {nxos_show, "eth_outucast", transmit_unicast},
    {nxos_show, "eth_inmcast", receive_multicast},
    {nxos_show, "eth_outmcast", transmit_multicast},
    {nxos_show, "eth_inbcast", receive_broadcast},
    {nxos_show, "eth_outbcast", transmit_broadcast},
    {nxos_show, "eth_inerr", receive_errors},
    {nxos_show, "eth_outerr", transmit_errors},
    {nxos_show, "eth_indiscard", receive_discards},
    {nxos_show, "eth_outdiscard", transmit_discards},
    {nxos_show, "state", up(words<"up">)},
    {nxos_show, "admin_state", admin_up(words<"up">)},
};

bool is_at(std::string_view parents, std::string_view path) {
    while (!parents.empty()) {
        const std::size_t end = std::min(parents.find('|'), parents.size());
        const std::string_view parent = parents.substr(0, end);
        const std::size_t any = parent.find(":*/");
        if (parent == path ||
            (any != std::string_view::npos && path.starts_with(parent.substr(0, any + 1)) &&
             path.ends_with(parent.substr(any + 2)))) {
            return true;
        }
        parents.remove_prefix(std::min(end + 1, parents.size()));
    }
    return false;
}

}  // namespace

std::span<const NetworkInterfaceSource> network_interface_sources() {
    return rows;
}

const NetworkInterfaceMetric* network_interface_metric(std::string_view leaf_path) {
    const std::size_t slash = leaf_path.rfind('/');
    if (slash == std::string_view::npos) {
        return nullptr;
    }
    for (const NetworkInterfaceSource& row : rows) {
        if (row.leaf == leaf_path.substr(slash + 1) &&
            is_at(row.parents, leaf_path.substr(0, slash))) {
            return &row.metric;
        }
    }
    return nullptr;
}

}  // namespace weir
