#include "parsers/mdt_message.h"

#include "tests/parsers/mdt_build.h"
#include "tests/parsers/mdt_dump.h"

#include <gmock/gmock.h>

namespace weir {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;

TEST(MdtMessage, TellsJsonByItsFirstBytes) {
    const std::pair<std::string, bool> cases[] = {
        {"{}", true},
        {"{\"a\":1}", true},
        {"{", true},
        {" \r\n\t{\"a\":1}", true},
        {"\n{ }", true},
        {"", false},
        {" ", false},
        {"\x0A\x02s1", false},
        {"[1]", false},
        {"\n{", false},  // what can be told of a name of 123 bytes
        {"\x0A\x7B"s + std::string(123, 'a'), false},
        {"\x0A\x7B"s + std::string(123, ' '), false},
    };
    for (const auto& [bytes, json] : cases) {
        EXPECT_EQ(is_mdt_json(bytes), json) << bytes;
    }
}

TEST(MdtMessage, ReadsEitherBodyAndBelievesTheFraming) {
    const std::string json =
        R"({"node_id_str":"r1","encoding_path":"p","data_json":[{"content":{"a":1}}]})";
    const std::string gpb = mdt_build::message(
        {mdt_build::node("", {mdt_build::node("content", {mdt_build::u32("a", 1)})})});

    struct Case {
        std::string bytes;
        MdtBody body;
        std::string defect;
    };

    const Case cases[] = {
        {json, MdtBody::any, ""},           {gpb, MdtBody::any, ""},
        {json, MdtBody::json, ""},          {gpb, MdtBody::gpb, ""},
        {json, MdtBody::gpb, "bad_wire:1"}, {gpb, MdtBody::json, "bad_json:1"},
    };
    MdtScratch scratch;
    for (const Case& each : cases) {
        TelemetryDump dump;
        read_mdt(each.bytes, each.body, {}, scratch, dump);
        EXPECT_EQ(dump.headers.size(), 1U);
        if (each.defect.empty()) {
            EXPECT_THAT(dump.rows, ElementsAre("keys{} content{a=1u}"));
        } else {
            EXPECT_THAT(dump.defects, ElementsAre(each.defect));
        }
    }
}

}  // namespace
}  // namespace weir
