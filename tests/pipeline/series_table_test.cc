#include "pipeline/series_table.h"

#include "tests/pipeline/series_fixture.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

class SeriesTableTest : public SeriesFixture {
  protected:
    SeriesTableTest() { make({}); }

    void one_message(std::uint32_t listener = 0) {
        begin("d");
        sample("a_total", 1);
        table_->end_frame(listener);
    }
};

TEST_F(SeriesTableTest, SamplesLeaveInABatchThatSaysWhatItHolds) {
    begin("d");
    sample("b_total", {{"device", "d"}, {"Zone", "z"}, {"_x", "1"}}, 7, now_ms() - 2000);
    sample("a_total", 3);
    table_->end_frame(1);
    EXPECT_EQ(table_->counts().waiting, 2U);
    EXPECT_TRUE(flushed_.empty());
    pass_s(1);
    ASSERT_EQ(flushed_.size(), 1U);
    const Flushed& flushed = flushed_[0];
    ASSERT_EQ(flushed.samples.size(), 2U);
    EXPECT_EQ(flushed.samples[0].series, "b_total{Zone=z,_x=1,device=d}");
    EXPECT_EQ(told("a_total{device=d}"), "3@" + std::to_string(start_s * 1000));
    EXPECT_EQ(flushed.batch->records, 2U);
    EXPECT_EQ(flushed.batch->streams, 2U);
    EXPECT_EQ(flushed.batch->shard, 3U);
    EXPECT_EQ(flushed.batch->tenant, "net");
    EXPECT_EQ(flushed.batch->oldest.unix_ns, (start_s - 2) * ns_per_s);
    EXPECT_EQ(flushed.batch->newest.unix_ns, start_s * ns_per_s);
    EXPECT_EQ(flushed.batch->first_received.unix_ns, start_s * ns_per_s);
    EXPECT_GT(flushed.batch->raw_bytes, 100U);
    EXPECT_EQ(flushed.frames, (FrameCounts{0, 1}));
    EXPECT_EQ(table_->counts().appended, 2U);
    EXPECT_EQ(table_->counts().waiting, 0U);
    EXPECT_EQ(table_->counts().series, 2U);
    EXPECT_EQ(table_->counts().devices, 1U);
}

TEST_F(SeriesTableTest, FirstReceivedIsTheOldestFramesTime) {
    one_message();
    clock_.advance_ns(300 * ns_per_ms);
    one_message();
    table_->flush();
    ASSERT_EQ(flushed_.size(), 2U);  // two samples of one series: two batches
    EXPECT_EQ(flushed_[0].batch->first_received.unix_ns, start_s * ns_per_s);
    EXPECT_EQ(flushed_[1].batch->first_received.unix_ns, start_s * ns_per_s + 300 * ns_per_ms);
}

struct OrderCase {
    const char* name;
    std::vector<std::pair<std::int64_t, double>> given;  // time, value; -1: flush
    std::string told;
    std::uint64_t duplicates = 0;
    std::uint64_t conflicts = 0;
    std::uint64_t out_of_order = 0;
};

TEST_F(SeriesTableTest, OneSeriesIsToldInOrderAndOnce) {
    const std::vector<OrderCase> cases = {
        // As IOS-XR sends the processes of one message.
        {"two and a half times in one message",
         {{823, 1}, {1119, 2}, {968, 3}},
         "1@823 3@968 2@1119"},
        {"backwards", {{5, 5}, {4, 4}, {3, 3}, {2, 2}, {1, 1}}, "1@1 2@2 3@3 4@4 5@5"},
        {"repeated", {{5, 1}, {5, 1}, {6, 2}, {5, 1}}, "1@5 2@6", 2},
        {"another value while it waits: the first stays",
         {{5, 1}, {5, 2}, {6, 3}, {5, 4}},
         "1@5 3@6",
         0,
         2},
        {"another value afterwards: the first stays", {{5, 1}, {-1, 0}, {5, 2}}, "1@5", 0, 1},
        {"repeated afterwards", {{5, 1}, {-1, 0}, {5, 1}}, "1@5", 1},
        {"older than what left", {{5, 1}, {-1, 0}, {4, 1}, {6, 1}, {3, 1}}, "1@5 1@6", 0, 0, 2},
        {"as old as what left, behind another",
         {{5, 1}, {-1, 0}, {6, 1}, {5, 1}, {5, 2}},
         "1@5 1@6",
         1,
         1},
        {"before 1970", {{-5000, 1}, {-4000, 2}}, "1@-5000 2@-4000"},
    };
    for (const OrderCase& order : cases) {
        SCOPED_TRACE(order.name);
        make({});
        by_series_.clear();
        begin("d");
        for (const auto& [time, value] : order.given) {
            if (time == -1) {
                table_->flush();
            } else {
                sample("a", {{"device", "d"}}, value, time);
            }
        }
        table_->end_frame(0);
        table_->flush();
        EXPECT_EQ(told("a{device=d}"), order.told);
        EXPECT_EQ(dropped(SampleDrop::duplicate), order.duplicates);
        EXPECT_EQ(dropped(SampleDrop::conflict), order.conflicts);
        EXPECT_EQ(dropped(SampleDrop::out_of_order), order.out_of_order);
        expect_balance();
    }
}

