// IOS-XR: interfaces and the device itself.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr YangLeaves generic_counters[] = {
    {"bytes-received bytes-sent", counter("bytes")},
    {"packets-received packets-sent", counter()},
    {"multicast-packets-received multicast-packets-sent", counter()},
    {"broadcast-packets-received broadcast-packets-sent", counter()},
    {"input-drops input-queue-drops input-errors input-ignored-packets", counter()},
    {"output-drops output-queue-drops output-errors", counter()},
    {"unknown-protocol-packets-received runt-packets-received giant-packets-received", counter()},
    {"throttled-packets-received parity-packets-received crc-errors", counter()},
    {"input-overruns input-aborts framing-errors-received", counter()},
    {"output-underruns output-buffer-failures output-buffers-swapped-out", counter()},
    {"applique resets carrier-transitions", counter()},
    {"availability-flag", gauge()},
    {"last-data-time last-discontinuity-time", time_s},
    {"seconds-since-last-clear-counters", gauge_or_none("seconds")},
    {"seconds-since-packet-received seconds-since-packet-sent", gauge_or_none("seconds")},
};

// In kbit/s and packets a second.
constexpr YangLeaves data_rate[] = {
    {"input-data-rate output-data-rate bandwidth", gauge("bits_per_second", 1000)},
    {"peak-input-data-rate peak-output-data-rate", gauge("bits_per_second", 1000)},
    {"input-packet-rate output-packet-rate", gauge("packets_per_second")},
    {"peak-input-packet-rate peak-output-packet-rate", gauge("packets_per_second")},
    {"input-load output-load reliability", gauge()},
    {"load-interval", gauge()},
};

// An interface's state as the interface manager words it, those that a running device shows.
constexpr LeafFact im_state = state<"im-state-not-ready", "im-state-admin-down", "im-state-down",
                                    "im-state-up", "im-state-shutdown", "im-state-err-disable">();

constexpr YangLeaves interface[] = {
    {"interface-name", identifier},
    {"state line-state actual-state actual-line-state", im_state},
    {"description interface-type encapsulation-type-string hardware-type-string", info},
    {"mtu", gauge("bytes")},
    {"bandwidth max-bandwidth speed", gauge("bits_per_second", 1000)},
    {"state-transition-count", counter()},
    {"last-state-transition-time keepalive", gauge_or_none("seconds")},
    {"is-l2-transport-enabled is-dampening-enabled is-l2-looped is-intf-logical", gauge()},
    {"is-maintenance-enabled is-data-inverted fast-shutdown crc-length if-index", gauge()},
    {"is-scramble-enabled", gauge()},
    {"duplexity loopback-configuration", some_state()},
    {"interface-handle parent-interface-name encapsulation media-type link-type", text},
    {"in-flow-control out-flow-control transport-mode", text},
};

constexpr YangLeaves ethernet_statistics[] = {
    {"received-total-bytes received-good-bytes", counter("bytes")},
    {"transmitted-total-bytes transmitted-good-bytes", counter("bytes")},
    {"received-total-frames received-good-frames received8021q-frames", counter()},
    {"received-pause-frames received-unknown-opcodes", counter()},
    {"received-total64-octet-frames received-total-octet-frames-from65-to127", counter()},
    {"received-total-octet-frames-from128-to255", counter()},
    {"received-total-octet-frames-from256-to511", counter()},
    {"received-total-octet-frames-from512-to1023", counter()},
    {"received-total-octet-frames-from1024-to1518", counter()},
    {"received-total-octet-frames-from1519-to-max", counter()},
    {"transmitted-total-frames transmitted-good-frames transmitted8021q-frames", counter()},
    {"transmitted-total-pause-frames", counter()},
};

constexpr YangLeaves optics_info[] = {
    {"transmit-power receive-power", gauge("dbm", 0.01)},
    {"temperature", gauge("celsius", 0.01)},
    {"optics-type derived-optics-type optics-form", info},
    {"transport-admin-state controller-state laser-state led-state", some_state()},
    {"optics-present", gauge()},
};

constexpr YangLeaves optics_lane[] = {
    {"lane-index", identifier},
    {"transmit-power receive-power", gauge("dbm", 0.01)},
    {"laser-bias-current-percent", percent()},
    {"laser-bias-current-milli-amps", gauge("amperes", 1e-5)},
};

constexpr YangLeaves cpu[] = {
    {"node-name", identifier},
    {"total-cpu-one-minute total-cpu-five-minute total-cpu-fifteen-minute", percent()},
};

