#include "parsers/mdt_kvgpb.h"

#include "tests/parsers/mdt_build.h"
#include "tests/parsers/mdt_dump.h"

#include <gmock/gmock.h>

namespace weir {
namespace {

using namespace mdt_build;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct KvgpbCase {
    std::string_view name;
    std::string bytes;
    std::vector<std::string> rows;
    std::vector<std::string> defects;
};

std::string row(std::initializer_list<std::string> keys,
                std::initializer_list<std::string> content) {
    return node("", {node("keys", keys), node("content", content)});
}

class KvgpbTest : public testing::TestWithParam<KvgpbCase> {};

TEST_P(KvgpbTest, GivesRowsAndDefects) {
    MdtScratch scratch;
    TelemetryDump dump;
    read_mdt_kvgpb(GetParam().bytes, {}, scratch, dump);
    EXPECT_EQ(dump.headers.size(), 1U);
    EXPECT_EQ(dump.rows, GetParam().rows);
    EXPECT_EQ(dump.defects, GetParam().defects);
}

std::vector<KvgpbCase> value_cases() {
    return {
        {"every type",
         message({row(
             {}, {octets("a", "xy"), text("b", "t"), boolean("c", true), u32("d", 7), u64("e", 8),
                  s32("f", -9), s64("g", -10), f64("h", 1.5), f32("i", 0.5), node("j", {})})}),
         {"keys{} content{a=[xy] b=\"t\" c=true d=7u e=8u f=-9i g=-10i h=1.5f i=0.5f j{}}"},
         {}},
        {"numbers beyond 2^63, and their least",
         message({row(
             {}, {u64("id", 18379759394883829764U), u64("all", UINT64_MAX), s64("least", INT64_MIN),
                  s64("most", INT64_MAX), s32("i", INT32_MIN), u32("never", UINT32_MAX)})}),
         {"keys{} content{id=18379759394883829764u all=18446744073709551615u "
          "least=-9223372036854775808i most=9223372036854775807i i=-2147483648i "
          "never=4294967295u}"},
         {}},
        {"an oneof that is absent, and blanks of NX-OS",
         message({row({text("k", " ")}, {node("empty", {}), text("b", ""), boolean("c", false)})}),
         {"keys{k=\" \"} content{empty{} b=\"\" c=false}"},
         {}},
        {"text that is not UTF-8",
         message({row({text("k", "a\xFFz")}, {text("\xC3", "\xE2\x82\xAC")})}),
         {"keys{k=\"a\xEF\xBF\xBDz\"} content{\xEF\xBF\xBD=\"\xE2\x82\xAC\"}"},
         {"invalid_utf8:2"}},
        {"bytes that are not UTF-8 are bytes",
         message({row({}, {octets("a", "\xFF")})}),
         {"keys{} content{a=[\xFF]}"},
         {}},
        {"a value and children",
         message({row({}, {node("a", {u32("b", 1)}) + u32("", 5)})}),
         {"keys{} content{a{b=1u}}"},
         {"bad_wire:1"}},
        {"a field of the wrong type",
         message({row({}, {text("a", "x") + "\x40\x01"s, "\x15zzzz" + u32("b", 1)})}),
         {"keys{} content{a=1u b=1u}"},
         {"bad_wire:1"}},
        {"fields that nobody knows",
         message({row({}, {text("a", "x") + "\x88\x02\x01"s})}) + "\x9A\x06\x01z"s,
         {"keys{} content{a=\"x\"}"},
         {}},
    };
}

std::vector<KvgpbCase> shape_cases() {
    return {
        {"rows of IOS-XR, with their time",
         message({at(1471785717706,
                     row({text("interface-name", "Null0")}, {u64("packets-received", 1)})),
                  at(1471785717707, row({text("interface-name", "Gi0")}, {u32("drops", 2)}))}),
         {"@1471785717706 keys{interface-name=\"Null0\"} content{packets-received=1u}",
          "@1471785717707 keys{interface-name=\"Gi0\"} content{drops=2u}"},
         {}},
        {"a list is siblings of one name",
         message({row({}, {node("l", {u32("a", 1)}), node("l", {u32("a", 2)})})}),
         {"keys{} content{l{a=1u} l{a=2u}}"},
         {}},
        {"a deletion has keys only",
         message({deleted(node("", {node("keys", {text("name", "x")})}))}),
         {"deleted keys{name=\"x\"} content{}"},
         {}},
        {"a deletion below a row",
         message({row({}, {deleted(node("a", {text("b", "x")}))})}),
         {"keys{} content{a!{b=\"x\"}}"},
         {}},
        {"NX-OS: nodes without a name",
         message({row(
             {text("sys/intf", "sys/intf")},
             {node("", {node("fooEntity",
                             {node("", {node("attributes", {node("", {text("rn", "")})})})})})})}),
         {"keys{sys/intf=\"sys/intf\"} content{{fooEntity{{attributes{{rn=\"\"}}}}}}"},
         {}},
        {"content alone",
         message({node("", {node("content", {u32("a", 1)})})}),
         {"keys{} content{a=1u}"},
         {}},
        {"keys behind the content",
         message({node("", {node("content", {u32("a", 1)}), node("keys", {text("k", "v")})})}),
         {"keys{k=\"v\"} content{a=1u}"},
         {}},
        {"content twice",
         message({node("", {node("keys", {text("k", "v")}), node("content", {u32("a", 1)}),
                            node("content", {u32("a", 2)})})}),
         {"keys{k=\"v\"} content{a=1u}", "keys{k=\"v\"} content{a=2u}"},
         {}},
        {"neither keys nor content around the fields",
         message({at(5, node("", {text("name", "x"), u32("a", 1)}))}),
         {"@5 keys{} content{name=\"x\" a=1u}"},
         {}},
        {"something beside keys and content",
         message({node("", {node("keys", {}), u32("a", 1)})}),
         {"keys{} content{}"},
         {"row_shape:1"}},
        {"an empty row",
         message({node("", {}), row({}, {u32("a", 1)})}),
         {"keys{} content{a=1u}"},
         {"row_shape:1"}},
        {"a row that is a value", message({u32("a", 1)}), {}, {"row_shape:1"}},
    };
}

std::vector<KvgpbCase> message_cases() {
    std::string compact;
    protozero::pbf_writer writer(compact);
    {
        protozero::pbf_writer table(writer, 12);
        table.add_message(1, "\x08\x01"s);
        table.add_message(1, "\x08\x02"s);
    }
    return {
        {"nothing: the keep-alive of NX-OS", "", {}, {"no_rows:1"}},
        {"a header alone", message({}), {}, {"no_rows:1"}},
        {"the end of a collection", message({.collection_end_ms = 5}, {}), {}, {}},
        {"no node",
         message({.node_id = ""}, {row({}, {u32("a", 1)})}),
         {"keys{} content{a=1u}"},
         {"no_node_id:1"}},
        {"no path", message({.path = ""}, {row({}, {}), row({}, {})}), {}, {"no_encoding_path:2"}},
        {"compact rows", message({}) + compact, {}, {"compact_gpb:2"}},
        {"compact rows beside others",
         message({row({}, {u32("a", 1)})}) + compact,
         {"keys{} content{a=1u}"},
         {"compact_gpb:2"}},
        {"a row that is wrong within, and one behind it",
         message({node("", {"\x0F"s}), row({}, {u32("a", 1)})}),
         {"keys{} content{a=1u}"},
         {"bad_wire:1"}},
        {"a row whose field is longer than the row",
         message({"\x7A\x05\x12"s, row({}, {u32("a", 1)})}),
         {"keys{} content{a=1u}"},
         {"bad_wire:1"}},
        {"not protobuf behind a row",
         message({row({}, {u32("a", 1)})}) + "\x0F\x0F"s,
         {"keys{} content{a=1u}"},
         {"bad_wire:1"}},
        {"cut off in a row",
         message({row({}, {u32("a", 1)})}) + "\x5A\x10\x7A"s,
         {"keys{} content{a=1u}"},
         {"truncated:1"}},
        {"not protobuf at all", "GET / HTTP/1.1\r\n", {}, {"bad_wire:1"}},
    };
}

std::string case_name(const testing::TestParamInfo<KvgpbCase>& info) {
    std::string name;
    for (const char c : info.param.name) {
        name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    }
    return name;
}

INSTANTIATE_TEST_SUITE_P(Values, KvgpbTest, testing::ValuesIn(value_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Shapes, KvgpbTest, testing::ValuesIn(shape_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Messages, KvgpbTest, testing::ValuesIn(message_cases()), case_name);

TelemetryDumped read(std::string_view bytes, const TelemetryLimits& limits) {
    MdtScratch scratch;
    TelemetryDump dump;
    read_mdt_kvgpb(bytes, limits, scratch, dump);
    return dump;
}

TEST(MdtKvgpb, ReadsTheHeaderInAnyOrder) {
    std::string bytes = message({.collection_end_ms = 4}, {row({}, {u32("a", 1)})});
    protozero::pbf_writer writer(bytes);
    writer.add_uint64(9, 3);
    writer.add_uint64(8, 2);
    writer.add_string(7, "2020-01-01");
    TelemetryDump dump;
    MdtScratch scratch;
    read_mdt_kvgpb(bytes, {}, scratch, dump);
    EXPECT_THAT(dump.headers,
                ElementsAre("kvgpb node=r1 sub=s path=m:a/b version=2020-01-01 collection=2 3-4 "
                            "at=1000"));
}

TEST(MdtKvgpb, ReadsHeadersThatAreNotUtf8) {
    TelemetryDump dump;
    MdtScratch scratch;
    read_mdt_kvgpb(message({.node_id = "a\xFE", .path = "\xC0p"}, {row({}, {u32("a", 1)})}), {},
                   scratch, dump);
    EXPECT_THAT(dump.headers,
                ElementsAre("kvgpb node=a\xEF\xBF\xBD sub=s path=\xEF\xBF\xBDp version= "
                            "collection=0 0-0 at=1000"));
    EXPECT_THAT(dump.rows, ElementsAre("keys{} content{a=1u}"));
}

// A switch with NX-OS 7.0(3)I6(1), `sys/cdp`; the rest of the row is made up.
TEST(MdtKvgpb, ReadsWhatNxosBeginsWith) {
    const std::string begin = "\x0A\x02s1\x32\x07sys/cdp\x40\x02"s;
    const std::string fields = field("", [](auto& writer) {
        writer.add_message(15, node("keys", {text("sys/cdp", "sys/cdp")}));
        writer.add_message(15, node("content", {node("", {node("cdpEntity", {})})}));
    });
    std::string bytes = begin;
    protozero::pbf_writer(bytes).add_message(11, fields);
    TelemetryDump dump;
    MdtScratch scratch;
    read_mdt_kvgpb(bytes, {}, scratch, dump);
    EXPECT_THAT(dump.headers, ElementsAre("kvgpb node=s1 sub= path=sys/cdp version= collection=2 "
                                          "0-0 at=0"));
    EXPECT_THAT(dump.rows, ElementsAre("keys{sys/cdp=\"sys/cdp\"} content{{cdpEntity{}}}"));
    EXPECT_THAT(dump.defects, IsEmpty());
}

TEST(MdtKvgpb, LeavesOutWhatIsTooDeep) {
    const std::string bytes =
        message({row({}, {node("a", {node("b", {u32("c", 1)})}), u32("d", 2)})});
    EXPECT_THAT(read(bytes, {.depth_max = 3}).rows, ElementsAre("keys{} content{a{b{}} d=2u}"));
    EXPECT_THAT(read(bytes, {.depth_max = 3}).defects, ElementsAre("too_deep:1"));
    EXPECT_THAT(read(bytes, {.depth_max = 2}).rows, ElementsAre("keys{} content{a{} d=2u}"));
    EXPECT_THAT(read(bytes, {.depth_max = 4}).defects, IsEmpty());
}

TEST(MdtKvgpb, TakesADepthBomb) {
    std::string bomb = u32("x", 1);
    for (int i = 0; i < 20'000; ++i) {
        std::string outer;
        protozero::pbf_writer(outer).add_message(15, bomb);
        bomb = outer;
    }
    const TelemetryDumped dump =
        read(message({node("", {node("content", {bomb})})}), {.depth_max = 1'000'000});
    EXPECT_EQ(dump.rows.size(), 1U);
    EXPECT_THAT(dump.defects, ElementsAre("too_deep:1"));
}

TEST(MdtKvgpb, LeavesOutTheRestOfARowThatIsTooLong) {
    const std::string bytes = message(
        {row({text("k", "v")}, {u32("a", 1), u32("b", 2), u32("c", 3)}), row({}, {u32("d", 4)})});
    const TelemetryDumped dump = read(bytes, {.row_fields_max = 6});
    EXPECT_THAT(dump.rows, ElementsAre("keys{k=\"v\"} content{a=1u b=2u}", "keys{} content{d=4u}"));
    EXPECT_THAT(dump.defects, ElementsAre("too_many_fields:1"));
}

TEST(MdtKvgpb, CutOffAnywhereGivesTheRowsBefore) {
    const std::string bytes = message(
        {.collection_end_ms = 7},
        {at(5, row({text("k", "a")}, {u64("n", 1), f64("f", 2), node("l", {s64("m", -3)})})),
         at(6, row({text("k", "b\xFF")}, {u64("n", 300)})), node("", {u32("flat", 1)})});
    const TelemetryDumped whole = read(bytes, {});
    ASSERT_EQ(whole.rows.size(), 3U);
    std::size_t rows = 0;
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        const TelemetryDumped cut = read(std::string_view(bytes).substr(0, size), {});
        ASSERT_EQ(cut.headers.size(), 1U);
        ASSERT_GE(cut.rows.size(), rows) << size;
        rows = cut.rows.size();
        for (std::size_t i = 0; i < rows; ++i) {
            EXPECT_EQ(cut.rows[i], whole.rows[i]) << size;
        }
    }
    EXPECT_EQ(rows, 3U);
}

}  // namespace
}  // namespace weir
