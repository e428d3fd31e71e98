#include "parsers/mdt_json.h"

#include "tests/parsers/mdt_dump.h"

#include <gmock/gmock.h>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TelemetryDumped read(std::string_view bytes, const TelemetryLimits& limits = {}) {
    MdtScratch scratch;
    TelemetryDump dump;
    read_mdt_json(bytes, limits, scratch, dump);
    return dump;
}

// One row with these members, in a message that is otherwise in order.
std::string message(std::string_view rows) {
    return R"({"node_id_str":"r1","encoding_path":"m:a","data_json":[)" + std::string(rows) + "]}";
}

struct JsonCase {
    std::string_view name;
    std::string bytes;
    std::vector<std::string> rows;
    std::vector<std::string> defects;
};

class JsonTest : public testing::TestWithParam<JsonCase> {};

TEST_P(JsonTest, GivesRowsAndDefects) {
    const TelemetryDumped dump = read(GetParam().bytes);
    EXPECT_EQ(dump.headers.size(), 1U);
    EXPECT_EQ(dump.rows, GetParam().rows);
    EXPECT_EQ(dump.defects, GetParam().defects);
}

std::vector<JsonCase> row_cases() {
    return {
        {"keys as an array of objects with one member",
         message(R"({"timestamp":"1728034886602","keys":[{"node-name":"0/RP0"},{"id":7}],)"
                 R"("content":{"total":"1790","free":1}})"),
         {R"(@1728034886602 keys{node-name="0/RP0" id=7u} content{total="1790" free=1u})"},
         {}},
        {"keys as an object",
         message(R"({"timestamp":5,"keys":{"a":"b"},"content":{"c":1}})"),
         {R"(@5 keys{a="b"} content{c=1u})"},
         {}},
        {"no keys, as OpenConfig on IOS-XR",
         message(R"({"content":{"interface":{"name":"Gi0","state":{"mtu":1514}}}})"),
         {R"(keys{} content{interface{name="Gi0" state{mtu=1514u}}})"},
         {}},
        {"arrays of objects are siblings",
         message(R"({"keys":[],"content":{"cpu":[{"pid":1},{"pid":2}],"x":1}})"),
         {"keys{} content{cpu{pid=1u} cpu{pid=2u} x=1u}"},
         {}},
        {"leaf lists, lists in lists, empty ones",
         message(R"({"content":{"l":["a","b"],"m":[[1,2],[3]],"n":[],"o":{}}})"),
         {R"(keys{} content{l="a" l="b" m{=1u =2u} m{=3u} o{}})"},
         {}},
        {"wrapped text and blanks of sysadmin models",
         message(R"({"content":{"temperature":{"value":"30"},"name":" ","pad":" 7080   "}})"),
         {R"(keys{} content{temperature{value="30"} name=" " pad=" 7080   "})"},
         {}},
        {"every kind of value",
         message(R"({"content":{"a":18446744073709551615,"b":-9223372036854775808,"c":1.5,)"
                 R"("d":true,"e":null,"f":[null],"g":9223372036854775807,"h":-1,"i":1e3}})"),
         {"keys{} content{a=18446744073709551615u b=-9223372036854775808i c=1.5f d=true e{} f{} "
          "g=9223372036854775807u h=-1i i=1000f}"},
         {}},
        {"numbers as text stay text",
         message(R"({"content":{"last-change":"1727576079810951148","never":"0"}})"),
         {R"(keys{} content{last-change="1727576079810951148" never="0"})"},
         {}},
        {"escapes",
         message(R"({"content":{"a\u0022b":"\u20ac\n"}})"),
         {"keys{} content{a\"b=\"\xE2\x82\xAC\n\"}"},
         {}},
        {"a deletion",
         message(R"({"keys":[{"a":1}],"delete":true})"),
         {"deleted keys{a=1u} content{}"},
         {}},
        {"fields without keys and content",
         message(R"({"timestamp":1,"name":"x","n":2})"),
         {R"(@1 keys{} content{name="x" n=2u})"},
         {}},
        {"rows that are none",
         message(R"({},5,null,[1,2],{"content":{"a":1}})"),
         {"keys{} content{=1u =2u}", "keys{} content{a=1u}"},
         {"row_shape:1", "row_shape:1", "row_shape:1"}},
        {"text that is not UTF-8",
         message("{\"content\":{\"a\":\"x\xFF\"}}"),
         {"keys{} content{a=\"x\xEF\xBF\xBD\"}"},
         {"invalid_utf8:1"}},
    };
}

