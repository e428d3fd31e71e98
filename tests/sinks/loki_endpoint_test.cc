// The endpoint as a whole: what is sent, resent byte for byte, settled and left alone.
#include "sinks/loki_endpoint.h"

#include "tests/sinks/endpoint_harness.h"
#include "tests/sinks/fake_server.h"

#include <gmock/gmock.h>

namespace weir::test {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(LokiEndpoint, PushesTheFrozenBytesAndSettles) {
    FakeServer server(FakeServer::in_turn({}));
    EndpointHarness harness;
    harness.options.tenant = "edge";
    const LokiPush push = harness.push(R"({job="syslog"})", {"one", "two"});
    harness.append(push);
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());

    ASSERT_EQ(server.request_count(), 1U);
    const FakeRequest request = server.requests()[0];
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/loki/api/v1/push");
    EXPECT_EQ(request.headers.at("content-type"), "application/x-protobuf");
    EXPECT_EQ(request.headers.at("x-scope-orgid"), "edge");
    EXPECT_EQ(request.headers.at("user-agent"), "weir/" WEIR_VERSION);
    EXPECT_EQ(request.body, encode_loki_push(push).body);

    EXPECT_EQ(harness.cursor.ledger().delivered, 2U);
    const EndpointStatus status = harness.endpoint->status();
    EXPECT_EQ(status.state, EndpointState::ok);
    EXPECT_EQ(status.sent_records, 2U);
    EXPECT_EQ(status.sent_bytes, request.body.size());
    EXPECT_THAT(status.requests, ElementsAre(Pair("204", 1)));
    EXPECT_EQ(status.request_duration.count, 1U);
    EXPECT_GT(status.latency_max.count(), 0);
    EXPECT_GT(status.last_success_at.unix_ns, 0);
    EXPECT_EQ(status.last_error_at.unix_ns, 0);
}

TEST(LokiEndpoint, ABatchesOwnTenantWins) {
    FakeServer server(FakeServer::in_turn({}));
    EndpointHarness harness;
    harness.options.tenant = "edge";
    auto batch = to_batch(harness.push(R"({job="a"})", {"x"}), harness.clock.now());
    batch->tenant = "plant-7";
    ASSERT_EQ(harness.log.append(std::move(batch)), AppendVerdict::accepted);
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(server.requests()[0].headers.at("x-scope-orgid"), "plant-7");
}

TEST(LokiEndpoint, WakesForABatchThatComesLater) {
    FakeServer server(FakeServer::in_turn({}));
    EndpointHarness harness;
    harness.start(server.url());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    harness.append(harness.push(R"({job="a"})", {"late"}));
    EXPECT_TRUE(harness.settled());
}

TEST(LokiEndpoint, KeepsOneConnectionForManyRequests) {
    FakeServer server(FakeServer::in_turn({}));
    EndpointHarness harness;
    harness.options.requests_in_flight_max = 1;
    for (int i = 0; i < 20; ++i) {
        harness.append(harness.push(R"({job="a"})", {"x"}));
    }
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(server.request_count(), 20U);
    EXPECT_EQ(server.connection_count(), 1U);
}

TEST(LokiEndpoint, HasSoManyRequestsInFlightAndNoMore) {
    FakeServer server([](const FakeRequest&, std::size_t) {
        FakeAnswer slow;
        slow.delay = std::chrono::milliseconds(30);
        return slow;
    });
    EndpointHarness harness;
    harness.options.requests_in_flight_max = 3;
    for (int i = 0; i < 20; ++i) {
        harness.append(harness.push(R"({job="a"})", {"x"}));
    }
    harness.start(server.url());
    std::uint64_t most = 0;
    ASSERT_TRUE(eventually([&] {
        most = std::max(most, harness.endpoint->status().in_flight);
        return harness.cursor.ledger().queued == 0;
    }));
    EXPECT_EQ(most, 3U);
    EXPECT_EQ(server.connection_count(), 3U);
}

