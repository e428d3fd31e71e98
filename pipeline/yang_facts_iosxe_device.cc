// IOS-XE: processors, memory, sensors, power, the stack, transceivers.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr double kibibyte = 1024;

constexpr YangLeaves cpu[] = {
    {"five-seconds five-seconds-intr one-minute five-minutes", percent()},
};

constexpr YangLeaves cpu_process[] = {
    {"pid name", identifier},
    {"five-seconds one-minute five-minutes", percent()},
    {"total-run-time", counter("seconds", 0.001)},
    {"invocation-count", counter()},
    {"avg-run-time", gauge("seconds", 1e-6)},
    {"tty", text},
};

constexpr YangLeaves memory_pool[] = {
    {"name", identifier},
    {"total-memory used-memory free-memory lowest-usage highest-usage", gauge("bytes")},
};

constexpr YangLeaves control_process[] = {
    {"fru slot bay chassis", identifier},
    {"control-process-status", some_state()},
    {"high-availability-state chassis-state", some_state()},
    {"updated", gauge("seconds")},
};

constexpr YangLeaves platform_memory[] = {
    {"total used-number free-number available-number committed-number", gauge("bytes", kibibyte)},
    {"used-percent free-percent available-percent committed-percent", percent()},
    {"memory-status", some_state()},
};

constexpr YangLeaves thresholds[] = {
    {"warning-threshold-percent critical-threshold-percent", percent()},
};

constexpr YangLeaves load_average[] = {
    {"number", identifier},
    {"average", gauge()},
};

constexpr YangLeaves core[] = {
    {"name", identifier},
    {"user system nice idle irq sirq io-wait", percent()},
};

constexpr YangLeaves partition[] = {
    {"name", identifier},
    {"total-size used-size", gauge("bytes", kibibyte)},
    {"used-percent", percent()},
    {"disk-status", state<"critical", "warning", "healthy">()},
    {"is-primary is-writable", gauge()},
};

constexpr YangLeaves image_file[] = {
    {"full-path", identifier},
    {"file-size", gauge("bytes")},
    {"sha1sum", text},
};

constexpr YangLeaves process_usage[] = {
    {"pid", identifier},
    {"name", info},
    {"total-run-time", counter("seconds")},
    {"five-seconds allocated-memory-percent", percent()},
    {"allocated-memory", gauge("bytes", kibibyte)},
};

// A reading's unit is in a leaf beside it.
constexpr YangLeaves environment_sensor[] = {
    {"name location", identifier},
    {"current-reading", gauge()},
    {"low-critical-threshold low-normal-threshold", gauge()},
    {"high-normal-threshold high-critical-threshold", gauge()},
    {"sensor-units sensor-name", info},
    {"state", some_state()},
};

constexpr YangLeaves poe_port[] = {
    {"intf-name", identifier},
    {"poe-intf-enabled device-detected police four-pair-poe-supported", gauge()},
    {"four-pair-poe-enabled fast-poe-enabled perpetual-poe-enabled", gauge()},
    {"upoe-plus-enabled post-done", gauge()},
    {"power-used power-admin-max power-from-pse power-to-pd", gauge("watts")},
    {"power-consumption max-power-drawn oper-power cutoff-power-police", gauge("watts")},
    {"over-current-counter short-current-counter power-denied-counter", counter()},
    {"oper-state", some_state()},
    {"admin-state",
     state<"admin-state-null", "admin-state-off", "admin-state-auto", "admin-state-static">()},
    {"pd-class device-name", info},
    {"admin-police oper-police power-negotiation-used four-pair-pd-arch", text},
    {"conn-type discovery oper-priority", text},
    {"module-id chassis-num", gauge()},
};

constexpr YangLeaves poe_stack[] = {
    {"power-stack-name", identifier},
    {"total-power rsvd-power alloc-power unused-power", gauge("watts")},
    {"num-sw num-ps", gauge()},
    {"mode topolgy", info},
};

