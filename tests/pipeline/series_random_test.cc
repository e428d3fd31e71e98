// Random messages, deletions, sessions, reloads and full logs: whatever happens, what leaves is in
// order and nothing is lost without being counted.
#include "tests/pipeline/series_fixture.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace weir {
namespace {

class SeriesRandomTest : public SeriesFixture, public ::testing::WithParamInterface<unsigned> {
  protected:
    unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

    static bool with_full_log() { return GetParam() % 2 == 1; }

    void message() {
        const std::string device = "d" + std::to_string(below(6));
        begin(device, "f" + std::to_string(below(3)), below(50));
        const unsigned samples = below(40);
        for (unsigned i = 0; i < samples; ++i) {
            const std::int64_t when_ms = now_ms() - 3000 + 100 * below(50);
            sample("m" + std::to_string(below(4)),
                   {{"device", device}, {"n", std::to_string(below(8))}}, below(5), when_ms);
            ++given_;
            if (below(40) == 0) {
                vanish("m" + std::to_string(below(4)), {{"n", std::to_string(below(8))}},
                       now_ms() - below(2000));
            }
        }
        if (below(20) != 0) {
            table_->end_frame(below(2));
            ++ended_;
        }
    }

    void session() {
        const unsigned device = below(6);
        const SeriesTable::DeviceId id = table_->device("d" + std::to_string(device));
        if (id == SeriesTable::none) {
            return;
        }
        if (sessions_[device] == 0 || below(2) == 0) {
            table_->device_connected(id);
            ++sessions_[device];
        } else {
            table_->device_disconnected(id, now_ns());
            --sessions_[device];
        }
    }

    void reload() {
        std::vector<MetricRule> rules;
        if (below(2) == 0) {
            rules.push_back({.name = "drop", .metric = "m1"});
        }
        if (below(2) == 0) {
            rules.push_back({.name = "rename",
                             .action = MetricRuleAction::rename,
                             .metric = "m2",
                             .to = below(2) == 0 ? "m3" : "x"});
        }
        if (below(2) == 0) {
            rules.push_back({.name = "limit",
                             .action = MetricRuleAction::limit,
                             .metric = "m3",
                             .series_max = 3});
        }
        limits_.series_max = 20 + below(200);
        table_->reconfigure(limits_, rules.empty() ? nullptr : *MetricRules::build(rules));
    }

    void step() {
        const unsigned what = below(100);
        if (what < 60) {
            message();
        } else if (what < 90) {
            clock_.advance_ns(below(2000) * ns_per_ms);
            table_->tick(now_ns(), clock_.now());
        } else if (what < 95) {
            session();
        } else if (what < 96) {
            reload();
        } else if (what < 97) {
            full_ = with_full_log() && below(3) == 0;
        } else if (what < 98) {
            pass_s(below(100));
        } else {
            table_->flush();
        }
    }

    void check_batches() {
        for (const Flushed& flushed : flushed_) {
            std::set<std::string> series;
            for (const ReadSample& sample : flushed.samples) {
                EXPECT_TRUE(series.insert(sample.series).second) << sample.series;
            }
            EXPECT_LE(flushed.samples.size(), limits_.batch_samples_max);
        }
        for (const auto& [series, samples] : by_series_) {
            for (std::size_t i = 1; i < samples.size(); ++i) {
                EXPECT_LT(samples[i - 1].timestamp_ms, samples[i].timestamp_ms) << series;
                // A series may have come back in a batch that was not taken.
                EXPECT_TRUE(with_full_log() || !samples[i - 1].is_stale || !samples[i].is_stale);
            }
        }
    }

    std::mt19937_64 random_{GetParam()};
    std::uint64_t given_ = 0;
    std::uint64_t ended_ = 0;
    unsigned sessions_[6] = {};
};

TEST_P(SeriesRandomTest, WhatLeavesIsInOrderAndTheRestIsCounted) {
    make({.series_max = 150,
          .series_per_device_max = 40,
          .devices_max = 5,
          .batch_samples_max = 50,
          .batch_bytes_max = 4096,
          .forget_after_ns = 120 * ns_per_s,
          .repeat_after_ns = 10 * ns_per_s});
    for (int i = 0; i < 4000; ++i) {
        step();
        if (HasFailure()) {
            FAIL() << "step " << i;
        }
        expect_balance();
    }
    table_->flush();
    expect_balance();
    const SeriesCounts& counts = table_->counts();
    EXPECT_EQ(counts.given, given_);
    EXPECT_EQ(counts.waiting + counts.stale_waiting, 0U);
    EXPECT_EQ(frames_[0] + frames_[1], ended_);
    std::uint64_t samples = 0;
    std::uint64_t markers = 0;
    for (const auto& [series, told] : by_series_) {
        for (const ReadSample& sample : told) {
            ++(sample.is_stale ? markers : samples);
        }
    }
    EXPECT_EQ(counts.appended, samples);
    EXPECT_EQ(counts.stale_markers, markers);
    EXPECT_GT(markers, 0U);
    EXPECT_GT(counts.repeated, 0U);
    check_batches();
    // Everybody gone: nothing is left but what the table keeps for itself.
    full_ = false;
    for (unsigned device = 0; device < 6; ++device) {
        for (; sessions_[device] > 0; --sessions_[device]) {
            table_->device_disconnected(table_->device("d" + std::to_string(device)), now_ns());
        }
    }
    pass_s(800);
    EXPECT_EQ(table_->counts().series, 0U);
    EXPECT_EQ(table_->counts().devices, 0U);
    for (const auto& [series, told] : by_series_) {
        EXPECT_TRUE(told.back().is_stale) << series;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SeriesRandomTest, ::testing::Range(1U, 13U));

}  // namespace
}  // namespace weir