// Every way in which one attempt can fail and pass again: the next one has the same bytes.
struct Failing {
    const char* name;
    FakeAnswer answer;
    const char* counted_as;
    const char* reason;
};

class LokiEndpointRetry : public testing::TestWithParam<Failing> {};

TEST_P(LokiEndpointRetry, SendsTheSameBytesAgain) {
    FakeServer server(FakeServer::in_turn({GetParam().answer, GetParam().answer}));
    EndpointHarness harness;
    harness.options.http.request_timeout = std::chrono::milliseconds(100);
    const LokiPush push = harness.push(R"({job="a"})", {"one", "two"});
    harness.append(push);
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    const std::vector<FakeRequest> requests = server.requests();
    ASSERT_EQ(requests.size(), 3U);
    EXPECT_EQ(requests[0].body, encode_loki_push(push).body);
    EXPECT_EQ(requests[1].body, requests[0].body);
    EXPECT_EQ(requests[2].body, requests[0].body);
    const EndpointStatus status = harness.endpoint->status();
    EXPECT_EQ(status.requests.at(GetParam().counted_as), 2U);
    EXPECT_EQ(status.retries.at(GetParam().reason), 2U);
    EXPECT_EQ(status.state, EndpointState::ok);
    EXPECT_FALSE(status.last_error.empty());
    EXPECT_EQ(harness.cursor.ledger().delivered, 2U);
}

FakeAnswer status_only(unsigned status, std::string body = "") {
    FakeAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    return answer;
}

FakeAnswer broken(Fault fault) {
    FakeAnswer answer;
    answer.fault = fault;
    return answer;
}

FakeAnswer broken_off() {
    FakeAnswer answer = status_only(400, "stream '{job=\"a\"}' is refused, for who knows what");
    answer.fault = Fault::close_mid_answer;
    return answer;
}

INSTANTIATE_TEST_SUITE_P(
    Ways, LokiEndpointRetry,
    testing::Values(
        Failing{"server_error", status_only(500, "boom"), "500", "server_error"},
        Failing{"html_bad_gateway", status_only(502, "<html>no upstream</html>"), "502",
                "server_error"},
        Failing{"unavailable", status_only(503), "503", "server_error"},
        Failing{"too_many", status_only(429, "slow down"), "429", "rate_limited"},
        Failing{"too_many_page", status_only(429, "<html>slow down</html>"), "429", "rate_limited"},
        Failing{"tenant_rate",
                status_only(429,
                            "ingestion rate limit exceeded for user edge (limit: "
                            "400000000 bytes/sec)"),
                "429", "rate_limited"},
        Failing{"circuit_breaker", status_only(503, "circuit breaker open"), "503", "server_error"},
        Failing{"gateway_timeout", status_only(504, "<html>timeout</html>"), "504", "server_error"},
        Failing{"grpc_exhausted", status_only(500, "code = ResourceExhausted"), "500",
                "server_error"},
        Failing{"client_timeout", status_only(408), "408", "client_gave_up"},
        Failing{"too_early", status_only(425), "425", "client_gave_up"},
        Failing{"client_closed", status_only(499, "context canceled"), "499", "client_gave_up"},
        Failing{"mid_answer", broken_off(), "400", "closed"},
        Failing{"closed", broken(Fault::close_before_answer), "closed", "closed"},
        Failing{"half_closed", broken(Fault::half_close), "closed", "closed"},
        Failing{"silent", broken(Fault::never_answer), "request_timeout", "request_timeout"},
        Failing{"not_http", broken(Fault::garbage), "protocol", "bad_answer"}),
    [](const auto& kind) { return kind.param.name; });

TEST(LokiEndpoint, RetryAfterIsHonoured) {
    FakeAnswer busy = status_only(429, "slow down");
    busy.headers = {{"Retry-After", "1"}};
    FakeServer server(FakeServer::in_turn({busy}));
    EndpointHarness harness;
    harness.append(harness.push(R"({job="a"})", {"one"}));
    const auto begin = std::chrono::steady_clock::now();
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1000));
}

