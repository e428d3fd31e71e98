// What rows of each family become: names, labels, values, types and times.
#include "pipeline/telemetry_mapper.h"

#include "tests/pipeline/telemetry_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

std::string join(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines) {
        all += line + "\n";
    }
    return all;
}

TEST(TelemetryMapper, MapsOpenConfigWithoutKeys) {
    Mapping mapping;
    const Mapped sink = mapping.map("openconfig-interfaces:interfaces", Tree("keys", {}),
                                    {"content",
                                     {{"interface",
                                       {{"name", "HundredGigE0/0/0/10"},
                                        {"state",
                                         {{"mtu", 1514},
                                          {"enabled", false},
                                          {"ifindex", 41},
                                          {"admin-status", "DOWN"},
                                          {"oper-status", "DOWN"},
                                          {"last-change", "0"},
                                          {"counters", {{"carrier-transitions", "0"}}}}}}}}},
                                    1'728'034'881'880);
    const std::string at = " 1728034881880";
    const std::string labels = R"({device="r1",interface="HundredGigE0/0/0/10"})";
    EXPECT_THAT(
        sink.lines,
        IsSupersetOf(
            {"openconfig_interfaces_interface_counters_carrier_transitions_total" + labels + " 0" +
                 at,
             "openconfig_interfaces_interface_mtu" + labels + " 1514" + at,
             "openconfig_interfaces_interface_enabled" + labels + " 0" + at,
             "openconfig_interfaces_interface_ifindex" + labels + " 41" + at,
             R"(openconfig_interfaces_interface_oper_status{device="r1",interface="HundredGigE0/0/0/10",state="DOWN"} 1)" +
                 at,
             R"(openconfig_interfaces_interface_oper_status{device="r1",interface="HundredGigE0/0/0/10",state="UP"} 0)" +
                 at}))
        << join(sink.lines);
    EXPECT_EQ(sink.types.at("openconfig_interfaces_interface_counters_carrier_transitions_total"),
              MetricType::counter);
    EXPECT_EQ(sink.types.at("openconfig_interfaces_interface_oper_status"), MetricType::stateset);
    EXPECT_THAT(sink.skips,
                UnorderedElementsAre(std::pair{"identifier", 1}, std::pair{"sentinel", 1}));
    EXPECT_THAT(sink.faults, IsEmpty());
}

TEST(TelemetryMapper, MapsASubinterface) {
    Mapping mapping;
    const Mapped sink =
        mapping.map("openconfig-interfaces:interfaces",
                    {"content",
                     {{"interface",
                       {{"name", "TenGigE0/0/0/16"},
                        {"subinterfaces",
                         {{"subinterface",
                           {{"index", 12}, {"state", {{"counters", {{"in-octets", "7"}}}}}}}}}}}}});
    EXPECT_THAT(
        sink.lines,
        ElementsAre(
            R"(openconfig_interfaces_interface_subinterface_counters_in_octets_total{device="r1",interface="TenGigE0/0/0/16",subinterface_index="12"} 7 1700000000000)"));
}

