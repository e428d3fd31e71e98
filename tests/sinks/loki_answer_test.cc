#include "sinks/loki_answer.h"

#include "sinks/http_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using testing::ElementsAre;

std::string time_text(std::string_view text) {
    const std::optional<Timestamp> time = read_time(text);
    return time ? to_rfc3339(*time, 3) : "none";
}

TEST(LokiAnswer, ReadsTimesInTheFormsThatGoWrites) {
    EXPECT_EQ(time_text("2026-11-21T06:47:00Z', x"), "2026-11-21T06:47:00.000Z");
    EXPECT_EQ(time_text("2026-11-21T06:47:00.25Z"), "2026-11-21T06:47:00.250Z");
    EXPECT_EQ(time_text("2026-11-21t06:47:00+02:00"), "2026-11-21T04:47:00.000Z");
    EXPECT_EQ(time_text("2026-11-21 06:47:00.5 -0330 NDT"), "2026-11-21T10:17:00.500Z");
    EXPECT_EQ(time_text("2026-13-21T06:47:00Z"), "none");
    EXPECT_EQ(time_text("2026-11-21T06:47"), "none");
    EXPECT_EQ(time_text(""), "none");
}

TEST(LokiAnswer, KnowsItsStreamAmongLokisAdditions) {
    EXPECT_TRUE(same_stream(R"({a="1"})", R"({a="1"})"));
    EXPECT_TRUE(same_stream(R"({b="2", a="1"})", R"({a="1", b="2", service_name="unknown"})"));
    EXPECT_TRUE(same_stream(R"({a="1"})", R"({__stream_shard__="3", a="1"})"));
    EXPECT_FALSE(same_stream(R"({a="1"})", R"({a="2"})"));
    EXPECT_FALSE(same_stream(R"({a="1"})", R"({a="1", b="2"})"));
    EXPECT_FALSE(same_stream(R"({a="1", b="2"})", R"({a="1"})"));
    EXPECT_FALSE(same_stream(R"({a="1"})", "{a="));
}

TEST(LokiAnswer, TakesTheStrictestOfEachKind) {
    const std::vector<LokiComplaint> complaints = read_complaints(
        "1 errors like: max entry size '9000' bytes exceeded for stream '{a=\"1\"}' while adding "
        "an "
        "entry with length '1' bytes; 1 errors like: max entry size '5000' bytes exceeded for "
        "stream '{a=\"2\"}' while adding an entry; 1 errors like: max entry size '7000' bytes "
        "exceeded for stream '{a=\"1\"}'");
    ASSERT_EQ(complaints.size(), 1U);
    EXPECT_EQ(complaints[0].limit, 5000U);
    EXPECT_THAT(complaints[0].streams, ElementsAre(R"({a="1"})", R"({a="2"})"));
}

TEST(LokiAnswer, GivesEachStreamToItsOwnComplaint) {
    const std::vector<LokiComplaint> complaints = read_complaints(
        "1 errors like: stream '{a=\"1\"}' has duplicate label name: 'x'; 2 errors like: stream "
        "'{a=\"2\"}' has label name too long: 'y'");
    ASSERT_EQ(complaints.size(), 2U);
    EXPECT_EQ(complaints[0].kind, ComplaintKind::label_duplicate);
    EXPECT_THAT(complaints[0].streams, ElementsAre(R"({a="1"})"));
    EXPECT_EQ(complaints[1].kind, ComplaintKind::label_name_too_long);
    EXPECT_THAT(complaints[1].streams, ElementsAre(R"({a="2"})"));
}

TEST(LokiAnswer, RemembersSoManyStreamsAndNoMore) {
    std::string body = "stream has duplicate label name: 'x'";
    for (int i = 0; i < 3000; ++i) {
        body += "{a=\"" + std::to_string(i) + "\"}";
    }
    EXPECT_EQ(read_complaints(body).at(0).streams.size(), complaint_streams_max);
}

TEST(LokiAnswer, TellsAWebPage) {
    EXPECT_TRUE(is_html("  \r\n<html>"));
    EXPECT_TRUE(is_html("<!DOCTYPE html>"));
    EXPECT_FALSE(is_html("entry <b>"));
    EXPECT_FALSE(is_html(""));
}

}  // namespace
}  // namespace weir
