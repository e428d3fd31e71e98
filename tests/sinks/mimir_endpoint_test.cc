// The endpoint as a whole: what is sent, in which order, resent, settled and left alone.
#include "sinks/mimir_endpoint.h"

#include "tests/sinks/fake_server.h"
#include "tests/sinks/mimir_harness.h"
#include "tests/support/remote_write_v2_reader.h"

#include <gmock/gmock.h>
#include <snappy.h>

#include <random>

namespace weir::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

FakeAnswer answer(unsigned status, std::string body = "",
                  std::vector<std::pair<std::string, std::string>> headers = {}) {
    FakeAnswer made;
    made.status = status;
    made.body = std::move(body);
    made.headers = std::move(headers);
    return made;
}

TEST(MimirEndpoint, SendsTheFrozenBytesAndSettles) {
    FakeServer server(FakeServer::in_turn({}));
    MimirHarness harness;
    harness.options.tenant = "edge";
    const MadeRequest made(names_up_to(3), harness.now_ms());
    harness.append(made.get());
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());

    ASSERT_EQ(server.request_count(), 1U);
    const FakeRequest request = server.requests()[0];
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.headers.at("content-type"), "application/x-protobuf");
    EXPECT_EQ(request.headers.at("content-encoding"), "snappy");
    EXPECT_EQ(request.headers.at("x-prometheus-remote-write-version"), "0.1.0");
    EXPECT_EQ(request.headers.at("x-scope-orgid"), "edge");
    EXPECT_EQ(request.headers.at("user-agent"), "weir/" WEIR_VERSION);
    EXPECT_FALSE(request.headers.contains("retry-attempt"));
    EXPECT_EQ(request.body, to_batch(made.get(), {})->body);

    EXPECT_EQ(harness.cursor.ledger().delivered, 3U);
    const EndpointStatus status = harness.endpoint->status();
    EXPECT_EQ(status.kind, "mimir");
    EXPECT_EQ(status.sent_records, 3U);
    EXPECT_EQ(status.sent_bytes, request.body.size());
    EXPECT_GT(status.last_success_at.unix_ns, 0);
}

TEST(MimirEndpoint, ABatchesOwnTenantWins) {
    FakeServer server(FakeServer::in_turn({}));
    MimirHarness harness;
    harness.options.tenant = "edge";
    auto batch = to_batch(MadeRequest({"up"}, 1).get(), harness.clock.now());
    batch->tenant = "plant-7";
    ASSERT_EQ(harness.log.append(std::move(batch)), AppendVerdict::accepted);
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(server.requests()[0].headers.at("x-scope-orgid"), "plant-7");
}

// A server that fails at random, and sees to it that no shard's requests overlap or overtake.
class OrderedServer {
  public:
    [[nodiscard]] FakeServer::Script script() {
        return [this](const FakeRequest& request, std::size_t) { return take(request); };
    }

    std::atomic<std::uint64_t> out_of_order{0};
    std::atomic<std::uint64_t> stored{0};

  private:
    FakeAnswer take(const FakeRequest& request) {
        FakeAnswer made;
        made.delay = std::chrono::milliseconds(random_() % 4);
        if (random_() % 4 == 0) {
            made.status = random_() % 2 == 0 ? 500 : 429;
            made.fault = random_() % 3 == 0 ? Fault::close_before_answer : Fault::none;
        }
        const Result<WriteRequest> read = decode_write_request(request.body);
        for (const WrittenSeries& series : read->series) {
            std::int64_t& newest = newest_[std::string(series.name())];
            const std::int64_t time = series.samples.front().timestamp_ms;
            out_of_order += time < newest ? 1U : 0U;
            stored += time > newest && made.status == 204 ? 1U : 0U;
            newest = std::max(newest, made.status == 204 ? time : newest);
        }
        return made;
    }

    std::mt19937 random_{3};
    std::map<std::string, std::int64_t> newest_;
};

