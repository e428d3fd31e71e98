// How fast an endpoint is served: waiting times, the limit on concurrency, the latency seen.
#include "tests/sinks/loki_answers.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>

namespace weir::test {
namespace {

using testing::Contains;
using testing::Pair;

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct LokiEndpointPace : AnsweredLoki {
    void append_many(int count) {
        for (int i = 0; i < count; ++i) {
            append(push(R"({a="1"})", {"x"}));
        }
    }

    // The limits on concurrency shown while what is queued is delivered.
    [[nodiscard]] std::vector<std::uint64_t> limits_until_settled() {
        std::vector<std::uint64_t> limits;
        EXPECT_TRUE(eventually([&] {
            limits.push_back(endpoint->status().concurrency_limit);
            return cursor.ledger().queued == 0;
        }));
        return limits;
    }
};

// Takes one request at a time, so that each more under way makes all of them wait longer.
FakeServer::Script one_by_one(milliseconds work) {
    auto free_at = std::make_shared<Steady::time_point>();
    return [free_at, work](const FakeRequest&, std::size_t) {
        const Steady::time_point now = Steady::now();
        *free_at = std::max(*free_at, now) + work;
        FakeAnswer answer;
        answer.delay = std::chrono::duration_cast<milliseconds>(*free_at - now);
        return answer;
    };
}

TEST_F(LokiEndpointPace, AnEndpointThatAnswersAllAtOnceGetsAsManyAsAreAllowed) {
    FakeServer server([](const FakeRequest&, std::size_t) {
        FakeAnswer answer;
        answer.delay = milliseconds(10);
        return answer;
    });
    options.requests_in_flight_max = 16;
    append_many(400);
    start(server.url());
    EXPECT_EQ(endpoint->status().concurrency_limit, 1U);
    const std::vector<std::uint64_t> limits = limits_until_settled();
    EXPECT_EQ(limits.back(), 16U);
    EXPECT_GE(server.connection_count(), 12U);
}

TEST_F(LokiEndpointPace, AnEndpointThatGrowsSlowIsLeftAFew) {
    FakeServer server(one_by_one(milliseconds(15)));
    options.requests_in_flight_max = 16;
    append_many(300);
    start(server.url());
    const std::vector<std::uint64_t> limits = limits_until_settled();
    const std::vector<std::uint64_t> later(
        limits.begin() + static_cast<std::ptrdiff_t>(limits.size() / 3), limits.end());
    EXPECT_LE(*std::max_element(later.begin(), later.end()), 5U);
    EXPECT_EQ(delivered(), 300U);
}

TEST_F(LokiEndpointPace, AnEndpointThatSaysTooMuchGetsHalf) {
    std::atomic<int> refusals{0};
    FakeServer server([&refusals](const FakeRequest&, std::size_t before) {
        FakeAnswer answer;
        answer.delay = milliseconds(5);
        if (before > 100 && refusals < 8) {
            ++refusals;
            answer.status = 503;
            answer.body = "too busy";
        }
        return answer;
    });
    options.requests_in_flight_max = 8;
    append_many(100);
    start(server.url());
    ASSERT_TRUE(settled());
    ASSERT_EQ(endpoint->status().concurrency_limit, 8U);
    append_many(9);
    ASSERT_TRUE(settled());
    EXPECT_LE(endpoint->status().concurrency_limit, 6U);  // and a little upwards since
    EXPECT_EQ(delivered(), 109U);
}

TEST_F(LokiEndpointPace, AnAnswerThatDoesNotComeIsASignOfLoadAndABrokenOneOfAnOutage) {
    for (const auto& [fault, limit] : {std::pair{Fault::never_answer, std::uint64_t{4}},
                                       std::pair{Fault::close_before_answer, std::uint64_t{1}}}) {
        EndpointHarness harness;
        FakeServer server([fault = fault](const FakeRequest&, std::size_t before) {
            FakeAnswer answer;
            answer.delay = milliseconds(5);
            // A kept connection that breaks is replaced once, unseen.
            const bool again = before == 101 && fault == Fault::close_before_answer;
            answer.fault = before == 100 || again ? fault : Fault::none;
            return answer;
        });
        harness.options.requests_in_flight_max = 8;
        harness.options.http.request_timeout = milliseconds(200);
        const auto deliver = [&harness](int batches) {
            for (int i = 0; i < batches; ++i) {
                harness.append(harness.push(R"({a="1"})", {"x"}));
            }
            EXPECT_TRUE(harness.settled());
        };
        harness.start(server.url());
        deliver(100);
        EXPECT_EQ(harness.endpoint->status().concurrency_limit, 8U);
        deliver(1);
        EXPECT_EQ(harness.endpoint->status().concurrency_limit, limit);
    }
}

TEST_F(LokiEndpointPace, ARefusalAboutOneStreamIsNoSignOfLoad) {
    FakeServer server([](const FakeRequest&, std::size_t before) {
        FakeAnswer answer;
        answer.delay = milliseconds(5);
        const bool limited = before > 100 && before < 104;
        return limited ? refusal(429, "Per stream rate limit exceeded for stream '{a=\"1\"}'")
                       : answer;
    });
    append_many(110);
    start(server.url());
    ASSERT_TRUE(settled());
    EXPECT_EQ(endpoint->status().concurrency_limit, 4U);
}

TEST_F(LokiEndpointPace, LatencyIsCountedFromTheReceiptToTheAcceptedPush) {
    FakeServer server(FakeServer::in_turn({refusal(500, "not yet")}));
    auto batch = to_batch(push(R"({a="1"})", {"x", "y"}), clock.now());
    batch->first_received.unix_ns -= 400 * ns_per_s;
    ASSERT_EQ(log.append(std::move(batch)), AppendVerdict::accepted);
    start(server.url());
    ASSERT_TRUE(settled());
    const EndpointStatus status = endpoint->status();
    EXPECT_EQ(status.delivery_latency.count, 1U);
    EXPECT_GE(status.delivery_latency.sum_s, 400);
    EXPECT_LT(status.delivery_latency.sum_s, 420);
    for (std::size_t i = 0; i < DeliveryLatencies::bounds_s.size(); ++i) {
        const bool within = DeliveryLatencies::bounds_s.at(i) > 420;
        EXPECT_EQ(status.delivery_latency.at_most.at(i), within ? 1U : 0U);
    }
}

TEST_F(LokiEndpointPace, RetryAfterMayBeADate) {
    FakeAnswer busy = refusal(503, "restarting");
    const std::time_t when = std::time(nullptr) + 3;
    std::array<char, 64> text{};
    std::tm civil{};
    gmtime_r(&when, &civil);
    ASSERT_GT(std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &civil), 0U);
    busy.headers = {{"Retry-After", text.data()}};
    FakeServer server(FakeServer::in_turn({busy}));
    const auto begin = Steady::now();
    run(push(R"({a="1"})", {"x"}), server);
    EXPECT_GE(Steady::now() - begin, milliseconds(1900));  // a date is good to the second
    EXPECT_LT(Steady::now() - begin, milliseconds(5000));
}

TEST_F(LokiEndpointPace, ARetryAfterOfNothingDoesNotMakeALoop) {
    FakeServer server([](const FakeRequest&, std::size_t) {
        FakeAnswer busy = refusal(503, "at once, please");
        busy.headers = {{"Retry-After", "0"}};
        return busy;
    });
    options.backoff_min = milliseconds(50);
    options.backoff_max = milliseconds(200);
    append_many(1);
    start(server.url());
    std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_LT(server.request_count(), 40U);  // with the mean wait of 100 ms about ten
    EXPECT_GE(server.request_count(), 2U);
}

TEST_F(LokiEndpointPace, TheTenantsRateIsKeptToAfterARefusal) {
    FakeServer server(FakeServer::in_turn(
        {refusal(429, "ingestion rate limit exceeded for user edge (limit: 100000 bytes/sec)")}));
    for (int i = 0; i < 4; ++i) {
        append(push(R"({a="1"})", {std::string(40'000, static_cast<char>('a' + i))}));
    }
    const auto begin = Steady::now();
    start(server.url());
    ASSERT_TRUE(settled());
    // The first one's bytes are spent at once, the others wait for theirs.
    EXPECT_GE(Steady::now() - begin, milliseconds(1100));
    EXPECT_THAT(endpoint->status().retries, Contains(Pair("rate_limited", 1)));
    const std::vector<FakeRequest> requests = server.requests();
    ASSERT_EQ(requests.size(), 5U);
    EXPECT_EQ(std::count_if(requests.begin(), requests.end(),
                            [&](const FakeRequest& one) { return one.body == requests[0].body; }),
              2);
}

TEST_F(LokiEndpointPace, ASmallBurstIsFoundToo) {
    // 100 KB a burst, well under what is split at the second refusal.
    FakeServer server([](const FakeRequest& request, std::size_t) {
        std::size_t bytes = 0;
        for (const std::string& line : lines_of(decoded(request))) {
            bytes += line.size();
        }
        return bytes > 100'000
                   ? refusal(429, "ingestion rate limit exceeded for user x (limit: 900000000 b")
                   : FakeAnswer{};
    });
    std::vector<std::string> lines;
    for (int i = 0; i < 20; ++i) {
        lines.push_back(std::string(10'000, static_cast<char>('a' + i)));
    }
    run(push(R"({a="1"})", lines), server);
    EXPECT_EQ(delivered(), 20U);
    EXPECT_LT(server.request_count(), 20U);
}

}  // namespace
}  // namespace weir::test
