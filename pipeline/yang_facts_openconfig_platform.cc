// OpenConfig: components with their augmentations, and the system.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr YangLeaves component_state[] = {
    {"name", identifier},
    {"type id description mfg-name mfg-date hardware-version firmware-version", info},
    {"software-version serial-no part-no clei-code model-name", info},
    {"oper-status", state<"ACTIVE", "INACTIVE", "DISABLED">()},
    {"removable empty switchover-ready", gauge()},
    {"allocated-power used-power", gauge("watts")},
    {"entity-id", gauge()},
    {"last-reboot-time last-switchover-time last-poweroff-time up-time", time_ns},
    {"location parent last-reboot-reason", text},
    {"redundant-role", state<"PRIMARY", "SECONDARY">()},
};

// OpenConfig's statistics over a window of time, of one quantity each.
constexpr std::array<YangLeaves, 3> statistics(LeafFact fact) {
    return {{{"instant avg min max", fact},
             {"interval", gauge("seconds", 1e-9)},
             {"min-time max-time", time_ns}}};
}

constexpr auto percents = statistics(percent());
constexpr auto dbms = statistics(gauge("dbm"));
constexpr auto milliamperes = statistics(gauge("amperes", 0.001));
constexpr auto volts = statistics(gauge("volts"));
constexpr auto celsius = statistics(gauge("celsius"));
constexpr auto plain_numbers = statistics(gauge());

constexpr YangLeaves temperature[] = {
    {"instant avg min max", gauge("celsius")},
    {"alarm-threshold", gauge("celsius")},
    {"alarm-status", gauge()},
    {"alarm-severity", some_state()},
    {"interval", gauge("seconds", 1e-9)},
    {"min-time max-time", time_ns},
};

constexpr YangLeaves memory[] = {
    {"available utilized", gauge("bytes")},
};

constexpr YangLeaves fan[] = {
    {"speed", gauge("rpm")},
};

constexpr YangLeaves power_supply[] = {
    {"enabled", gauge()},
    {"capacity output-power input-power", gauge("watts")},
    {"input-current output-current", gauge("amperes")},
    {"input-voltage output-voltage", gauge("volts")},
};

constexpr YangLeaves transceiver[] = {
    {"enabled fault-condition", gauge()},
    {"present", state<"PRESENT", "NOT_PRESENT">()},
    {"form-factor connector-type vendor vendor-part vendor-rev serial-no date-code", info},
    {"ethernet-pmd form-factor-preconf otn-compliance-code sonet-sdh-compliance-code", info},
    {"module-functional-type fec-mode", info},
    {"fec-uncorrectable-blocks fec-uncorrectable-words", counter()},
    {"fec-corrected-bytes fec-corrected-bits", counter()},
};

constexpr YangLeaves channel[] = {
    {"index", identifier},
    {"description associated-optical-channel laser-age", text},
    {"tx-laser", gauge()},
    {"target-output-power", gauge("dbm")},
    {"output-frequency", gauge("hertz", 1e6)},
};

constexpr YangLeaves optical_channel[] = {
    {"frequency", gauge("hertz", 1e6)},
    {"target-output-power", gauge("dbm")},
    {"operational-mode group-id", gauge()},
    {"line-port", info},
};

constexpr YangLeaves resource[] = {
    {"name", identifier},
    {"used free committed max-limit high-watermark", gauge()},
    {"last-high-watermark", time_ns},
    {"used-threshold-upper used-threshold-upper-clear", percent()},
    {"used-threshold-upper-exceeded", gauge()},
};

constexpr YangLeaves property[] = {
    {"name", identifier},
    {"value", info},
    {"configurable", gauge()},
};

constexpr YangLeaves system_state[] = {
    {"hostname domain-name software-version", info},
    {"login-banner motd-banner", text},
    {"current-datetime last-configuration-timestamp", time_text},
    {"boot-time", time_ns},
    {"up-time", gauge("seconds", 1e-9)},
};

constexpr YangLeaves system_memory[] = {
    {"physical reserved used free", gauge("bytes")},
};

constexpr YangLeaves memory_counters[] = {
    {"correctable-ecc-errors uncorrectable-ecc-errors", counter()},
};