TEST(MimirEndpoint, SendsEachShardsBatchesInOrderWhateverFails) {
    OrderedServer ordered;
    FakeServer server(ordered.script());
    MimirHarness harness;
    harness.options.requests_in_flight_max = 4;
    for (int i = 1; i <= 40; ++i) {
        for (std::uint32_t shard = 0; shard < 4; ++shard) {
            harness.append(MadeRequest({"shard" + std::to_string(shard)}, i).get(), shard);
        }
    }
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(ordered.out_of_order, 0U);
    EXPECT_EQ(harness.cursor.ledger().delivered, 160U);
}

TEST(MimirEndpoint, HasOneRequestOfAShardUnderWay) {
    FakeServer server([](const FakeRequest&, std::size_t) {
        FakeAnswer slow;
        slow.delay = std::chrono::milliseconds(10);
        return slow;
    });
    MimirHarness harness;
    for (int i = 0; i < 20; ++i) {
        harness.append({"up"}, 7);
    }
    harness.start(server.url());
    std::uint64_t most = 0;
    ASSERT_TRUE(eventually([&] {
        most = std::max(most, harness.endpoint->status().in_flight);
        return harness.cursor.ledger().queued == 0;
    }));
    EXPECT_EQ(most, 1U);
}

TEST(MimirEndpoint, SendsDifferentShardsSideBySide) {
    FakeServer server([](const FakeRequest&, std::size_t) {
        FakeAnswer slow;
        slow.delay = std::chrono::milliseconds(20);
        return slow;
    });
    MimirHarness harness;
    harness.options.requests_in_flight_max = 3;
    for (std::uint32_t i = 0; i < 60; ++i) {
        harness.append({"up"}, i % 6);
    }
    harness.start(server.url());
    std::uint64_t most = 0;
    ASSERT_TRUE(eventually([&] {
        most = std::max(most, harness.endpoint->status().in_flight);
        return harness.cursor.ledger().queued == 0;
    }));
    EXPECT_EQ(most, 3U);
}

TEST(MimirEndpoint, AShardThatFailsStopsNoOther) {
    std::atomic<bool> mended{false};
    FakeServer server([&mended](const FakeRequest& request, std::size_t) {
        return names_in(request.body).front() == "poison" && !mended ? answer(500, "no")
                                                                     : answer(204);
    });
    MimirHarness harness;
    harness.append({"poison"}, 0);
    harness.append({"poison"}, 0);
    for (int i = 0; i < 50; ++i) {
        harness.append({"up"}, 1);
    }
    harness.start(server.url());
    ASSERT_TRUE(eventually([&] { return harness.cursor.ledger().delivered == 50; }));
    EXPECT_EQ(harness.cursor.ledger().queued, 2U);
    mended = true;
    EXPECT_TRUE(harness.settled());
}

TEST(MimirEndpoint, DeliversWhatAnEarlierProcessLeftBeforeItsOwn) {
    std::atomic<bool> open{false};
    FakeServer server(
        [&open](const FakeRequest&, std::size_t) { return open ? answer(204) : answer(503); });
    MimirHarness harness;
    auto earlier = to_batch(MadeRequest({"earlier"}, 1).get(), {1});
    earlier->shard = 5;
    ASSERT_EQ(harness.log.append(std::move(earlier)), AppendVerdict::accepted);
    harness.start(server.url());
    harness.append({"later"}, 6);
    ASSERT_TRUE(server.wait_for_requests(5));
    for (const FakeRequest& request : server.requests()) {
        EXPECT_THAT(names_in(request.body), ElementsAre("earlier"));
    }
    open = true;
    ASSERT_TRUE(harness.settled());
    EXPECT_THAT(names_in(server.requests().back().body), ElementsAre("later"));
}

