// Tables of NX-OS show commands: which columns tell their rows apart.
#include "pipeline/telemetry_mapper.h"
#include "tests/pipeline/telemetry_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::string join(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines) {
        all += line + "\n";
    }
    return all;
}

Tree sensor_row(const char* module, const char* sensor, int celsius) {
    return any({{"tempmod", module}, {"sensor", sensor}, {"curtemp", celsius}});
}

// Neither column alone tells the rows apart; the facts know that it takes both.
TEST(TelemetryShow, TellsTheRowsOfAShowTableApartByTwoKeys) {
    for (const std::string command : {"show environment", "show environment temperature"}) {
        SCOPED_TRACE(command);
        Mapping mapping;
        const Mapped sink = mapping.map(
            command, {"keys", {{command.c_str(), command.c_str()}}},
            {"content",
             {any({{"TABLE_tempinfo",
                    {any({{"ROW_tempinfo",
                           {sensor_row("1", "FRONT", 24), sensor_row("1", "BACK", 31),
                            sensor_row("2", "FRONT", 25), sensor_row("2", "BACK", 32)}}})}}})}});
        EXPECT_THAT(sink.lines, UnorderedElementsAre(
                                    HasSubstr(R"({device="r1",sensor="FRONT",tempmod="1"} 24)"),
                                    HasSubstr(R"({device="r1",sensor="BACK",tempmod="1"} 31)"),
                                    HasSubstr(R"({device="r1",sensor="FRONT",tempmod="2"} 25)"),
                                    HasSubstr(R"({device="r1",sensor="BACK",tempmod="2"} 32)")))
            << join(sink.lines);
        EXPECT_EQ(mapping.mapper.counts().keys_by_table, 1U);
        EXPECT_EQ(mapping.mapper.counts().keys_by_index, 0U);
    }
}

Tree vrf_row(const char* name, int peers) {
    const auto family = [peers](int number) {
        return any({{"safi", number}, {"configuredpeers", peers + number}});
    };
    return any({{"vrf-name-out", name},
                {"TABLE_af",
                 {any({{"ROW_af",
                        {any({{"af-id", 1},
                              {"TABLE_saf", {any({{"ROW_saf", {family(1), family(2)}}})}}})}}})}}});
}

// A table within a row of another has keys of its own.
TEST(TelemetryShow, TellsTheRowsOfNestedShowTablesApart) {
    Mapping mapping;
    const Mapped sink = mapping.map(
        "show bgp all summary", {"keys", {{"show bgp all summary", "show bgp all summary"}}},
        {"content",
         {any({{"TABLE_vrf",
                {any({{"ROW_vrf", {vrf_row("default", 10), vrf_row("blue", 20)}}})}}})}});
    const std::string name =
        R"(nxos_show_bgp_all_summary_vrf_af_saf_configuredpeers{af_id="1",device="r1",)";
    const std::string at = " 1700000000000";
    EXPECT_THAT(sink.lines,
                UnorderedElementsAre(name + R"(safi="1",vrf_name_out="default"} 11)" + at,
                                     name + R"(safi="2",vrf_name_out="default"} 12)" + at,
                                     name + R"(safi="1",vrf_name_out="blue"} 21)" + at,
                                     name + R"(safi="2",vrf_name_out="blue"} 22)" + at))
        << join(sink.lines);
    EXPECT_EQ(mapping.mapper.counts().keys_by_index, 0U);
}

}  // namespace
}  // namespace weir::testing
