#include "pipeline/batch_builder.h"

#include <gtest/gtest.h>
#include <protozero/pbf_reader.hpp>
#include <snappy.h>

#include <map>
#include <set>

namespace weir {
namespace {

struct ReadEntry {
    std::int64_t unix_ns = 0;
    std::string line;
};

using Streams = std::map<std::string, std::vector<ReadEntry>>;

ReadEntry read_entry(protozero::pbf_reader entry) {
    ReadEntry result;
    while (entry.next()) {
        if (entry.tag() == 1) {
            protozero::pbf_reader time = entry.get_message();
            while (time.next()) {
                result.unix_ns += time.tag() == 1 ? time.get_int64() * ns_per_s : time.get_int32();
            }
        } else if (entry.tag() == 2) {
            result.line = entry.get_string();
        } else {
            entry.skip();
        }
    }
    return result;
}

Streams read_batch(const Batch& batch) {
    std::string raw;
    EXPECT_TRUE(snappy::Uncompress(batch.body.data(), batch.body.size(), &raw));
    EXPECT_EQ(raw.size(), batch.raw_bytes);
    Streams streams;
    protozero::pbf_reader request(raw);
    while (request.next(1)) {
        protozero::pbf_reader stream = request.get_message();
        std::string labels;
        while (stream.next()) {
            if (stream.tag() == 1) {
                labels = stream.get_string();
            } else {
                streams[labels].push_back(read_entry(stream.get_message()));
            }
        }
    }
    return streams;
}

class BatchBuilderTest : public ::testing::Test {
  protected:
    BatchBuilder make(BatchLimits limits, std::uint32_t shard = 3) {
        return BatchBuilder(limits, shard, 2,
                            [this](std::unique_ptr<Batch> batch, const FrameCounts& frames) {
                                batches_.push_back(std::move(batch));
                                frames_.push_back(frames);
                            });
    }

    static void append(BatchBuilder& builder, std::string_view labels, std::string_view line,
                       std::int64_t unix_ns = 1'000'000, bool device_time = false) {
        builder.append({.stream = builder.stream(labels, ""),
                        .timestamp = {unix_ns},
                        .device_time = device_time,
                        .received_at = {unix_ns},
                        .line = line,
                        .metadata = "",
                        .listener = 1});
    }

