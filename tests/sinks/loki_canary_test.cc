// The canary against fake Lokis that keep what they are given, or say so.
#include "sinks/loki_canary.h"

#include "core/json.h"
#include "tests/sinks/endpoint_harness.h"
#include "tests/sinks/fake_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

namespace weir::test {
namespace {

using namespace std::chrono_literals;

// A Loki that stores pushes and answers query_range with all its lines.
class StoringLoki {
  public:
    StoringLoki()
        : server_([this](const FakeRequest& request, std::size_t) { return answer(request); }) {}

    [[nodiscard]] FakeServer& server() { return server_; }

    [[nodiscard]] std::string query_url() const {
        return "http://127.0.0.1:" + std::to_string(server_.port()) + "/loki/api/v1/query_range";
    }

    [[nodiscard]] std::vector<FakeRequest> queries() const {
        std::vector<FakeRequest> found;
        for (FakeRequest& request : server_.requests()) {
            if (request.method == "GET") {
                found.push_back(std::move(request));
            }
        }
        return found;
    }

    [[nodiscard]] std::vector<LokiStream> streams() const {
        const std::lock_guard lock(mutex_);
        return streams_;
    }

    std::atomic<bool> stores{true};  // otherwise it answers 204 and forgets
    std::atomic<unsigned> query_status{200};
    std::atomic<bool> garbles{false};  // its answers

  private:
    FakeAnswer answer(const FakeRequest& request) {
        const std::lock_guard lock(mutex_);
        FakeAnswer answer;
        if (request.method == "POST") {
            if (stores) {
                const Result<LokiPush> push = decode_loki_push(request.body);
                EXPECT_TRUE(push);
                streams_.insert(streams_.end(), push->streams.begin(), push->streams.end());
            }
            return answer;
        }
        answer.status = query_status;
        answer.body = R"({"status":"success","data":{"resultType":"streams","result":[)";
        bool first = true;
        for (const LokiStream& stream : streams_) {
            for (const LokiEntry& entry : stream.entries) {
                answer.body += first ? "" : ",";
                first = false;
                answer.body += R"({"stream":{},"values":[["1",)";
                append_json_string(entry.line, answer.body);
                answer.body += "]]}";
            }
        }
        answer.body += garbles ? "" : "]}}";
        return answer;
    }

    mutable std::mutex mutex_;
    std::vector<LokiStream> streams_;
    FakeServer server_;
};

// A log with one endpoint that delivers to the Loki, and the canary.
struct LokiCanaryTest : testing::Test {
    StoringLoki loki;
    EndpointHarness delivery;
    LokiCanarySettings settings;
    std::unique_ptr<LokiCanary> canary;

    LokiCanaryTest() {
        delivery.start(loki.server().url());
        settings.interval = 50ms;
        settings.timeout = 400ms;
        settings.labels = {{"cluster", "east"}};
        settings.endpoints.push_back({.name = "loki", .http = {.url = loki.query_url()}});
        canary = std::make_unique<LokiCanary>(
            LokiCanaryParts{delivery.log, delivery.clock, delivery.events, 0xabc});
    }

    ~LokiCanaryTest() override {
        canary->stop();
        const CanaryStatus status = canary->status();
        EXPECT_TRUE(delivery.settled());
        EXPECT_EQ(delivery.cursor.ledger().appended, status.sent);
    }

    void start() { canary->use(settings); }

    [[nodiscard]] CanaryReport report() const {
        const CanaryStatus status = canary->status();
        return status.endpoints.empty() ? CanaryReport{} : status.endpoints.front();
    }

    [[nodiscard]] bool reaches(CanaryState state) {
        return eventually([this, state] { return report().state == state; });
    }

