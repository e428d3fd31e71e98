// What becomes of the records when Loki refuses: each action of the decision table carried out
// against a scripted Loki, with the ledger as the judge.
#include "tests/sinks/loki_answers.h"

#include <gmock/gmock.h>

#include <atomic>
#include <set>

namespace weir::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

struct LokiEndpointAnswers : AnsweredLoki {};

TEST_F(LokiEndpointAnswers, LabelsThatCannotBeParsedAreFoundAndSanitised) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        for (const LokiStream& stream : decoded(request).streams) {
            if (stream.labels.find("2bad") != std::string::npos) {
                return refusal(400, "couldn't parse labels: 1:2: parse error");
            }
        }
        return FakeAnswer{};
    });
    LokiPush all;
    for (int i = 0; i < 8; ++i) {
        const std::string labels = i == 5 ? R"({2bad="x"})" : R"({good="x"})";
        all = both(std::move(all), push(labels, {"line " + std::to_string(i)}));
    }
    run(all, server);
    EXPECT_EQ(delivered(), 8U);
    std::set<std::string> stored;
    for (const FakeRequest& request : server.requests()) {
        for (const LokiStream& stream : decoded(request).streams) {
            stored.insert(stream.labels);
        }
    }
    EXPECT_TRUE(stored.contains(R"({_bad="x"})"));
}

TEST_F(LokiEndpointAnswers, AStreamThatStaysUnreadableEndsAloneAfterOneMoreTry) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        const std::vector<std::string> lines = lines_of(decoded(request));
        const bool poisoned = std::find(lines.begin(), lines.end(), "poison") != lines.end();
        return poisoned ? refusal(400, "couldn't parse labels: parse error") : FakeAnswer{};
    });
    run(both(both(push(R"({a="1"})", {"one"}), push(R"({a="2"})", {"poison"})),
             push(R"({a="3"})", {"three"})),
        server);
    EXPECT_EQ(delivered(), 2U);
    EXPECT_THAT(cursor.ledger().dead_lettered, ElementsAre(Pair("labels_unreadable", 1)));
    ASSERT_EQ(dead_letters.letters().size(), 1U);
    EXPECT_EQ(dead_letters.letters()[0].entry.line, "poison");
    EXPECT_EQ(dead_letters.letters()[0].server_text, "400 couldn't parse labels: parse error");
}

TEST_F(LokiEndpointAnswers, OnlyTooLongLinesAreTruncatedAndResent) {
    FakeServer server(FakeServer::in_turn(
        {refusal(400,
                 "max entry size '1000' bytes exceeded for stream '{a=\"1\"}' while adding an "
                 "entry with length '5000' bytes")}));
    run(push(R"({a="1"})", {"short", std::string(5000, 'x'), "also short"}), server);
    EXPECT_EQ(delivered(), 3U);
    const std::vector<FakeRequest> requests = server.requests();
    ASSERT_EQ(requests.size(), 2U);
    const LokiPush again = decoded(requests[1]);
    ASSERT_EQ(again.records(), 1U);
    const LokiEntry& entry = again.streams[0].entries[0];
    EXPECT_EQ(entry.line.size(), 1000U);
    EXPECT_TRUE(entry.line.ends_with("x [truncated]"));
    EXPECT_EQ(metadata_of(entry, "line_bytes"), "5000");
    EXPECT_EQ(metadata_of(entry, "line_hash").size(), 16U);
    EXPECT_THAT(endpoint->status().repaired, ElementsAre(Pair("line_too_long", 1)));

    // The limit is remembered: the next batch is cut before it is sent.
    append(push(R"({a="1"})", {std::string(3000, 'y')}));
    ASSERT_TRUE(settled());
    ASSERT_EQ(server.request_count(), 3U);
    EXPECT_EQ(lines_of(decoded(server.requests()[2]))[0].size(), 1000U);
}

TEST_F(LokiEndpointAnswers, AComplaintThatFitsNoEntryNeverCountsAsDelivered) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        const bool poisoned = decoded(request).streams.back().labels == R"({a="2"})";
        return poisoned
                   ? refusal(400, "max entry size '1000' bytes exceeded for stream '{a=\"2\"}'")
                   : FakeAnswer{};
    });
    run(both(push(R"({a="1"})", {"good"}), push(R"({a="2"})", {"short, yet refused"})), server);
    EXPECT_EQ(delivered(), 1U);
    EXPECT_THAT(cursor.ledger().dead_lettered, ElementsAre(Pair("line_too_long", 1)));
    EXPECT_LT(server.request_count(), 15U);
}

