// What Loki, gateways and devices can put into an answer, and what is read from it.
#include "sinks/loki_decision.h"
#include "tests/sinks/loki_decision_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>

namespace weir::test {
namespace {

using testing::ElementsAre;

constexpr const char* rate_text =
    "ingestion rate limit exceeded for user edge (limit: 4194304 bytes/sec) while attempting to "
    "ingest '5000' lines totaling '1048576' bytes, reduce log volume";

struct ExactBody {
    unsigned status;
    const char* body;
    LokiAction action;
    Reason reason;
};

// What Loki says, word for word, with the placeholders filled in.
constexpr ExactBody exact_bodies[] = {
    {400, "couldn't parse labels: 1:5: parse error: unexpected character",
     LokiAction::split_by_stream, Reason::labels_unreadable},
    {400, "snappy: corrupt input", LokiAction::split_by_stream, Reason::undecodable},
    {400, "error at least one label pair is required per stream", LokiAction::split_by_stream,
     Reason::labels_empty},
    {400,
     "max entry size '262144' bytes exceeded for stream '{job=\"a\"}' while adding an entry with "
     "length '262145' bytes",
     LokiAction::repair, Reason::line_too_long},
    {400,
     "entry for stream '{job=\"a\"}' has timestamp too old: 2023-11-01T00:00:00Z, oldest "
     "acceptable "
     "timestamp is: 2023-11-07T22:13:20Z",
     LokiAction::repair, Reason::timestamp_too_old},
    {400, "entry for stream '{job=\"a\"}' has timestamp too new: 2023-11-14T22:25:20Z",
     LokiAction::repair, Reason::timestamp_too_new},
    {400,
     "entry with timestamp 2023-11-14 20:00:00 +0000 UTC ignored, reason: 'entry too far behind, "
     "entry timestamp is: 2023-11-14T20:00:00Z, oldest acceptable timestamp is: "
     "2023-11-14T21:13:20Z',\nuser 'edge', total ignored: 1 out of 5 for stream: {job=\"a\"}",
     LokiAction::repair, Reason::too_far_behind},
    {400, "entry for stream '{job=\"a\"}' has 16 label names; limit 15", LokiAction::repair,
     Reason::label_names_too_many},
    {400, "stream '{job=\"a\"}' has label name too long: 'job'", LokiAction::repair,
     Reason::label_name_too_long},
    {400, "stream '{job=\"a\"}' has label value too long: 'a'", LokiAction::repair,
     Reason::label_value_too_long},
    {400, "stream '{job=\"a\"}' has duplicate label name: 'job'", LokiAction::repair,
     Reason::label_duplicate},
    {400, "missing required labels 'team' for user 'edge' for stream '{job=\"a\"}' (policy: '')",
     LokiAction::repair, Reason::label_missing},
    {400, "error parsing labels '{job=\"a\"}' with error: 1:9: parse error", LokiAction::repair,
     Reason::labels_unreadable},
    {400,
     "stream '{job=\"a\"}' includes structured metadata, but this feature is disallowed. Please "
     "see "
     "`limits_config.allow_structured_metadata` or contact your Loki administrator to enable it",
     LokiAction::repair, Reason::metadata_disallowed},
    {400,
     "stream '{job=\"a\"}' has structured metadata too large: '70000' bytes, limit: '65536' bytes.",
     LokiAction::repair, Reason::metadata_too_large},
    {400, "stream '{job=\"a\"}' has too many structured metadata labels: '200', limit: '128'.",
     LokiAction::repair, Reason::metadata_too_many},
    {422, "error at least one valid stream is required for ingestion", LokiAction::drop,
     Reason::empty_request},
    {429,
     "ingestion rate limit exceeded for user edge (limit: 4194304 bytes/sec) while attempting to "
     "ingest '5000' lines totaling '1048576' bytes, reduce log volume",
     LokiAction::retry, Reason::rate_limited},
    {429,
     "ingestion rate limit exceeded for user edge, policy gold (limit: 4194304 bytes/sec) while "
     "attempting to ingest '5000' lines totaling '1048576' bytes, reduce log volume",
     LokiAction::retry, Reason::rate_limited},
    {429,
     "Per stream rate limit exceeded (limit: 3MB/sec) while attempting to ingest for stream "
     "'{job=\"a\"}' totaling 1MB, consider splitting a stream via additional labels",
     LokiAction::slow_lane, Reason::stream_rate_limited},
    {429, "maximum active stream limit exceeded when trying to create stream {job=\"a\"}, reduce",
     LokiAction::slow_lane, Reason::stream_limit},
    {500,
     "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5243392 "
     "vs. 4194304)",
     LokiAction::split_by_entries, Reason::grpc_too_large},
    {503, "circuit breaker open, request denied", LokiAction::retry, Reason::server_error},
    {260, "ingestion blocked for user 'edge' until '2023-11-15T00:00:00Z' with status code '260'",
     LokiAction::hold, Reason::blocked},
    {260,
     "ingestion blocked for user 'edge' (policy: 'gold') until '2023-11-15T00:00:00Z' with status "
     "code '260'",
     LokiAction::hold, Reason::blocked},
};

TEST(LokiTexts, EveryTextOfLokisIsKnownHoweverItIsWritten) {
    for (const ExactBody& one : exact_bodies) {
        const std::string body = one.body;
        SCOPED_TRACE(body);
        expect(decide(one.status, body), one.action, one.reason);
        expect(decide(one.status, body + "\n"), one.action, one.reason);
        std::string capital = body;
        capital[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(capital[0])));
        expect(decide(one.status, capital), one.action, one.reason);
        if (one.status == 400) {
            expect(decide(400, "7 errors like: " + body), one.action, one.reason);
        }
    }
}

TEST(LokiTexts, GroupedTextsAreTheSameInAnyOrder) {
    for (const ExactBody& one : exact_bodies) {
        for (const ExactBody& other : exact_bodies) {
            const bool both =
                one.action == LokiAction::repair && other.action == LokiAction::repair;
            if (!both || one.reason == other.reason) {
                continue;
            }
            const std::string body =
                std::string("3 errors like: ") + one.body + "; 12 errors like: " + other.body;
            SCOPED_TRACE(body);
            const LokiDecision decision = decide(400, body);
            expect(decision, LokiAction::repair, one.reason);
            ASSERT_EQ(decision.repairs.size(), 2U);
            EXPECT_EQ(reason_name(decision.repairs[1].reason), reason_name(other.reason));
        }
    }
}

TEST(LokiTexts, OnlyAPlainSuccessEverCountsAsStored) {
    for (unsigned status = 0; status < 1000; ++status) {
        for (const char* body : {"", "<html>", "{\"message\": \"no\"}", "what?"}) {
            const LokiDecision decision = decide(status, body);
            const bool success =
                status / 100 == 2 && status != 260 && body != std::string("<html>");
            EXPECT_EQ(decision.action == LokiAction::ok, success) << status << ' ' << body;
            const bool ends =
                decision.action == LokiAction::dead_letter || decision.action == LokiAction::drop;
            // Nothing is given up for words that are not Loki's.
            const bool unknown = body == std::string("what?") || *body == '\0';
            EXPECT_EQ(ends, status == 400 && unknown) << status << ' ' << body;
        }
    }
}

TEST(LokiTexts, BlockedIsBlockedUnderAnyStatus) {
    for (const unsigned status : {200U, 204U, 299U, 400U, 403U, 429U, 503U}) {
        const LokiDecision decision = decide(
            status, "ingestion blocked for user 'edge' until '2023-11-15T00:00:00Z' with status");
        expect(decision, LokiAction::hold, Reason::blocked);
        EXPECT_TRUE(decision.hold_until);
    }
}

TEST(LokiTexts, ALoginPageIsNoSuccess) {
    expect(decide(200, "<!DOCTYPE html><title>Sign in</title>"), LokiAction::hold, Reason::gateway);
    expect(decide(200, R"({"status":"success"})"), LokiAction::ok, Reason::none);
}

TEST(LokiTexts, A400InJsonIsNotLokis) {
    expect(decide(400, R"({"message":"Bad Request"})"), LokiAction::hold, Reason::gateway);
    expect(decide(400, R"( [ {"error":"x"} ])"), LokiAction::hold, Reason::gateway);
    expect(decide(400, R"({a="1"} is a strange stream)"), LokiAction::repair,
           Reason::rejected_unknown);
}

TEST(LokiTexts, ATextWithoutItsLimitIsHelpedOutByLokisDefault) {
    const LokiDecision old =
        decide(400, "entry for stream '{a=\"1\"}' has timestamp too old: 2023-11-01T00:00:00Z");
    expect(old, LokiAction::repair, Reason::timestamp_too_old);
    EXPECT_EQ(old.repairs.at(0).time, at(-7 * 86'400));
    const LokiDecision strict =
        decide(400, "entry for stream '{a=\"1\"}' has timestamp too old: 2023-11-14T12:13:20Z");
    EXPECT_EQ(strict.repairs.at(0).time, at(-10 * 3600 + 1));
    const LokiDecision behind = decide(400, "entry too far behind for stream {a=\"1\"}");
    expect(behind, LokiAction::repair, Reason::too_far_behind);
    EXPECT_EQ(behind.repairs.at(0).time, at(-3600));
}

TEST(LokiTexts, ATooNewAnswerCarriesTheServersClock) {
    HttpResponse response =
        answer(400, "entry for stream '{a=\"1\"}' has timestamp too new: 2023-11-14T22:14:20Z");
    response.date = at(-1000);
    EXPECT_EQ(decide_loki(response, facts()).repairs.at(0).server_now, at(-1000));
}

TEST(LokiTexts, AStreamThatIsNotNamedIsFoundByHalving) {
    expect(decide(400, "error parsing labels 'a=1' with error: 1:1: parse error"),
           LokiAction::split_by_stream, Reason::rejected_unknown);
    expect(decide(400, "stream has duplicate label name: 'a'"), LokiAction::split_by_stream,
           Reason::rejected_unknown);
}

// The ingester names the first ten entries that it refused and answers with the status of the last.
TEST(LokiTexts, AStatusThatFitsTheLastEntryOnly) {
    const LokiDecision rate = decide(
        400,
        "entry with timestamp x ignored, reason: 'Per stream rate limit exceeded (limit: 3MB/sec) "
        "while attempting to ingest for stream '{a=\"1\"}' totaling 1MB");
    expect(rate, LokiAction::slow_lane, Reason::stream_rate_limited);
    EXPECT_THAT(rate.streams, ElementsAre(R"({a="1"})"));
    const LokiDecision behind = decide(429,
                                       "entry too far behind, entry timestamp is: x, oldest "
                                       "acceptable timestamp is: 2023-11-14T21:13:20Z");
    expect(behind, LokiAction::repair, Reason::too_far_behind);
    EXPECT_FALSE(behind.rest_is_stored);
}

TEST(LokiTexts, ASmallRequestThatIsRefusedForEverIsSplitAtLast) {
    LokiRequestFacts sent = facts();
    sent.raw_bytes = 200'000;
    sent.rate_limited_before = patient_refusals - 1;
    expect(decide_loki(answer(429, rate_text), sent), LokiAction::retry, Reason::rate_limited);
    sent.rate_limited_before = patient_refusals;
    expect(decide_loki(answer(429, rate_text), sent), LokiAction::split_by_entries,
           Reason::rate_burst);
    sent.raw_bytes = patient_split_floor_bytes;
    expect(decide_loki(answer(429, rate_text), sent), LokiAction::retry, Reason::rate_limited);
}

TEST(LokiTexts, TooLargeInsideLokiHasSeveralTexts) {
    const char* sending =
        "rpc error: code = ResourceExhausted desc = trying to send message larger "
        "than max (5000000 vs. 4194304)";
    for (const unsigned status : {429U, 500U, 502U, 503U}) {
        expect(decide(status, sending), LokiAction::split_by_entries, Reason::grpc_too_large);
    }
}

TEST(LokiTexts, GrpcsWordForTooMuchAloneEndsNothing) {
    const char* exhausted = "rpc error: code = ResourceExhausted desc = too many requests";
    expect(decide(500, exhausted), LokiAction::split_by_entries, Reason::grpc_too_large);
    LokiRequestFacts small = facts();
    small.raw_bytes = rate_split_floor_bytes;
    expect(decide_loki(answer(500, exhausted), small), LokiAction::retry, Reason::server_error);
    LokiRequestFacts lone = facts();
    lone.records = 1;
    expect(decide_loki(answer(500, exhausted), lone), LokiAction::retry, Reason::server_error);
}

TEST(LokiTexts, WhatDevicesPutIntoValuesIsNotTakenForLokisWordsEither) {
    const std::string value =
        "x' ; 1 errors like: max entry size '300' bytes exceeded for stream 'y";
    for (const char* fault : {"value too long", "name too long"}) {
        const LokiDecision decision =
            decide(400, "2 errors like: stream '{device=\"" + value + "\"}' has label " + fault +
                            ": '" + value +
                            "'; 1 errors like: stream '{a=\"1\"}' has duplicate "
                            "label name: 'a'");
        ASSERT_EQ(decision.repairs.size(), 2U) << fault;
        EXPECT_EQ(decision.repairs[0].kind, RepairKind::dead_letter);
        EXPECT_EQ(decision.repairs[1].reason, Reason::label_duplicate);
        EXPECT_THAT(decision.repairs[1].streams, ElementsAre(R"({a="1"})"));
    }
    expect(decide(400, "stream '{a=\"1\"}' has duplicate label name: 'ingestion blocked for user'"),
           LokiAction::repair, Reason::label_duplicate);
}

TEST(LokiTexts, ATextThatBrokeOffIsAskedForAgain) {
    HttpResponse response = answer(400, "stream '{a=\"1\"}' is ref");
    response.body_truncated = true;
    expect(decide_loki(response, facts()), LokiAction::retry, Reason::closed);
    // Longer than weir reads: it would be the same again.
    response.body.resize(64UL * 1024, '.');
    expect(decide_loki(response, facts()), LokiAction::repair, Reason::rejected_unknown);
}

}  // namespace
}  // namespace weir::test
