#include "pipeline/feed_rhythm.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir {
namespace {

struct RhythmCase {
    const char* name;
    std::vector<double> gaps_s;
    double interval_s;
    bool whole = true;
};

TEST(FeedRhythmTest, LearnsWhatMostGapsSay) {
    const std::vector<RhythmCase> cases = {
        {"nothing yet", {}, 0},
        {"too few", {10, 10, 10, 10}, 0},
        {"steady", {10, 10, 10, 10, 10}, 10},
        {"jitter", {10.2, 9.7, 10.4, 10, 9.9, 10.1}, 10.1},
        {"one lost", {10, 10, 20, 10, 10, 10}, 10},
        {"slow", {300, 301, 299, 310, 300}, 300},
        {"irregular", {10, 90, 30, 10, 200, 45}, 0},
        {"became irregular", {10, 10, 10, 10, 10, 10, 70, 33, 140}, 0},
        {"became slower", {10, 10, 10, 10, 10, 60, 60, 60, 60, 60, 60, 60, 60}, 60},
        {"on change, by chance regular", {10, 10, 10, 10, 10, 10, 10, 10}, 0, false},
        {"half a second counts as one burst", {0.5, 0.4, 10, 0.5, 9.5, 0.1, 9.9, 10, 10, 10}, 10},
    };
    for (const RhythmCase& rhythm : cases) {
        SCOPED_TRACE(rhythm.name);
        FeedRhythm feed;
        std::int64_t now_ns = 1000 * ns_per_s;
        std::uint64_t collection = 1;
        feed.message(collection, now_ns, true);
        for (const double gap_s : rhythm.gaps_s) {
            now_ns += static_cast<std::int64_t>(gap_s * 1e9);
            feed.message(++collection, now_ns, rhythm.whole);
        }
        EXPECT_NEAR(static_cast<double>(feed.interval_ns()) / 1e9, rhythm.interval_s, 0.15);
        EXPECT_EQ(feed.last_ns(), now_ns);
    }
}

TEST(FeedRhythmTest, AKnownRhythmNeedsNoWholeCollections) {
    FeedRhythm feed;
    for (int i = 1; i <= 40; ++i) {
        feed.message(static_cast<std::uint64_t>(i), i * 10 * ns_per_s, i < 10);
    }
    EXPECT_EQ(feed.interval_ns(), 10 * ns_per_s);
}

TEST(FeedRhythmTest, CountsWhatNeverCame) {
    FeedRhythm feed;
    std::int64_t now_ns = 1000 * ns_per_s;
    std::uint64_t collection = 0;
    const auto after = [&](double gap_s) {
        now_ns += static_cast<std::int64_t>(gap_s * 1e9);
        feed.message(++collection, now_ns, true);
        return feed.missed();
    };
    after(0);
    EXPECT_EQ(after(30), 0U) << "no rhythm is known yet";
    for (int i = 0; i < 8; ++i) {
        EXPECT_EQ(after(10), 0U);
    }
    EXPECT_EQ(after(11), 0U) << "late";
    EXPECT_EQ(after(20), 1U);
    EXPECT_EQ(after(10), 1U);
    EXPECT_EQ(after(41), 4U);
}

TEST(FeedRhythmTest, MessagesOfOneCollectionAreOne) {
    FeedRhythm feed;
    EXPECT_TRUE(feed.message(7, 100 * ns_per_s, true));
    EXPECT_FALSE(feed.message(7, 105 * ns_per_s, true));  // a large table takes its time
    EXPECT_TRUE(feed.message(8, 110 * ns_per_s, true));
}

TEST(FeedRhythmTest, WithoutAnIdAPauseSeparatesCollections) {
    FeedRhythm feed;
    EXPECT_TRUE(feed.message(0, 100 * ns_per_s, true));
    for (int i = 1; i < 20; ++i) {
        EXPECT_FALSE(feed.message(0, 100 * ns_per_s + i * 400 * ns_per_ms, true));
    }
    EXPECT_TRUE(feed.message(0, 115 * ns_per_s, true));
}

}  // namespace
}  // namespace weir