constexpr YangLeaves poe_switch[] = {
    {"switch-num", identifier},
    {"power-budget power-allocated consumed-switch-power consumed-high-power", gauge("watts")},
    {"consumed-low-power allocated-high-power allocated-low-power ps-a ps-b", gauge("watts")},
    {"available-power consumed-system-power consumed-poe-power", gauge("watts")},
    {"low-port-priority high-port-priority switch-priority", gauge()},
    {"port-one-status port-two-status", some_state()},
    {"power-stack-name", info},
    {"neighbor-on-port-one neighbor-on-port-two", text},
};

constexpr YangLeaves system_data[] = {
    {"current-time boot-time", time_text},
    {"software-version rommon-version last-reboot-reason", info},
    {"reason-severity", state<"normal", "abnormal">()},
};

constexpr YangLeaves inventory[] = {
    {"hw-type hw-dev-index", identifier},
    {"version part-number serial-number hw-description dev-name hw-class", info},
    {"field-replaceable", gauge()},
};

constexpr YangLeaves alarm[] = {
    {"alarm-id alarm-instance", identifier},
    {"alarm-name alarm-category alarm-description", info},
    {"alarm-time", time_text},
};

constexpr YangLeaves entity[] = {
    {"fru slotnum baynum chassisnum", identifier},
    {"status",
     state<"module-status-invalid", "module-status-unknown", "module-status-booting",
           "module-status-online", "module-status-disabled", "module-status-failed",
           "module-status-removed", "module-status-stopped", "module-status-incompatible",
           "module-status-cpld-failed", "module-status-actrpcpldfailed", "module-status-mdr">()},
    {"high-availability-state chassis-state",
     state<"ha-role-active", "ha-role-standby", "ha-role-unknown">()},
    {"description", info},
    {"status-last-change", time_text},
    {"physical-index", gauge()},
};

constexpr YangLeaves stack_node[] = {
    {"chassis-number", identifier},
    {"role", state<"role-unknown", "role-active", "role-standby", "role-member">()},
    {"node-state", some_state()},
    {"stack-mode serial-number mac-address", info},
    {"priority sso-ready-flag", gauge()},
    {"interface-mtu", gauge("bytes")},
    {"latency", gauge("seconds", 1e-9)},
    {"reload-reason", text},
};

constexpr YangLeaves stack_keepalive[] = {
    {"sent received sent-failure receive-failure", counter()},
    {"consecutive-losses", gauge()},
};

constexpr YangLeaves stack_port[] = {
    {"port-num", identifier},
    {"port-state", state<"link-down", "link-up", "link-no-cable">()},
    {"switch-nbr-port", gauge()},
    {"sp-stats-time", time_text},
};

constexpr YangLeaves stack_port_stats[] = {
    {"rac-inserted rac-copied", counter("bytes")},
    {"rac-data-crc-err rac-invalid-ringword-err rac-pcs-codeword-err rac-rwcrc-err", counter()},
};

constexpr YangLeaves transceiver[] = {
    {"name", identifier},
    {"enabled present fault-condition", gauge()},
    {"identifier connector ethernet-pmd vendor vendor-part vendor-rev serial-no", info},
    {"internal-temp", gauge("celsius")},
    {"last-event-time", time_text},
    {"fault-reason", some_state()},
    {"date sonet otn", text},
};

constexpr YangLeaves transceiver_channel[] = {
    {"index", identifier},
    {"tx-laser", gauge()},
    {"target-output-power", gauge("dbm")},
    {"output-frequency", gauge("hertz", 1e6)},
    {"description", text},
};

constexpr YangLeaves dbm_statistics[] = {
    {"instant avg max min", gauge("dbm")},
};

constexpr YangLeaves ampere_statistics[] = {
    {"instant avg max min", gauge("amperes", 0.001)},
};

