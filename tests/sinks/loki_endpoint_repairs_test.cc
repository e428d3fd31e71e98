// Entries that Loki takes only in another shape, and streams that it takes at another time.
#include "tests/sinks/loki_answers.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <set>

namespace weir::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

struct LokiEndpointRepairs : AnsweredLoki {};

// A Loki that takes lines up to so many bytes, and says so.
FakeServer::Script takes_lines_of(const std::atomic<std::size_t>& bytes_max) {
    return [&bytes_max](const FakeRequest& request, std::size_t) {
        for (const std::string& line : lines_of(decoded(request))) {
            if (line.size() > bytes_max) {
                return refusal(400, "max entry size '" + std::to_string(bytes_max) +
                                        "' bytes exceeded for stream '{a=\"1\"}' while adding an "
                                        "entry with length '" +
                                        std::to_string(line.size()) + "' bytes");
            }
        }
        return FakeAnswer{};
    };
}

TEST_F(LokiEndpointRepairs, ALimitThatShrinksAfterItWasLearnt) {
    std::atomic<std::size_t> bytes_max{1000};
    FakeServer server(takes_lines_of(bytes_max));
    const std::string line(5000, 'x');
    run(push(R"({a="1"})", {line}), server);
    bytes_max = 600;
    append(push(R"({a="1"})", {line, "short"}));
    ASSERT_TRUE(settled());
    EXPECT_EQ(delivered(), 3U);
    EXPECT_THAT(cursor.ledger().dead_lettered, IsEmpty());
    const LokiEntry entry = decoded(server.requests().back()).streams.at(0).entries.at(0);
    EXPECT_LE(entry.line.size(), 600U);
    EXPECT_EQ(metadata_of(entry, "line_bytes"), "5000");  // of the full line, not of the first cut
    // From now on cut beforehand.
    const std::size_t before = server.request_count();
    append(push(R"({a="1"})", {line}));
    ASSERT_TRUE(settled());
    EXPECT_EQ(server.request_count(), before + 1);
}

TEST_F(LokiEndpointRepairs, MetadataThatIsFoldedMayMakeALineTooLong) {
    std::atomic<std::size_t> bytes_max{300};
    const auto lines = takes_lines_of(bytes_max);
    FakeServer server([&lines](const FakeRequest& request, std::size_t before) {
        for (const LokiStream& stream : decoded(request).streams) {
            for (const LokiEntry& entry : stream.entries) {
                if (!entry.metadata.empty()) {
                    return refusal(400,
                                   "stream '{a=\"1\"}' includes structured metadata, but this "
                                   "feature is disallowed.");
                }
            }
        }
        return lines(request, before);
    });
    for (int i = 0; i < 2; ++i) {
        LokiPush one = push(R"({a="1"})", {std::string(290, 'x'), std::string(2000, 'y')});
        one.streams[0].entries[0].metadata = {{"app", "sshd"}};
        one.streams[0].entries[1].metadata = {{"app", "sshd"}};
        const std::size_t before = server.request_count();
        append(one);
        if (i == 0) {
            start(server.url());
        }
        ASSERT_TRUE(settled());
        // Both are known by then.
        EXPECT_TRUE(i == 0 || server.request_count() == before + 1);
    }
    EXPECT_EQ(delivered(), 4U);
    EXPECT_THAT(cursor.ledger().dead_lettered, IsEmpty());
    const LokiPush last = decoded(server.requests().back());
    for (const std::string& line : lines_of(last)) {
        EXPECT_LE(line.size(), 300U);
        EXPECT_NE(line.find(" [truncated line_hash="), std::string::npos) << line;
    }
}

