#include "parsers/mdt_chunks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

namespace weir {
namespace {

using testing::ElementsAre;

constexpr std::int64_t second_ns = 1'000'000'000;

class Budget final : public MdtChunkBudget {
  public:
    [[nodiscard]] bool charge(std::size_t bytes) override {
        if (bytes > left) {
            return false;
        }
        left -= bytes;
        return true;
    }

    void release(std::size_t bytes) override { left += bytes; }

    std::size_t left = 1000;
};

std::string show(const MdtChunkStep& step) {
    std::string text;
    if (step.held_dropped > 0) {
        text += fmt::format("lost {} of {} B: {}; ", step.held_dropped, step.held_dropped_bytes,
                            mdt_chunk_drop_name(step.held_drop));
    }
    if (step.given_drop != MdtChunkDrop::none) {
        text += fmt::format("dropped: {}; ", mdt_chunk_drop_name(step.given_drop));
    }
    if (step.has_message) {
        text += fmt::format("{} of {}", step.message, step.chunks);
    }
    return text.empty() ? "held" : text;
}

class MdtChunksTest : public testing::Test {
  protected:
    std::string take(std::string_view data, std::int32_t total, std::int64_t req_id = 1) {
        return show(chunks.take({.req_id = req_id, .data = data, .total_size = total}, now_ns));
    }