    std::vector<std::unique_ptr<Batch>> batches_;
    std::vector<FrameCounts> frames_;
};

TEST_F(BatchBuilderTest, GathersByStreamInArrivalOrder) {
    BatchBuilder builder = make({});
    for (int i = 0; i < 100; ++i) {
        append(builder, i % 2 == 0 ? R"({a="even"})" : R"({a="odd"})", std::to_string(i));
    }
    builder.close_all();
    ASSERT_EQ(batches_.size(), 1U);
    EXPECT_EQ(batches_[0]->records, 100U);
    EXPECT_EQ(batches_[0]->streams, 2U);
    EXPECT_EQ(batches_[0]->shard, 3U);
    EXPECT_EQ(frames_[0], (FrameCounts{0, 100}));
    const Streams streams = read_batch(*batches_[0]);
    ASSERT_EQ(streams.size(), 2U);
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(streams.at(R"({a="even"})")[static_cast<std::size_t>(i)].line,
                  std::to_string(2 * i));
    }
}

TEST_F(BatchBuilderTest, TheLargestStreamComesLast) {
    BatchBuilder builder = make({});
    append(builder, "{a=\"big\"}", std::string(500, 'x'));
    append(builder, "{a=\"small\"}", "x");
    append(builder, "{a=\"middle\"}", std::string(50, 'x'));
    builder.close_all();
    std::string raw;
    ASSERT_TRUE(snappy::Uncompress(batches_[0]->body.data(), batches_[0]->body.size(), &raw));
    EXPECT_LT(raw.find("small"), raw.find("middle"));
    EXPECT_LT(raw.find("middle"), raw.find("big"));
    // The next batch is not confused by the order of the last.
    append(builder, "{a=\"big\"}", "again");
    builder.close_all();
    EXPECT_EQ(read_batch(*batches_[1]).at("{a=\"big\"}")[0].line, "again");
}

TEST_F(BatchBuilderTest, TimestampsAreUniqueInAStreamAndCarryTheShard) {
    BatchBuilder builder = make({}, 7);
    for (int i = 0; i < 1000; ++i) {
        append(builder, "{}", "same line", 5'000'000 - i);
    }
    builder.close_all();
    std::set<std::int64_t> seen;
    const Streams streams = read_batch(*batches_[0]);
    for (const ReadEntry& entry : streams.at("{}")) {
        EXPECT_EQ(entry.unix_ns % 64, 7);
        EXPECT_TRUE(seen.insert(entry.unix_ns).second);
    }
}

TEST_F(BatchBuilderTest, AClockSetBackIsFollowed) {
    BatchBuilder builder = make({});
    append(builder, "{}", "before", 7200 * ns_per_s);
    append(builder, "{}", "small step", 7199 * ns_per_s);
    append(builder, "{}", "after", 3600 * ns_per_s);
    builder.close_all();
    const Streams streams = read_batch(*batches_[0]);
    const auto& entries = streams.at("{}");
    EXPECT_GT(entries[1].unix_ns, entries[0].unix_ns);
    EXPECT_LT(entries[2].unix_ns, 3601 * ns_per_s);
}

TEST_F(BatchBuilderTest, DeviceTimeStaysWhereTheDevicePutIt) {
    BatchBuilder builder = make({});
    append(builder, "{}", "late", 900 * ns_per_s, true);
    append(builder, "{}", "early", 100 * ns_per_s, true);
    append(builder, "{}", "early", 100 * ns_per_s, true);
    builder.close_all();
    const Streams streams = read_batch(*batches_[0]);
    const auto& entries = streams.at("{}");
    EXPECT_LT(entries[1].unix_ns, 101 * ns_per_s);
    EXPECT_NE(entries[1].unix_ns, entries[2].unix_ns);
}

TEST_F(BatchBuilderTest, ClosesBySizeBeforeItGrowsPastIt) {
    BatchBuilder builder = make({.bytes_max = 10'000});
    for (int i = 0; i < 100; ++i) {
        append(builder, "{}", std::string(300, 'x'));
    }
    builder.close_all();
    ASSERT_GT(batches_.size(), 2U);
    std::uint32_t records = 0;
    for (const auto& batch : batches_) {
        EXPECT_LE(batch->raw_bytes, 10'000U);
        records += batch->records;
    }
    EXPECT_EQ(records, 100U);
}

TEST_F(BatchBuilderTest, ClosesByCountAndByAge) {
    BatchBuilder builder = make({.records_max = 10, .age_max_ns = 1000});
    for (int i = 0; i < 25; ++i) {
        append(builder, "{}", "x");
    }
    EXPECT_EQ(batches_.size(), 2U);
    builder.close_aged(999);
    EXPECT_EQ(batches_.size(), 2U);
    EXPECT_EQ(builder.next_deadline_ns(), 1000);
    builder.close_aged(1000);
    EXPECT_EQ(batches_.size(), 3U);
}

TEST_F(BatchBuilderTest, ABatchIsOneTenants) {
    BatchBuilder builder = make({});
    for (const char* tenant : {"a", "b", "a"}) {
        builder.append({.stream = builder.stream("{}", tenant),
                        .timestamp = {1},
                        .received_at = {1},
                        .line = tenant,
                        .metadata = ""});
    }
    builder.close_all();
    ASSERT_EQ(batches_.size(), 2U);
    EXPECT_EQ(batches_[0]->tenant, "a");
    EXPECT_EQ(batches_[0]->records, 2U);
    EXPECT_EQ(batches_[1]->tenant, "b");
}

TEST_F(BatchBuilderTest, TenantsAreBounded) {
    BatchBuilder builder = make({.tenants_max = 3});
    for (int i = 0; i < 10; ++i) {
        builder.set_now(i);
        builder.append({.stream = builder.stream("{}", std::to_string(i)),
                        .timestamp = {1},
                        .received_at = {1},
                        .line = "x",
                        .metadata = ""});
    }
    EXPECT_EQ(batches_.size(), 7U);  // the oldest made room
    EXPECT_EQ(batches_[0]->tenant, "0");
    builder.close_all();
    EXPECT_EQ(batches_.size(), 10U);
}

TEST_F(BatchBuilderTest, ForgetsIdleStreamsAndKnowsStaleHandles) {
    BatchBuilder builder = make({.stream_idle_ns = 100});
    std::vector<bool> forgotten;
    builder.on_forget([&forgotten](bool counted) { forgotten.push_back(counted); });
    const auto handle = builder.stream("{a=\"1\"}", "", true);
    EXPECT_TRUE(builder.is_live(handle));
    builder.close_aged(50);
    EXPECT_TRUE(builder.is_live(handle));
    builder.close_aged(150);
    EXPECT_FALSE(builder.is_live(handle));
    EXPECT_EQ(forgotten, std::vector<bool>{true});
    EXPECT_EQ(builder.stream_count(), 0U);
    // The place is used again under a new generation.
    const auto again = builder.stream("{a=\"1\"}", "");
    EXPECT_EQ(again.index, handle.index);
    EXPECT_FALSE(builder.is_live(handle));
}

}  // namespace
}  // namespace weir