TEST_F(LokiEndpointRepairs, MetadataOverALimitIsFoldedThereOnly) {
    struct Case {
        const char* text;
        const char* reason;
    };

    for (const Case& one :
         {Case{"stream '{a=\"1\"}' has structured metadata too large: '900' bytes, limit: '100' "
               "bytes",
               "metadata_too_large"},
          Case{"stream '{a=\"1\"}' has too many structured metadata labels: '4', limit: '3'.",
               "metadata_too_many"}}) {
        SCOPED_TRACE(one.reason);
        EndpointHarness harness;
        FakeServer server(FakeServer::in_turn({refusal(400, one.text)}));
        LokiPush mixed = harness.push(R"({a="1"})", {"few", "much"});
        mixed.streams[0].entries[0].metadata = {{"k", "v"}};
        mixed.streams[0].entries[1].metadata = {
            {"a", std::string(200, 'a')}, {"b", "2"}, {"c", "3"}, {"d", "4"}};
        harness.append(mixed);
        harness.start(server.url());
        ASSERT_TRUE(harness.settled());
        EXPECT_EQ(harness.cursor.ledger().delivered, 2U);
        ASSERT_EQ(server.request_count(), 2U);
        const LokiPush again = decoded(server.requests()[1]);
        ASSERT_EQ(again.records(), 1U);
        EXPECT_TRUE(again.streams[0].entries[0].metadata.empty());
        EXPECT_TRUE(again.streams[0].entries[0].line.starts_with("much a=\"aaa"));
        EXPECT_EQ(harness.endpoint->status().repaired.at(one.reason), 1U);
        // Learnt: the next one is folded beforehand, and only where it must be.
        harness.append(mixed);
        ASSERT_TRUE(harness.settled());
        ASSERT_EQ(server.request_count(), 3U);
        EXPECT_EQ(lines_of(decoded(server.requests()[2])).size(), 2U);
    }
}

TEST_F(LokiEndpointRepairs, EntriesThatAreTooOldGetTheReceiveTime) {
    options.replay_after = std::chrono::hours(10'000);
    const Timestamp received = clock.now();
    const Timestamp old{received.unix_ns - 30 * 86'400 * ns_per_s};
    const std::string cutoff = to_rfc3339({received.unix_ns - 7 * 86'400 * ns_per_s}, 0);
    FakeServer server(FakeServer::in_turn(
        {refusal(400, "2 errors like: entry for stream '{a=\"1\"}' has timestamp too old: " +
                          to_rfc3339(old, 0) + ", oldest acceptable timestamp is: " + cutoff)}));
    LokiPush mixed = push(R"({a="1"})", {"now", "old", "old"});
    mixed.streams[0].entries[1].timestamp = old;
    mixed.streams[0].entries[2].timestamp = old;
    run(mixed, server);
    EXPECT_EQ(delivered(), 3U);
    const LokiPush again = decoded(server.requests().at(1));
    ASSERT_EQ(again.records(), 2U);
    for (const LokiEntry& entry : again.streams[0].entries) {
        EXPECT_GE(entry.timestamp, received);
        EXPECT_EQ(metadata_of(entry, "orig_ts"), to_rfc3339(old));
    }
    EXPECT_NE(again.streams[0].entries[0].timestamp, again.streams[0].entries[1].timestamp);
}

// The clock of this machine is ahead of Loki's by more than Loki allows.
TEST_F(LokiEndpointRepairs, AReceiveTimeThatIsTooNewGetsTheServersTime) {
    FakeServer server([this](const FakeRequest& request, std::size_t) {
        const Timestamp loki_now{clock.now().unix_ns - 3600 * ns_per_s};
        const Timestamp newest{loki_now.unix_ns + 600 * ns_per_s};
        for (const LokiEntry& entry : decoded(request).streams.at(0).entries) {
            if (entry.timestamp > newest) {
                FakeAnswer answer =
                    refusal(400, "entry for stream '{a=\"1\"}' has timestamp too new: " +
                                     to_rfc3339(entry.timestamp, 0));
                const std::time_t seconds = loki_now.unix_ns / ns_per_s;
                std::array<char, 64> text{};
                std::tm civil{};
                gmtime_r(&seconds, &civil);
                EXPECT_GT(
                    std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &civil),
                    0U);
                answer.headers = {{"Date", text.data()}};
                return answer;
            }
        }
        return FakeAnswer{};
    });
    const LokiPush ahead = push(R"({a="1"})", {"x", "x"});
    run(ahead, server);
    EXPECT_EQ(delivered(), 2U);
    const LokiEntry entry = decoded(server.requests().back()).streams.at(0).entries.at(0);
    EXPECT_EQ(metadata_of(entry, "orig_ts"), to_rfc3339(ahead.streams[0].entries[0].timestamp));
}

struct LabelFault {
    const char* text;
    const char* reason;
};

TEST_F(LokiEndpointRepairs, RefusedLabelsEndTheirStreamAndAreNotSentForAWhile) {
    for (const LabelFault& fault :
         {LabelFault{"entry for stream '{a=\"2\"}' has 16 label names; limit 15",
                     "label_names_too_many"},
          LabelFault{"stream '{a=\"2\"}' has label name too long: 'a'", "label_name_too_long"},
          LabelFault{"stream '{a=\"2\"}' has label value too long: '2'", "label_value_too_long"},
          LabelFault{"stream '{a=\"2\"}' has duplicate label name: 'a'", "label_duplicate"},
          LabelFault{"missing required labels 'team' for user 'edge' for stream '{a=\"2\"}' "
                     "(policy: '')",
                     "label_missing"}}) {
        SCOPED_TRACE(fault.reason);
        EndpointHarness harness;
        harness.options.refused_for = std::chrono::milliseconds(300);
        FakeServer server([&fault](const FakeRequest& request, std::size_t) {
            for (const LokiStream& stream : decoded(request).streams) {
                if (stream.labels == R"({a="2"})") {
                    return refusal(400, fault.text);
                }
            }
            return FakeAnswer{};
        });
        const auto deliver_both = [&harness] {
            harness.append(
                both(harness.push(R"({a="1"})", {"good"}), harness.push(R"({a="2"})", {"bad"})));
            EXPECT_TRUE(harness.settled());
        };
        harness.start(server.url());
        deliver_both();
        EXPECT_EQ(server.request_count(), 2U);
        deliver_both();
        EXPECT_EQ(server.request_count(), 3U);  // without the bad one
        ASSERT_EQ(harness.dead_letters.letters().size(), 2U);
        EXPECT_EQ(harness.dead_letters.letters()[1].server_text,
                  harness.dead_letters.letters()[0].server_text);
        std::this_thread::sleep_for(harness.options.refused_for);
        deliver_both();
        EXPECT_EQ(server.request_count(), 5U);  // asked again, and refused again
        EXPECT_EQ(harness.cursor.ledger().delivered, 3U);
        EXPECT_THAT(harness.cursor.ledger().dead_lettered, ElementsAre(Pair(fault.reason, 3)));
    }
}

TEST_F(LokiEndpointRepairs, AStreamThatLokiCouldNotParseIsMendedAndResent) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        for (const LokiStream& stream : decoded(request).streams) {
            if (stream.labels == R"({2b="x"})") {
                return refusal(400, R"(error parsing labels '{2b="x"}' with error: 1:2: parse)");
            }
        }
        return FakeAnswer{};
    });
    run(both(push(R"({a="1"})", {"good"}), push(R"({2b="x"})", {"bad"})), server);
    EXPECT_EQ(delivered(), 2U);
    std::set<std::string> sent;
    for (const FakeRequest& request : server.requests()) {
        sent.insert(decoded(request).streams.at(0).labels);
    }
    EXPECT_TRUE(sent.contains(R"({_b="x"})"));
}

