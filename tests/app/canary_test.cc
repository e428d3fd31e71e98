// What the configuration makes of the canary, and how it is told.
#include "app/build_parts.h"
#include "app/config_load.h"
#include "app/status.h"
#include "tests/app/config_support.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

Config config_of(const std::string& text) {
    ConfigOutcome outcome = load_config(text, "f", with_variables({}));
    EXPECT_EQ(problems_of(outcome), "");
    return outcome.config ? std::move(*outcome.config) : Config{};
}

std::string query_url_of(const std::string& url, const std::string& given = "") {
    return query_url({.name = "a", .url = url, .query_url = given});
}

TEST(Canary, IsOffByDefault) {
    const Config config = config_of("loki: [{name: a, url: \"http://h/anything\"}]\n");
    EXPECT_EQ(make_canary_settings(config).interval.count(), 0);
    EXPECT_EQ(make_canary_settings(default_config()).interval.count(), 0);
}

TEST(Canary, QueryUrlIsMadeFromThePushUrl) {
    const std::string query = "https://h:3100/loki/api/v1/query_range";
    EXPECT_EQ(query_url_of("https://h:3100/loki/api/v1/push"), query);
    EXPECT_EQ(query_url_of("https://h:3100"), query);
    EXPECT_EQ(query_url_of("https://h:3100/"), query);
    EXPECT_EQ(query_url_of("https://h/team/loki/api/v1/push"),
              "https://h/team/loki/api/v1/query_range");
    for (const char* other : {"https://h/push", "https://h/loki/api/v1/push/",
                              "https://h/loki/api/v1/push?a=b", "https://h/otlp"}) {
        EXPECT_EQ(query_url_of(other), "") << other;
        EXPECT_EQ(query_url_of(other, "https://h:3100"), query);
    }
    EXPECT_EQ(query_url_of("https://h/loki/api/v1/push", "https://r/read"), "https://r/read");
}

