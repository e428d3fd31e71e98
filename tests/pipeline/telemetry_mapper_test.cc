// What rows of each family become: names, labels, values, types and times.
#include "pipeline/telemetry_mapper.h"

#include "tests/pipeline/telemetry_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::testing {
namespace {

constexpr const char* now = " 1700000000000";

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
    const std::string state = R"({device="r1",interface="HundredGigE0/0/0/10",)";
    EXPECT_THAT(
        sink.lines,
        IsSupersetOf(
            {"openconfig_interfaces_interface_counters_carrier_transitions_total" + labels + " 0" +
                 at,
             "openconfig_interfaces_interface_mtu" + labels + " 1514" + at,
             "openconfig_interfaces_interface_enabled" + labels + " 0" + at,
             "openconfig_interfaces_interface_ifindex" + labels + " 41" + at,
             "openconfig_interfaces_interface_oper_status" + state + R"(state="DOWN"} 1)" + at,
             "openconfig_interfaces_interface_oper_status" + state + R"(state="UP"} 0)" + at}))
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
    EXPECT_THAT(sink.lines,
                Contains("openconfig_interfaces_interface_subinterface_counters_in_octets_total"
                         R"({device="r1",interface="TenGigE0/0/0/16",subinterface_index="12"} 7)" +
                         std::string(now)));
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
    const std::string name = R"(nxos_dme_rmon_if_hc_in_octets_total{device="r1",)";
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
    EXPECT_THAT(sink.lines, IsSupersetOf({name + R"(interface="eth1/1"} 9007199254740991)" + now,
                                          name + R"(interface="eth1/2"} 5)" + now}))
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

TEST(TelemetryMapper, OverwritesNothingInANestedList) {
    Mapping mapping;
    const Mapped sink =
        mapping.map("Cisco-IOS-XR-example-oper:nodes/node", {"keys", {{"node-name", "0/RP0/CPU0"}}},
                    {"content",
                     {{"slice", {{"load", 1}, {"slice-id", 0}}},
                      {"slice", {{"load", 2}, {"slice-id", 1}}},
                      {"other", 9},
                      {"sample", {{"load", 3}}},
                      {"sample", {{"load", 4}}},
                      {"core", 5},
                      {"core", 6}}});
    const std::string prefix = "cisco_iosxr_node_";
    const std::string labels = R"({device="r1",node_name="0/RP0/CPU0")";
    EXPECT_THAT(
        sink.sorted(),
        UnorderedElementsAre(
            prefix + "core" + R"({core_index="0",device="r1",node_name="0/RP0/CPU0"} 5)" + now,
            prefix + "core" + R"({core_index="1",device="r1",node_name="0/RP0/CPU0"} 6)" + now,
            prefix + "other" + labels + "} 9" + now,
            prefix + "sample_load" + labels + R"(,sample_index="0"} 3)" + now,
            prefix + "sample_load" + labels + R"(,sample_index="1"} 4)" + now,
            prefix + "slice_load" + labels + R"(,slice_id="0"} 1)" + now,
            prefix + "slice_load" + labels + R"(,slice_id="1"} 2)" + now));
    EXPECT_EQ(mapping.mapper.counts().keys_by_siblings, 1U);
    EXPECT_EQ(mapping.mapper.counts().keys_by_index, 2U);
    EXPECT_EQ(sink.skips.at("identifier"), 2U);
}

TEST(TelemetryMapper, LabelsAListOfOneAsAListOfTwo) {
    Mapping mapping;
    const Mapped one = mapping.map("Cisco-IOS-XR-example-oper:top",
                                   {"content", {{"slice", {{"load", 1}, {"slice-id", 7}}}}});
    EXPECT_THAT(one.lines, ElementsAre(R"(cisco_iosxr_top_slice_load{device="r1",slice_id="7"} 1)" +
                                       std::string(now)));
}

TEST(TelemetryMapper, TakesTheNextKeyWhereOneIsNotDistinct) {
    Mapping mapping;
    const Mapped sink = mapping.map("Cisco-IOS-XR-example-oper:top",
                                    {"content",
                                     {{"job", {{"name", "a"}, {"id", 1}, {"load", 1}}},
                                      {"job", {{"name", "a"}, {"id", 2}, {"load", 2}}}}});
    EXPECT_THAT(
        sink.lines,
        IsSupersetOf({R"(cisco_iosxr_top_job_load{device="r1",job_id="1"} 1)" + std::string(now),
                      R"(cisco_iosxr_top_job_load{device="r1",job_id="2"} 2)" + std::string(now)}));
}

TEST(TelemetryMapper, GivesTheSameSeriesKeyedAndNested) {
    const Tree counters = {"counters", {{"in-octets", std::uint64_t{7}}, {"out-octets", "8"}}};
    Mapping mapping;
    const std::vector<std::string> nested =
        mapping
            .map("openconfig-interfaces:interfaces",
                 {"content", {{"interface", {{"name", "Eth1"}, {"state", {counters}}}}}})
            .sorted();
    const std::vector<std::string> keyed =
        mapping
            .map("openconfig-interfaces:interfaces/interface/state/counters",
                 {"keys", {{"name", "Eth1"}}},
                 {"content", {{"in-octets", "7"}, {"out-octets", std::uint64_t{8}}}})
            .sorted();
    const std::vector<std::string> nxos =
        mapping
            .map("openconfig-interfaces:interfaces",
                 {"keys",
                  {{"openconfig-interfaces:interfaces", "openconfig-interfaces:interfaces"}}},
                 {"content",
                  {any({{"interfaces",
                         {any({{"interface",
                                {any({{"name", "Eth1"}, {"state", {any({counters})}}})}}})}}})}})
            .sorted();
    EXPECT_FALSE(nested.empty());
    EXPECT_EQ(nested, keyed);
    EXPECT_EQ(nested, nxos);
}

TEST(TelemetryMapper, KeepsBothOutOfANameThatTwoPathsWouldHave) {
    Mapping mapping;
    const Tree content = {"content", {{"value", 1}}};
    const Mapped first = mapping.map("Cisco-IOS-XR-a-oper:top", content);
    const Mapped second = mapping.map("Cisco-IOS-XR-b-oper:top", content);
    const Mapped again = mapping.map("Cisco-IOS-XR-a-oper:top", content);
    const std::string rest = R"({device="r1"} 1)" + std::string(now);
    EXPECT_THAT(first.lines, ElementsAre("cisco_iosxr_top_value" + rest));
    EXPECT_THAT(second.lines, ElementsAre("cisco_iosxr_b_oper_top_value" + rest));
    EXPECT_THAT(again.lines, ElementsAre("cisco_iosxr_a_oper_top_value" + rest));
    EXPECT_EQ(mapping.mapper.counts().name_clashes, 1U);
}

TEST(TelemetryMapper, BringsTheOldWordOfAStateToZeroAndTellsOfIt) {
    Mapping mapping;
    const auto sent = [&](const char* word) {
        return mapping.map("Cisco-IOS-XE-example-oper:top", {"content", {{"session-state", word}}});
    };
    EXPECT_THAT(sent("idle").lines,
                ElementsAre(::testing::StartsWith(
                    R"(cisco_iosxe_top_session_state{device="r1",state="idle"} 1)")));
    const Mapped changed = sent("established");
    EXPECT_THAT(changed.lines, ElementsAre(HasSubstr(R"(state="idle"} 0)"),
                                           HasSubstr(R"(state="established"} 1)")));
    EXPECT_THAT(changed.events,
                ElementsAre("level=info event=state_changed "
                            "path=Cisco-IOS-XE-example-oper:top/session-state old=idle "
                            "new=established"));
    EXPECT_THAT(sent("established").events, IsEmpty());
    for (int word = 0; word < 40; ++word) {
        EXPECT_LE(sent(("w" + std::to_string(word)).c_str()).lines.size(), 17U);
    }
    EXPECT_THAT(sent("w39").lines, Contains(HasSubstr(R"(state="other"} 1)")));
}

TEST(TelemetryMapper, EndsWhatARowSaysIsDeleted) {
    Mapping mapping;
    const char* path = "Cisco-IOS-XE-interfaces-oper:interfaces/interface/statistics";
    const Tree keys = {"keys", {{"name", "GigabitEthernet1"}}};
    static_cast<void>(mapping.map(path, keys, {"content", {{"in-octets", 1}}}));
    const Mapped gone = mapping.map(path, keys, Tree("content", {}), 1'700'000'000'000, true);
    EXPECT_THAT(gone.vanished, Contains("cisco_iosxe_interface_statistics_in_octets_total"
                                        R"({device="r1",interface="GigabitEthernet1"})"));
    EXPECT_THAT(gone.vanished, Contains("network_interface_receive_bytes_total"
                                        R"({device="r1",interface="GigabitEthernet1"})"));
    EXPECT_THAT(gone.lines, IsEmpty());
}

TEST(TelemetryMapper, EndsAnObjectWhoseStatusIsDeleted) {
    Mapping mapping;
    const auto event = [&](const char* status) {
        return mapping.map("EVENT-LIST",
                           {"content",
                            {any({{"imdata",
                                   {any({{"ethpmPhysIf",
                                          {any({{"attributes",
                                                 {any({{"dn", "sys/intf/phys-[eth1/1]/phys"},
                                                       {"resetCtr", 1},
                                                       {"status", status}})}}})}}})}}})}});
    };
    EXPECT_THAT(event("modified").lines, Contains(HasSubstr("reset_ctr_total")));
    const Mapped gone = event("deleted");
    EXPECT_THAT(gone.lines, IsEmpty());
    EXPECT_THAT(gone.vanished, Contains("nxos_dme_ethpm_phys_if_reset_ctr_total"
                                        R"({device="r1",interface="eth1/1"})"));
    EXPECT_THAT(gone.events, ElementsAre(HasSubstr("status=deleted")));
}

TEST(TelemetryMapper, DoesNotBelieveAClockFarFromIts) {
    Mapping mapping;
    Mapped mapped;
    TextSink sink(mapped);
    const Tree content = {"content", {{"value", 1}}};
    const TelemetryHeader header{.encoding_path = "Cisco-IOS-XR-a-oper:top",
                                 .msg_timestamp_ms = 1'700'000'000'000};
    const TelemetrySource source{.labels = mapping.labels, .received_ms = 1'700'000'001'000};
    for (const std::uint64_t stamp :
         {std::uint64_t{0}, std::uint64_t{1'699'990'000'000}, std::uint64_t{1'700'000'301'000},
          std::uint64_t{1'700'000'301'001}, ~std::uint64_t{0}}) {
        mapping.mapper.map(header, {.timestamp_ms = stamp, .content = content.below()}, source,
                           sink);
    }
    std::vector<std::string> times;
    for (const std::string& line : mapped.lines) {
        times.push_back(line.substr(line.rfind(' ') + 1));
    }
    EXPECT_THAT(times, ElementsAre("1700000000000", "1700000001000", "1700000301000",
                                   "1700000001000", "1700000001000"));
    EXPECT_EQ(mapping.mapper.counts().clock_skewed, 3U);
}

TEST(TelemetryMapper, LeavesNoLeafUnaccounted) {
    Mapping mapping;
    const Mapped sink = mapping.map("Cisco-IOS-XR-example-oper:top",
                                    {"content",
                                     {{"description", "core"},
                                      {"text", "abc"},
                                      {"blank", " "},
                                      {"in-octets", "abc"},
                                      {"nothing", std::initializer_list<Tree>{}},
                                      {"level", std::uint64_t{9'007'199'254'740'993}},
                                      {"none", std::uint64_t{4'294'967'295}},
                                      {"last-change", "never"}}});
    EXPECT_THAT(sink.lines,
                UnorderedElementsAre(
                    R"(cisco_iosxr_top_info{description="core",device="r1"} 1)" + std::string(now),
                    R"(cisco_iosxr_top_level{device="r1"} 9007199254740992)" + std::string(now)));
    EXPECT_THAT(sink.skips,
                UnorderedElementsAre(std::pair{"text", 1}, std::pair{"empty", 2},
                                     std::pair{"not_number", 1}, std::pair{"sentinel", 2}));
    const TelemetryMapperCounts& counts = mapping.mapper.counts();
    EXPECT_EQ(counts.leaves, 8U);
    EXPECT_EQ(counts.mapped, 2U);
    EXPECT_EQ(counts.precision_lost, 1U);
}

TEST(TelemetryMapper, ListsWhatIsAskedFor) {
    Mapping mapping({.network_interface = false, .state_sets = false, .info_leaves = {"top/role"}});
    const Mapped sink =
        mapping.map("Cisco-IOS-XR-example-oper:top",
                    {"content", {{"role", "spine"}, {"oper-status", "up"}, {"size", 3}}});
    EXPECT_THAT(sink.lines,
                UnorderedElementsAre(HasSubstr("top_info{device=\"r1\",role=\"spine\"} 1"),
                                     HasSubstr("top_size{device=\"r1\"} 3")));
    EXPECT_THAT(sink.skips, ElementsAre(std::pair{"text", 1}));
}

TEST(TelemetryMapper, ExportsLabelsThatTheDeviceHasAlready) {
    Mapping mapping;
    mapping.labels = {{"device", "r1"}, {"site", "east"}};
    const Mapped sink =
        mapping.map("Cisco-IOS-XR-example-oper:top", {"keys", {{"site", "7"}, {"job", "j"}}},
                    {"content", {{"size", 3}}});
    EXPECT_THAT(sink.lines,
                ElementsAre(HasSubstr(
                    R"({device="r1",exported_job="j",exported_site="7",site="east"} 3)")));
}

TEST(TelemetryMapper, RefusesLabelsThatMimirWould) {
    Mapping mapping({.labels_max = 3});
    const Tree content = {"content", {{"size", 3}}};
    const char* path = "Cisco-IOS-XR-example-oper:top";
    EXPECT_EQ(mapping.map(path, {"keys", {{"a", "1"}}}, content).lines.size(), 1U);
    EXPECT_EQ(mapping.map(path, {"keys", {{"a", "1"}, {"b", "2"}}}, content).skips.at("labels_max"),
              1U);
    const std::string longer(2000, 'x');
    EXPECT_EQ(mapping.map(path, {"keys", {{"a", std::string_view(longer)}}}, content)
                  .skips.at("labels_max"),
              1U);
}

TEST(TelemetryMapper, MapsMicrobursts) {
    Mapping mapping;
    const auto burst = [](const char* queue, int peak) {
        return any(
            {{"statObjects",
              {any({{"statName", "microburst"},
                    {"microburst",
                     {any({{"interfaceName", "Eth1/1"}, {"queue", queue}, {"peak", peak}})}}})}}});
    };
    const Mapped sink =
        mapping.map("microburst", {"keys", {{"microburst", "microburst"}}},
                    {"content", {any({{"children", {burst("q1", 5), burst("q2", 6)}}})}});
    EXPECT_THAT(
        sink.lines,
        IsSupersetOf({R"(nxos_microburst_peak_bytes{device="r1",interface="Eth1/1",queue="q1"} 5)" +
                          std::string(now),
                      R"(nxos_microburst_peak_bytes{device="r1",interface="Eth1/1",queue="q2"} 6)" +
                          std::string(now)}))
        << join(sink.lines);
}

}  // namespace
}  // namespace weir::testing