TEST_F(LokiEndpointAnswers, EntriesOfAWrongTimeAreClampedToTheReceiveTime) {
    const Timestamp received = clock.now();
    const Timestamp future{received.unix_ns + 3600 * ns_per_s};
    FakeServer server(FakeServer::in_turn(
        {refusal(400, "1 errors like: entry for stream '{a=\"1\"}' has timestamp too new: " +
                          to_rfc3339(future, 0))}));
    LokiPush mixed = push(R"({a="1"})", {"now", "ahead", "ahead"});
    mixed.streams[0].entries[1].timestamp = future;
    mixed.streams[0].entries[2].timestamp = future;
    run(mixed, server);
    EXPECT_EQ(delivered(), 3U);
    const LokiPush again = decoded(server.requests().at(1));
    ASSERT_EQ(again.records(), 2U);
    const std::vector<LokiEntry>& entries = again.streams[0].entries;
    EXPECT_LT(entries[0].timestamp.unix_ns - received.unix_ns, 60 * ns_per_s);
    EXPECT_NE(entries[0].timestamp, entries[1].timestamp);  // equal lines stay two
    EXPECT_EQ(metadata_of(entries[0], "orig_ts"), to_rfc3339(future));
}

TEST_F(LokiEndpointAnswers, WhatWasReceivedBeforeTheCutoffEndsAsTooOld) {
    options.replay_after = std::chrono::hours(1000);
    const Timestamp cutoff{clock.now().unix_ns + 600 * ns_per_s};
    FakeServer server(FakeServer::in_turn({refusal(
        400,
        "entry for stream '{a=\"1\"}' has timestamp too old: x, oldest acceptable timestamp "
        "is: " +
            to_rfc3339(cutoff, 0))}));
    run(push(R"({a="1"})", {"old"}), server);
    EXPECT_THAT(cursor.ledger().dead_lettered, ElementsAre(Pair("timestamp_too_old", 1)));
    EXPECT_EQ(server.request_count(), 1U);
}

TEST_F(LokiEndpointAnswers, WhatIsTooFarBehindGoesToTheReplayStreamAndTheRestIsAskedAgain) {
    const Timestamp cutoff{clock.now().unix_ns - 60 * ns_per_s};
    FakeServer server(FakeServer::in_turn({refusal(
        400,
        "entry with timestamp x ignored, reason: 'entry too far behind, entry timestamp is: "
        "x, oldest acceptable timestamp is: " +
            to_rfc3339(cutoff, 0) +
            "',\nuser 'edge', total ignored: 1 out of 2 for stream: {a=\"1\"}")}));
    options.replay_value = "pod-3";
    options.requests_in_flight_max = 1;
    LokiPush mixed = push(R"({a="1"})", {"late", "live"});
    mixed.streams[0].entries[0].timestamp.unix_ns -= 120 * ns_per_s;
    run(mixed, server);
    EXPECT_EQ(delivered(), 2U);
    const std::vector<FakeRequest> requests = server.requests();
    ASSERT_EQ(requests.size(), 3U);
    const LokiPush replay = decoded(requests[1]);
    EXPECT_EQ(replay.streams.at(0).labels, R"({a="1", replay="pod-3"})");
    EXPECT_THAT(lines_of(replay), ElementsAre("late"));
    // Byte for byte as in the first request, so that Loki knows it if it has it.
    const LokiPush rest = decoded(requests[2]);
    EXPECT_EQ(rest.streams.at(0).labels, R"({a="1"})");
    EXPECT_EQ(rest.streams[0].entries.at(0), mixed.streams[0].entries[1]);
}

