#include "pipeline/byte_pool.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace weir {
namespace {

TEST(BytePool, GivesBackWhatAPermitHeld) {
    BytePool pool(100);
    {
        BytePool::Permit first(pool);
        BytePool::Permit second(pool);
        EXPECT_TRUE(first.resize(60));
        EXPECT_FALSE(second.resize(41));
        EXPECT_EQ(second.bytes(), 0U);
        EXPECT_TRUE(second.resize(40));
        EXPECT_FALSE(first.resize(61));
        EXPECT_EQ(first.bytes(), 60U);
        EXPECT_TRUE(second.resize(10));
        EXPECT_TRUE(first.resize(90));
        const BytePool::Permit moved(std::move(first));
        EXPECT_EQ(moved.bytes(), 90U);
        EXPECT_EQ(pool.used(), 100U);
    }
    EXPECT_EQ(pool.used(), 0U);
}

TEST(BytePool, ALoweredBoundTakesNothingAway) {
    BytePool pool(100);
    BytePool::Permit permit(pool);
    ASSERT_TRUE(permit.resize(80));
    pool.set_max(50);
    EXPECT_FALSE(permit.resize(81));
    EXPECT_TRUE(permit.resize(60));
    EXPECT_FALSE(permit.resize(61));
    EXPECT_TRUE(permit.resize(50));
    EXPECT_EQ(pool.used(), 50U);
    BytePool::Permit other(pool);
    EXPECT_FALSE(other.resize(static_cast<std::size_t>(-1)));
}

TEST(BytePool, ThreadsNeverHoldMoreThanTheBound) {
    BytePool pool(1000);
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&pool, &over] {
            BytePool::Permit permit(pool);
            for (std::size_t step = 0; step < 20'000; ++step) {
                static_cast<void>(permit.resize(step * 37 % 600));
                over = over || pool.used() > 1000;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_FALSE(over);
    EXPECT_EQ(pool.used(), 0U);
}

}  // namespace
}  // namespace weir
