// The decision table of docs/delivery.md for Mimir, a test a row. The texts are those of Mimir 2.17
// and 3.0 and of Prometheus 2.42.
#include "sinks/mimir_decision.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace weir::test {
namespace {

HttpResponse answer(unsigned status, std::string body = "") {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

MimirRequestFacts facts() {
    return {.samples = 2000, .series = 2000};
}

MimirRequestFacts facts_of_version_2() {
    MimirRequestFacts sent = facts();
    sent.version_2 = true;
    return sent;
}

MimirDecision decide(unsigned status, std::string body = "") {
    return decide_mimir(answer(status, std::move(body)), facts());
}

void expect(const MimirDecision& decision, MimirAction action, Reason reason) {
    EXPECT_EQ(decision.action, action);
    EXPECT_EQ(reason_name(decision.reason), reason_name(reason));
}

TEST(MimirDecision, AnySuccessIsStored) {
    expect(decide(200), MimirAction::ok, Reason::none);
    expect(decide(204), MimirAction::ok, Reason::none);
    // A gateway that stores later says so with 202.
    expect(decide(202, "accepted"), MimirAction::ok, Reason::none);
}

TEST(MimirDecision, ALoginPageIsNoSuccess) {
    expect(decide(200, "<html>sign in"), MimirAction::hold, Reason::gateway);
}

TEST(MimirDecision, SamplesOfAnotherReplicaAreDiscardedWith202) {
    expect(decide(202, "replicas did not match, rejecting sample: replica=b, elected=a\n"),
           MimirAction::drop, Reason::ha_deduplicated);
}

struct Refusal {
    const char* name;
    const char* body;
    Reason reason;
};

class MimirRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(MimirRefusal, FindsTheSamplesThatAreRefused) {
    const MimirDecision decision = decide(400, GetParam().body);
    expect(decision, MimirAction::refused, GetParam().reason);
    EXPECT_FALSE(decision.refused);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, MimirRefusal,
    testing::Values(
        Refusal{"out_of_order",
                "failed pushing to ingester mimir-0: user=anonymous: the sample has been rejected "
                "because another sample with a more recent timestamp has already been ingested and "
                "out-of-order samples are not allowed (err-mimir-sample-out-of-order). The "
                "affected sample has timestamp 2026-11-21T21:00:00Z and is from series "
                "up{device=\"sw1\"} (sampled 1/10)\n",
                Reason::out_of_order},
        Refusal{"too_old",
                "failed pushing to ingester mimir-0: user=anonymous: the sample has been rejected "
                "because its timestamp is too old (err-mimir-sample-timestamp-too-old). The "
                "affected sample has timestamp 2026-11-21T20:00:00Z and is from series up",
                Reason::timestamp_too_old},
        Refusal{
            "too_far_in_past",
            "received a sample whose timestamp is too far in the past, timestamp: 1700000000000 "
            "series: 'up' (err-mimir-too-far-in-past). To adjust the related per-tenant limit, "
            "configure -validation.past-grace-period, or contact your service administrator.",
            Reason::timestamp_too_old},
        Refusal{"too_new",
                "received a sample whose timestamp is too far in the future, timestamp: "
                "1890000000000 series: 'up' (err-mimir-too-far-in-future). To adjust the related "
                "per-tenant limit, configure -validation.create-grace-period",
                Reason::timestamp_too_new},
        Refusal{"duplicate",
                "failed pushing to ingester mimir-0: user=anonymous: the sample has been rejected "
                "because another sample with the same timestamp, but a different value, has "
                "already been ingested (err-mimir-sample-duplicate-timestamp). The affected ...",
                Reason::duplicate_timestamp},
        Refusal{"series_per_user",
                "failed pushing to ingester mimir-0: user=anonymous: per-user series limit of 3 "
                "exceeded (err-mimir-max-series-per-user). To adjust the related per-tenant limit, "
                "configure -ingester.max-global-series-per-user",
                Reason::series_limit},
        Refusal{"series_per_metric",
                "per-metric series limit of 3 exceeded (err-mimir-max-series-per-metric). To ...",
                Reason::series_limit},
        Refusal{"label_names",
                "received a series whose number of labels exceeds the limit (actual: 31, limit: "
                "30) series: 'up' (err-mimir-max-label-names-per-series). To adjust ...",
                Reason::label_names_too_many},
        Refusal{"label_name",
                "received a series whose label name length exceeds the limit, label: 'x' series: "
                "'up' (err-mimir-label-name-too-long). To adjust ...",
                Reason::label_name_too_long},
        Refusal{"label_value",
                "received a series whose label value length of 3000 exceeds the limit of 2048, "
                "label: 'x', value: 'y' (truncated) series: 'up' (err-mimir-label-value-too-long).",
                Reason::label_value_too_long},
        Refusal{"label_duplicate",
                "received a series with duplicate label name, label: 'x' series: 'up' "
                "(err-mimir-duplicate-label-names)",
                Reason::label_duplicate},
        Refusal{"label_invalid",
                "received a series with an invalid label: 'a-b' series: 'up' "
                "(err-mimir-label-invalid)",
                Reason::labels_invalid},
        Refusal{"no_name", "received series has no metric name (err-mimir-missing-metric-name)",
                Reason::labels_invalid},
        Refusal{"prometheus_out_of_order", "out of order sample\n", Reason::out_of_order},
        Refusal{"prometheus_duplicate", "duplicate sample for timestamp\n",
                Reason::duplicate_timestamp},
        Refusal{"prometheus_bounds", "out of bounds\n", Reason::timestamp_too_old},
        Refusal{"unknown", "something new (err-mimir-something-new)", Reason::rejected_unknown},
        Refusal{"no_identifier", "no words that weir knows", Reason::rejected_unknown}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(MimirDecision, RefusedMetadataTakesNoSampleWithIt) {
    const MimirDecision decision =
        decide(400,
               "received a metric metadata whose unit name length exceeds the limit, unit: "
               "'x' metric name: 'up' (err-mimir-unit-too-long). To adjust ...");
    expect(decision, MimirAction::ok, Reason::none);
    EXPECT_TRUE(decision.metadata_refused);
}

TEST(MimirDecision, AnActiveSeriesLimitNamesTheNumber) {
    const char* body =
        "the request has been rejected because the tenant exceeded the active series limit, set to "
        "150000. 7 series were rejected from this request of a total of 2000 "
        "(err-mimir-max-active-series). To adjust ...";
    for (const unsigned status : {400U, 429U}) {
        const MimirDecision decision = decide(status, body);
        expect(decision, MimirAction::refused, Reason::series_limit);
        EXPECT_EQ(decision.refused, 7U);
    }
    // Where a series may have several samples the number of series says nothing.
    const MimirDecision several =
        decide_mimir(answer(429, body), {.samples = 2000, .series = 1999});
    EXPECT_FALSE(several.refused);
}

TEST(MimirDecision, ATooLargeRequestIsSplit) {
    expect(decide(400,
                  "the incoming push request has been rejected because its message size of "
                  "104857601 bytes (uncompressed) is larger than the allowed limit of "
                  "104857600 bytes (err-mimir-distributor-max-write-message-size). To ..."),
           MimirAction::split, Reason::too_large);
    expect(decide(413), MimirAction::split, Reason::too_large);
    expect(decide(413, "<html>413 Request Entity Too Large"), MimirAction::split,
           Reason::too_large);
}

TEST(MimirDecision, ARequestThatCannotBeDecodedIsHalvedOnce) {
    for (const char* body : {"snappy: corrupt input\n", "s2: corrupt input",
                             "proto: wrong wireType = 6 for field Timeseries"}) {
        expect(decide(400, body), MimirAction::split, Reason::undecodable);
        MimirRequestFacts half = facts();
        half.halved_undecodable = true;
        expect(decide_mimir(answer(400, body), half), MimirAction::drop, Reason::undecodable);
    }
}

TEST(MimirDecision, AGatewaysRefusalHolds) {
    expect(decide(400, "<html>bad request"), MimirAction::hold, Reason::gateway);
    expect(decide(400, "{\"message\": \"no\"}"), MimirAction::hold, Reason::gateway);
    expect(decide(401, "no org id"), MimirAction::hold, Reason::unauthorised);
    expect(decide(403), MimirAction::hold, Reason::forbidden);
    expect(decide(404), MimirAction::hold, Reason::not_found);
    expect(decide(405), MimirAction::hold, Reason::wrong_method);
    expect(decide(301), MimirAction::hold, Reason::redirected);
    expect(decide(415), MimirAction::hold, Reason::gateway);
    expect(decide(418), MimirAction::hold, Reason::gateway);
    expect(decide(501), MimirAction::hold, Reason::not_implemented);
}

TEST(MimirDecision, TooMuchIsSentAgainLater) {
    HttpResponse response = answer(
        429,
        "the request has been rejected because the tenant exceeded the ingestion rate limit, "
        "set to 1e+06 items/s with a maximum allowed burst of 200. This limit is applied on "
        "the total number of samples (err-mimir-tenant-max-ingestion-rate). To adjust ...");
    response.retry_after = std::chrono::seconds(6);
    for (const unsigned status : {429U, 529U}) {
        response.status = status;
        const MimirDecision decision = decide_mimir(response, facts());
        expect(decision, MimirAction::retry, Reason::rate_limited);
        EXPECT_EQ(decision.wait, std::chrono::seconds(6));
        EXPECT_EQ(decision.rate_samples_per_s, 1'000'000U);
    }
    expect(decide(429,
                  "the request has been rejected because the tenant exceeded the request rate "
                  "limit, set to 10 requests/s (err-mimir-tenant-max-request-rate)"),
           MimirAction::retry, Reason::rate_limited);
    expect(decide(429, "slow down"), MimirAction::retry, Reason::rate_limited);
}

TEST(MimirDecision, MoreThanTheBurstIsSplit) {
    const char* burst =
        "the request has been rejected because the tenant exceeded the ingestion burst size limit, "
        "set to 100, with 2000 items (err-mimir-tenant-max-ingestion-rate). To adjust ...";
    expect(decide(429, burst), MimirAction::split, Reason::rate_burst);
    expect(decide_mimir(answer(429, burst), {.samples = 1, .series = 1}), MimirAction::retry,
           Reason::rate_limited);
    // The second time in a row it may be that, whatever the text says.
    const char* rate =
        "exceeded the ingestion rate limit, set to 5 items/s "
        "(err-mimir-tenant-max-ingestion-rate)";
    MimirRequestFacts again = facts();
    again.rate_limited_before = 1;
    expect(decide_mimir(answer(429, rate), again), MimirAction::split, Reason::rate_burst);
    again.samples = again.series = rate_split_floor_samples;
    expect(decide_mimir(answer(429, rate), again), MimirAction::retry, Reason::rate_limited);
}

TEST(MimirDecision, AServersFailureIsSentAgain) {
    HttpResponse response = answer(503, "ingester is unavailable");
    response.retry_after = std::chrono::seconds(12);
    const MimirDecision decision = decide_mimir(response, facts());
    expect(decision, MimirAction::retry, Reason::server_error);
    EXPECT_EQ(decision.wait, std::chrono::seconds(12));
    expect(decide(500), MimirAction::retry, Reason::server_error);
    expect(decide(502, "<html>bad gateway"), MimirAction::retry, Reason::server_error);
    expect(decide(408), MimirAction::retry, Reason::client_gave_up);
    expect(decide(499), MimirAction::retry, Reason::client_gave_up);
}

TEST(MimirDecision, ARequestWithoutAnAnswerIsSentAgainOrHeld) {
    expect(decide_mimir_transport(TransportError::refused), MimirAction::retry, Reason::refused);
    expect(decide_mimir_transport(TransportError::closed), MimirAction::retry, Reason::closed);
    expect(decide_mimir_transport(TransportError::request_timeout), MimirAction::retry,
           Reason::request_timeout);
    expect(decide_mimir_transport(TransportError::tls), MimirAction::hold, Reason::tls_failed);
    expect(decide_mimir_transport(TransportError::resolve), MimirAction::hold,
           Reason::name_not_resolved);
    expect(decide_mimir_transport(TransportError::settings), MimirAction::hold,
           Reason::bad_settings);
}

TEST(MimirDecision, Version2FallsBackWhereItIsNotSpoken) {
    expect(decide_mimir(answer(415, "unsupported"), facts_of_version_2()), MimirAction::fall_back,
           Reason::version_refused);
    // A server of 1.0 that found nothing in it.
    expect(decide_mimir(answer(200), facts_of_version_2()), MimirAction::fall_back,
           Reason::version_refused);
    expect(decide_mimir(answer(204), facts_of_version_2()), MimirAction::fall_back,
           Reason::version_refused);
}

TEST(MimirDecision, Version2SaysWhatItWrote) {
    HttpResponse response = answer(200);
    response.says_written = true;
    response.samples_written = 2000;
    expect(decide_mimir(response, facts_of_version_2()), MimirAction::ok, Reason::none);
    response.samples_written = 1990;
    MimirDecision decision = decide_mimir(response, facts_of_version_2());
    expect(decision, MimirAction::refused, Reason::not_written);
    EXPECT_EQ(decision.refused, 10U);

    response.status = 400;
    response.body = "out of order sample";
    decision = decide_mimir(response, facts_of_version_2());
    expect(decision, MimirAction::refused, Reason::out_of_order);
    EXPECT_EQ(decision.refused, 10U);
    // All of them written, and some refused: Mimir counts what it read.
    response.samples_written = 2000;
    decision = decide_mimir(response, facts_of_version_2());
    expect(decision, MimirAction::refused, Reason::out_of_order);
    EXPECT_FALSE(decision.refused);
}

}  // namespace
}  // namespace weir::test