constexpr YangNode nodes[] = {
    {"Cisco-IOS-XE-process-cpu-oper:cpu-usage/cpu-utilization", {}, cpu},
    {"/cpu-usage-processes/cpu-usage-process", words<"pid", "name">, cpu_process},
    {"Cisco-IOS-XE-memory-oper:memory-statistics/memory-statistic", words<"name">, memory_pool},
    {"Cisco-IOS-XE-platform-software-oper:cisco-platform-software/control-processes/"
     "control-process",
     words<"fru", "slot", "bay", "chassis">, control_process},
    {"/memory-stats", {}, platform_memory},
    {"/memory-stats/status", {}, thresholds},
    {"/load-avg-minutes/load-avg-minute", words<"number">, load_average},
    {"/per-core-stats/per-core-stat", words<"name">, core},
    {"Cisco-IOS-XE-platform-software-oper:cisco-platform-software/q-filesystem",
     words<"fru", "slot", "bay", "chassis">},
    {"/partitions", words<"name">, partition},
    {"/partitions/thresholds", {}, thresholds},
    {"/core-files", words<"filename">},
    {"/image-files", words<"full-path">, image_file},
    {"Cisco-IOS-XE-platform-software-oper:cisco-platform-software/system-usages/system-usage",
     words<"fru", "slot", "bay", "chassis">},
    {"/process-system-usages/process-system-usage", words<"pid">, process_usage},
    {"Cisco-IOS-XE-environment-oper:environment-sensors/environment-sensor",
     words<"name", "location">, environment_sensor},
    {"Cisco-IOS-XE-poe-oper:poe-oper-data/poe-port|"
     "Cisco-IOS-XE-poe-oper:poe-oper-data/poe-port-detail",
     words<"intf-name">, poe_port},
    {"Cisco-IOS-XE-poe-oper:poe-oper-data/poe-module", words<"module">},
    {"Cisco-IOS-XE-poe-oper:poe-oper-data/poe-stack", words<"power-stack-name">, poe_stack},
    {"Cisco-IOS-XE-poe-oper:poe-oper-data/poe-switch", words<"switch-num">, poe_switch},
    {"Cisco-IOS-XE-device-hardware-oper:device-hardware-data/device-hardware/device-system-data",
     {},
     system_data},
    {"Cisco-IOS-XE-device-hardware-oper:device-hardware-data/device-hardware/device-inventory",
     words<"hw-type", "hw-dev-index">, inventory},
    {"Cisco-IOS-XE-device-hardware-oper:device-hardware-data/device-hardware/device-alarm",
     words<"alarm-id", "alarm-instance">, alarm},
    {"Cisco-IOS-XE-device-hardware-oper:device-hardware-data/entity-information",
     words<"fru", "slotnum", "baynum", "chassisnum">, entity},
    {"Cisco-IOS-XE-stack-oper:stack-oper-data/stack-node", words<"chassis-number">, stack_node},
    {"/keepalive-counters", {}, stack_keepalive},
    {"/stack-ports", words<"port-num">, stack_port},
    {"/stack-ports/sp-stats", {}, stack_port_stats},
    {"Cisco-IOS-XE-transceiver-oper:transceiver-oper-data/transceiver", words<"name">, transceiver},
    {"/output-power|/input-power", {}, dbm_statistics},
    {"/laser-bias-current", {}, ampere_statistics},
    {"/xcvr-physical-channel", words<"index">, transceiver_channel},
    {"/xcvr-physical-channel/output-power|/xcvr-physical-channel/input-power", {}, dbm_statistics},
    {"/xcvr-physical-channel/laser-bias-current", {}, ampere_statistics},
};

}  // namespace

constinit const YangTable yang_iosxe_device = {
    .title = "IOS-XE device",
    .source =
        "Cisco-IOS-XE-process-cpu-oper, -memory-oper, -platform-software-oper, "
        "-environment-oper, -poe-oper, -device-hardware-oper, -stack-oper, "
        "-transceiver-oper",
    .nodes = nodes,
};

}  // namespace weir
