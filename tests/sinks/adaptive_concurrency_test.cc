// The limit on concurrency against models of endpoints, in simulated time.
#include "sinks/adaptive_concurrency.h"

#include "core/time.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <random>
#include <vector>

namespace weir {
namespace {

constexpr std::size_t ceiling = 16;

// An endpoint with so many workers and one queue in front of them, and a sender that always has as
// much under way as it may.
class Model {
  public:
    using Service = std::function<std::int64_t()>;  // nanoseconds of work for one request

    Model(std::size_t workers, Service service)
        : free_ns_(workers, 0), service_(std::move(service)) {}

    // Runs until so many more requests are answered; gives the limits seen after each.
    std::vector<std::size_t> run(AdaptiveConcurrency& limit, std::size_t answers) {
        std::vector<std::size_t> seen;
        while (seen.size() < answers) {
            while (under_way_.size() < limit.limit()) {
                send();
            }
            const Flight done = under_way_.top();
            now_ns_ = done.end_ns;
            const RequestEnd end{done.begin_ns, done.end_ns, bytes, under_way_.size()};
            under_way_.pop();
            limit.took(end);
            seen.push_back(limit.limit());
        }
        return seen;
    }

    std::size_t bytes = 1000;

  private:
    struct Flight {
        std::int64_t begin_ns;
        std::int64_t end_ns;

        bool operator>(const Flight& other) const { return end_ns > other.end_ns; }
    };

    void send() {
        auto worker = std::min_element(free_ns_.begin(), free_ns_.end());
        *worker = std::max(now_ns_, *worker) + service_();
        under_way_.push({now_ns_, *worker});
    }