    [[nodiscard]] std::size_t events(EventId id) const {
        std::size_t count = 0;
        for (const Event& event : delivery.events.events()) {
            count += event.id == id ? 1U : 0U;
        }
        return count;
    }
};

TEST_F(LokiCanaryTest, LinesAreReadBackAndTheirLatencyTold) {
    start();
    ASSERT_TRUE(eventually([this] { return report().verified >= 5; }));
    const CanaryReport seen = report();
    EXPECT_EQ(seen.state, CanaryState::verified);
    EXPECT_EQ(seen.missing, 0U);
    EXPECT_GE(seen.latency.count, 5U);
    EXPECT_GT(seen.latency_last, 0ms);
    EXPECT_LT(seen.latency_last, 5s);
    EXPECT_EQ(seen.query_url, loki.query_url());
    EXPECT_EQ(events(EventId::canary_verified), 1U);
    EXPECT_EQ(events(EventId::canary_missing), 0U);
    const LokiStream stream = loki.streams().at(0);
    EXPECT_EQ(stream.labels, R"({cluster="east", job="weir-canary"})");
    ASSERT_EQ(stream.entries.size(), 1U);
    EXPECT_TRUE(stream.entries[0].line.starts_with("weir canary run=0000000000000abc sequence=1 "))
        << stream.entries[0].line;
    const FakeRequest query = loki.queries().at(0);
    EXPECT_TRUE(query.target.starts_with("/loki/api/v1/query_range?query=%7Bjob")) << query.target;
    EXPECT_FALSE(query.headers.contains("x-scope-orgid"));
}

TEST_F(LokiCanaryTest, OffItDoesNothing) {
    settings.interval = 0ms;
    start();
    std::this_thread::sleep_for(100ms);
    EXPECT_FALSE(canary->status().on);
    EXPECT_EQ(canary->status().sent, 0U);
    EXPECT_EQ(loki.server().request_count(), 0U);
}

TEST_F(LokiCanaryTest, ALokiThatTakesAndForgetsIsFoundOut) {
    loki.stores = false;
    start();
    ASSERT_TRUE(reaches(CanaryState::missing));
    EXPECT_TRUE(eventually([this] { return report().missing >= 5; }));
    EXPECT_EQ(events(EventId::canary_missing), 1U) << "once, not for every line";
    EXPECT_EQ(report().verified, 0U);
    EXPECT_GT(delivery.cursor.ledger().delivered, 0U) << "which the pushes would have us believe";
    loki.stores = true;
    ASSERT_TRUE(reaches(CanaryState::verified));
    EXPECT_EQ(report().late, 0U);
    EXPECT_GE(events(EventId::canary_verified), 1U);
}

TEST_F(LokiCanaryTest, ALokiThatMayNotBeAskedIsToldApart) {
    loki.query_status = 403;
    start();
    ASSERT_TRUE(reaches(CanaryState::query_failed));
    EXPECT_EQ(report().missing, 0U);
    EXPECT_GT(report().unverified, 0U);
    EXPECT_GT(report().query_failures["forbidden"], 0U);
    EXPECT_TRUE(report().last_query_error.starts_with("403 ")) << report().last_query_error;
    EXPECT_EQ(events(EventId::canary_query_failed), 1U);
    loki.query_status = 200;
    ASSERT_TRUE(reaches(CanaryState::verified));
    // Those from before are found, late.
    EXPECT_TRUE(eventually([this] { return report().late == report().unverified; }));
}

TEST_F(LokiCanaryTest, AnAnswerThatCannotBeReadIsAFailure) {
    loki.garbles = true;
    start();
    ASSERT_TRUE(reaches(CanaryState::query_failed));
    EXPECT_GT(report().query_failures["bad_answer"], 0U);
    EXPECT_NE(report().last_query_error.find("not JSON"), std::string::npos);
}

TEST_F(LokiCanaryTest, AnAnswerWithoutEndIsAFailure) {
    FakeServer flood([](const FakeRequest&, std::size_t) {
        FakeAnswer answer;
        answer.status = 200;
        answer.body.assign(4'000'000, ' ');
        return answer;
    });
    settings.endpoints[0].http.url = flood.url();
    settings.endpoints[0].http.response_bytes_max = 10'000;
    start();
    ASSERT_TRUE(reaches(CanaryState::query_failed));
    EXPECT_GT(report().query_failures["bad_answer"], 0U);
}

TEST_F(LokiCanaryTest, NobodyThereIsMissing) {
    settings.endpoints.push_back({.name = "far", .http = {.url = "http://127.0.0.1:1/"}});
    start();
    ASSERT_TRUE(eventually([this] {
        const CanaryStatus status = canary->status();
        return status.endpoints.size() == 2 && status.endpoints[1].missing > 0;
    }));
    const CanaryReport far = canary->status().endpoints[1];
    EXPECT_EQ(far.state, CanaryState::missing);
    EXPECT_GT(far.query_failures.at("refused"), 0U);
    EXPECT_EQ(report().state, CanaryState::verified) << "one that is away does not touch another";
    EXPECT_EQ(report().missing, 0U);
}

TEST_F(LokiCanaryTest, OneThatNeverAnswersDoesNotTouchAnother) {
    FakeServer silent([](const FakeRequest&, std::size_t) {
        FakeAnswer answer;
        answer.fault = Fault::never_answer;
        return answer;
    });
    settings.endpoints.push_back(
        {.name = "silent", .http = {.url = silent.url(), .request_timeout = 100ms}});
    start();
    ASSERT_TRUE(eventually([this] {
        const CanaryStatus status = canary->status();
        return status.endpoints.size() == 2 && status.endpoints[1].missing > 0;
    }));
    EXPECT_GT(canary->status().endpoints[1].query_failures.at("request_timeout"), 0U);
    EXPECT_EQ(report().state, CanaryState::verified);
}

TEST_F(LokiCanaryTest, TheTenantOfTheEndpointAsksUnlessTheLineHasOne) {
    settings.endpoints[0].tenant = "edge";
    start();
    ASSERT_TRUE(eventually([this] { return !loki.queries().empty(); }));
    EXPECT_EQ(loki.queries().at(0).headers.at("x-scope-orgid"), "edge");
    settings.tenant = "own";
    canary->use(settings);
    ASSERT_TRUE(eventually([this] {
        const std::vector<FakeRequest> queries = loki.queries();
        return queries.back().headers.at("x-scope-orgid") == "own";
    }));
}

TEST_F(LokiCanaryTest, GoesOverToOtherSettings) {
    start();
    ASSERT_TRUE(eventually([this] { return report().verified > 0; }));
    // What is known stays with the name, whatever else changes.
    settings.endpoints[0].http.response_bytes_max = 100'000;
    settings.endpoints.push_back({.name = "more", .http = {.url = loki.query_url()}});
    const std::uint64_t before = report().verified;
    canary->use(settings);
    ASSERT_TRUE(eventually([this] { return canary->status().endpoints.size() == 2; }));
    EXPECT_GE(report().verified, before);
    ASSERT_TRUE(eventually([this] { return canary->status().endpoints[1].verified > 0; }));
    settings.endpoints.erase(settings.endpoints.begin());
    canary->use(settings);
    ASSERT_TRUE(eventually([this] { return canary->status().endpoints.size() == 1; }));
    EXPECT_EQ(report().name, "more");
    settings.interval = 0ms;
    canary->use(settings);
    ASSERT_TRUE(eventually([this] { return !canary->status().on; }));
    EXPECT_TRUE(canary->status().endpoints.empty());
    const std::uint64_t sent = canary->status().sent;
    std::this_thread::sleep_for(150ms);
    EXPECT_EQ(canary->status().sent, sent);
    settings.interval = 50ms;
    canary->use(settings);
    ASSERT_TRUE(eventually([this] { return report().verified > 0; }));
}

TEST_F(LokiCanaryTest, ALongerIntervalHoldsAtOnceAndAShorterOneToo) {
    settings.interval = 1h;
    settings.timeout = 1h;
    start();
    ASSERT_TRUE(eventually([this] { return report().verified == 1; }));
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(canary->status().sent, 1U);
    settings.interval = 20ms;
    canary->use(settings);
    ASSERT_TRUE(eventually([this] { return canary->status().sent >= 3; }));
}

TEST_F(LokiCanaryTest, StopsInTheMiddleOfAQuestion) {
    FakeServer silent([](const FakeRequest&, std::size_t) {
        FakeAnswer answer;
        answer.fault = Fault::never_answer;
        return answer;
    });
    settings.endpoints[0].http.url = silent.url();
    start();
    ASSERT_TRUE(silent.wait_for_requests(1));
    canary->stop();
    canary->stop();
    canary->use(settings);
}

// A log that takes nothing.
class FullLog final : public Log {
  public:
    AppendVerdict append(std::unique_ptr<Batch>) override { return AppendVerdict::full; }

    [[nodiscard]] LogFill fill() const override { return {}; }
};

TEST_F(LokiCanaryTest, WhatTheLogDoesNotTakeIsNotWaitedFor) {
    FullLog full;
    LokiCanary other({full, delivery.clock, delivery.events, 1});
    other.use(settings);
    ASSERT_TRUE(eventually([&other] { return other.status().refused >= 3; }));
    EXPECT_EQ(other.status().sent, 0U);
    EXPECT_EQ(other.status().endpoints.at(0).waiting, 0U);
    other.stop();
}

}  // namespace
}  // namespace weir::test