TEST_F(LokiEndpointAnswers, ABadLabelSetEndsAloneWithTheServersWords) {
    FakeServer server(FakeServer::in_turn({refusal(
        400,
        "stream '{a=\"2\", service_name=\"unknown_service\"}' has label value too long: 'x'")}));
    run(both(push(R"({a="1"})", {"good"}), push(R"({a="2"})", {"bad", "bad too"})), server);
    EXPECT_EQ(delivered(), 1U);
    // What is left is asked about again: the fault may have hidden that ingestion is blocked.
    ASSERT_EQ(server.request_count(), 2U);
    EXPECT_THAT(lines_of(decoded(server.requests()[1])), ElementsAre("good"));
    EXPECT_THAT(cursor.ledger().dead_lettered, ElementsAre(Pair("label_value_too_long", 2)));
    EXPECT_EQ(dead_letters.letters().at(1).entry.line, "bad too");
}

TEST_F(LokiEndpointAnswers, ADeadLetterThatCannotBeKeptCountsAsDropped) {
    dead_letters.room = 1;
    FakeServer server(FakeServer::in_turn({refusal(400, "never heard of it")}));
    run(push(R"({a="1"})", {"x", "y", "z"}), server);
    EXPECT_THAT(cursor.ledger().dead_lettered, ElementsAre(Pair("rejected_unknown", 1)));
    EXPECT_THAT(cursor.ledger().dropped, ElementsAre(Pair("rejected_unknown", 2)));
}

TEST_F(LokiEndpointAnswers, MetadataThatIsNotAllowedIsFoldedIntoTheLine) {
    FakeServer server(FakeServer::in_turn(
        {refusal(400,
                 "stream '{a=\"1\"}' includes structured metadata, but this feature is "
                 "disallowed")}));
    LokiPush mixed = push(R"({a="1"})", {"with", "without"});
    mixed.streams[0].entries[0].metadata = {{"severity", "err"}, {"quoted", "say \"hi\""}};
    run(mixed, server);
    EXPECT_EQ(delivered(), 2U);
    const LokiPush again = decoded(server.requests().at(1));
    EXPECT_THAT(lines_of(again), ElementsAre(R"(with severity="err" quoted="say \"hi\"")"));
    EXPECT_TRUE(again.streams[0].entries[0].metadata.empty());
    // Remembered for the next batch.
    append(mixed);
    ASSERT_TRUE(settled());
    EXPECT_EQ(server.request_count(), 3U);
    EXPECT_EQ(delivered(), 4U);
}

TEST_F(LokiEndpointAnswers, ARequestThatIsTooLargeIsHalvedUntilItFits) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        return decoded(request).records() > 3 ? refusal(413, "too large") : FakeAnswer{};
    });
    run(push(R"({a="1"})", {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}), server);
    EXPECT_EQ(delivered(), 10U);
    EXPECT_EQ(server.request_count(), 1U + 2U + 4U);
}

TEST_F(LokiEndpointAnswers, ALoneEntryThatIsTooLargeIsCutAndAtLastEnds) {
    FakeServer server([](const FakeRequest&, std::size_t) {
        return refusal(500,
                       "rpc error: code = ResourceExhausted desc = grpc: received message "
                       "larger than max");
    });
    run(push(R"({a="1"})", {std::string(5000, 'x'), "tiny"}), server);
    EXPECT_THAT(cursor.ledger().dead_lettered, ElementsAre(Pair("grpc_too_large", 2)));
}

TEST_F(LokiEndpointAnswers, ARequestLargerThanTheBurstIsSplitAfterTheSecondRefusal) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        return decoded(request).records() > 1
                   ? refusal(429,
                             "Ingestion rate limit exceeded for user edge (limit: 400000000 "
                             "bytes/sec) while attempting to ingest")
                   : FakeAnswer{};
    });
    LokiPush large = push(R"({a="1"})", {std::string(200'000, 'x'), std::string(200'000, 'y')});
    run(large, server);
    EXPECT_EQ(delivered(), 2U);
    EXPECT_EQ(server.request_count(), 4U);
    EXPECT_GT(endpoint->status().rate_bytes_per_s, 0U);
}