TEST(LokiEndpoint, ADeadEndpointDoesNotSlowAnother) {
    FakeServer good(FakeServer::in_turn({}));
    EndpointHarness harness;
    LogCursor& dead_cursor = harness.log.add_cursor("dead", 1024UL * 1024);
    LokiEndpointOptions dead_options = harness.options;
    dead_options.name = "dead";
    dead_options.http.url = "http://127.0.0.1:1/push";
    LokiEndpoint dead({dead_cursor, harness.clock, harness.events, nullptr, 1},
                      std::make_shared<LokiEndpointOptions>(dead_options));
    dead.start();
    harness.start(good.url());
    for (int i = 0; i < 50; ++i) {
        harness.append(harness.push(R"({job="a"})", {"x"}));
    }
    ASSERT_TRUE(harness.settled());
    EXPECT_LT(harness.endpoint->status().latency_max, std::chrono::seconds(2));
    ASSERT_TRUE(eventually([&] { return dead.status().requests.contains("refused"); }));
    EXPECT_EQ(dead.status().state, EndpointState::retry);
    EXPECT_EQ(dead_cursor.ledger().queued, 50U);
    EXPECT_TRUE(dead_cursor.ledger().balances());
    dead.stop(std::chrono::milliseconds(0));
    EXPECT_EQ(dead_cursor.ledger().queued, 50U);
}

TEST(LokiEndpoint, StopDrainsWhatIsQueued) {
    FakeServer server([](const FakeRequest&, std::size_t) {
        FakeAnswer slow;
        slow.delay = std::chrono::milliseconds(5);
        return slow;
    });
    EndpointHarness harness;
    for (int i = 0; i < 30; ++i) {
        harness.append(harness.push(R"({job="a"})", {"x"}));
    }
    harness.start(server.url()).stop(std::chrono::seconds(10));
    EXPECT_EQ(harness.cursor.ledger().queued, 0U);
    EXPECT_EQ(harness.cursor.ledger().delivered, 30U);
}

TEST(LokiEndpoint, StopGivesUpAtTheDeadlineAndLeavesTheRestQueued) {
    FakeServer server([](const FakeRequest&, std::size_t) { return broken(Fault::never_answer); });
    EndpointHarness harness;
    harness.options.http.request_timeout = std::chrono::seconds(30);
    harness.append(harness.push(R"({job="a"})", {"x", "y"}));
    harness.start(server.url());
    ASSERT_TRUE(server.wait_for_requests(1));
    const auto begin = std::chrono::steady_clock::now();
    harness.endpoint->stop(std::chrono::milliseconds(50));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    const DeliveryLedger ledger = harness.cursor.ledger();
    EXPECT_EQ(ledger.queued, 2U);
    EXPECT_EQ(ledger.delivered, 0U);
    EXPECT_TRUE(ledger.dropped.empty());
}

TEST(LokiEndpoint, ReloadMovesToAnotherAddressWithoutLoss) {
    FakeServer server(FakeServer::in_turn({}));
    EndpointHarness harness;
    harness.options.hold_probe_interval = std::chrono::hours(1);
    harness.append(harness.push(R"({job="a"})", {"x"}));
    // A name that cannot exist (RFC 6761) holds the endpoint for an hour.
    harness.start("http://loki.invalid./push");
    ASSERT_TRUE(
        eventually([&] { return harness.endpoint->status().state == EndpointState::hold; }));
    EXPECT_EQ(harness.endpoint->status().state_reason, Reason::name_not_resolved);
    harness.options.http.url = server.url();
    harness.endpoint->reload(std::make_shared<LokiEndpointOptions>(harness.options));
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(harness.cursor.ledger().delivered, 1U);
    EXPECT_EQ(harness.endpoint->status().url, server.url());
    EXPECT_EQ(harness.endpoint->status().state, EndpointState::ok);
}

}  // namespace
}  // namespace weir::test
