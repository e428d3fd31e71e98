#include "pipeline/spool_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace weir {
namespace {

TEST(SpoolBook, TheFrontierIsTheLongestEndedRun) {
    SpoolBook book;
    for (const std::uint64_t records : {10U, 20U, 30U}) {
        book.append(records);
        book.take(book.next(), records);
    }
    book.settle(3, {.delivered = 30});
    book.settle(2, {.delivered = 20});
    EXPECT_EQ(book.state().frontier, 0U);
    EXPECT_EQ(book.state().ended.size(), 1U);
    EXPECT_EQ(book.queued(60), 10U);
    book.settle(1, {.delivered = 10});
    EXPECT_EQ(book.state().frontier, 3U);
    EXPECT_EQ(book.state().frontier_position, 60U);
    EXPECT_TRUE(book.state().ended.empty());
    EXPECT_EQ(book.queued(60), 0U);
}

TEST(SpoolBook, ARestoredBookGivesAgainWhatWasOut) {
    SpoolBook book;
    for (int i = 0; i < 4; ++i) {
        book.append(5);
        book.take(book.next(), 5);
    }
    book.settle(2, {.delivered = 5});
    book.settle(4, {.delivered = 5});
    SpoolBook restored(book.state());
    EXPECT_EQ(restored.next().number, 1U);
    restored.take(restored.next(), 5);
    EXPECT_EQ(restored.next().number, 3U);
    EXPECT_EQ(restored.next().position, 10U);
    restored.take(restored.next(), 5);
    EXPECT_EQ(restored.next().number, 5U);
    EXPECT_EQ(restored.queued(20), 10U);
}

TEST(SpoolBook, GivingUpCutsASpanInTwoAndLeavesWhatIsOut) {
    SpoolBook book;
    for (int i = 0; i < 6; ++i) {
        book.append(10);
        book.take(book.next(), 10);
    }
    for (const std::uint64_t number : {3U, 4U, 5U}) {
        book.settle(number, {.delivered = 10});
    }
    // 1, 2 and 6 are out; nothing waits, so nothing is lost.
    EXPECT_EQ(book.give_up(4, 40, "spool_full"), 0U);
    EXPECT_EQ(book.state().frontier, 5U);
    EXPECT_EQ(book.queued(60), 30U);
    book.settle(1, {.dropped = {{"rejected", 10}}});
    EXPECT_EQ(book.queued(60), 20U);
    EXPECT_FALSE(book.is_waiting(2));
    EXPECT_TRUE(book.is_waiting(7));
}

// The same as a SpoolBook, as a plain list of batches, and both at once.
class BookAndList {
  public:
    explicit BookAndList(unsigned seed) : engine_(seed) {}

    void step() {
        const unsigned action = random() % 10;
        if (random() % 50 == 0) {
            lose();
        } else if (action < 4) {
            append(1 + random() % 50);
        } else if (action < 7) {
            take();
        } else if (action < 9) {
            settle();
        } else if (head_ > given_up_to_ && random() % 8 == 0) {
            give_up(given_up_to_ + 1 + random() % (head_ - given_up_to_));
        }
    }

    void expect_the_same() {
        std::uint64_t queued = 0;
        for (const auto& [number, item] : list_) {
            queued += item.fate == Fate::ended ? 0 : item.records;
            ASSERT_EQ(book_.is_waiting(number), item.fate == Fate::waiting) << number;
        }
        ASSERT_EQ(book_.queued(position_), queued);
        const Outcome& ends = book_.state().ends;
        ASSERT_EQ(ends.delivered, delivered_);
        ASSERT_EQ(ends.total(), delivered_ + lost_);
        ASSERT_EQ(book_.state().appended, ends.total() + queued);
    }

  private:
    enum class Fate { waiting, out, ended };

    struct Item {
        std::uint64_t position = 0;
        std::uint64_t records = 0;
        Fate fate = Fate::waiting;
    };

    unsigned random() { return static_cast<unsigned>(engine_()); }

    void append(std::uint64_t records) {
        list_[++head_] = {.position = position_, .records = records};
        position_ += records;
        book_.append(records);
    }

    // The first waiting batch at or behind any number.
    [[nodiscard]] SpoolBook::Next any_next() {
        SpoolBook::Next from;
        if (random() % 2 == 0 && head_ > 0) {
            from.number = 1 + random() % head_;
            from.position = list_.at(from.number).position;
        }
        const SpoolBook::Next next = book_.next_from(from);
        std::uint64_t number = std::max<std::uint64_t>(from.number, 1);
        while (number <= head_ && list_.at(number).fate != Fate::waiting) {
            ++number;
        }
        EXPECT_EQ(next.number, number);
        return next;
    }

    void take() {
        const SpoolBook::Next next = any_next();
        if (next.number > head_) {
            return;
        }
        Item& item = list_.at(next.number);
        ASSERT_EQ(item.fate, Fate::waiting);
        ASSERT_EQ(next.position, item.position);
        book_.take(next, item.records);
        item.fate = Fate::out;
    }

    // As for a file that is gone.
    void lose() {
        const SpoolBook::Next next = any_next();
        if (next.number > head_) {
            return;
        }
        const std::uint64_t last = next.number + random() % (head_ - next.number + 1);
        const Item& last_item = list_.at(last);
        const SpoolBook::Next end = book_.run_end(
            next, {.number = last + 1, .position = last_item.position + last_item.records});
        std::uint64_t number = next.number;
        for (; number <= last && list_.at(number).fate == Fate::waiting; ++number) {
            list_.at(number).fate = Fate::ended;
            lost_ += list_.at(number).records;
        }
        ASSERT_EQ(end.number, number);
        book_.lose(next.number,
                   {.last = end.number - 1, .begin = next.position, .end = end.position},
                   "spool_lost");
    }

    void settle() {
        std::vector<std::uint64_t> out;
        for (const auto& [number, item] : list_) {
            if (item.fate == Fate::out) {
                out.push_back(number);
            }
        }
        if (out.empty()) {
            return;
        }
        const std::uint64_t number = out[random() % out.size()];
        Item& item = list_.at(number);
        book_.settle(number, {.delivered = item.records});
        delivered_ += item.records;
        item.fate = Fate::ended;
    }

    void give_up(std::uint64_t last) {
        given_up_to_ = last;
        std::uint64_t lost = 0;
        for (auto& [number, item] : list_) {
            if (number <= last && item.fate == Fate::waiting) {
                lost += item.records;
                item.fate = Fate::ended;
            }
        }
        const Item& item = list_.at(last);
        ASSERT_EQ(book_.give_up(last, item.position + item.records, "spool_full"), lost);
        lost_ += lost;
    }

    std::mt19937 engine_;
    SpoolBook book_;
    std::map<std::uint64_t, Item> list_;
    std::uint64_t head_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t delivered_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t given_up_to_ = 0;
};

TEST(SpoolBook, AgreesWithAPlainList) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        BookAndList both(seed);
        for (int step = 0; step < 300; ++step) {
            both.step();
            both.expect_the_same();
            ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "seed " << seed << " step " << step;
        }
    }
}

}  // namespace
}  // namespace weir