constexpr YangLeaves process_cpu[] = {
    {"process-id process-name", identifier},
    {"process-cpu-one-minute process-cpu-five-minute", percent()},
    {"process-cpu-fifteen-minute", percent()},
};

constexpr YangLeaves memory_summary[] = {
    {"page-size ram-memory free-physical-memory system-ram-memory", gauge("bytes")},
    {"free-application-memory image-memory boot-ram-size reserved-memory", gauge("bytes")},
    {"io-memory flash-system", gauge("bytes")},
};

constexpr YangLeaves process_memory[] = {
    {"process-id", identifier},
    {"name", info},
    {"jid", text},
    {"text-seg-size data-seg-size stack-seg-size malloc-size", gauge()},
};

constexpr YangLeaves np_counter[] = {
    {"counter-index counter-name", identifier},
    {"counter-value", counter()},
    {"rate", gauge()},
    {"counter-type", text},
};

constexpr YangLeaves uptime[] = {
    {"host-name", info},
    {"uptime", gauge("seconds")},
};

// The sensors of ASR 9000's administration plane: blanks around numbers, and values as text.
constexpr YangLeaves sensor[] = {
    {"sensor_id", identifier},
    {"value temperature-value", gauge()},
};

constexpr YangNode nodes[] = {
    {"Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface",
     words<"interface-name">},
    {"/latest/generic-counters|/total/generic-counters|/cache/generic-counters|/generic-counters",
     {},
     generic_counters},
    {"/latest/data-rate|/total/data-rate|/cache/data-rate|/data-rate", {}, data_rate},
    {"Cisco-IOS-XR-pfi-im-cmd-oper:interfaces/interface-xr/interface|"
     "Cisco-IOS-XR-pfi-im-cmd-oper:interfaces/interface-briefs/interface-brief",
     words<"interface-name">, interface},
    {"/interface-statistics/full-interface-stats", {}, generic_counters},
    {"/data-rates", {}, data_rate},
    {"Cisco-IOS-XR-drivers-media-eth-oper:ethernet-interface/statistics/statistic",
     words<"interface-name">, ethernet_statistics},
    {"Cisco-IOS-XR-drivers-media-eth-oper:ethernet-interface/interfaces/interface",
     words<"interface-name">},
    {"Cisco-IOS-XR-controller-optics-oper:optics-oper/optics-ports/optics-port", words<"name">},
    {"/optics-info", {}, optics_info},
    {"/optics-info/lane-data", words<"lane-index">, optics_lane},
    {"Cisco-IOS-XR-wdsysmon-fd-oper:system-monitoring/cpu-utilization", words<"node-name">, cpu},
    {"/process-cpu", words<"process-id">, process_cpu},
    {"Cisco-IOS-XR-nto-misc-oper:memory-summary/nodes/node", words<"node-name">},
    {"/summary|/detail", {}, memory_summary},
    {"Cisco-IOS-XR-procmem-oper:processes-memory/nodes/node", words<"node-name">},
    {"/process-ids/process-id", words<"process-id">, process_memory},
    {"Cisco-IOS-XR-asr9k-np-oper:hardware-module-np/nodes/node", words<"node-name">},
    {"/nps/np", words<"np-name">},
    {"/nps/np/counters/np-counter", words<"counter-name">, np_counter},
    {"Cisco-IOS-XR-shellutil-oper:system-time/uptime", {}, uptime},
    {"Cisco-IOS-XR-sysadmin-asr9k-envmon-ui:environment/oper/temperatures/location|"
     "Cisco-IOS-XR-sysadmin-asr9k-envmon-ui:environment/oper/voltages/location|"
     "Cisco-IOS-XR-sysadmin-asr9k-envmon-ui:environment/oper/current/location|"
     "Cisco-IOS-XR-sysadmin-asr9k-envmon-ui:environment/oper/fan/location|"
     "Cisco-IOS-XR-sysadmin-asr9k-envmon-ui:environment/oper/power/location",
     words<"location">},
    {"/sensor_attributes", words<"sensor_id">, sensor},
};

}  // namespace

constinit const YangTable yang_iosxr = {
    .title = "IOS-XR interfaces and device",
    .source =
        "Cisco-IOS-XR-infra-statsd-oper, -pfi-im-cmd-oper, -drivers-media-eth-oper, "
        "-controller-optics-oper, -wdsysmon-fd-oper, -nto-misc-oper, -procmem-oper, "
        "-asr9k-np-oper, -shellutil-oper, -sysadmin-asr9k-envmon-ui",
    .nodes = nodes,
};

}  // namespace weir