    std::int64_t now_ns_ = 0;
    std::vector<std::int64_t> free_ns_;
    Service service_;
    std::priority_queue<Flight, std::vector<Flight>, std::greater<>> under_way_;
};

Model::Service always(std::int64_t ns) {
    return [ns] { return ns; };
}

double mean(const std::vector<std::size_t>& values) {
    double sum = 0;
    for (const std::size_t value : values) {
        sum += static_cast<double>(value);
    }
    return sum / static_cast<double>(values.size());
}

std::size_t most(const std::vector<std::size_t>& values) {
    return *std::max_element(values.begin(), values.end());
}

RequestEnd at(std::int64_t began_ms, std::int64_t ended_ms, std::size_t in_flight = 1) {
    return {began_ms * ns_per_ms, ended_ms * ns_per_ms, 1000, in_flight};
}

TEST(AdaptiveConcurrency, StartsWithOneAndDoubles) {
    AdaptiveConcurrency limit(ceiling);
    EXPECT_EQ(limit.limit(), 1U);
    Model fast(ceiling, always(20 * ns_per_ms));
    const std::vector<std::size_t> seen = fast.run(limit, 4 + 4 + 4 + 8);
    EXPECT_EQ(seen[3], 2U);
    EXPECT_EQ(seen[7], 4U);
    EXPECT_EQ(seen.back(), ceiling);
}

TEST(AdaptiveConcurrency, NeverPassesItsCeiling) {
    for (const std::size_t most_allowed : {1UL, 2UL, 3UL, 7UL}) {
        AdaptiveConcurrency limit(most_allowed);
        Model fast(64, always(ns_per_ms));
        EXPECT_EQ(most(fast.run(limit, 500)), most_allowed);
        EXPECT_EQ(limit.limit(), most_allowed);
    }
}

TEST(AdaptiveConcurrency, SettlesLowWhereRequestsAreWorkedOnOneByOne) {
    AdaptiveConcurrency limit(ceiling);
    Model serial(1, always(20 * ns_per_ms));
    serial.run(limit, 200);
    const std::vector<std::size_t> seen = serial.run(limit, 5000);
    EXPECT_LE(most(seen), 4U);
    EXPECT_LE(mean(seen), 3.0);
}

TEST(AdaptiveConcurrency, SettlesNearWhatTheEndpointDoesAtATime) {
    AdaptiveConcurrency limit(64);
    Model six(6, always(20 * ns_per_ms));
    six.run(limit, 500);
    const std::vector<std::size_t> seen = six.run(limit, 5000);
    EXPECT_GE(mean(seen), 6.0);
    EXPECT_LE(most(seen), 16U);
}

TEST(AdaptiveConcurrency, LivesWithAnswersThatVary) {
    std::mt19937_64 random(42);
    std::lognormal_distribution<double> work(0.0, 0.5);
    AdaptiveConcurrency limit(ceiling);
    Model noisy(ceiling, [&] { return static_cast<std::int64_t>(work(random) * 2e7); });
    noisy.run(limit, 500);
    EXPECT_GE(mean(noisy.run(limit, 5000)), 0.75 * ceiling);
}

TEST(AdaptiveConcurrency, DoesNotMindMillisecondsNearby) {
    std::mt19937_64 random(1);
    AdaptiveConcurrency limit(ceiling);
    Model nearby(ceiling,
                 [&] { return std::uniform_int_distribution(500'000, 5'000'000)(random); });
    nearby.run(limit, 500);
    EXPECT_GE(mean(nearby.run(limit, 5000)), 0.9 * ceiling);
}

TEST(AdaptiveConcurrency, GoesDownWithTheEndpointAndUpAgain) {
    std::int64_t work_ns = 20 * ns_per_ms;
    AdaptiveConcurrency limit(ceiling);
    Model changing(ceiling, [&] { return work_ns; });
    changing.run(limit, 500);
    ASSERT_EQ(limit.limit(), ceiling);
    work_ns *= 10;
    const std::vector<std::size_t> slow = changing.run(limit, 1000);
    EXPECT_LE(*std::min_element(slow.begin(), slow.end()), 2U);
    // What is usual is learnt anew: a longer way to the endpoint is no load on it.
    changing.run(limit, 2000);
    EXPECT_EQ(limit.limit(), ceiling);
}

TEST(AdaptiveConcurrency, ARoundThatDidNotNeedTheLimitDoesNotRaiseIt) {
    AdaptiveConcurrency limit(ceiling);
    std::int64_t now = 0;
    for (int i = 0; i < 1000; ++i, now += 100) {
        limit.took(at(now, now + 20, 1));
    }
    EXPECT_EQ(limit.limit(), 2U);  // at one, a lone request is all that fits
}

TEST(AdaptiveConcurrency, PressureHalvesOnceForAllThatWasUnderWay) {
    AdaptiveConcurrency limit(ceiling);
    Model fast(ceiling, always(20 * ns_per_ms));
    fast.run(limit, 100);
    ASSERT_EQ(limit.limit(), ceiling);
    constexpr std::int64_t later = 1'000'000;
    for (int i = 0; i < 16; ++i) {
        limit.pressed(at(later, later + 50 + i));
    }
    EXPECT_EQ(limit.limit(), ceiling / 2);
    limit.pressed(at(later + 100, later + 150));
    EXPECT_EQ(limit.limit(), ceiling / 4);
    for (int i = 1; i < 10; ++i) {
        limit.pressed(at(later + 1000 * i, later + 1000 * i + 1));
    }
    EXPECT_EQ(limit.limit(), 1U);
}

TEST(AdaptiveConcurrency, AnEndpointThatWasAwayStartsAgainButRemembers) {
    AdaptiveConcurrency limit(ceiling);
    Model fast(ceiling, always(20 * ns_per_ms));
    fast.run(limit, 100);
    limit.pressed(at(1'000'000, 1'000'001));
    ASSERT_EQ(limit.limit(), 8U);
    limit.restart(1'000'002 * ns_per_ms);
    EXPECT_EQ(limit.limit(), 1U);
    // Doubling up to where it was refused, by one from there.
    std::vector<std::size_t> steps;
    std::int64_t now = 2'000'000;
    for (int i = 0; i < 60; ++i, now += 20) {
        const std::size_t before = limit.limit();
        limit.took(at(now, now + 20, limit.limit()));
        if (limit.limit() != before) {
            steps.push_back(limit.limit());
        }
    }
    EXPECT_EQ(steps, (std::vector<std::size_t>{2, 4, 8, 9, 10}));
}

TEST(AdaptiveConcurrency, LargerRequestsAreComparedWithTheirLike) {
    AdaptiveConcurrency limit(ceiling);
    Model fast(ceiling, always(5 * ns_per_ms));
    fast.run(limit, 100);
    ASSERT_EQ(limit.limit(), ceiling);
    // Ten times the work for a hundred times the bytes: first one at a time, then all again.
    Model large(ceiling, always(50 * ns_per_ms));
    large.bytes = 100'000;
    AdaptiveConcurrency same = limit;
    EXPECT_EQ(large.run(same, 1).back(), 1U);
    EXPECT_EQ(large.run(same, 100).back(), ceiling);
    // Both in turn: neither is slow for the other's sake.
    fast.run(same, 100);
    EXPECT_EQ(same.limit(), ceiling);
}

}  // namespace
}  // namespace weir