constexpr YangLeaves process[] = {
    {"pid", identifier},
    {"name", info},
    {"args", text},
    {"start-time", time_ns},
    {"cpu-usage-user cpu-usage-system", counter("seconds", 1e-9)},
    {"cpu-utilization memory-utilization", percent()},
    {"memory-usage", gauge("bytes")},
};

constexpr YangLeaves ntp_server[] = {
    {"address", identifier},
    {"stratum port version", gauge()},
    {"root-delay root-dispersion offset", gauge("seconds", 0.001)},
    {"poll-interval", gauge("seconds")},
    {"iburst prefer", gauge()},
    {"association-type", info},
};

constexpr YangLeaves alarm[] = {
    {"id", identifier},
    {"resource type-id severity", info},
    {"text", text},
    {"time-created", time_ns},
};

constexpr YangNode nodes[] = {
    {"openconfig-platform:components/component", words<"name">},
    {"/state", {}, component_state},
    {"/state/temperature", {}, temperature},
    {"/state/memory", {}, memory},
    {"/properties/property", words<"name">},
    {"/properties/property/state", {}, property},
    {"/subcomponents/subcomponent", words<"name">},
    {"/fan/state", {}, fan},
    {"/power-supply/state", {}, power_supply},
    {"/cpu/utilization/state", {}, percents},
    {"/integrated-circuit/utilization/resources/resource|/chassis/utilization/resources/resource|"
     "/linecard/utilization/resources/resource",
     words<"name">},
    {"/integrated-circuit/utilization/resources/resource/state|"
     "/chassis/utilization/resources/resource/state|"
     "/linecard/utilization/resources/resource/state",
     {},
     resource},
    {"/transceiver/state", {}, transceiver},
    {"/transceiver/state/supply-voltage", {}, volts},
    {"/transceiver/state/input-power|/transceiver/state/output-power", {}, dbms},
    {"/transceiver/state/laser-bias-current", {}, milliamperes},
    {"/transceiver/state/pre-fec-ber|/transceiver/state/post-fec-ber", {}, plain_numbers},
    {"/transceiver/physical-channels/channel", words<"index">},
    {"/transceiver/physical-channels/channel/state", {}, channel},
    {"/transceiver/physical-channels/channel/state/input-power|"
     "/transceiver/physical-channels/channel/state/output-power",
     {},
     dbms},
    {"/transceiver/physical-channels/channel/state/laser-bias-current", {}, milliamperes},
    {"/transceiver/physical-channels/channel/state/laser-temperature", {}, celsius},
    {"/optical-channel/state", {}, optical_channel},
    {"/optical-channel/state/input-power|/optical-channel/state/output-power", {}, dbms},
    {"/optical-channel/state/laser-bias-current", {}, milliamperes},
    {"/optical-channel/state/pre-fec-ber|/optical-channel/state/post-fec-ber|"
     "/optical-channel/state/esnr|/optical-channel/state/osnr|/optical-channel/state/q-value|"
     "/optical-channel/state/chromatic-dispersion|"
     "/optical-channel/state/polarization-mode-dispersion",
     {},
     plain_numbers},
    {"openconfig-system:system/state", {}, system_state},
    {"openconfig-system:system/cpus/cpu", words<"index">},
    {"/state/user|/state/kernel|/state/nice|/state/idle|/state/wait|/state/total|"
     "/state/hardware-interrupt|/state/software-interrupt",
     {},
     percents},
    {"openconfig-system:system/memory/state", {}, system_memory},
    {"/counters", {}, memory_counters},
    {"openconfig-system:system/processes/process", words<"pid">},
    {"/state", {}, process},
    {"openconfig-system:system/ntp/servers/server", words<"address">},
    {"/state", {}, ntp_server},
    {"openconfig-system:system/alarms/alarm", words<"id">},
    {"/state", {}, alarm},
};

}  // namespace

constinit const YangTable yang_openconfig_platform = {
    .title = "OpenConfig platform and system",
    .source =
        "openconfig-platform, -platform-cpu, -platform-fan, -platform-psu, "
        "-platform-transceiver, -terminal-device, openconfig-system",
    .nodes = nodes,
};

}  // namespace weir
