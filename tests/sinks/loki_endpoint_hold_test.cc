// What stops an endpoint, and how it goes on: every record stays, and is there afterwards.
#include "tests/sinks/certificates.h"
#include "tests/sinks/loki_answers.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>

#include <atomic>

namespace weir::test {
namespace {

// Every answer that holds: nothing ends, and the bytes of the probe are those refused before.
struct Holding {
    const char* name;
    unsigned status;
    const char* body;
    Reason reason;
};

class LokiEndpointHolds : public testing::TestWithParam<Holding> {};

TEST_P(LokiEndpointHolds, AndSendsTheSameBytesOnceItIsLetIn) {
    std::atomic<bool> open{false};
    FakeServer server([&open](const FakeRequest&, std::size_t) {
        return open ? FakeAnswer{} : refusal(GetParam().status, GetParam().body);
    });
    EndpointHarness harness;
    const LokiPush push = harness.push(R"({job="a"})", {"one", "two"});
    harness.append(push);
    harness.start(server.url());
    ASSERT_TRUE(server.wait_for_requests(3));
    const EndpointStatus held = harness.endpoint->status();
    EXPECT_EQ(held.state, EndpointState::hold);
    EXPECT_EQ(reason_name(held.state_reason), reason_name(GetParam().reason));
    EXPECT_GE(held.retries.at(std::string(reason_name(GetParam().reason))), 2U);
    EXPECT_EQ(harness.cursor.ledger().queued, 2U);
    open = true;
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(harness.cursor.ledger().delivered, 2U);
    EXPECT_EQ(harness.endpoint->status().state, EndpointState::ok);
    for (const FakeRequest& request : server.requests()) {
        EXPECT_EQ(request.body, encode_loki_push(push).body);
    }
}

constexpr const char* blocked_text =
    "ingestion blocked for user 'edge' until '2020-01-01T00:00:00Z' with status code '260'";

INSTANTIATE_TEST_SUITE_P(
    Ways, LokiEndpointHolds,
    testing::Values(Holding{"unauthorised", 401, "no org id", Reason::unauthorised},
                    Holding{"forbidden_page", 403, "<html>forbidden</html>", Reason::forbidden},
                    Holding{"not_found_page", 404, "<html>404</html>", Reason::not_found},
                    Holding{"wrong_method", 405, "", Reason::wrong_method},
                    Holding{"moved", 301, "", Reason::redirected},
                    Holding{"found_login", 302, "<html>", Reason::redirected},
                    Holding{"login_page", 200, "<html>Sign in</html>", Reason::gateway},
                    Holding{"bad_request_page", 400, "<html>400</html>", Reason::gateway},
                    Holding{"bad_request_json", 400, R"({"message":"Bad Request"})",
                            Reason::gateway},
                    Holding{"length_required", 411, "", Reason::gateway},
                    Holding{"other_422", 422, "what?", Reason::gateway},
                    Holding{"not_implemented", 501, "", Reason::not_implemented},
                    Holding{"blocked", 260, blocked_text, Reason::blocked},
                    Holding{"blocked_as_success", 299, blocked_text, Reason::blocked},
                    Holding{"blocked_as_bad_request", 400, blocked_text, Reason::blocked}),
    [](const auto& kind) { return kind.param.name; });

struct LokiEndpointHold : AnsweredLoki {};

TEST_F(LokiEndpointHold, LastsUntilTheDateAndProbesBeforeItNowAndThen) {
    const std::string tomorrow = to_rfc3339({clock.now().unix_ns + 86'400 * ns_per_s}, 0);
    FakeServer server(FakeServer::in_turn(
        {refusal(260, "ingestion blocked for user 'edge' until '" + tomorrow + "' with")}));
    options.hold_probe_interval = std::chrono::milliseconds(30);
    const auto begin = std::chrono::steady_clock::now();
    run(push(R"({a="1"})", {"x"}), server);
    // Ten probe intervals, and no longer: somebody may lift the block.
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(300));
    EXPECT_EQ(server.request_count(), 2U);
}

TEST_F(LokiEndpointHold, ARequestThatAloneIsRefusedDoesNotStopTheOthers) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        const bool poisoned = lines_of(decoded(request)).at(0) == "' OR 1=1 --";
        return poisoned ? refusal(403, "<html>Request blocked</html>") : FakeAnswer{};
    });
    append(push(R"({a="1"})", {"' OR 1=1 --"}));
    for (int i = 0; i < 30; ++i) {
        append(push(R"({a="1"})", {"fine"}));
    }
    options.hold_probe_interval = std::chrono::seconds(2);
    start(server.url());
    ASSERT_TRUE(eventually([&] { return cursor.ledger().delivered == 30; }));
    ASSERT_TRUE(eventually([&] { return endpoint->status().requests.at("403") >= 3; }));
    // It was refused just now, and nobody waits for it.
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 30; ++i) {
        append(push(R"({a="1"})", {"fine"}));
    }
    ASSERT_TRUE(eventually([&] { return cursor.ledger().delivered == 60; }));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
    EXPECT_EQ(cursor.ledger().queued, 1U);
    // It is tried again at intervals, not in a loop.
    EXPECT_LT(server.request_count(), 60U + 6U);
}