TEST_F(LokiEndpointAnswers, AStreamOverItsRateWaitsWhileTheOthersGoOn) {
    std::atomic<bool> open{false};
    FakeServer server([&open](const FakeRequest& request, std::size_t) {
        for (const LokiStream& stream : decoded(request).streams) {
            if (stream.labels == R"({device="hot"})" && !open) {
                return refusal(429,
                               "entry with timestamp x ignored, reason: 'Per stream rate limit "
                               "exceeded (limit: 3MB/sec) while attempting to ingest for stream "
                               "'{device=\"hot\", service_name=\"x\"}' totaling 1MB");
            }
        }
        return FakeAnswer{};
    });
    append(both(push(R"({device="hot"})", {"h1", "h2"}), push(R"({device="cold"})", {"c1"})));
    start(server.url());
    ASSERT_TRUE(eventually([&] { return endpoint->status().state == EndpointState::slow; }));
    EXPECT_EQ(endpoint->status().slow_records, 2U);
    for (int i = 0; i < 20; ++i) {
        append(push(R"({device="cold"})", {"c"}));
    }
    // Everything but the one slow batch gets through.
    ASSERT_TRUE(eventually([&] { return cursor.ledger().queued_batches == 1; }));
    EXPECT_EQ(delivered(), 20U);
    open = true;
    ASSERT_TRUE(settled());
    EXPECT_EQ(delivered(), 23U);
    EXPECT_EQ(endpoint->status().state, EndpointState::ok);
    EXPECT_EQ(endpoint->status().slow_records, 0U);
}

TEST_F(LokiEndpointAnswers, TheSlowLaneIsBounded) {
    options.slow_items_max = 3;
    options.slow_wait_min = std::chrono::hours(1);
    FakeServer server([](const FakeRequest&, std::size_t) {
        return refusal(429,
                       "maximum active stream limit exceeded when trying to create stream "
                       "{device=\"new\"}");
    });
    for (int i = 0; i < 5; ++i) {
        append(push(R"({device="new"})", {"n"}));
    }
    start(server.url());
    ASSERT_TRUE(eventually(
        [&] { return !cursor.ledger().dead_lettered.empty() && cursor.ledger().queued == 3; }));
    EXPECT_THAT(cursor.ledger().dead_lettered, ElementsAre(Pair("slow_lane_full", 2)));
    ASSERT_TRUE(eventually([&] { return endpoint->status().state == EndpointState::slow; }));
    EXPECT_EQ(endpoint->status().state_reason, Reason::stream_limit);
    // Somebody has to see it, once.
    std::vector<std::string> said;
    for (const Event& event : events.events()) {
        if (event.id == EventId::endpoint_state) {
            said.push_back(event.detail);
        }
    }
    ASSERT_EQ(said.size(), 1U);
    EXPECT_TRUE(said[0].starts_with("slow (stream_limit): 429 maximum active stream limit"));
}

TEST_F(LokiEndpointAnswers, HoldKeepsEverythingAndProbesWithOneRequest) {
    std::atomic<bool> open{false};
    FakeServer server([&open](const FakeRequest&, std::size_t) {
        return open ? FakeAnswer{} : refusal(403, "<html>forbidden</html>");
    });
    for (int i = 0; i < 30; ++i) {
        append(push(R"({a="1"})", {"x"}));
    }
    start(server.url());
    ASSERT_TRUE(eventually([&] { return endpoint->status().state == EndpointState::hold; }));
    EXPECT_EQ(endpoint->status().state_reason, Reason::forbidden);
    const std::size_t before = server.request_count();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_LE(server.request_count(), before + 6);  // every 20 ms
    EXPECT_EQ(cursor.ledger().queued, 30U);
    EXPECT_EQ(endpoint->status().last_error, "403 <html>forbidden</html>");
    open = true;
    ASSERT_TRUE(settled());
    EXPECT_EQ(delivered(), 30U);
    EXPECT_EQ(endpoint->status().state, EndpointState::ok);
}

TEST_F(LokiEndpointAnswers, Blocked260IsNotSuccess) {
    FakeServer server(FakeServer::in_turn(
        {refusal(260,
                 "ingestion blocked for user 'edge' until '2020-01-01T00:00:00Z' with status "
                 "code '260'")}));
    run(push(R"({a="1"})", {"x"}), server);
    EXPECT_EQ(server.request_count(), 2U);
    EXPECT_EQ(server.requests()[0].body, server.requests()[1].body);
    EXPECT_THAT(endpoint->status().retries, Contains(Pair("blocked", 1)));
}

