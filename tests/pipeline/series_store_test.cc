#include "pipeline/series_store.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

class SeriesStoreTest : public ::testing::Test {
  protected:
    std::uint32_t add(std::uint64_t number) {
        return store_.add(key(number), "labels " + std::to_string(number), "", groups_);
    }

    static SeriesKey key(std::uint64_t number) {
        return {.labels_hash = number, .family = 1, .device = 0};
    }

    SeriesStore store_{1};
    std::uint32_t groups_ = no_place;
};

TEST_F(SeriesStoreTest, OneThatWasMadeNextFollows) {
    EXPECT_FALSE(store_.follows(no_place, key(1)));
    const std::uint32_t first = add(1);
    const std::uint32_t second = add(2);
    EXPECT_TRUE(store_.follows(no_place, key(1)));
    EXPECT_TRUE(store_.follows(first, key(2)));
    EXPECT_FALSE(store_.follows(first, key(1)));
    EXPECT_FALSE(store_.follows(second, key(3)));
}

TEST_F(SeriesStoreTest, OneWhosePlaceIsAnothersDoesNotFollow) {
    const std::uint32_t first = add(1);
    const std::uint32_t second = add(2);
    store_.retire(second);
    EXPECT_FALSE(store_.follows(first, key(2)));
    store_.remove(second, groups_);
    EXPECT_FALSE(store_.follows(first, key(2)));
    EXPECT_FALSE(store_.follows(first, SeriesKey{}));  // what a free place holds
    EXPECT_EQ(add(3), second);
    EXPECT_TRUE(store_.follows(first, key(3)));
}

}  // namespace
}  // namespace weir
