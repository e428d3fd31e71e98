// The decision table of docs/delivery.md, a test a row. The texts are Loki's, from 2.x to 3.x.
#include "sinks/loki_decision.h"

#include "tests/sinks/loki_decision_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace weir::test {
namespace {

using testing::ElementsAre;

TEST(LokiDecision, AnySuccessIsStored) {
    expect(decide(204), LokiAction::ok, Reason::none);
    expect(decide(200, "ok"), LokiAction::ok, Reason::none);
    expect(decide(202), LokiAction::ok, Reason::none);
}

TEST(LokiDecision, Blocked260HoldsUntilTheDate) {
    const LokiDecision decision =
        decide(260,
               "ingestion blocked for user 'edge' until '2023-11-15T00:00:00Z' with status "
               "code '260'");
    expect(decision, LokiAction::hold, Reason::blocked);
    ASSERT_TRUE(decision.hold_until);
    EXPECT_EQ(to_rfc3339(*decision.hold_until, 0), "2023-11-15T00:00:00Z");
    expect(decide(260, "something else"), LokiAction::hold, Reason::blocked);
    EXPECT_FALSE(decide(260, "something else").hold_until);
}

TEST(LokiDecision, LabelsThatCannotBeParsedSplitByStream) {
    expect(decide(400, "couldn't parse labels: 1:5: parse error: unexpected character"),
           LokiAction::split_by_stream, Reason::labels_unreadable);
}

TEST(LokiDecision, ARequestThatCannotBeDecodedSplitsByStream) {
    expect(decide(400, "snappy: corrupt input\n"), LokiAction::split_by_stream,
           Reason::undecodable);
    expect(decide(400, "proto: wrong wireType = 6 for field Streams"), LokiAction::split_by_stream,
           Reason::undecodable);
}

TEST(LokiDecision, MaxEntrySizeTruncatesToTheLimitNamed) {
    const LokiDecision decision =
        decide(400,
               "max entry size '262144' bytes exceeded for stream '{job=\"a\"}' while adding "
               "an entry with length '300000' bytes");
    expect(decision, LokiAction::repair, Reason::line_too_long);
    ASSERT_EQ(decision.repairs.size(), 1U);
    EXPECT_EQ(decision.repairs[0].kind, RepairKind::truncate);
    EXPECT_EQ(decision.repairs[0].limit, 262'144U);
    EXPECT_TRUE(decision.rest_is_stored);
}

TEST(LokiDecision, AnAbsurdLineLimitIsNotObeyed) {
    const LokiDecision decision =
        decide(400, "max entry size '1' bytes exceeded for stream '{job=\"a\"}'");
    expect(decision, LokiAction::repair, Reason::rejected_unknown);
    EXPECT_EQ(decision.repairs.at(0).kind, RepairKind::dead_letter);
    EXPECT_THAT(decision.repairs.at(0).streams, ElementsAre(R"({job="a"})"));
}

TEST(LokiDecision, TooOldClampsWhatIsOlderThanTheCutoff) {
    const LokiDecision decision =
        decide(400,
               "entry for stream '{job=\"a\"}' has timestamp too old: 2023-11-01T00:00:00Z, oldest "
               "acceptable timestamp is: 2023-11-07T22:13:20Z");
    expect(decision, LokiAction::repair, Reason::timestamp_too_old);
    ASSERT_EQ(decision.repairs.size(), 1U);
    EXPECT_EQ(decision.repairs[0].kind, RepairKind::clamp_old);
    // The text is cut to the second; the whole second counts as refused.
    EXPECT_EQ(decision.repairs[0].time, at(-7 * 86'400 + 1));
}

TEST(LokiDecision, TooNewClampsFromTheOldestOneNamed) {
    const LokiDecision decision =
        decide(400,
               "2 errors like: entry for stream '{job=\"a\"}' has timestamp too new: "
               "2023-11-14T22:25:20Z; 1 errors like: entry for stream '{job=\"b\"}' has "
               "timestamp too new: 2023-11-14T22:23:21Z");
    expect(decision, LokiAction::repair, Reason::timestamp_too_new);
    ASSERT_EQ(decision.repairs.size(), 1U);
    EXPECT_EQ(decision.repairs[0].kind, RepairKind::clamp_new);
    // Ten minutes ahead is Loki's default; what is refused later than that is not all there is.
    EXPECT_EQ(decision.repairs[0].time, at(600));
    const LokiDecision strict =
        decide(400, "entry for stream '{}' has timestamp too new: 2023-11-14T22:14:20Z");
    EXPECT_EQ(strict.repairs.at(0).time, at(60));
}

TEST(LokiDecision, TooFarBehindGoesToTheReplayStream) {
    const LokiDecision decision = decide(
        400,
        "entry with timestamp 2023-11-14 20:00:00 +0000 UTC ignored, reason: 'entry too far "
        "behind, entry timestamp is: 2023-11-14T20:00:00Z, oldest acceptable timestamp is: "
        "2023-11-14T21:13:20Z',\nuser 'edge', total ignored: 1 out of 5 for stream: {job=\"a\"}");
    expect(decision, LokiAction::repair, Reason::too_far_behind);
    ASSERT_EQ(decision.repairs.size(), 1U);
    EXPECT_EQ(decision.repairs[0].kind, RepairKind::replay);
    EXPECT_EQ(decision.repairs[0].time, at(-3600 + 1));
    // This answer hides what else was wrong.
    EXPECT_FALSE(decision.rest_is_stored);
}

TEST(LokiDecision, ACutoffInAnotherZoneIsTheSameTime) {
    const LokiDecision decision = decide(400,
                                         "entry too far behind, oldest acceptable timestamp is: "
                                         "2023-11-14T23:13:20+02:00");
    EXPECT_EQ(decision.repairs.at(0).time, at(-3600 + 1));
}

struct LabelCase {
    const char* body;
    Reason reason;
};

TEST(LokiDecision, BadLabelSetsEndTheirStreamsOnly) {
    const LabelCase cases[] = {
        {R"(entry for stream '{a="1", b="2"}' has 16 label names; limit 15)",
         Reason::label_names_too_many},
        {R"(stream '{a="1", b="2"}' has label name too long: 'aaaa')", Reason::label_name_too_long},
        {R"(stream '{a="1", b="2"}' has label value too long: 'xx')", Reason::label_value_too_long},
        {R"(stream '{a="1", b="2"}' has duplicate label name: 'a')", Reason::label_duplicate},
        {R"(missing required labels 'team' for user 'edge' for stream '{a="1", b="2"}' )"
         R"((policy: ''))",
         Reason::label_missing},
    };
    for (const LabelCase& one : cases) {
        SCOPED_TRACE(one.body);
        const LokiDecision decision = decide(400, one.body);
        expect(decision, LokiAction::repair, one.reason);
        ASSERT_EQ(decision.repairs.size(), 1U);
        EXPECT_EQ(decision.repairs[0].kind, RepairKind::dead_letter);
        EXPECT_THAT(decision.repairs[0].streams, ElementsAre(R"({a="1", b="2"})"));
        // Loki says this even while ingestion is blocked for all the other streams.
        EXPECT_FALSE(decision.rest_is_stored);
    }
}

TEST(LokiDecision, AStreamThatLokiDroppedForItsLabelsIsSanitised) {
    const LokiDecision decision =
        decide(400, R"(error parsing labels '{a="1", 2b="2"}' with error: 1:9: parse error)");
    expect(decision, LokiAction::repair, Reason::labels_unreadable);
    EXPECT_EQ(decision.repairs.at(0).kind, RepairKind::sanitise);
    EXPECT_THAT(decision.repairs.at(0).streams, ElementsAre(R"({a="1", 2b="2"})"));
}

TEST(LokiDecision, StructuredMetadataIsFoldedIntoTheLine) {
    const LokiDecision disallowed =
        decide(400,
               "stream '{a=\"1\"}' includes structured metadata, but this feature is "
               "disallowed. Please see `limits_config.allow_structured_metadata` or contact");
    expect(disallowed, LokiAction::repair, Reason::metadata_disallowed);
    EXPECT_EQ(disallowed.repairs.at(0).kind, RepairKind::fold_all);

    const LokiDecision large = decide(
        400,
        "stream '{a=\"1\"}' has structured metadata too large: '70000' bytes, limit: '65536' "
        "bytes. Please see");
    expect(large, LokiAction::repair, Reason::metadata_too_large);
    EXPECT_EQ(large.repairs.at(0).kind, RepairKind::fold_large);
    EXPECT_EQ(large.repairs.at(0).limit, 65'536U);

    const LokiDecision many = decide(
        400, "stream '{a=\"1\"}' has too many structured metadata labels: '200', limit: '128'.");
    expect(many, LokiAction::repair, Reason::metadata_too_many);
    EXPECT_EQ(many.repairs.at(0).kind, RepairKind::fold_many);
    EXPECT_EQ(many.repairs.at(0).limit, 128U);
}

TEST(LokiDecision, AnUnknown400IsNotResent) {
    expect(decide(400, "the moon is in the wrong phase"), LokiAction::dead_letter,
           Reason::rejected_unknown);
    expect(decide(400), LokiAction::dead_letter, Reason::rejected_unknown);
}

TEST(LokiDecision, AnUnknown400ThatNamesAStreamEndsThatStreamOnly) {
    const LokiDecision decision = decide(400, R"(stream '{a="1"}' has an unheard-of fault)");
    expect(decision, LokiAction::repair, Reason::rejected_unknown);
    EXPECT_THAT(decision.repairs.at(0).streams, ElementsAre(R"({a="1"})"));
    EXPECT_FALSE(decision.rest_is_stored);
}

TEST(LokiDecision, A400ThatIsAWebPageIsNotLokis) {
    expect(decide(400, "<html><head><title>400 Bad Request</title></head></html>"),
           LokiAction::hold, Reason::gateway);
}

TEST(LokiDecision, GroupedComplaintsAreAllRepaired) {
    const LokiDecision decision = decide(
        400,
        "3 errors like: max entry size '262144' bytes exceeded for stream '{a=\"1\"}' while adding "
        "an entry with length '300000' bytes; 1 errors like: stream '{b=\"max entry size\"}' has "
        "label value too long: 'x'; 12 errors like: entry for stream '{c=\"3\"}' has timestamp too "
        "old: 2023-11-01T00:00:00Z, oldest acceptable timestamp is: 2023-11-07T22:13:20Z");
    EXPECT_EQ(decision.action, LokiAction::repair);
    ASSERT_EQ(decision.repairs.size(), 3U);
    EXPECT_EQ(decision.repairs[0].kind, RepairKind::truncate);
    EXPECT_EQ(decision.repairs[1].kind, RepairKind::dead_letter);
    EXPECT_THAT(decision.repairs[1].streams, ElementsAre(R"({b="max entry size"})"));
    EXPECT_EQ(decision.repairs[2].kind, RepairKind::clamp_old);
    EXPECT_FALSE(decision.rest_is_stored);
}

TEST(LokiDecision, ATextThatWasCutOffLeavesTheRestUnknown) {
    HttpResponse response = answer(400, R"(stream '{a="1"}' has duplicate label name: 'a')");
    response.body_truncated = true;
    EXPECT_FALSE(decide_loki(response, facts()).rest_is_stored);
}

TEST(LokiDecision, CredentialsAndGatewaysHold) {
    expect(decide(401), LokiAction::hold, Reason::unauthorised);
    expect(decide(403, "<html>"), LokiAction::hold, Reason::forbidden);
    expect(decide(404, "404 page not found"), LokiAction::hold, Reason::not_found);
    expect(decide(405), LokiAction::hold, Reason::wrong_method);
    expect(decide(301), LokiAction::hold, Reason::redirected);
    expect(decide(302), LokiAction::hold, Reason::redirected);
    expect(decide(411), LokiAction::hold, Reason::gateway);
    expect(decide(100), LokiAction::hold, Reason::gateway);
    expect(decide_transport(TransportError::resolve), LokiAction::hold, Reason::name_not_resolved);
    expect(decide_transport(TransportError::tls), LokiAction::hold, Reason::tls_failed);
    expect(decide_transport(TransportError::settings), LokiAction::hold, Reason::bad_settings);
}

TEST(LokiDecision, GivenUpByTheServerIsRetried) {
    for (const unsigned status : {408U, 425U, 499U}) {
        expect(decide(status), LokiAction::retry, Reason::client_gave_up);
    }
}

TEST(LokiDecision, TooLargeSplits) {
    expect(decide(413), LokiAction::split_by_entries, Reason::too_large);
    expect(decide(413, "<html>nginx</html>"), LokiAction::split_by_entries, Reason::too_large);
}

TEST(LokiDecision, AnEmptyRequestIsDropped) {
    expect(decide(422, "error at least one valid stream is required for ingestion"),
           LokiAction::drop, Reason::empty_request);
    expect(decide(422, "something else"), LokiAction::hold, Reason::gateway);
}

constexpr const char* rate_text =
    "ingestion rate limit exceeded for user edge (limit: 4194304 bytes/sec) while attempting to "
    "ingest '5000' lines totaling '1048576' bytes, reduce log volume";

TEST(LokiDecision, TheTenantsRateLimitIsWaitedOut) {
    HttpResponse response = answer(429, rate_text);
    response.retry_after = std::chrono::seconds(7);
    const LokiDecision decision = decide_loki(response, facts());
    expect(decision, LokiAction::retry, Reason::rate_limited);
    EXPECT_EQ(decision.rate_bytes_per_s, 4'194'304U);
    EXPECT_EQ(decision.wait, std::chrono::seconds(7));
}

TEST(LokiDecision, TheSecondRefusalOfALargeRequestSplitsIt) {
    LokiRequestFacts second = facts();
    second.rate_limited_before = 1;
    expect(decide_loki(answer(429, rate_text), second), LokiAction::split_by_entries,
           Reason::rate_burst);
    second.raw_bytes = rate_split_floor_bytes;
    expect(decide_loki(answer(429, rate_text), second), LokiAction::retry, Reason::rate_limited);
    second.raw_bytes = 1024 * 1024;
    second.records = 1;
    expect(decide_loki(answer(429, rate_text), second), LokiAction::retry, Reason::rate_limited);
}

TEST(LokiDecision, A429WithoutLokisWordsIsJustWaitedOut) {
    LokiRequestFacts second = facts();
    second.rate_limited_before = 5;
    expect(decide_loki(answer(429, "<html>slow down</html>"), second), LokiAction::retry,
           Reason::rate_limited);
}

TEST(LokiDecision, AStreamsOwnRateLimitGoesToTheSlowLane) {
    const LokiDecision decision = decide(
        429,
        "entry with timestamp 2023-11-14 22:13:20 +0000 UTC ignored, reason: 'Per stream rate "
        "limit "
        "exceeded (limit: 3MB/sec) while attempting to ingest for stream '{device=\"core1\"}' "
        "totaling 1.5MB, consider splitting a stream via additional labels or contact your Loki "
        "administrator',\nuser 'edge', total ignored: 2 out of 2 for stream: {device=\"core1\"}");
    expect(decision, LokiAction::slow_lane, Reason::stream_rate_limited);
    EXPECT_THAT(decision.streams, ElementsAre(R"({device="core1"})"));
    EXPECT_FALSE(decision.wait);
}

TEST(LokiDecision, ANewStreamBeyondTheLimitWaitsLonger) {
    const LokiDecision decision = decide(
        429,
        "maximum active stream limit exceeded when trying to create stream {device=\"new\"}, "
        "reduce the number of active streams");
    expect(decision, LokiAction::slow_lane, Reason::stream_limit);
    EXPECT_THAT(decision.streams, ElementsAre(R"({device="new"})"));
    EXPECT_GE(decision.wait.value(), stream_limit_wait);
}

TEST(LokiDecision, AMessageTooLargeInsideLokiSplits) {
    expect(decide(500,
                  "rpc error: code = ResourceExhausted desc = grpc: received message larger "
                  "than max (5243392 vs. 4194304)"),
           LokiAction::split_by_entries, Reason::grpc_too_large);
}

TEST(LokiDecision, OtherServerErrorsAreRetried) {
    expect(decide(500, "empty ring"), LokiAction::retry, Reason::server_error);
    expect(decide(502, "<html>"), LokiAction::retry, Reason::server_error);
    expect(decide(503, "circuit breaker open, request denied"), LokiAction::retry,
           Reason::server_error);
    expect(decide(504), LokiAction::retry, Reason::server_error);
    expect(decide(501), LokiAction::hold, Reason::not_implemented);
}

TEST(LokiDecision, BrokenConnectionsAreRetried) {
    expect(decide_transport(TransportError::refused), LokiAction::retry, Reason::refused);
    expect(decide_transport(TransportError::connect_timeout), LokiAction::retry,
           Reason::connect_timeout);
    expect(decide_transport(TransportError::request_timeout), LokiAction::retry,
           Reason::request_timeout);
    expect(decide_transport(TransportError::closed), LokiAction::retry, Reason::closed);
    expect(decide_transport(TransportError::protocol), LokiAction::retry, Reason::bad_answer);
}

TEST(LokiDecision, OlderLokisWriteCapitals) {
    expect(decide(429, "Ingestion rate limit exceeded for user edge (limit: 4194304 bytes/sec)"),
           LokiAction::retry, Reason::rate_limited);
    EXPECT_EQ(decide(429, "Ingestion rate limit exceeded (limit: 99 bytes/sec)").rate_bytes_per_s,
              99U);
    expect(decide(400, "Max entry size '4096' bytes exceeded for stream '{a=\"1\"}'"),
           LokiAction::repair, Reason::line_too_long);
    expect(decide(429, "Maximum active stream limit exceeded, stream {a=\"1\"}"),
           LokiAction::slow_lane, Reason::stream_limit);
}

TEST(LokiDecision, WhatDevicesPutIntoLabelsIsNotTakenForLokisWords) {
    expect(decide(400, R"(stream '{device="; 1 errors like: max entry size '1' bytes exceeded"}' )"
                       R"(has duplicate label name: 'a')"),
           LokiAction::repair, Reason::label_duplicate);
}

TEST(LokiDecision, EveryReasonHasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (int i = 0; i < reason_count; ++i) {
        names.insert(reason_name(static_cast<Reason>(i)));
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(reason_count));
}

}  // namespace
}  // namespace weir::test
