#include "pipeline/fair_share.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir {
namespace {

constexpr std::size_t message_bytes = 200;

// A thread that can take `capacity` messages a second and is offered more: 200 sources and a
// heavy one.
class FairShareTest : public ::testing::Test {
  protected:
    // One second in steps of a millisecond. What does not fit stays in the receive queue, whose
    // fill is told as a listener tells it.
    void run_second(std::uint32_t light_per_s, std::uint32_t heavy_per_s, std::uint32_t capacity,
                    bool lights_established = true) {
        for (int ms = 0; ms < 1000; ++ms) {
            now_ns_ += ns_per_ms;
            fair_.set_now(now_ns_);
            std::uint32_t processed = 0;
            for (std::size_t i = 0; i < lights_.size(); ++i) {
                if ((static_cast<std::size_t>(ms) * light_per_s + i * 7) % 1000 < light_per_s) {
                    offered_light_ += 1;
                    const bool taken = fair_.offer(lights_[i], message_bytes, lights_established);
                    lost_light_ += taken ? 0 : 1;
                    processed += taken ? 1 : 0;
                }
            }
            for (std::uint32_t i = 0; i < heavy_per_s / 1000; ++i) {
                const bool taken = fair_.offer(heavy_, message_bytes, heavy_established_);
                taken_heavy_ += taken ? 1 : 0;
                processed += taken ? 1 : 0;
            }
            backlog_ += processed;
            backlog_ -= std::min(backlog_, capacity / 1000);
            fair_.note_backlog(std::min(backlog_ / 100, 100U));
            if (ms % 25 == 0) {
                fair_.note_log(log_);
            }
        }
    }

    FairShare fair_;
    std::vector<ShareUse> lights_ = std::vector<ShareUse>(200);
    ShareUse heavy_;
    LogFill log_;
    bool heavy_established_ = true;
    std::int64_t now_ns_ = 100 * ns_per_s;
    std::uint32_t backlog_ = 0;
    std::uint64_t offered_light_ = 0;
    std::uint64_t lost_light_ = 0;
    std::uint64_t taken_heavy_ = 0;
};

TEST_F(FairShareTest, WithoutPressureNobodyLoses) {
    for (int i = 0; i < 5; ++i) {
        run_second(20, 200'000, 1'000'000);
    }
    EXPECT_EQ(taken_heavy_, 1'000'000U);
    EXPECT_EQ(lost_light_, 0U);
    EXPECT_EQ(fair_.shed_level(), FairShare::unlimited);
}

TEST_F(FairShareTest, UnderPressureOnlyTheHeavySourceLoses) {
    for (int i = 0; i < 20; ++i) {
        run_second(20, 200'000, 60'000);
    }
    EXPECT_GT(offered_light_, 70'000U);
    EXPECT_EQ(lost_light_, 0U);
    EXPECT_LT(taken_heavy_, 20U * 65'000U);
    EXPECT_GT(taken_heavy_, 20U * 20'000U);  // what the others leave is still used
    EXPECT_LE(backlog_, 10'000U);
}

TEST_F(FairShareTest, ForgedNewcomersCountAsOneHeavySource) {
    for (int i = 0; i < 3; ++i) {
        run_second(20, 1'000, 60'000);
    }
    // Now a new address with every message, a hundred thousand a second.
    std::uint64_t taken_forged = 0;
    for (int second = 0; second < 10; ++second) {
        for (int ms = 0; ms < 1000; ++ms) {
            now_ns_ += ns_per_ms;
            fair_.set_now(now_ns_);
            std::uint32_t processed = 0;
            for (std::size_t i = 0; i < 4; ++i) {
                const std::size_t source = (static_cast<std::size_t>(ms) * 4 + i) % 200;
                const bool taken = fair_.offer(lights_[source], message_bytes, true);
                lost_light_ += taken ? 0 : 1;
                processed += taken ? 1 : 0;
            }
            for (int i = 0; i < 100; ++i) {
                ShareUse forged;
                const bool taken = fair_.offer(forged, message_bytes, false);
                taken_forged += taken ? 1 : 0;
                processed += taken ? 1 : 0;
            }
            backlog_ += processed;
            backlog_ -= std::min(backlog_, 60U);
            fair_.note_backlog(std::min(backlog_ / 100, 100U));
        }
    }
    EXPECT_EQ(lost_light_, 0U);
    EXPECT_LT(taken_forged, 900'000U);
}

TEST_F(FairShareTest, AStallIsNoReasonToShed) {
    for (int i = 0; i < 3; ++i) {
        run_second(20, 0, 60'000);
    }
    // Three seconds pass without a read; then the queue is full of what the sources sent meanwhile.
    now_ns_ += 3 * ns_per_s;
    fair_.set_now(now_ns_);
    for (int run = 0; run < 20; ++run) {
        for (ShareUse& light : lights_) {
            for (int i = 0; i < 3; ++i) {
                lost_light_ += fair_.offer(light, message_bytes, true) ? 0U : 1U;
            }
        }
        now_ns_ += 11 * ns_per_ms;
        fair_.set_now(now_ns_);
        fair_.note_backlog(90);
    }
    EXPECT_EQ(lost_light_, 0U);
    EXPECT_EQ(fair_.shed_level(), FairShare::unlimited);
}

TEST_F(FairShareTest, SheddingEndsWithThePressure) {
    for (int i = 0; i < 5; ++i) {
        run_second(20, 200'000, 60'000);
    }
    EXPECT_NE(fair_.shed_level(), FairShare::unlimited);
    for (int i = 0; i < 5; ++i) {
        run_second(20, 0, 60'000);
    }
    EXPECT_EQ(fair_.shed_level(), FairShare::unlimited);
}

// There is nobody to give way to the others, and what the kernel drops it takes from all alike.
TEST_F(FairShareTest, AmongEqualsNobodyIsShed) {
    for (int i = 0; i < 5; ++i) {
        run_second(500, 0, 60'000);  // 100,000 a second from 200
    }
    EXPECT_EQ(lost_light_, 0U);
}

TEST_F(FairShareTest, SourcesAreHeavyOnlyWhileTheLogFills) {
    run_second(20, 200'000, 1'000'000);
    EXPECT_FALSE(fair_.is_heavy(heavy_, true));
    log_ = {.percent = 40, .light_percent = 40};
    run_second(20, 200'000, 1'000'000);
    run_second(20, 200'000, 1'000'000);
    EXPECT_TRUE(fair_.is_heavy(heavy_, true));
    for (const ShareUse& light : lights_) {
        EXPECT_FALSE(fair_.is_heavy(light, true));
    }
    log_ = {.percent = 10, .light_percent = 5};
    run_second(20, 200'000, 1'000'000);
    EXPECT_FALSE(fair_.is_heavy(heavy_, true));
}

TEST_F(FairShareTest, WhenLightSourcesFillTheLogTheLevelFalls) {
    log_ = {.percent = 90, .light_percent = 90};
    for (int i = 0; i < 15; ++i) {
        run_second(20, 20'000, 1'000'000);
    }
    int heavy = 0;
    for (const ShareUse& light : lights_) {
        heavy += fair_.is_heavy(light, true) ? 1 : 0;
    }
    EXPECT_EQ(heavy, 200);
}

}  // namespace
}  // namespace weir
