#include "sinks/ndjson.h"

#include "core/json.h"

#include <gtest/gtest.h>
#include <simdjson.h>

namespace weir {
namespace {

std::string json(std::string_view text) {
    std::string out;
    append_json_string(text, out);
    return out;
}

TEST(Ndjson, EscapesWhatJsonForbids) {
    EXPECT_EQ(json("plain"), R"("plain")");
    EXPECT_EQ(json("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(json("\n\r\t"), R"("\n\r\t")");
    EXPECT_EQ(json(std::string_view("\0\x01\x1b\x1f\x7f", 5)),
              R"("\u0000\u0001\u001b\u001f\u007f")");
}

TEST(Ndjson, KeepsUtf8AndReplacesWhatIsNone) {
    EXPECT_EQ(json("Zürich €  😀"), "\"Zürich €  😀\"");
    EXPECT_EQ(json("\xff"), "\"\xef\xbf\xbd\"");
    EXPECT_EQ(json("a\xc3"), "\"a\xef\xbf\xbd\"");                // cut off
    EXPECT_EQ(json("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // overlong
    EXPECT_EQ(json("\xed\xa0\x80x"),                              // a surrogate
              "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\"");
    EXPECT_EQ(json("\xf4\x90\x80\x80").find("\xf4"), std::string::npos);  // above U+10FFFF
}

TEST(Ndjson, EveryByteGivesJsonThatAParserTakes) {
    simdjson::ondemand::parser parser;
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const std::string text{static_cast<char>(first), static_cast<char>(second)};
            const simdjson::padded_string document("[" + json(text) + "]");
            auto parsed = parser.iterate(document);
            std::string_view value;
            ASSERT_EQ(parsed.at(0).get_string().get(value), simdjson::SUCCESS)
                << first << ' ' << second;
        }
    }
}

TEST(Ndjson, AnEntryIsOneLine) {
    LokiEntry entry{{1'700'000'000'000'000'001},
                    "two\nlines",
                    {{"severity", "err"}, {"source_ip", "::1"}, {"severity", "second"}}};
    std::string out;
    append_ndjson(entry, labels_json(R"({device="a\"b", job="syslog"})"), out);
    EXPECT_EQ(out, R"({"timestamp":"2023-11-14T22:13:20.000000001Z",)"
                   R"("labels":{"device":"a\"b","job":"syslog"},)"
                   R"("metadata":{"severity":"err","source_ip":"::1"},"line":"two\nlines"})"
                   "\n");
}

TEST(Ndjson, KeepsLabelsThatCannotBeRead) {
    EXPECT_EQ(labels_json("{broken"), R"({"labels":"{broken"})");
}

}  // namespace
}  // namespace weir