TEST(MimirEndpoint, SaysWhichAttemptItIsAndWaitsAsLongAsItIsTold) {
    FakeServer server(FakeServer::in_turn(
        {answer(503, "later"), answer(429, "slow", {{"Retry-After", "1"}}), answer(204)}));
    MimirHarness harness;
    harness.append({"up"});
    const auto begin = std::chrono::steady_clock::now();
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
    const std::vector<FakeRequest> requests = server.requests();
    ASSERT_EQ(requests.size(), 3U);
    EXPECT_FALSE(requests[0].headers.contains("retry-attempt"));
    EXPECT_EQ(requests[1].headers.at("retry-attempt"), "1");
    EXPECT_EQ(requests[2].headers.at("retry-attempt"), "2");
    EXPECT_EQ(requests[0].body, requests[2].body);
    EXPECT_THAT(harness.endpoint->status().retries,
                ElementsAre(Pair("rate_limited", 1), Pair("server_error", 1)));
    EXPECT_GE(harness.endpoint->status().rate_samples_per_s, 10'000U);
}

TEST(MimirEndpoint, DoesNotCountAttemptsThatTheServerNeverSaw) {
    FakeAnswer broken;
    broken.fault = Fault::close_before_answer;
    FakeServer server(FakeServer::in_turn({broken, broken, answer(503), answer(204)}));
    MimirHarness harness;
    harness.append({"up"});
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    const std::vector<FakeRequest> requests = server.requests();
    ASSERT_EQ(requests.size(), 4U);
    EXPECT_FALSE(requests[2].headers.contains("retry-attempt"));
    EXPECT_EQ(requests[3].headers.at("retry-attempt"), "1");
}

TEST(MimirEndpoint, HoldsAndGoesOnAfterAReload) {
    std::atomic<bool> open{false};
    FakeServer server([&open](const FakeRequest&, std::size_t) {
        return open ? answer(204) : answer(401, "no org id");
    });
    MimirHarness harness;
    harness.options.hold_probe_interval = std::chrono::hours(1);
    harness.append({"up"});
    harness.start(server.url());
    ASSERT_TRUE(
        eventually([&] { return harness.endpoint->status().state == EndpointState::hold; }));
    EXPECT_EQ(harness.endpoint->status().state_reason, Reason::unauthorised);
    open = true;
    harness.endpoint->reload(std::make_shared<MimirEndpointOptions>(harness.options));
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(harness.endpoint->status().state, EndpointState::ok);
}

// Stores everything but what is refused, like Mimir.
FakeServer::Script refusing(const std::string& bad, const std::string& text) {
    return [bad, text](const FakeRequest& request, std::size_t) {
        const std::vector<std::string> names = names_in(request.body);
        const bool has_it = std::find(names.begin(), names.end(), bad) != names.end();
        return has_it ? answer(400, text) : answer(204);
    };
}

TEST(MimirEndpoint, DropsWhatIsRefusedAndDeliversTheRest) {
    FakeServer server(refusing("m77", "(err-mimir-sample-out-of-order) somewhere"));
    MimirHarness harness;
    harness.append(names_up_to(100));
    harness.append({"after"});
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(harness.cursor.ledger().delivered, 100U);
    EXPECT_EQ(harness.dropped("out_of_order"), 1U);
    EXPECT_EQ(harness.count(EventId::endpoint_error), 1U);
    EXPECT_THAT(harness.events.events().front().detail,
                HasSubstr("1 samples ended as out_of_order: 400 (err-mimir-sample-out-of-order)"));
    // The next batch waited for all of it.
    EXPECT_THAT(names_in(server.requests().back().body), ElementsAre("after"));
}

TEST(MimirEndpoint, DoesNotAskAgainSoonAboutASeriesThatIsOneTooMany) {
    FakeServer server(refusing("m77", "(err-mimir-max-series-per-user)"));
    MimirHarness harness;
    harness.options.refused_for = std::chrono::milliseconds(300);
    harness.append(names_up_to(100));
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    const std::size_t asked = server.request_count();
    EXPECT_GT(asked, 5U);
    harness.append(names_up_to(100));
    harness.append({"m77"});
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(server.request_count(), asked + 1);
    EXPECT_EQ(names_in(server.requests().back().body).size(), 99U);
    EXPECT_EQ(harness.dropped("series_limit"), 3U);
    std::this_thread::sleep_for(std::chrono::milliseconds(350));
    harness.append({"m77"});
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(server.request_count(), asked + 2);
    EXPECT_EQ(harness.cursor.ledger().delivered, 198U);
}

TEST(MimirEndpoint, SplitsWhatIsTooLarge) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        return names_in(request.body).size() > 10 ? answer(413, "too large") : answer(204);
    });
    MimirHarness harness;
    harness.append(names_up_to(100));
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(harness.cursor.ledger().delivered, 100U);
}

