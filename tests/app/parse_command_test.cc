#include "app/parse_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

namespace weir {
namespace {

using namespace std::string_literals;

struct Outcome {
    int status = 0;
    std::string out;
    std::string errors;
};

Outcome run(const ParseCommandOptions& options, const std::string& input) {
    std::stringstream in(input);
    std::stringstream out;
    std::stringstream errors;
    Outcome outcome;
    outcome.status = run_parse_command(options, in, out, errors);
    outcome.out = out.str();
    outcome.errors = errors.str();
    return outcome;
}

TEST(ParseCommand, PrintsOneObjectALine) {
    EXPECT_EQ(run({}, "<34>Oct 11 22:14:15 web1 su: hi\r\n").out,
              R"({"facility":4,"severity":2,"timestamp":"--10-11T22:14:15","hostname":"web1",)"
              R"("app_name":"su","proc_id":null,"msg_id":null,"structured_data":null,)"
              R"("msg":"hi","extra":{},"defects":["no_year"]})"
              "\n");
}

TEST(ParseCommand, TakesALastLineWithoutLineFeed) {
    const std::string out = run({}, "<13>one\n<13>two").out;
    EXPECT_NE(out.find(R"("msg":"one")"), std::string::npos);
    EXPECT_NE(out.find(R"("msg":"two")"), std::string::npos);
}

TEST(ParseCommand, CompletesTheYear) {
    const auto received_at = timestamp_from_rfc3339("2026-01-01T00:30:00Z");
    ASSERT_TRUE(received_at.has_value());
    const std::string line = "<34>Dec 31 23:59:59 web1 su: hi\n";
    EXPECT_NE(run({.received_at = *received_at}, line).out.find("2025-12-31T23:59:59\""),
              std::string::npos);
}

TEST(ParseCommand, ReadsAStreamAsTheListenerWould) {
    const Outcome outcome =
        run({.framing = FramingMode::automatic}, "7 <13>one\n<13>two\n\0<13>three"s);
    EXPECT_NE(outcome.out.find(R"("framing":"octet")"), std::string::npos);
    EXPECT_NE(outcome.out.find(R"("msg":"two")"), std::string::npos);
    EXPECT_NE(outcome.out.find(R"("unterminated_frame")"), std::string::npos);
}

TEST(ParseCommand, ReadsStreamsLargerThanItsBuffer) {
    std::string stream;
    for (int i = 0; i < 50000; ++i) {
        stream += "<13>message number " + std::to_string(i) + '\n';
    }
    const std::string out = run({.framing = FramingMode::lf}, stream).out;
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 50000);
    EXPECT_NE(out.find("\"msg\":\"message number 49999\""), std::string::npos);
}

TEST(ParseCommand, RepairsUtf8AndEscapesControls) {
    const std::string out = run({}, "<13>caf\xE9 \x1b[0m \"q\" \\\n").out;
    EXPECT_NE(out.find("caf\xEF\xBF\xBD \\u001b[0m \\\"q\\\" \\\\"), std::string::npos);
    EXPECT_NE(out.find("invalid_utf8"), std::string::npos);
}

TEST(ParseCommand, PrintsStructuredDataWithRepeatedNames) {
    const std::string out =
        run({}, R"(<13>1 2020-10-10T10:00:00Z h a - - [o ip="1" x="\"" ip="2"][p] m)").out;
    EXPECT_NE(out.find(R"("structured_data":{"o":{"ip":["1","2"],"x":"\""},"p":{}},"msg")"),
              std::string::npos)
        << out;
}

TEST(ParseCommand, NamesBadLinesAndGoesOn) {
    const Outcome outcome = run(
        {.ndjson = true}, "{\"raw\":\"5 <13>a\\n\"}\nnonsense\n{\"x\":1}\n{\"raw\":\"9 <13>a\"}\n");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.errors.find("\"line\":2}"), std::string::npos);
    EXPECT_NE(outcome.errors.find("\"line\":3}"), std::string::npos);
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 2);
    EXPECT_NE(outcome.out.find("\"msg\":\"a\""), std::string::npos);
    EXPECT_NE(outcome.out.find("\"msg\":\"9 <13>a\""), std::string::npos);
}

TEST(ParseCommand, ReadsItsOptions) {
    EXPECT_EQ(framing_mode_from_name("auto"), FramingMode::automatic);
    EXPECT_EQ(framing_mode_from_name("octet"), FramingMode::octet);
    EXPECT_FALSE(framing_mode_from_name("other").has_value());
    EXPECT_EQ(timestamp_from_rfc3339("1970-01-01T01:00:00.5+01:00")->unix_ns, 500'000'000);
    for (const std::string_view bad :
         {"", "yesterday", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00Z x",
          "9000-01-01T00:00:00Z"}) {
        EXPECT_FALSE(timestamp_from_rfc3339(bad).has_value()) << bad;
    }
}

}  // namespace
}  // namespace weir