TEST_F(SeriesTableTest, ABatchHasASeriesOnceAndOlderSamplesLeaveFirst) {
    begin("d");
    for (int i = 0; i < 3; ++i) {
        sample("a", {{"n", "1"}}, i, 1000 + i);
    }
    sample("a", {{"n", "2"}}, 9, 1000);
    table_->end_frame(0);
    table_->flush();
    ASSERT_EQ(flushed_.size(), 3U);
    EXPECT_EQ(flushed_[0].samples.size(), 2U);
    EXPECT_EQ(flushed_[1].samples.size(), 1U);
    EXPECT_EQ(flushed_[2].samples.size(), 1U);
    EXPECT_EQ(flushed_[2].frames[0], 1U);
    EXPECT_EQ(flushed_[0].frames[0] + flushed_[1].frames[0], 0U);
}

TEST_F(SeriesTableTest, ASeriesHistoryInOneMessageIsBounded) {
    begin("d");
    for (int i = 0; i < 1000; ++i) {
        sample("a", {{"n", "1"}}, i, 1000 + i);
    }
    EXPECT_LE(table_->counts().waiting, 32U);
    table_->end_frame(0);
    table_->flush();
    EXPECT_EQ(by_series_["a{n=1}"].size(), 1000U);
    EXPECT_EQ(frames_[0], 1U);
    expect_balance();
}

TEST_F(SeriesTableTest, ManySeriesLeaveInBatchesOfOneSize) {
    make({.batch_samples_max = 100});
    begin("d");
    for (int i = 0; i < 201; ++i) {
        sample("a", {{"n", std::to_string(i)}}, i, 1000);
    }
    EXPECT_TRUE(flushed_.empty());  // not within a message
    table_->end_frame(0);
    ASSERT_EQ(flushed_.size(), 3U);
    for (const Flushed& flushed : flushed_) {
        EXPECT_EQ(flushed.samples.size(), 67U);
    }
    EXPECT_EQ(flushed_[2].frames[0], 1U);
}

TEST_F(SeriesTableTest, ABatchKeepsToItsBytes) {
    make({.batch_bytes_max = 4096});
    begin("d");
    const std::string wide(900, 'x');
    for (int i = 0; i < 20; ++i) {
        sample("a", {{"n", std::to_string(i)}, {"wide", wide}}, i, 1000);
    }
    table_->end_frame(0);
    ASSERT_GE(flushed_.size(), 5U);
    for (const Flushed& flushed : flushed_) {
        EXPECT_LE(flushed.batch->raw_bytes, 4096U);
    }
    EXPECT_EQ(table_->counts().appended, 20U);
}

TEST_F(SeriesTableTest, ASeriesWiderThanABatchLeavesAlone) {
    make({.batch_bytes_max = 100});
    begin("d");
    sample("a", {{"wide", std::string(500, 'x')}}, 1, 1000);
    sample("a", {{"wide", std::string(500, 'y')}}, 1, 1000);
    table_->end_frame(0);
    EXPECT_EQ(flushed_.size(), 2U);
}

TEST_F(SeriesTableTest, MetadataGoesWithTheFirstSampleAndThenOnceAMinute) {
    one_message();
    pass_s(1);
    ASSERT_EQ(flushed_.back().metadata, std::vector<std::string>{"a_total"});
    pass_s(10);
    begin("d");
    sample("a_total", 1);
    sample("b_total", 1);
    table_->end_frame(0);
    pass_s(1);
    EXPECT_EQ(flushed_.back().metadata, std::vector<std::string>{"b_total"});
    pass_s(50);
    one_message();
    pass_s(1);
    EXPECT_EQ(flushed_.back().metadata, std::vector<std::string>{"a_total"});
}

