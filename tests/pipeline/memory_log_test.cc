#include "pipeline/memory_log.h"

#include "tests/support/event_recorder.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::unique_ptr<Batch> make_batch(std::uint32_t records, std::size_t body_bytes = 100) {
    auto batch = std::make_unique<Batch>();
    batch->records = records;
    batch->body.assign(body_bytes, 'x');
    return batch;
}

TEST(MemoryLog, CursorsAreIndependent) {
    EventRecorder events;
    MemoryLog log(events);
    LogCursor& alive = log.add_cursor("loki", 1 << 20);
    LogCursor& dead = log.add_cursor("loki", 1 << 20);
    for (std::uint32_t i = 1; i <= 3; ++i) {
        ASSERT_EQ(log.append(make_batch(i)), AppendVerdict::accepted);
    }
    for (std::uint32_t i = 1; i <= 3; ++i) {
        const BatchPtr batch = alive.take();
        ASSERT_TRUE(batch);
        EXPECT_EQ(batch->records, i);
        alive.settle(*batch, {.delivered = i});
    }
    EXPECT_FALSE(alive.take());
    EXPECT_EQ(alive.ledger().delivered, 6U);
    EXPECT_EQ(alive.ledger().queued, 0U);
    EXPECT_EQ(dead.ledger().queued, 6U);
    EXPECT_TRUE(alive.ledger().balances());
    EXPECT_TRUE(dead.ledger().balances());
}

TEST(MemoryLog, QueueLimitDropsTheOldestThatIsNotOut) {
    EventRecorder events;
    MemoryLog log(events);
    const std::size_t one = make_batch(1, 4000)->memory_bytes();
    LogCursor& cursor = log.add_cursor("loki", 3 * one);
    for (std::uint32_t i = 1; i <= 3; ++i) {
        ASSERT_EQ(log.append(make_batch(i, 4000)), AppendVerdict::accepted);
    }
    const BatchPtr out = cursor.take();
    ASSERT_EQ(out->records, 1U);
    ASSERT_EQ(log.append(make_batch(4, 4000)), AppendVerdict::accepted);

    const DeliveryLedger ledger = cursor.ledger();
    EXPECT_EQ(ledger.dropped.at("queue_full"), 2U);  // batch 2; batch 1 is out
    EXPECT_LE(ledger.queued_bytes, ledger.queue_bytes_max);
    EXPECT_EQ(ledger.appended, 10U);
    EXPECT_EQ(ledger.queued, 8U);
    EXPECT_TRUE(ledger.balances());
    EXPECT_EQ(cursor.take()->records, 3U);
    EXPECT_EQ(events.details(EventId::queue_full), "the 2 oldest records made room\n");
}

TEST(MemoryLog, OutOfOrderSettlementKeepsTheBalance) {
    EventRecorder events;
    MemoryLog log(events);
    LogCursor& cursor = log.add_cursor("loki", 1 << 20);
    ASSERT_EQ(log.append(make_batch(2)), AppendVerdict::accepted);
    ASSERT_EQ(log.append(make_batch(3)), AppendVerdict::accepted);
    const BatchPtr first = cursor.take();
    const BatchPtr second = cursor.take();
    cursor.settle(*second, {.delivered = 2, .dead_lettered = {{"rejected_unknown", 1}}});
    EXPECT_EQ(cursor.ledger().queued, 2U);
    cursor.settle(*first, {.dropped = {{"too_old", 2}}});
    EXPECT_EQ(cursor.ledger().queued, 0U);
    EXPECT_TRUE(cursor.ledger().balances());
}

TEST(MemoryLogDeathTest, AnOutcomeThatDoesNotAddUpIsABug) {
    EventRecorder events;
    MemoryLog log(events);
    LogCursor& cursor = log.add_cursor("loki", 1 << 20);
    ASSERT_EQ(log.append(make_batch(2)), AppendVerdict::accepted);
    const BatchPtr batch = cursor.take();
    EXPECT_DEATH(cursor.settle(*batch, {.delivered = 1}), "bug");
}

TEST(MemoryLog, ReadyIsCalledOnAppend) {
    EventRecorder events;
    MemoryLog log(events);
    LogCursor& cursor = log.add_cursor("loki", 1 << 20);
    int calls = 0;
    cursor.on_ready([&calls] { ++calls; });
    ASSERT_EQ(log.append(make_batch(1)), AppendVerdict::accepted);
    EXPECT_EQ(calls, 1);
    cursor.on_ready({});
    ASSERT_EQ(log.append(make_batch(1)), AppendVerdict::accepted);
    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace weir