TEST_F(LokiEndpointRepairs, AStreamThatTheTextDoesNotNameIsFoundByHalving) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        for (const LokiStream& stream : decoded(request).streams) {
            if (stream.labels.find("x") != std::string::npos) {
                return refusal(400, "error parsing labels 'x' with error: 1:1: parse error");
            }
        }
        return FakeAnswer{};
    });
    LokiPush all;
    for (int i = 0; i < 8; ++i) {
        const std::string value = i == 3 ? "x" : std::to_string(i);
        all = both(std::move(all), push("{a=\"" + value + "\"}", {"line"}));
    }
    run(all, server);
    EXPECT_EQ(delivered(), 7U);
    EXPECT_THAT(cursor.ledger().dead_lettered, ElementsAre(Pair("rejected_unknown", 1)));
}

TEST_F(LokiEndpointRepairs, AnEmptyRequestIsDroppedAndCounted) {
    FakeServer server(FakeServer::in_turn(
        {refusal(422, "error at least one valid stream is required for ingestion")}));
    run(push(R"({a="1"})", {"x"}), server);
    EXPECT_THAT(cursor.ledger().dropped, ElementsAre(Pair("empty_request", 1)));
    EXPECT_EQ(server.request_count(), 1U);
}

TEST_F(LokiEndpointRepairs, AnUnknownTextIsKeptAndNotResent) {
    FakeServer server(FakeServer::in_turn({refusal(400, "the moon is in the wrong phase")}));
    run(push(R"({a="1"})", {"x", "y"}), server);
    EXPECT_EQ(server.request_count(), 1U);
    EXPECT_THAT(cursor.ledger().dead_lettered, ElementsAre(Pair("rejected_unknown", 2)));
    EXPECT_EQ(dead_letters.letters().at(0).server_text, "400 the moon is in the wrong phase");
    EXPECT_EQ(dead_letters.letters().at(0).labels, R"({a="1"})");
}