TEST(MimirEndpoint, TellsOfSamplesThatTheServerDiscards) {
    FakeServer server(FakeServer::in_turn(
        {answer(202, "replicas did not match, rejecting sample: replica=b, elected=a")}));
    MimirHarness harness;
    harness.append(names_up_to(5));
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(harness.dropped("ha_deduplicated"), 5U);
    EXPECT_EQ(harness.count(EventId::ha_deduplicated), 1U);
}

TEST(MimirEndpoint, SpeaksVersion2WhereItIsSpoken) {
    FakeServer server([](const FakeRequest&, std::size_t) {
        return answer(204, "", {{"X-Prometheus-Remote-Write-Samples-Written", "3"}});
    });
    MimirHarness harness;
    harness.options.version_2 = true;
    const MadeRequest made(names_up_to(3), 42, stale_marker());
    harness.append(made.get());
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    const FakeRequest request = server.requests()[0];
    EXPECT_EQ(request.headers.at("content-type"),
              "application/x-protobuf;proto=io.prometheus.write.v2.Request");
    EXPECT_EQ(request.headers.at("x-prometheus-remote-write-version"), "2.0.0");
    std::string raw;
    ASSERT_TRUE(snappy::Uncompress(request.body.data(), request.body.size(), &raw));
    const V2Request read = read_v2(raw);
    ASSERT_EQ(read.series.size(), 3U);
    EXPECT_EQ(read.series[0].series, made.get().series[0]);
    EXPECT_EQ(harness.cursor.ledger().delivered, 3U);
}

TEST(MimirEndpoint, FallsBackToVersion1AndTriesAgainLater) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        return request.headers.at("x-prometheus-remote-write-version") == "2.0.0" ? answer(415)
                                                                                  : answer(204);
    });
    MimirHarness harness;
    harness.options.version_2 = true;
    harness.options.version_2_again = std::chrono::milliseconds(300);
    harness.append({"a"});
    harness.start(server.url());
    ASSERT_TRUE(harness.settled());
    harness.append({"b"});
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(server.request_count(), 3U);  // 2.0, 1.0, 1.0
    EXPECT_EQ(harness.count(EventId::remote_write_fallback), 1U);
    std::this_thread::sleep_for(std::chrono::milliseconds(350));
    harness.append({"c"});
    ASSERT_TRUE(harness.settled());
    EXPECT_EQ(server.request_count(), 5U);
    EXPECT_EQ(harness.cursor.ledger().delivered, 3U);
}

TEST(MimirEndpoint, LeavesQueuedWhatItCannotDeliverBeforeTheDeadline) {
    FakeServer server([](const FakeRequest&, std::size_t) { return answer(503); });
    MimirHarness harness;
    harness.append({"a"}, 0);
    harness.append({"b"}, 1);
    harness.start(server.url());
    harness.endpoint->stop(std::chrono::milliseconds(100));
    EXPECT_EQ(harness.cursor.ledger().queued, 2U);
}

}  // namespace
}  // namespace weir::test
