#include "pipeline/reassembly.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace weir {
namespace {

// A part whose frame is "<head index>payload", as a device would send it.
struct Sent {
    std::string frame;
    PartView view;

    Sent(const std::string& id, int total, int index, const std::string& text,
         const char* source = "10.0.0.1") {
        const std::string head =
            "<1>h CISE " + id + " " + std::to_string(total) + " " + std::to_string(index) + " ";
        frame = head + text;
        view.peer.address = IpAddress::parse(source).value();
        view.category = "CISE";
        view.total = static_cast<std::uint16_t>(total);
        view.index = static_cast<std::uint16_t>(index);
        view.text_at = head.size();
        id_ = id;
    }

    [[nodiscard]] PartView part() const {
        PartView result = view;
        result.frame = frame;
        result.id = id_;
        return result;
    }

  private:
    std::string id_;
};

class ReassemblyTest : public testing::Test {
  protected:
    PartVerdict add(const Sent& sent, std::int64_t now_ns = 0) {
        return table_.add(sent.part(), now_ns, out_);
    }

    Reassembler table_{{.bytes_max = 64 * 1024, .messages_max = 8, .timeout_ns = 100}};
    std::vector<Merged> out_;
};

TEST_F(ReassemblyTest, AnyOrderGivesTheSameLine) {
    std::vector<int> order{0, 1, 2, 3};
    const std::vector<std::string> texts{"a=1,", " b=2,", "", " c=3"};
    do {
        out_.clear();
        for (std::size_t i = 0; i < order.size(); ++i) {
            const Sent sent("77", 4, order[i], texts[static_cast<std::size_t>(order[i])]);
            EXPECT_EQ(add(sent), i == 3 ? PartVerdict::completed : PartVerdict::held);
        }
        ASSERT_EQ(out_.size(), 1U);
        EXPECT_EQ(out_[0].line, "<1>h CISE 77 4 0 a=1, b=2, c=3");
        EXPECT_EQ(out_[0].frames, 4U);
        EXPECT_EQ(out_[0].defects.to_string(), "merged_parts");
    } while (std::next_permutation(order.begin(), order.end()));
    EXPECT_EQ(table_.held_frames(), 0U);
    EXPECT_EQ(table_.held_bytes(), 0U);
    EXPECT_EQ(table_.next_deadline_ns(), std::nullopt);
}

TEST_F(ReassemblyTest, SourcesCategoriesAndIdsAreKeptApart) {
    const Sent first("77", 2, 0, "x");
    EXPECT_EQ(add(first), PartVerdict::held);
    EXPECT_EQ(add(Sent("77", 2, 1, "y", "10.0.0.2")), PartVerdict::held);
    EXPECT_EQ(add(Sent("78", 2, 1, "y")), PartVerdict::held);
    const Sent other("77", 2, 1, "y");
    PartView renamed = other.part();
    renamed.category = "CISE7";
    renamed.id = "7";
    EXPECT_EQ(table_.add(renamed, 0, out_), PartVerdict::held);
    EXPECT_TRUE(out_.empty());
    EXPECT_EQ(table_.held_messages(), 4U);
}

TEST_F(ReassemblyTest, AMissingPartIsReleasedWhenItsTimeIsUp) {
    EXPECT_EQ(add(Sent("1", 3, 2, "c"), 5), PartVerdict::held);
    EXPECT_EQ(add(Sent("1", 3, 1, "b"), 50), PartVerdict::held);
    EXPECT_EQ(table_.next_deadline_ns(), 105);
    table_.flush(104, out_);
    EXPECT_TRUE(out_.empty());
    table_.flush(105, out_);
    ASSERT_EQ(out_.size(), 1U);
    EXPECT_EQ(out_[0].line, "<1>h CISE 1 3 1 bc");
    EXPECT_TRUE(out_[0].defects.has(Defect::parts_missing));
    EXPECT_TRUE(out_[0].defects.has(Defect::merged_parts));
    EXPECT_EQ(out_[0].frames, 2U);
    EXPECT_EQ(table_.counts().timed_out, 1U);
}

TEST_F(ReassemblyTest, ALonePartIsNotMerged) {
    EXPECT_EQ(add(Sent("1", 3, 0, "a")), PartVerdict::held);
    table_.flush_all(out_);
    ASSERT_EQ(out_.size(), 1U);
    EXPECT_EQ(out_[0].line, "<1>h CISE 1 3 0 a");
    EXPECT_EQ(out_[0].defects.to_string(), "parts_missing");
}

TEST_F(ReassemblyTest, ARepeatIsMergedAndSaidSo) {
    EXPECT_EQ(add(Sent("1", 2, 0, "a")), PartVerdict::held);
    EXPECT_EQ(add(Sent("1", 2, 0, "a")), PartVerdict::held);
    EXPECT_EQ(add(Sent("1", 2, 1, "b")), PartVerdict::completed);
    ASSERT_EQ(out_.size(), 1U);
    EXPECT_EQ(out_[0].line, "<1>h CISE 1 2 0 ab");
    EXPECT_EQ(out_[0].frames, 3U);
    EXPECT_TRUE(out_[0].defects.has(Defect::parts_duplicate));
}

TEST_F(ReassemblyTest, AnIdUsedAgainReleasesTheFormerMessage) {
    EXPECT_EQ(add(Sent("1", 2, 0, "a")), PartVerdict::held);
    EXPECT_EQ(add(Sent("1", 2, 0, "other")), PartVerdict::held);
    ASSERT_EQ(out_.size(), 1U);
    EXPECT_EQ(out_[0].line, "<1>h CISE 1 2 0 a");
    EXPECT_EQ(add(Sent("1", 3, 1, "b")), PartVerdict::held);
    ASSERT_EQ(out_.size(), 2U);
    EXPECT_EQ(out_[1].line, "<1>h CISE 1 2 0 other");
    EXPECT_EQ(table_.counts().superseded, 2U);
}

TEST_F(ReassemblyTest, NumbersThatMakeNoSenseAreNotTaken) {
    EXPECT_EQ(add(Sent("1", 1, 0, "a")), PartVerdict::not_taken);
    EXPECT_EQ(add(Sent("1", 0, 0, "a")), PartVerdict::not_taken);
    EXPECT_EQ(add(Sent("1", 3, 3, "a")), PartVerdict::not_taken);
    EXPECT_EQ(add(Sent("1", parts_max + 1, 3, "a")), PartVerdict::not_taken);
    EXPECT_EQ(add(Sent("1", 3, 0, std::string(64 * 1024, 'x'))), PartVerdict::not_taken);
    EXPECT_EQ(table_.held_messages(), 0U);
}

TEST_F(ReassemblyTest, TheOldestLeavesForRoom) {
    for (int i = 0; i < 9; ++i) {
        EXPECT_EQ(add(Sent(std::to_string(i), 2, 0, "a")), PartVerdict::held);
    }
    ASSERT_EQ(out_.size(), 1U);
    EXPECT_EQ(out_[0].line, "<1>h CISE 0 2 0 a");
    EXPECT_EQ(table_.counts().evicted, 1U);
    // A message that needs the room it takes itself is released as it is and starts again.
    out_.clear();
    table_.flush_all(out_);
    out_.clear();
    EXPECT_EQ(add(Sent("big", 3, 0, std::string(40'000, 'x'))), PartVerdict::held);
    EXPECT_EQ(add(Sent("big", 3, 1, std::string(40'000, 'y'))), PartVerdict::held);
    ASSERT_EQ(out_.size(), 1U);
    EXPECT_EQ(out_[0].line.back(), 'x');
    EXPECT_LE(table_.held_bytes(), 64U * 1024);
}

TEST_F(ReassemblyTest, KeepsWhatTheFirstPartBrought) {
    Sent second("1", 2, 1, "b");
    second.view.received_at = {7};
    second.view.context = 3;
    second.view.peer.port = 514;
    second.view.defects.add(Defect::truncated);
    EXPECT_EQ(add(second), PartVerdict::held);
    Sent first("1", 2, 0, "a");
    first.view.received_at = {9};
    EXPECT_EQ(add(first), PartVerdict::held) << "another listener's part is another message's";
    first.view.context = 3;
    EXPECT_EQ(add(first), PartVerdict::completed);
    ASSERT_EQ(out_.size(), 1U);
    EXPECT_EQ(out_[0].received_at, (Timestamp{7}));
    EXPECT_EQ(out_[0].context, 3U);
    EXPECT_EQ(out_[0].peer.port, 514);
    EXPECT_TRUE(out_[0].defects.has(Defect::truncated));
}

TEST_F(ReassemblyTest, FramesAreConserved) {
    std::mt19937 random(3);
    std::uint64_t taken = 0;
    std::uint64_t released = 0;
    std::int64_t now = 0;
    for (int step = 0; step < 20'000; ++step) {
        now += random() % 50 == 0 ? 150 : 1;
        const int total = 2 + static_cast<int>(random() % 3);
        const Sent sent(std::to_string(random() % 12), total, static_cast<int>(random()) & 3,
                        std::string(random() % 9000, 'z'));
        taken += add(sent, now) == PartVerdict::not_taken ? 0U : 1U;
        for (const Merged& merged : out_) {
            released += merged.frames;
        }
        out_.clear();
        ASSERT_EQ(taken, released + table_.held_frames());
        ASSERT_LE(table_.held_bytes(), 64U * 1024);
        ASSERT_LE(table_.held_messages(), 8U);
    }
    EXPECT_GT(table_.counts().completed, 0U);
    EXPECT_GT(table_.counts().timed_out, 0U);
    EXPECT_GT(table_.counts().evicted, 0U);
}

}  // namespace
}  // namespace weir