TEST_F(SeriesTableTest, MetadataOfABatchThatWasNotTakenIsToldAgain) {
    full_ = true;
    one_message();
    table_->flush();
    full_ = false;
    pass_s(1);
    one_message();
    table_->flush();
    EXPECT_EQ(flushed_.back().metadata, std::vector<std::string>{"a_total"});
}

TEST_F(SeriesTableTest, ABatchThatWasNotTakenIsCountedAndItsFramesTold) {
    full_ = true;
    one_message(1);
    table_->flush();
    EXPECT_EQ(frames_, (FrameCounts{0, 1}));
    EXPECT_EQ(dropped(SampleDrop::log_full), 1U);
    EXPECT_EQ(table_->counts().appended, 0U);
    expect_balance();
}

TEST_F(SeriesTableTest, FramesEndWithTheBatchOfTheirLastSample) {
    make({.batch_samples_max = 2});
    begin("d");
    sample("a", {{"n", "1"}}, 1, 1000);
    table_->end_frame(0);
    begin("d");
    sample("a", {{"n", "1"}}, 2, 2000);  // the second round
    sample("a", {{"n", "2"}}, 1, 1000);
    sample("a", {{"n", "3"}}, 1, 1000);
    table_->end_frame(1);
    ASSERT_EQ(flushed_.size(), 3U);
    EXPECT_EQ(flushed_[0].frames, (FrameCounts{1, 0}));
    EXPECT_EQ(flushed_[1].frames, (FrameCounts{0, 0}));
    EXPECT_EQ(flushed_[2].frames, (FrameCounts{0, 1}));
}

TEST_F(SeriesTableTest, AFrameWithoutSamplesEndsWithTheNextBatch) {
    begin("d");
    table_->end_frame(1);
    EXPECT_EQ(frames_[1], 0U);
    one_message(0);
    table_->flush();
    ASSERT_EQ(flushed_.size(), 1U);
    EXPECT_EQ(flushed_[0].frames, (FrameCounts{1, 1}));
}

TEST_F(SeriesTableTest, AFrameWithoutSamplesEndsByAgeWithoutABatch) {
    begin("d");
    table_->end_frame(1);
    pass_s(1);
    ASSERT_EQ(flushed_.size(), 1U);
    EXPECT_EQ(flushed_[0].batch, nullptr);
    EXPECT_EQ(flushed_[0].frames, (FrameCounts{0, 1}));
    pass_s(5);
    EXPECT_EQ(flushed_.size(), 1U);
    EXPECT_EQ(table_->counts().batches, 0U);
}

TEST_F(SeriesTableTest, AFrameThatWasNotEndedIsNobodys) {
    begin("d");
    sample("a", 1);
    for (int i = 0; i < 10; ++i) {
        begin("d");
    }
    sample("b", 1);
    table_->end_frame(0);
    table_->flush();
    EXPECT_EQ(frames_, (FrameCounts{1, 0}));
    EXPECT_EQ(table_->counts().appended, 2U);
}

TEST_F(SeriesTableTest, DevicesAreApart) {
    begin("d");
    sample("a", {{"device", "d"}}, 1, 1000);
    table_->end_frame(0);
    begin("e");
    sample("a", {{"device", "e"}}, 2, 1000);
    table_->end_frame(0);
    table_->flush();
    EXPECT_EQ(told("a{device=d}"), "1@1000");
    EXPECT_EQ(told("a{device=e}"), "2@1000");
    ASSERT_EQ(table_->devices().size(), 2U);
    EXPECT_EQ(table_->devices()[0].series, 1U);
}

TEST_F(SeriesTableTest, MemoryIsCounted) {
    const std::size_t before = table_->memory_bytes();
    begin("d");
    for (int i = 0; i < 5000; ++i) {
        sample("a", {{"n", std::to_string(i)}}, 1, 1000);
    }
    table_->end_frame(0);
    EXPECT_GT(table_->memory_bytes() - before, 5000 * sizeof(MetricSample));
}

}  // namespace
}  // namespace weir