    Budget budget;
    MdtChunks chunks{{.message_bytes_max = 100}, budget};
    std::int64_t now_ns = 5 * second_ns;
};

// Two messages of one device; in the wire form of kvGPB, as far as the beginning goes.
const std::string first = "\x0A\x02n1\x1A\x01s-first-";
const std::string second = "\x0A\x02n1\x1A\x01s-secnd-";

TEST_F(MdtChunksTest, JoinsTheChunksOfAMessage) {
    EXPECT_EQ(take("abc", 8), "held");
    EXPECT_EQ(chunks.held(), 1U);
    EXPECT_EQ(take("def", 8, 2), "held");
    EXPECT_EQ(take("gh", 8, 3), "abcdefgh of 3");
    EXPECT_EQ(chunks.held(), 0U);
    EXPECT_EQ(take("ij", 2, 1), "ij of 1");
}

TEST_F(MdtChunksTest, GivesItsMemoryBack) {
    EXPECT_EQ(take("abc", 8), "held");
    EXPECT_EQ(budget.left, 997U);
    EXPECT_EQ(take("defgh", 8), "abcdefgh of 2");
    EXPECT_EQ(budget.left, 992U);
    chunks.release_message();
    EXPECT_EQ(budget.left, 1000U);
    EXPECT_EQ(take("abc", 8), "held");
    {
        MdtChunks other({.message_bytes_max = 100}, budget);
        static_cast<void>(other.take({.data = "abc", .total_size = 50}, now_ns));
        EXPECT_EQ(budget.left, 994U);
    }
    EXPECT_EQ(budget.left, 997U);
}

TEST_F(MdtChunksTest, HandsOnWholeMessagesBetweenChunks) {
    EXPECT_EQ(take("abc", 6), "held");
    EXPECT_EQ(take("whole", 0), "whole of 1");
    EXPECT_EQ(take("def", 6), "abcdef of 2");
}

TEST_F(MdtChunksTest, AnotherSizeOrAnEarlierRequestBeginsAnotherMessage) {
    EXPECT_EQ(take("abc", 6, 5), "held");
    EXPECT_EQ(take("abc", 7, 5), "lost 1 of 3 B: interrupted; dropped: out_of_step; ");
    EXPECT_EQ(take(first.substr(0, 8), 15, 5), "held");
    EXPECT_EQ(take(first.substr(0, 8), 15, 4), "lost 1 of 8 B: interrupted; ");
}

TEST_F(MdtChunksTest, ALostChunkCostsOneMessageAndNotTheStep) {
    const auto total = static_cast<std::int32_t>(first.size());
    EXPECT_EQ(take(first.substr(0, 8), total), "held");
    // The rest is lost, and the next message is as long.
    EXPECT_EQ(take(second.substr(0, 8), total), "lost 1 of 8 B: interrupted; ");
    EXPECT_EQ(take(second.substr(8), total), second + " of 2");
    // The beginning is lost.
    EXPECT_EQ(take(first.substr(8), total), "dropped: out_of_step; ");
    EXPECT_EQ(take(first.substr(0, 8), total), "held");
    EXPECT_EQ(take(first.substr(8), total), first + " of 2");
}

TEST_F(MdtChunksTest, TooManyBytesAreDroppedUntilAMessageBegins) {
    const auto total = static_cast<std::int32_t>(first.size());
    EXPECT_EQ(take(first.substr(0, 8), total), "held");
    EXPECT_EQ(take(std::string(20, 'x'), total), "lost 1 of 8 B: overrun; dropped: overrun; ");
    EXPECT_EQ(take("x", total), "dropped: out_of_step; ");
    EXPECT_EQ(take(second.substr(0, 8), total), "held");
    EXPECT_EQ(take(second.substr(8), total), second + " of 2");
    EXPECT_EQ(take(first, 3), "dropped: overrun; ");
}

TEST_F(MdtChunksTest, KnowsWhatJsonBeginsWith) {
    const std::string json = R"({"version_str":"1.0.0","node_id_str":"n1","data":{}})";
    const auto total = static_cast<std::int32_t>(json.size());
    EXPECT_EQ(take(json.substr(0, 30), total), "held");
    EXPECT_EQ(take(json.substr(0, 30), total), "lost 1 of 30 B: interrupted; ");
    EXPECT_EQ(take(json.substr(30), total), json + " of 2");
    EXPECT_EQ(take(json.substr(30), total), "dropped: out_of_step; ");
}

TEST_F(MdtChunksTest, PassesOverWhatIsTooLong) {
    EXPECT_EQ(take(std::string(60, 'x'), 101), "dropped: oversize; ");
    EXPECT_EQ(take(std::string(40, 'x'), 101), "dropped: oversize; ");
    EXPECT_EQ(take("x", 101), "dropped: oversize; ");
    EXPECT_EQ(take("abc", 3), "abc of 1");
    EXPECT_EQ(take("x", INT32_MAX), "dropped: oversize; ");
    EXPECT_EQ(take("abc", 3), "abc of 1") << "another size ends it";
    EXPECT_EQ(budget.left, 1000U);
}

TEST_F(MdtChunksTest, ANegativeSizeEndsWhatIsOpen) {
    EXPECT_EQ(take("abc", 6), "held");
    EXPECT_EQ(take("abc", -6), "lost 1 of 3 B: interrupted; dropped: bad_size; ");
    EXPECT_EQ(take("x", INT32_MIN), "dropped: bad_size; ");
}

TEST_F(MdtChunksTest, WaitsForTheRestForAWhile) {
    EXPECT_EQ(take("abc", 6), "held");
    now_ns += 30 * second_ns;
    EXPECT_EQ(show(chunks.expire(now_ns)), "held");
    EXPECT_EQ(take("d", 6), "held");
    now_ns += 30 * second_ns + 1;
    EXPECT_EQ(show(chunks.expire(now_ns)), "lost 2 of 4 B: timeout; ");
    EXPECT_EQ(take("ef", 6), "dropped: out_of_step; ");
    EXPECT_EQ(budget.left, 1000U);
}

TEST_F(MdtChunksTest, WithoutMemoryTheMessageIsPassedOver) {
    budget.left = 5;
    EXPECT_EQ(take("abc", 9), "held");
    EXPECT_EQ(take("def", 9), "lost 1 of 3 B: memory; dropped: memory; ");
    EXPECT_EQ(budget.left, 5U);
    EXPECT_EQ(take("ghi", 9), "dropped: memory; ");
    EXPECT_EQ(take("abc", 5), "held") << "the one behind it is whole";
    EXPECT_EQ(take("de", 5), "abcde of 2");
}

TEST_F(MdtChunksTest, TellsWhatAStreamLeavesBehind) {
    EXPECT_EQ(take("abc", 6), "held");
    EXPECT_EQ(show(chunks.end()), "lost 1 of 3 B: stream_ended; ");
    EXPECT_EQ(show(chunks.end()), "held");
}

TEST(MdtChunkDropNames, AreDistinct) {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < mdt_chunk_drop_count; ++i) {
        const std::string_view name = mdt_chunk_drop_name(static_cast<MdtChunkDrop>(i));
        EXPECT_NE(name, "unknown");
        EXPECT_EQ(std::count(names.begin(), names.end(), name), 0);
        names.push_back(name);
    }
}

}  // namespace
}  // namespace weir
