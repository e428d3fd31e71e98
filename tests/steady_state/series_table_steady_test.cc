// In steady state a sample of a known series costs no allocation and no lock, and a batch a
// handful.
#include "pipeline/series_table.h"
#include "tests/steady_state/counting.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

class SeriesTableSteadyTest : public ::testing::Test {
  protected:
    static constexpr std::size_t series = 1000;

    SeriesTableSteadyTest() {
        for (std::size_t i = 0; i < series; ++i) {
            names_.push_back("Ethernet1/" + std::to_string(i));
        }
        for (const std::string& name : names_) {
            labels_.push_back({{"device", "d"}, {"interface", name}});
        }
    }

    // Every series once, ten messages.
    void pass() {
        clock_.advance_ns(10 * ns_per_s);
        const std::int64_t now_ms = clock_.now().unix_ns / ns_per_ms;
        for (std::size_t i = 0; i < series; ++i) {
            if (i % 100 == 0) {
                const SeriesTable::DeviceId device = table_.device("d");
                const SeriesTable::FeedId feed =
                    table_.feed(device, "a feed with a name that is long enough", ++collection_,
                                clock_.monotonic_ns());
                table_.begin(device, feed, clock_.monotonic_ns(), clock_.now());
            }
            table_.sample({.family = family_,
                           .labels = labels_[i],
                           .labels_hash = metric_labels_hash(labels_[i], 1),
                           .value = 1,
                           .timestamp_ms = now_ms});
            if (i % 100 == 99) {
                table_.end_frame(0);
            }
        }
        table_.tick(clock_.monotonic_ns(), clock_.now());
    }

    ManualClock clock_{{1'795'000'000 * ns_per_s}};
    MetricFamilies families_;
    const MetricFamily* family_ = families_.intern({.name = "a_total"});
    std::vector<std::string> names_;
    std::vector<std::vector<MetricLabel>> labels_;
    std::uint64_t collection_ = 0;
    std::uint64_t batches_ = 0;
    // No batch is closed but by flush().
    SeriesTable table_{{.limits = {.batch_samples_max = 1'000'000,
                                   .batch_bytes_max = 1 << 30,
                                   .batch_age_max_ns = INT64_MAX},
                        .listeners = 1,
                        .seed = 1},
                       families_,
                       [this](std::unique_ptr<Batch> batch, const FrameCounts&) {
                           batches_ += batch == nullptr ? 0U : 1U;
                           return AppendVerdict::accepted;
                       }};
};

TEST_F(SeriesTableSteadyTest, ASampleCostsNoAllocationAndNoLock) {
    for (int i = 0; i < 20; ++i) {
        pass();
    }
    table_.flush();  // the memory stays for the next
    const std::uint64_t given = table_.counts().given;
    const std::uint64_t allocations_before = allocation_count();
    const std::uint64_t locks_before = lock_count();
    for (int i = 0; i < 10; ++i) {
        pass();
    }
    EXPECT_EQ(allocation_count() - allocations_before, 0U);
    EXPECT_EQ(lock_count() - locks_before, 0U);
    EXPECT_EQ(table_.counts().given - given, 10 * series);
    EXPECT_EQ(table_.counts().waiting, 10 * series);
}

TEST_F(SeriesTableSteadyTest, ABatchCostsAHandful) {
    pass();
    table_.flush();
    pass();
    const std::uint64_t batches = batches_;
    const std::uint64_t allocations_before = allocation_count();
    table_.flush();
    EXPECT_EQ(batches_ - batches, 1U);
    EXPECT_LT(allocation_count() - allocations_before, 20U);
}

TEST_F(SeriesTableSteadyTest, ARefusedSeriesCostsNoAllocation) {
    table_.reconfigure({.series_max = 10}, nullptr);
    pass();
    const std::uint64_t allocations_before = allocation_count();
    const std::uint64_t dropped =
        table_.counts().dropped[static_cast<std::size_t>(SampleDrop::series_max)];
    clock_.advance_ns(-10 * ns_per_s);  // pass() goes on by ten seconds, after which they ask again
    pass();
    EXPECT_EQ(table_.counts().dropped[static_cast<std::size_t>(SampleDrop::series_max)] - dropped,
              series - 10);
    EXPECT_EQ(allocation_count() - allocations_before, 0U);
}

}  // namespace
}  // namespace weir
