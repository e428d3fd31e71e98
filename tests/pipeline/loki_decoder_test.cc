#include "pipeline/loki_decoder.h"

#include "pipeline/loki_rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <snappy.h>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::Pair;

LokiPush sample() {
    LokiPush push;
    push.streams.push_back({R"({job="a"})",
                            {{{1'700'000'000'000'000'001}, "one", {{"severity", "err"}, {"k", ""}}},
                             {{-1}, "before 1970", {}},
                             {{0}, std::string("\0\xff", 2), {}}}});
    push.streams.push_back({R"({job="b"})", {{{5}, "", {}}}});
    return push;
}

std::string snappy_of(const std::string& raw) {
    std::string body;
    snappy::Compress(raw.data(), raw.size(), &body);
    return body;
}

std::string why_not(const Result<LokiPush>& push) {
    return push ? "decoded" : push.error().message;
}

TEST(LokiDecoder, GivesBackWhatWasEncoded) {
    const EncodedPush encoded = encode_loki_push(sample());
    const Result<LokiPush> push = decode_loki_push(encoded.body);
    ASSERT_TRUE(push);
    EXPECT_EQ(*push, sample());
    EXPECT_EQ(push->records(), 4U);
}

TEST(LokiDecoder, ReadsTheWireByTheFieldNumbersOfTheTable) {
    // PushRequest{1: StreamAdapter{1: "{a=\"b\"}", 2: EntryAdapter{1: {1: 2, 2: 3}, 2: "x",
    // 3: {1: "n", 2: "v"}}}}, written by hand.
    const std::string metadata("\x1a\x06\x0a\x01n\x12\x01v", 8);
    const std::string entry = std::string("\x0a\x04\x08\x02\x10\x03\x12\x01x", 9) + metadata;
    const std::string stream = "\x0a\x07{a=\"b\"}\x12" +
                               std::string(1, static_cast<char>(entry.size())) + entry +
                               std::string("\x18\x05", 2);  // hash, which only servers set
    const std::string raw = "\x0a" + std::string(1, static_cast<char>(stream.size())) + stream +
                            std::string("\x12\x04otlp", 6);
    const Result<LokiPush> push = decode_loki_push_raw(raw);
    ASSERT_TRUE(push) << push.error().message;
    LokiPush expected;
    expected.streams.push_back({R"({a="b"})", {{{2 * ns_per_s + 3}, "x", {{"n", "v"}}}}});
    EXPECT_EQ(*push, expected);
}

TEST(LokiDecoder, RefusesWhatIsDamaged) {
    EXPECT_EQ(why_not(decode_loki_push("")), "not a snappy block");
    EXPECT_EQ(why_not(decode_loki_push("\xff\xff\xff\xff\xff")), "not a snappy block");
    EXPECT_EQ(why_not(decode_loki_push(std::string("\xff\xff\xff\xff\x0f", 5))),
              "snappy block claims to hold too much");
    const std::string body = encode_loki_push(sample()).body;
    EXPECT_EQ(why_not(decode_loki_push(body.substr(0, body.size() - 1))), "damaged snappy block");
    EXPECT_NE(why_not(decode_loki_push(snappy_of("\x0a\x7f"))).find("malformed push request"),
              std::string::npos);
}

TEST(LokiDecoder, EveryCutOfAGoodRequestEndsInAResult) {
    std::string raw;
    const EncodedPush encoded = encode_loki_push(sample());
    ASSERT_TRUE(snappy::Uncompress(encoded.body.data(), encoded.body.size(), &raw));
    for (std::size_t size = 1; size < raw.size(); ++size) {
        const Result<LokiPush> push = decode_loki_push_raw(std::string_view(raw).substr(0, size));
        EXPECT_TRUE(!push || push->records() < 4) << size;
    }
}

TEST(LokiDecoder, RefusesTimesOutOfRange) {
    // seconds = 2^62
    const std::string far("\x0a\x0a\x08\x80\x80\x80\x80\x80\x80\x80\x80\x40", 12);
    const std::string stream = "\x12\x0c" + far;
    EXPECT_EQ(why_not(decode_loki_push_raw("\x0a\x0e" + stream)), "entry timestamp out of range");
}

TEST(LokiDecoder, BoundsTheEntries) {
    // A million and one empty entries of two bytes each.
    std::string entries;
    for (std::size_t i = 0; i <= loki_push_records_max; ++i) {
        entries += std::string("\x12\x00", 2);
    }
    std::string raw = "\x0a";
    for (std::size_t size = entries.size(); size > 0; size >>= 7U) {
        raw += static_cast<char>((size & 0x7fU) | (size > 0x7f ? 0x80U : 0U));
    }
    EXPECT_EQ(why_not(decode_loki_push_raw(raw + entries)), "too many entries in one push request");
}

std::string labels_problem(std::string_view text) {
    const Result<Labels> labels = parse_loki_labels(text);
    return labels ? "read" : labels.error().message;
}

TEST(LokiLabels, UndoesTheQuoting) {
    const Result<Labels> labels =
        parse_loki_labels(R"({a="plain", b="q\"\\\n\t\x01", c="\u00e9\U0001F600",d=""})");
    ASSERT_TRUE(labels) << labels.error().message;
    EXPECT_THAT(*labels, ElementsAre(Pair("a", "plain"), Pair("b", "q\"\\\n\t\x01"),
                                     Pair("c", "é😀"), Pair("d", "")));
    EXPECT_TRUE(parse_loki_labels("{}")->empty());
}

TEST(LokiLabels, ReadsWhatCoreWrites) {
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte) {
        every_byte += static_cast<char>(byte);
    }
    const Labels labels{{"a", every_byte}, {"b", "} , \" \\"}};
    EXPECT_EQ(*parse_loki_labels(to_loki_labels(labels)), labels);
}

TEST(LokiLabels, RefusesTheRest) {
    EXPECT_EQ(labels_problem(""), "labels do not start with {");
    EXPECT_EQ(labels_problem("{"), "a label is not name=\"value\"");
    EXPECT_EQ(labels_problem("{a}"), "a label is not name=\"value\"");
    EXPECT_EQ(labels_problem("{a=b}"), "a label is not name=\"value\"");
    EXPECT_EQ(labels_problem(R"({a="b})"), "a label's value is not closed or badly escaped");
    EXPECT_EQ(labels_problem(R"({a="\q"})"), "a label's value is not closed or badly escaped");
    EXPECT_EQ(labels_problem(R"({a="\ud800"})"), "a label's value is not closed or badly escaped");
    EXPECT_EQ(labels_problem(R"({a="b" c="d"})"), "no comma between labels");
    EXPECT_EQ(labels_problem(R"({a="b", a="c"})"), "a label is there twice");
    EXPECT_EQ(labels_problem(R"({a="b"}x)"), "text after the labels");
}

}  // namespace
}  // namespace weir