std::vector<JsonCase> message_cases() {
    return {
        {"NX-OS: one object with the data",
         R"({"version_str":"1.0.0","node_id_str":"n9k","encoding_path":"sys/intf",)"
         R"("collection_id":1,"msg_timestamp":2,"data":{"l1PhysIf":{"attributes":{"id":"eth1/1"},)"
         R"("children":[{"x":{"attributes":{"n":"1"}}}]}}})",
         {R"(keys{} content{l1PhysIf{attributes{id="eth1/1"} children{x{attributes{n="1"}}}}})"},
         {}},
        {"kvGPB as Go writes it",
         R"({"node_id_str":"xr","encoding_path":"p","data_gpbkv":[{"timestamp":7,"name":"",)"
         R"("ValueByType":null,"fields":[{"name":"keys","ValueByType":null,"fields":[)"
         R"({"name":"interface-name","ValueByType":{"StringValue":"Null0"}}]},)"
         R"({"name":"content","fields":[{"name":"n","ValueByType":{"Uint64Value":5}},)"
         R"({"name":"e","ValueByType":null}]}]}]})",
         {R"(@7 keys{interface-name="Null0"} content{n=5u e{}})"},
         {}},
        {"kvGPB as protobuf's own JSON",
         R"({"nodeIdStr":"nx","encodingPath":"sys/intf","dataGpbkv":[{"timestamp":"7","fields":[)"
         R"({"name":"keys","fields":[{"name":"sys/intf","stringValue":"sys/intf"}]},)"
         R"({"name":"content","fields":[{"fields":[{"name":"id",)"
         R"("uint64Value":"18379759394883829764"},{"name":"s","sint64Value":"-2"},)"
         R"({"name":"d","delete":true,"boolValue":true},{"name":"b","stringValue":"12"}]}]}]}]})",
         {R"(@7 keys{sys/intf="sys/intf"} content{{id=18379759394883829764u s=-2i )"
          R"(d!=true b="12"}})"},
         {}},
        {"rows as the tool pipeline dumps them",
         R"({"Source":"a:1","Telemetry":{"node_id_str":"xr","encoding_path":"p"},)"
         R"("Rows":[{"Timestamp":3,"Keys":{"k":"v"},"Content":{"n":1}}]})",
         {R"(@3 keys{k="v"} content{n=1u})"},
         {}},
        {"the end of a collection", R"({"node_id_str":"r","collection_end_time":"5"})", {}, {}},
        {"no rows", R"({"node_id_str":"r","encoding_path":"p","data_json":[]})", {}, {"no_rows:1"}},
        {"no node",
         R"({"encoding_path":"p","data_json":[{"content":{"a":1}}]})",
         {"keys{} content{a=1u}"},
         {"no_node_id:1"}},
        {"no path",
         R"({"node_id_str":"p","data_json":[{"content":{"a":1}},{}]})",
         {},
         {"no_encoding_path:2"}},
        {"not JSON", "{\"node_id_str\":", {}, {"bad_json:1"}},
        {"no object", "[1]", {}, {"bad_json:1"}},
        {"nothing", "", {}, {"bad_json:1"}},
        {"something behind it", R"({"node_id_str":"r"}x)", {}, {"bad_json:1"}},
    };
}

std::string case_name(const testing::TestParamInfo<JsonCase>& info) {
    std::string name;
    for (const char c : info.param.name) {
        name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    }
    return name;
}

INSTANTIATE_TEST_SUITE_P(Rows, JsonTest, testing::ValuesIn(row_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Messages, JsonTest, testing::ValuesIn(message_cases()), case_name);

TEST(MdtJson, ReadsTheHeaderOfIosXr) {
    const TelemetryDumped dump = read(
        R"({"node_id_str":"asr","subscription_id_str":"s1","encoding_path":"m:p",)"
        R"("collection_id":"915436","collection_start_time":"1728034885509",)"
        R"("msg_timestamp":"1728034886596","data_json":[],"collection_end_time":"1728034886597"})");
    EXPECT_THAT(dump.headers, ElementsAre("json node=asr sub=s1 path=m:p version= "
                                          "collection=915436 1728034885509-1728034886597 "
                                          "at=1728034886596"));
}

TEST(MdtJson, ReadsTheHeaderOfNxos) {
    const TelemetryDumped dump =
        read(R"({"node_id_str":"n9k","subscription_id":18374686479671623680,)"
             R"("encoding_path":"sys/bgp","collection_id":10,"msg_timestamp":11,"data":{"a":1}})");
    EXPECT_THAT(dump.headers, ElementsAre("json node=n9k sub=18374686479671623680 path=sys/bgp "
                                          "version= collection=10 0-0 at=11"));
}

TEST(MdtJson, LeavesOutWhatIsTooDeep) {
    const std::string bytes = message(R"({"content":{"a":{"b":{"c":1}},"d":2}})");
    EXPECT_THAT(read(bytes, {.depth_max = 3}).rows, ElementsAre("keys{} content{a{b{}} d=2u}"));
    EXPECT_THAT(read(bytes, {.depth_max = 3}).defects, ElementsAre("too_deep:1"));
    EXPECT_THAT(read(bytes, {.depth_max = 4}).defects, IsEmpty());
}

TEST(MdtJson, TakesADepthBomb) {
    const auto nested = [](std::size_t depth) {
        std::string text;
        for (std::size_t i = 0; i < depth; ++i) {
            text += R"({"a":[)";
        }
        for (std::size_t i = 0; i < depth; ++i) {
            text += "]}";
        }
        return message(R"({"content":)" + text + "}");
    };
    EXPECT_THAT(read(nested(300), {.depth_max = 1'000'000}).defects, ElementsAre("too_deep:1"));
    EXPECT_THAT(read(nested(100'000)).defects, ElementsAre("bad_json:1"));
}

TEST(MdtJson, LeavesOutTheRestOfARowThatIsTooLong) {
    const std::string bytes = message(R"({"keys":[{"k":1}],"content":{"a":1,"b":2,"c":[1,2,3]}},)"
                                      R"({"content":{"d":4}})");
    const TelemetryDumped dump = read(bytes, {.row_fields_max = 6});
    EXPECT_THAT(dump.rows, ElementsAre("keys{k=1u} content{a=1u b=2u}", "keys{} content{d=4u}"));
    EXPECT_THAT(dump.defects, ElementsAre("too_many_fields:1"));
}

TEST(MdtJson, CutOffAnywhereIsNotJson) {
    const std::string bytes = message(R"({"keys":[{"k":"v\u00e4"}],"content":{"a":[1,2.5,null]}})");
    MdtScratch scratch;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        TelemetryDump dump;
        // A copy of its own, so that a sanitizer sees what is read behind it.
        const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
        read_mdt_json({cut.data(), cut.size()}, {}, scratch, dump);
        EXPECT_THAT(dump.defects, ElementsAre("bad_json:1")) << size;
        EXPECT_THAT(dump.rows, IsEmpty());
    }
}

}  // namespace
}  // namespace weir
