// What one batch falls into when the server refuses some of it. Pure: the server is a set of names.
#include "sinks/mimir_work.h"

#include "tests/sinks/mimir_harness.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace weir::test {
namespace {

BatchPtr batch_of(const std::vector<std::string>& names) {
    return to_batch(MadeRequest(names, 1000).get(), {});
}

// A server that takes all but some series, and tells of one of those at a time.
struct RefusingServer {
    std::set<std::string, std::less<>> bad;
    bool names_one = true;
    std::set<std::string, std::less<>> stored;
    std::uint32_t requests = 0;

    // Ends the piece as the server's answer to it says.
    void answer(MimirWork& work) {
        ++requests;
        const WriteRequest* request = work.read();
        ASSERT_NE(request, nullptr);
        std::string words;
        for (const WrittenSeries& series : request->series) {
            if (!bad.contains(series.name())) {
                stored.emplace(series.name());
            } else if (words.empty()) {
                words = "is from series " + std::string(series.name()) +
                        "{device=\"sw1\"} (sampled 1/10)";
            }
        }
        if (words.empty()) {
            work.delivered();
        } else {
            work.find_refused(Reason::out_of_order, names_one ? words : "refused");
        }
    }

    void run(MimirWork& work) {
        while (!work.done() && requests < 1000) {
            answer(work);
        }
        ASSERT_TRUE(work.done());
    }
};

TEST(MimirWork, FindsOneAmongManyByItsName) {
    MimirWork work(batch_of(names_up_to(2000)));
    RefusingServer server{.bad = {"m1234"}};
    server.run(work);
    EXPECT_EQ(work.outcome().delivered, 1999U);
    EXPECT_EQ(work.outcome().dropped.at("out_of_order"), 1U);
    EXPECT_EQ(server.requests, 2U);
    EXPECT_EQ(server.stored.size(), 1999U);
}

TEST(MimirWork, FindsOneAmongManyByHalving) {
    MimirWork work(batch_of(names_up_to(2000)));
    RefusingServer server{.bad = {"m1234"}, .names_one = false};
    server.run(work);
    EXPECT_EQ(work.outcome().delivered, 1999U);
    EXPECT_EQ(work.outcome().dropped.at("out_of_order"), 1U);
    EXPECT_LE(server.requests, 23U);
}

TEST(MimirWork, ATextThatFitsSeveralSeriesNamesNone) {
    MadeRequest made({"a", "b"}, 1000);
    made.get().series[1].labels = made.get().series[0].labels;
    MimirWork work(to_batch(made.get(), {}));
    EXPECT_EQ(work.find_refused(Reason::out_of_order, "series a{device=\"sw1\"}"), 0U);
    EXPECT_EQ(work.piece().samples, 1U);
}

TEST(MimirWork, EndsEverySampleOnceWhateverIsRefused) {
    std::mt19937 random(1);
    for (int round = 0; round < 60; ++round) {
        const std::vector<std::string> names = names_up_to(1 + random() % 300);
        RefusingServer server{.names_one = round % 2 == 0};
        const std::uint64_t one_in = 1 + random() % 40;
        for (const std::string& name : names) {
            if (random() % one_in == 0) {
                server.bad.insert(name);
            }
        }
        MimirWork work(batch_of(names));
        server.run(work);
        const Outcome& outcome = work.outcome();
        EXPECT_EQ(outcome.total(), names.size());
        // Never fewer than were refused, and exactly those while they are few.
        const std::uint64_t dropped = names.size() - outcome.delivered;
        EXPECT_GE(dropped, server.bad.size());
        EXPECT_LE(server.requests, 1 + MimirWork::requests_max);
        if (server.bad.size() <= 3) {
            EXPECT_EQ(dropped, server.bad.size());
        }
    }
}

TEST(MimirWork, CountsAtMostTooManyWhenAllAreRefused) {
    const std::vector<std::string> names = names_up_to(2000);
    MimirWork work(batch_of(names));
    RefusingServer server;
    server.bad.insert(names.begin(), names.end());
    server.run(work);
    EXPECT_EQ(work.outcome().dropped.at("out_of_order"), 2000U);
    EXPECT_LE(server.requests, 1 + MimirWork::requests_max);
}

TEST(MimirWork, TakesANumberAtItsWord) {
    MimirWork work(batch_of(names_up_to(10)));
    EXPECT_EQ(work.refused(4, Reason::series_limit), 4U);
    ASSERT_TRUE(work.done());
    EXPECT_EQ(work.outcome().delivered, 6U);
    EXPECT_EQ(work.outcome().dropped.at("series_limit"), 4U);
}

TEST(MimirWork, SplitsDownToOneSeries) {
    MimirWork work(batch_of(names_up_to(3)));
    EXPECT_EQ(work.split(Reason::too_large), 0U);
    EXPECT_EQ(work.piece().samples, 2U);
    EXPECT_EQ(work.split(Reason::too_large), 0U);
    EXPECT_EQ(work.split(Reason::too_large), 1U);
    work.delivered();
    work.delivered();
    ASSERT_TRUE(work.done());
    EXPECT_EQ(work.outcome().delivered, 2U);
    EXPECT_EQ(work.outcome().dropped.at("too_large"), 1U);
}

TEST(MimirWork, DropsWhatItCannotReadBack) {
    auto batch = std::make_unique<Batch>();
    batch->body = "nonsense";
    batch->records = 5;
    batch->streams = 5;
    MimirWork work{BatchPtr(std::move(batch))};
    EXPECT_EQ(work.find_refused(Reason::out_of_order, ""), 5U);
    ASSERT_TRUE(work.done());
    EXPECT_EQ(work.outcome().dropped.at("batch_unreadable"), 5U);
}

}  // namespace
}  // namespace weir::test