TEST(Canary, AsksEveryLokiThatMayBeAskedAsItIsPushedTo) {
    const LokiCanarySettings settings = make_canary_settings(config_of(R"(
cluster: east
labels: {dc: one, job: other}
loki:
  - {name: a, url: "https://h", tenant: t, bearer_token_file: token, tls: {ca: ca.pem},
     request_timeout: 3s}
  - {name: b, url: "https://i/loki/api/v1/push", canary: false}
  - {name: c, url: "https://j", basic: {user: u, password_file: p}, query_url: "https://k/q",
     query_bearer_token_file: read}
  - {name: d, url: "https://j", bearer_token_file: token,
     query_basic: {user: reader, password_file: q}}
canary: {interval: 5s, timeout: 20s}
)"));
    EXPECT_EQ(settings.interval, std::chrono::seconds(5));
    EXPECT_EQ(settings.timeout, std::chrono::seconds(20));
    EXPECT_EQ(settings.labels.at("job"), "weir-canary");
    EXPECT_EQ(settings.labels.at("service_name"), "weir-canary");
    EXPECT_EQ(settings.labels.at("cluster"), "east");
    EXPECT_EQ(settings.labels.at("dc"), "one");
    EXPECT_FALSE(settings.labels.at("replica").empty());
    EXPECT_EQ(settings.tenant, "");
    ASSERT_EQ(settings.endpoints.size(), 3U);
    const LokiCanaryEndpoint& first = settings.endpoints[0];
    EXPECT_EQ(first.name, "a");
    EXPECT_EQ(first.tenant, "t");
    EXPECT_EQ(first.http.url, "https://h/loki/api/v1/query_range");
    EXPECT_EQ(first.http.bearer_token_file, "token");
    EXPECT_EQ(first.http.tls_ca, "ca.pem");
    EXPECT_EQ(first.http.request_timeout, std::chrono::seconds(3));
    const HttpClientOptions& other_token = settings.endpoints[1].http;
    EXPECT_EQ(other_token.url, "https://k/q");
    EXPECT_EQ(other_token.bearer_token_file, "read");
    EXPECT_EQ(other_token.basic_user + other_token.basic_password_file, "");
    EXPECT_EQ(other_token.request_timeout, std::chrono::seconds(10));
    const HttpClientOptions& other_user = settings.endpoints[2].http;
    EXPECT_EQ(other_user.basic_user, "reader");
    EXPECT_EQ(other_user.basic_password_file, "q");
    EXPECT_EQ(other_user.bearer_token_file, "");
}

TEST(Canary, ATenantOfTheLabelsIsTheLines) {
    const LokiCanarySettings settings = make_canary_settings(
        config_of("labels: {tenant: t}\nloki: [{name: a, url: \"http://h\"}]\n"));
    EXPECT_EQ(settings.tenant, "t");
    EXPECT_EQ(settings.labels.at("tenant"), "t");
}

TEST(Canary, ATenantOfItsOwnGoesBeforeThem) {
    const LokiCanarySettings settings =
        make_canary_settings(config_of("labels: {tenant: t}\nloki: [{name: a, url: \"http://h\"}]\n"
                                       "canary: {interval: 30s, tenant: own}\n"));
    EXPECT_EQ(settings.tenant, "own");
    EXPECT_EQ(settings.labels.at("tenant"), "own");
}

TEST(Canary, ALineThatAloneHasNoTenantIsWarnedOf) {
    const std::string begin =
        "loki: [{name: a, url: \"http://h\"}, {name: b, url: \"http://h\", tenant: t}]\n"
        "classification: [{sources: [10.0.0.0/8], labels: {tenant: t}}]\n"
        "canary: {interval: 30s";
    EXPECT_EQ(problems_of(load_config(begin + "}\n", "f", with_variables({}))),
              "f:3: warning: canary.tenant: is not set, nor loki[a].tenant, while other lines have "
              "tenants: a Loki that wants one would refuse the canary's line and be held\n");
    EXPECT_EQ(problems_of(load_config(begin + ", tenant: t}\n", "f", with_variables({}))), "");
}

Status status_with_canary() {
    Status status;
    CanaryReport report;
    report.name = "east";
    report.state = CanaryState::missing;
    report.verified = 3;
    report.missing = 2;
    report.late = 1;
    report.query_failures["forbidden"] = 4;
    report.latency.add(std::chrono::milliseconds(300));
    status.canary = {.on = true, .run = "ff", .sent = 5, .endpoints = {report}};
    return status;
}

TEST(Canary, MetricsTellWhatTheStatusTells) {
    const std::string text = to_prometheus(status_with_canary());
    for (const char* line : {
             "weir_canary_sent_total 5",
             "weir_canary_state{endpoint=\"east\",state=\"missing\"} 1",
             "weir_canary_state{endpoint=\"east\",state=\"verified\"} 0",
             "weir_canary_verified_total{endpoint=\"east\"} 3",
             "weir_canary_missing_total{endpoint=\"east\"} 2",
             "weir_canary_late_total{endpoint=\"east\"} 1",
             "weir_canary_query_failures_total{endpoint=\"east\",reason=\"forbidden\"} 4",
             "weir_canary_latency_seconds_count{endpoint=\"east\"} 1",
             "weir_canary_latency_seconds_bucket{endpoint=\"east\",le=\"0.25\"} 0",
             "weir_canary_latency_seconds_bucket{endpoint=\"east\",le=\"0.5\"} 1",
         }) {
        EXPECT_NE(text.find(std::string("\n") + line + "\n"), std::string::npos) << line;
    }
    const std::string json = to_json(status_with_canary());
    EXPECT_NE(json.find("\"state\": \"missing\""), std::string::npos) << json;
    EXPECT_NE(ledger_line(status_with_canary()).find("canary: sent=5"), std::string::npos);
}

TEST(Canary, WithoutOneThereAreNoMetricsOfIt) {
    EXPECT_EQ(to_prometheus(Status{}).find("weir_canary"), std::string::npos);
    EXPECT_EQ(ledger_line(Status{}).find("canary"), std::string::npos);
}

}  // namespace
}  // namespace weir