TEST_F(LokiEndpointAnswers, ARequestThatAlwaysFailsDoesNotStopTheOthers) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        const bool poisoned = lines_of(decoded(request)).at(0) == "poison";
        return poisoned ? refusal(500, "panic: runtime error") : FakeAnswer{};
    });
    append(push(R"({a="1"})", {"poison"}));
    for (int i = 0; i < 20; ++i) {
        append(push(R"({a="1"})", {"fine"}));
    }
    start(server.url());
    ASSERT_TRUE(eventually([&] { return cursor.ledger().delivered == 20; }));
    EXPECT_EQ(cursor.ledger().queued, 1U);
}

TEST_F(LokiEndpointAnswers, OldBatchesGoToTheReplayStreamOldestFirst) {
    FakeServer server([](const FakeRequest& request, std::size_t before) {
        FakeAnswer answer;
        answer.delay = std::chrono::milliseconds(3);
        // The first replay fails; the ones behind it must not overtake it.
        const bool replay = decoded(request).streams[0].labels.find("replay") != std::string::npos;
        return replay && before < 2 ? refusal(500, "restarting") : answer;
    });
    for (int i = 0; i < 6; ++i) {
        LokiPush old = push(R"({a="1"})", {"old " + std::to_string(i)});
        old.streams[0].entries[0].timestamp.unix_ns -= (7200 - i) * ns_per_s;
        append(old);
    }
    LokiPush mixed = push(R"({a="1"})", {"old 6", "live"});
    mixed.streams[0].entries[0].timestamp.unix_ns -= 3600 * ns_per_s;
    append(mixed);
    start(server.url());
    ASSERT_TRUE(settled());
    EXPECT_EQ(delivered(), 8U);
    std::vector<std::string> replayed;
    for (const FakeRequest& request : server.requests()) {
        const LokiPush push = decoded(request);
        if (push.streams[0].labels == R"({a="1", replay="1"})") {
            replayed.push_back(lines_of(push)[0]);
        } else {
            EXPECT_EQ(push.streams[0].labels, R"({a="1"})");
            EXPECT_THAT(lines_of(push), ElementsAre("live"));
        }
    }
    replayed.erase(std::unique(replayed.begin(), replayed.end()), replayed.end());
    EXPECT_THAT(replayed,
                ElementsAre("old 0", "old 1", "old 2", "old 3", "old 4", "old 5", "old 6"));
}

// While a replay waits nothing more is taken of the backlog; that must not keep it waiting.
TEST_F(LokiEndpointAnswers, ABacklogIsTriedAgainByItselfAfterAFailure) {
    FakeServer server([](const FakeRequest&, std::size_t before) {
        return before < 3 ? refusal(500, "restarting") : FakeAnswer{};
    });
    for (int i = 0; i < 6; ++i) {
        LokiPush old = push(R"({a="1"})", {"old " + std::to_string(i)});
        const std::int64_t age_ns = (7200 - i) * ns_per_s;
        old.streams[0].entries[0].timestamp.unix_ns -= age_ns;
        auto batch = to_batch(old, clock.now());
        batch->first_received.unix_ns -= age_ns;
        ASSERT_EQ(log.append(std::move(batch)), AppendVerdict::accepted);
    }
    start(server.url());
    ASSERT_TRUE(settled());
    EXPECT_EQ(delivered(), 6U);
    EXPECT_LT(server.request_count(), 12U);
}

TEST_F(LokiEndpointAnswers, ABatchThatCannotBeReadIsDroppedOnlyWhenItMustBeRead) {
    FakeServer server(FakeServer::in_turn({}));
    auto batch = to_batch(push(R"({a="1"})", {"x", "y"}), clock.now());
    batch->body = "no snappy";
    batch->oldest.unix_ns -= 7200 * ns_per_s;  // for the replay stream
    ASSERT_EQ(log.append(std::move(batch)), AppendVerdict::accepted);
    start(server.url());
    ASSERT_TRUE(settled());
    EXPECT_THAT(cursor.ledger().dropped, ElementsAre(Pair("batch_unreadable", 2)));
    EXPECT_EQ(server.request_count(), 0U);
}

}  // namespace
}  // namespace weir::test
