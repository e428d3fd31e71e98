#include "parsers/syslog_structured_data.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string walk(std::string_view text) {
    const StructuredDataScan scan = scan_structured_data(text);
    std::string out = scan.length == 0 ? "none" : scan.strict ? "strict" : "lenient";
    std::string_view rest = text.substr(0, scan.length);
    SdElement element;
    while (next_sd_element(rest, element)) {
        out += ' ' + std::string(element.id);
        SdParam param;
        while (next_sd_param(element.params, param)) {
            out += ' ' + std::string(param.name) + '=';
            append_sd_value(param.raw_value, out);
        }
        out += ';';
    }
    return out + '|' + std::string(text.substr(scan.length));
}

TEST(SyslogStructuredData, ReadsWellFormedData) {
    EXPECT_EQ(walk(R"([a@1 i="3" s="App"] x)"), "strict a@1 i=3 s=App;| x");
    EXPECT_EQ(walk(R"([a b="1"][c d="2"])"), "strict a b=1; c d=2;|");
    EXPECT_EQ(walk("[id]"), "strict id;|");
    EXPECT_EQ(walk(R"([a i="\]\"\\"])"), "strict a i=]\"\\;|");
    EXPECT_EQ(walk(R"([a i="C:\dir\n"])"), "strict a i=C:\\dir\\n;|");
    EXPECT_EQ(walk(R"([a b="1"] [c d="2"])"), R"(strict a b=1;| [c d="2"])");
}

TEST(SyslogStructuredData, ToleratesWhatDevicesSend) {
    EXPECT_EQ(walk(R"([ a i="3"])"), "lenient a i=3;|");
    EXPECT_EQ(walk(R"([syslog@9 s_sn="84" s_id ="sw1:666"]: x)"),
              "lenient syslog@9 s_sn=84 s_id=sw1:666;|: x");
    EXPECT_EQ(walk(R"([a b= "1"  c="2" ])"), "lenient a b=1 c=2;|");
    EXPECT_EQ(walk("[a b=1 c=2]"), "lenient a b=1 c=2;|");
    EXPECT_EQ(walk(R"([a b="x]y"])"), "lenient a b=x]y;|");
}

TEST(SyslogStructuredData, RefusesTheRest) {
    for (const std::string_view text :
         {"", "-", "[]", "[incorrect x]", "[a b]", R"([flags:"1"; if:"o"])", R"([a b="1)",
          R"([a b="1"c="2"])", "[a", R"([="1"])", R"([a ="1"])", R"([level=info] x)"}) {
        EXPECT_EQ(walk(text), "none|" + std::string(text));
    }
    EXPECT_EQ(walk(R"([a b="1"][bad d] x)"), "strict a b=1;|[bad d] x");
}

}  // namespace
}  // namespace weir