TEST_F(LokiEndpointHold, ASecretThatIsReplacedLetsEverythingIn) {
    const TempDir dir;
    write_file(dir.file("token"), "old");
    options.http.bearer_token_file = dir.file("token");
    FakeServer server([](const FakeRequest& request, std::size_t) {
        const bool good = request.headers.at("authorization") == "Bearer new";
        return good ? FakeAnswer{} : refusal(401, "expired");
    });
    for (int i = 0; i < 20; ++i) {
        append(push(R"({a="1"})", {"x"}));
    }
    start(server.url());
    ASSERT_TRUE(eventually([&] { return endpoint->status().state == EndpointState::hold; }));
    EXPECT_EQ(endpoint->status().state_reason, Reason::unauthorised);
    EXPECT_EQ(cursor.ledger().queued, 20U);
    write_file(dir.file("token"), "new");
    ASSERT_TRUE(settled());
    EXPECT_EQ(delivered(), 20U);
    EXPECT_TRUE(cursor.ledger().dropped.empty());
    EXPECT_TRUE(cursor.ledger().dead_lettered.empty());
}

// The secret changes while several requests are under way with the old one: none of them holds.
TEST_F(LokiEndpointHold, ASecretReplacedMeanwhileCostsNoPause) {
    const TempDir dir;
    write_file(dir.file("token"), "first");
    options.http.bearer_token_file = dir.file("token");
    options.hold_probe_interval = std::chrono::hours(1);
    std::atomic<bool> rotated{false};
    FakeServer server([&rotated](const FakeRequest& request, std::size_t) {
        const std::string& token = request.headers.at("authorization");
        FakeAnswer answer;
        if (rotated && token == "Bearer first") {
            answer = refusal(403, "revoked");
        }
        answer.delay = std::chrono::milliseconds(20);
        return answer;
    });
    for (int i = 0; i < 40; ++i) {
        append(push(R"({a="1"})", {"x"}));
    }
    start(server.url());
    ASSERT_TRUE(eventually([&] { return endpoint->status().in_flight == 4; }));
    write_file(dir.file("token"), "second one");
    rotated = true;
    ASSERT_TRUE(settled());
    EXPECT_EQ(delivered(), 40U);
    EXPECT_EQ(endpoint->status().state, EndpointState::ok);
}

TEST_F(LokiEndpointHold, AnUntrustedServerIsWaitedForUntilItsIssuerIsKnown) {
    const TempDir dir;
    const Authority right;
    const Authority wrong;
    write_file(dir.file("ca.pem"), wrong.certificate());
    options.http.tls_ca = dir.file("ca.pem");
    FakeServer server(FakeServer::in_turn({}), server_context(right.issue("DNS:localhost")));
    append(push(R"({a="1"})", {"x", "y"}));
    start(server.url());
    ASSERT_TRUE(eventually([&] { return endpoint->status().state == EndpointState::hold; }));
    EXPECT_EQ(endpoint->status().state_reason, Reason::tls_failed);
    EXPECT_EQ(server.request_count(), 0U);
    write_file(dir.file("ca.pem"), right.certificate());
    ASSERT_TRUE(settled());
    EXPECT_EQ(delivered(), 2U);
}

TEST_F(LokiEndpointHold, ASecretThatIsNotThereYetIsWaitedFor) {
    const TempDir dir;
    options.http.bearer_token_file = dir.file("token");
    FakeServer server(FakeServer::in_turn({}));
    append(push(R"({a="1"})", {"x"}));
    start(server.url());
    ASSERT_TRUE(eventually([&] { return endpoint->status().state == EndpointState::hold; }));
    EXPECT_EQ(endpoint->status().state_reason, Reason::bad_settings);
    write_file(dir.file("token"), "here");
    ASSERT_TRUE(settled());
    EXPECT_EQ(server.requests().at(0).headers.at("authorization"), "Bearer here");
}

// A label's fault hides that ingestion is blocked for everything else in the request.
TEST_F(LokiEndpointHold, BlockedIsFoundBehindAnotherComplaint) {
    std::atomic<bool> open{false};
    FakeServer server([&open](const FakeRequest& request, std::size_t) {
        for (const LokiStream& stream : decoded(request).streams) {
            if (stream.labels == R"({bad="1"})") {
                return refusal(400, "stream '{bad=\"1\"}' has label value too long: '1'");
            }
        }
        return open ? FakeAnswer{} : refusal(260, blocked_text);
    });
    append(both(push(R"({bad="1"})", {"b"}), push(R"({good="1"})", {"g1", "g2"})));
    start(server.url());
    ASSERT_TRUE(eventually([&] { return endpoint->status().state == EndpointState::hold; }));
    EXPECT_EQ(delivered(), 0U);
    open = true;
    ASSERT_TRUE(settled());
    EXPECT_EQ(delivered(), 2U);
}

// What an endpoint of before a reload answers does not hold the one after it.
TEST_F(LokiEndpointHold, AnAnswerFromBeforeAReloadHoldsNothing) {
    FakeServer old([](const FakeRequest&, std::size_t) {
        FakeAnswer answer = refusal(404, "gone");
        answer.delay = std::chrono::milliseconds(200);
        return answer;
    });
    FakeServer good(FakeServer::in_turn({}));
    options.hold_probe_interval = std::chrono::hours(1);
    append(push(R"({a="1"})", {"x"}));
    start(old.url());
    ASSERT_TRUE(old.wait_for_requests(1));
    options.http.url = good.url();
    endpoint->reload(std::make_shared<LokiEndpointOptions>(options));
    ASSERT_TRUE(settled());
    EXPECT_EQ(good.request_count(), 1U);
    EXPECT_EQ(good.requests()[0].body, old.requests()[0].body);
}

}  // namespace
}  // namespace weir::test
