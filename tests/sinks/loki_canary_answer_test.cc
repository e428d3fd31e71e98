#include "sinks/loki_canary_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::test {
namespace {

constexpr std::string_view run = "00ff";
constexpr Timestamp made{1'732'212'345'123'456'789};

std::string answer_with(const std::string& streams) {
    return R"({"status":"success","data":{"resultType":"streams","result":[)" + streams +
           R"(],"stats":{"summary":{"bytesProcessedPerSecond":1}}}})";
}

std::string stream_of(const std::vector<std::string>& lines) {
    std::string values;
    for (const std::string& line : lines) {
        values += (values.empty() ? "" : ",") + std::string(R"(["1732212345123456789",")") + line +
                  R"("])";
    }
    return R"({"stream":{"job":"weir-canary"},"values":[)" + values + "]}";
}

TEST(LokiCanaryAnswer, ALineIsReadBackAsItWasWritten) {
    const CanaryLine line{42, made};
    const std::string text = canary_text(run, line);
    EXPECT_NE(text.find("weir canary run=00ff sequence=42 made=1732212345123456789:"),
              std::string::npos)
        << text;
    EXPECT_EQ(read_canary_text(text, run), line);
}

TEST(LokiCanaryAnswer, ALineThatIsNotWholeOrNotOursIsNone) {
    const std::string text = canary_text(run, {42, made});
    EXPECT_FALSE(read_canary_text(text, "00fe"));
    EXPECT_FALSE(read_canary_text(text + " ", run));
    EXPECT_FALSE(read_canary_text(" " + text, run));
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_FALSE(read_canary_text(text.substr(0, size), run)) << size;
    }
    for (const char* number : {"042", "+42", "-42", "18446744073709551616", "", "4 2"}) {
        std::string other = text;
        other.replace(other.find("=42") + 1, 2, number);
        EXPECT_FALSE(read_canary_text(other, run)) << number;
    }
}

TEST(LokiCanaryAnswer, TheQuestionIsEncodedAndBounded) {
    EXPECT_EQ(canary_query(run, {5 * ns_per_s}, {7 * ns_per_s}),
              "query=%7Bjob%3D%22weir-canary%22%7D%20%7C%3D%20%22weir%20canary%20run%3D00ff%20"
              "sequence%3D%22&start=5000000000&end=8000000000&limit=500&direction=forward");
}

TEST(LokiCanaryAnswer, ReadsOurLinesAmongOthersFromEveryStream) {
    const std::string ours = canary_text(run, {7, made});
    const std::string more = canary_text(run, {8, made});
    const std::string body =
        answer_with(stream_of({"something else", ours, canary_text("other", {9, made})}) + "," +
                    stream_of({more}) + R"(,{"stream":{},"values":[["1","x",{"a":"b"}]]})");
    const Result<std::vector<CanaryLine>> lines = read_canary_answer(body, run);
    ASSERT_TRUE(lines) << lines.error().message;
    EXPECT_EQ(*lines, (std::vector<CanaryLine>{{7, made}, {8, made}}));
}

TEST(LokiCanaryAnswer, NothingFoundIsAnAnswerToo) {
    const Result<std::vector<CanaryLine>> lines = read_canary_answer(answer_with(""), run);
    ASSERT_TRUE(lines);
    EXPECT_TRUE(lines->empty());
}

TEST(LokiCanaryAnswer, NoMoreLinesThanAskedFor) {
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < 2 * canary_query_lines_max; ++i) {
        texts.push_back(canary_text(run, {i, made}));
    }
    const Result<std::vector<CanaryLine>> lines =
        read_canary_answer(answer_with(stream_of(texts)), run);
    ASSERT_TRUE(lines);
    EXPECT_EQ(lines->size(), canary_query_lines_max);
}

TEST(LokiCanaryAnswer, EveryTruncationIsRefused) {
    const std::string body = answer_with(stream_of({canary_text(run, {7, made})}));
    for (std::size_t size = 0; size < body.size(); ++size) {
        EXPECT_FALSE(read_canary_answer(body.substr(0, size), run)) << size;
    }
}

TEST(LokiCanaryAnswer, WhatIsNotAnAnswerOfQueryRangeIsRefused) {
    for (const std::string& body : {
             std::string("[]"),
             std::string("null"),
             std::string("\"success\""),
             std::string("<html>sign in</html>"),
             std::string("\xff\xfe"),
             std::string(R"({"status":"error","data":{"resultType":"streams","result":[]}})"),
             std::string(R"({"status":1,"data":{"resultType":"streams","result":[]}})"),
             std::string(R"({"status":"success"})"),
             std::string(R"({"status":"success","data":[]})"),
             std::string(R"({"status":"success","data":{"resultType":"matrix","result":[]}})"),
             std::string(R"({"status":"success","data":{"resultType":"streams","result":{}}})"),
             answer_with("1"),
             answer_with("{}"),
             answer_with(R"({"values":{}})"),
             answer_with(R"({"values":[1]})"),
             answer_with(R"({"values":[[]]})"),
             answer_with(R"({"values":[["1"]]})"),
             answer_with(R"({"values":[["1",2]]})"),
             answer_with(R"({"values":[{"1":"x"}]})"),
             answer_with(std::string(100'000, '[')),
         }) {
        const Result<std::vector<CanaryLine>> lines = read_canary_answer(body, run);
        EXPECT_FALSE(lines) << body.substr(0, 200);
        EXPECT_FALSE(!lines && lines.error().message.empty());
    }
}

}  // namespace
}  // namespace weir::test