TEST_F(LokiEndpointRepairs, WhatIsTooLargeInsideLokiIsHalvedUntilItPasses) {
    FakeServer server([](const FakeRequest& request, std::size_t) {
        return decoded(request).records() > 2
                   ? refusal(500,
                             "rpc error: code = ResourceExhausted desc = grpc: received "
                             "message larger than max (5243392 vs. 4194304)")
                   : FakeAnswer{};
    });
    run(push(R"({a="1"})", {"1", "2", "3", "4", "5", "6", "7", "8"}), server);
    EXPECT_EQ(delivered(), 8U);
    EXPECT_EQ(server.request_count(), 1U + 2U + 4U);
}

// The bytes came to grief before they were sent; the answer must not end the process.
TEST_F(LokiEndpointRepairs, ABatchThatNobodyCanReadIsDropped) {
    FakeServer server(
        [](const FakeRequest&, std::size_t) { return refusal(400, "snappy: corrupt input"); });
    auto batch = to_batch(push(R"({a="1"})", {"x", "y"}), clock.now());
    batch->body = "no snappy";
    ASSERT_EQ(log.append(std::move(batch)), AppendVerdict::accepted);
    start(server.url());
    ASSERT_TRUE(settled());
    EXPECT_THAT(cursor.ledger().dropped, ElementsAre(Pair("batch_unreadable", 2)));
}

// Larger than the stream's burst, it would be refused for ever.
TEST_F(LokiEndpointRepairs, AStreamsPieceThatNeverPassesIsHalved) {
    options.slow_wait_min = std::chrono::milliseconds(5);
    FakeServer server([](const FakeRequest& request, std::size_t) {
        std::size_t bytes = 0;
        for (const std::string& line : lines_of(decoded(request))) {
            bytes += line.size();
        }
        return bytes > 20'000 ? refusal(429, "Per stream rate limit exceeded for '{a=\"1\"}'")
                              : FakeAnswer{};
    });
    std::vector<std::string> lines;
    for (int i = 0; i < 16; ++i) {
        lines.emplace_back(4'000, static_cast<char>('a' + i));
    }
    run(push(R"({a="1"})", lines), server);
    EXPECT_EQ(delivered(), 16U);
    EXPECT_THAT(cursor.ledger().dead_lettered, IsEmpty());
}

// In the replay stream nothing may overtake what a stream's rate holds up: it would be refused as
// too far behind, for good.
TEST_F(LokiEndpointRepairs, AReplayThatIsOverItsRateIsNotOvertaken) {
    options.slow_wait_min = std::chrono::milliseconds(50);
    std::atomic<int> refusals{0};
    FakeServer server([&refusals](const FakeRequest& request, std::size_t) {
        for (const LokiStream& stream : decoded(request).streams) {
            if (stream.labels == R"({a="hot", replay="1"})" && refusals < 3) {
                ++refusals;
                return refusal(429,
                               "Per stream rate limit exceeded (limit: 3MB/sec) for stream "
                               "'{a=\"hot\", replay=\"1\"}'");
            }
        }
        return FakeAnswer{};
    });
    for (int i = 0; i < 5; ++i) {
        LokiPush old = both(push(R"({a="hot"})", {"hot " + std::to_string(i)}),
                            push(R"({a="cold"})", {"cold " + std::to_string(i)}));
        for (LokiStream& stream : old.streams) {
            stream.entries[0].timestamp.unix_ns -= (7200 - i * 600) * ns_per_s;
        }
        append(old);
    }
    start(server.url());
    ASSERT_TRUE(settled());
    EXPECT_EQ(delivered(), 10U);
    std::vector<std::string> hot;
    for (const FakeRequest& request : server.requests()) {
        for (const std::string& line : lines_of(decoded(request))) {
            if (line.starts_with("hot")) {
                hot.push_back(line);
            }
        }
    }
    EXPECT_TRUE(std::is_sorted(hot.begin(), hot.end()));
}

}  // namespace
}  // namespace weir::test