TEST(TelemetryMapper, MapsIosXe) {
    Mapping mapping;
    const Mapped sink = mapping.map("Cisco-IOS-XE-interfaces-oper:interfaces/interface/statistics",
                                    {"keys", {{"name", "GigabitEthernet1/0/1"}}},
                                    {"content",
                                     {{"in-octets", std::uint64_t{409'369'815'291}},
                                      {"out-discards", 1947},
                                      {"rx-kbps", 2014},
                                      {"num-flaps", 0},
                                      {"discontinuity-time", "2023-11-15T05:50:40+00:00"}}});
    const std::string labels = R"({device="r1",interface="GigabitEthernet1/0/1"} )";
    const std::string at = " 1700000000000";
    EXPECT_THAT(
        sink.lines,
        IsSupersetOf(
            {"cisco_iosxe_interface_statistics_in_octets_total" + labels + "409369815291" + at,
             "cisco_iosxe_interface_statistics_out_discards_total" + labels + "1947" + at,
             "cisco_iosxe_interface_statistics_rx_kbps" + labels + "2014" + at,
             "cisco_iosxe_interface_statistics_num_flaps_total" + labels + "0" + at,
             "cisco_iosxe_interface_statistics_discontinuity_timestamp_seconds" + labels +
                 "1700027440" + at}))
        << join(sink.lines);
    EXPECT_EQ(sink.types.at("cisco_iosxe_interface_statistics_rx_kbps"), MetricType::gauge);
}

TEST(TelemetryMapper, MapsAnEventOfNxos) {
    Mapping mapping;
    const Tree attributes = {"attributes",
                             {any({{"childAction", ""},
                                   {"dn", "sys/intf/phys-[eth1/11]/phys"},
                                   {"lastLinkStChg", "2026-01-22T14:15:46.199-08:00"},
                                   {"operBitset", "3-4"},
                                   {"operSt", "up"},
                                   {"operStQual", "none"},
                                   {"resetCtr", 2},
                                   {"rn", ""},
                                   {"status", "modified"}})}};
    const Mapped sink = mapping.map(
        "EVENT-LIST", {"keys", {{"EVENT-LIST", "EVENT-LIST"}}},
        {"content",
         {any({{"children",
                {any({{"imdata", {any({{"ethpmPhysIf", {any({attributes})}}})}},
                      {"subscriptionId", std::uint64_t{18'379'759'394'883'829'764U}}})}}})}});
    const std::string labels = R"({device="r1",interface="eth1/11"} )";
    const std::string at = " 1700000000000";
    EXPECT_THAT(
        sink.lines,
        IsSupersetOf(
            {R"(nxos_dme_ethpm_phys_if_oper_st{device="r1",interface="eth1/11",state="up"} 1)" + at,
             "nxos_dme_ethpm_phys_if_reset_ctr_total" + labels + "2" + at,
             "nxos_dme_ethpm_phys_if_last_link_st_chg_timestamp_seconds" + labels +
                 "1769120146.199" + at}))
        << join(sink.lines);
    EXPECT_THAT(sink.events,
                ElementsAre("level=info class=ethpmPhysIf dn=sys/intf/phys-[eth1/11]/phys "
                            "status=modified lastLinkStChg=2026-01-22T14:15:46.199-08:00 "
                            "operBitset=3-4 operSt=up operStQual=none resetCtr=2"));
}

TEST(TelemetryMapper, MapsASampledObjectOfNxos) {
    Mapping mapping;
    const Mapped sink =
        mapping.map("sys/intf", {"keys", {{"sys/intf", "sys/intf"}}},
                    {"content",
                     {any({{"children",
                            {any({{"rmonIfHCIn",
                                   {any({{"attributes",
                                          {any({{"dn", "sys/intf/phys-[eth1/1]/dbgIfHCIn"},
                                                {"octets", "18446744073709551615"}})}}})}}}),
                             any({{"rmonIfHCIn",
                                   {any({{"attributes",
                                          {any({{"dn", "sys/intf/phys-[eth1/2]/dbgIfHCIn"},
                                                {"octets", std::uint64_t{5}}})}}})}}})}}})}});
    EXPECT_THAT(
        sink.lines,
        IsSupersetOf(
            {R"(nxos_dme_rmon_if_hc_in_octets_total{device="r1",interface="eth1/1"} 9007199254740991 1700000000000)",
             R"(nxos_dme_rmon_if_hc_in_octets_total{device="r1",interface="eth1/2"} 5 1700000000000)"}))
        << join(sink.lines);
}

Tree brief_row(const char* interface, const char* state, const char* vlan) {
    return any({{"interface", interface}, {"state", state}, {"proto", state}, {"vlan", vlan}});
}

TEST(TelemetryMapper, MapsAShowTable) {
    Mapping mapping;
    const Mapped sink = mapping.map(
        "show interface brief", {"keys", {{"show interface brief", "show interface brief"}}},
        {"content",
         {any({{"TABLE_interface",
                {any({{"ROW_interface",
                       {brief_row("eth1/1", "up", "1"), brief_row("eth1/2", "down", "1"),
                        brief_row("eth2/1", "up", "2")}}})}}})}});
    const std::string at = " 1700000000000";
    EXPECT_THAT(
        sink.lines,
        IsSupersetOf(
            {R"(nxos_show_interface_brief_state{device="r1",interface="eth1/1",state="up"} 1)" + at,
             R"(nxos_show_interface_brief_state{device="r1",interface="eth1/2",state="down"} 1)" +
                 at,
             R"(nxos_show_interface_brief_proto{device="r1",interface="eth1/1",proto="up"} 1)" + at,
             R"(nxos_show_interface_brief_info{device="r1",interface="eth1/1",vlan="1"} 1)" + at,
             R"(nxos_show_interface_brief_info{device="r1",interface="eth2/1",vlan="2"} 1)" + at}))
        << join(sink.lines);
}

TEST(TelemetryMapper, MapsIosXr) {
    Mapping mapping;
    const Mapped sink = mapping.map(
        "Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/latest/"
        "generic-counters",
        {"keys", {{"interface-name", "Null0"}}},
        {"content",
         {{"packets-received", std::uint64_t{0}},
          {"bytes-received", std::uint64_t{0}},
          {"output-drops", 0},
          {"carrier-transitions", 0},
          {"last-data-time", 1'471'785'676},
          {"seconds-since-last-clear-counters", 9},
          {"seconds-since-packet-received", std::uint64_t{4'294'967'295}}}},
        1'471'785'717'706);
    const std::string prefix = "cisco_iosxr_infra_statistics_interface_latest_generic_counters_";
    const std::string labels = R"({device="r1",interface="Null0"} )";
    const std::string at = " 1471785717706";
    EXPECT_THAT(
        sink.lines,
        IsSupersetOf({prefix + "packets_received_total" + labels + "0" + at,
                      prefix + "bytes_received_total" + labels + "0" + at,
                      prefix + "output_drops_total" + labels + "0" + at,
                      prefix + "carrier_transitions_total" + labels + "0" + at,
                      prefix + "last_data_timestamp_seconds" + labels + "1471785676" + at,
                      prefix + "seconds_since_last_clear_counters_seconds" + labels + "9" + at}))
        << join(sink.lines);
    EXPECT_THAT(sink.skips, ElementsAre(std::pair{"sentinel", 1}));
}

}  // namespace
}  // namespace weir::testing
