#include "pipeline/loki_rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using testing::ElementsAre;

// Streams named a, b, ... with so many entries each, whose lines are a0, a1, ...
LokiPush streams(std::vector<int> sizes) {
    LokiPush push;
    for (std::size_t s = 0; s < sizes.size(); ++s) {
        const std::string name(1, static_cast<char>('a' + s));
        LokiStream stream{"{s=\"" + name + "\"}", {}};
        for (int i = 0; i < sizes[s]; ++i) {
            stream.entries.push_back({{i + 1}, name + std::to_string(i), {}});
        }
        push.streams.push_back(std::move(stream));
    }
    return push;
}

std::string shape(const LokiPush& push) {
    std::string text;
    for (const LokiStream& stream : push.streams) {
        for (const LokiEntry& entry : stream.entries) {
            text += entry.line + ' ';
        }
        text += "| ";
    }
    return text;
}

TEST(LokiRewrite, EncodingSaysWhatItHolds) {
    const EncodedPush encoded = encode_loki_push(streams({2, 0, 1}));
    EXPECT_EQ(encoded.records, 3U);
    EXPECT_EQ(encoded.streams, 2U);
    EXPECT_EQ(encoded.line_bytes, 6U);
    EXPECT_EQ(encoded.oldest.unix_ns, 1);
    EXPECT_EQ(encoded.newest.unix_ns, 2);
    EXPECT_EQ(encoded.body, encode_loki_push(streams({2, 0, 1})).body);
    EXPECT_EQ(encode_loki_push({}).records, 0U);
}

TEST(LokiRewrite, SplitsByStreamAsEvenlyAsItGoes) {
    const PushPair even = split_by_stream(streams({1, 2, 3}));
    EXPECT_EQ(shape(even.first), "a0 | b0 b1 | ");
    EXPECT_EQ(shape(even.second), "c0 c1 c2 | ");
    const PushPair heavy_first = split_by_stream(streams({9, 1}));
    EXPECT_EQ(heavy_first.first.records(), 9U);
    EXPECT_EQ(heavy_first.second.records(), 1U);
    EXPECT_TRUE(split_by_stream(streams({3})).second.streams.empty());
}

TEST(LokiRewrite, SplitsByEntriesThroughAStream) {
    const PushPair halves = split_by_entries(streams({1, 4}));
    EXPECT_EQ(shape(halves.first), "a0 | b0 b1 | ");
    EXPECT_EQ(shape(halves.second), "b2 b3 | ");
    EXPECT_EQ(halves.second.streams[0].labels, R"({s="b"})");
    EXPECT_TRUE(split_by_entries(streams({1})).second.streams.empty());
}

TEST(LokiRewrite, PartitionsWithoutLosingOrOrder) {
    const auto odd = [](const LokiStream&, const LokiEntry& entry) {
        return entry.timestamp.unix_ns % 2 == 1;
    };
    const PushPair parts = partition_entries(streams({3, 1}), odd);
    EXPECT_EQ(shape(parts.first), "a0 a2 | b0 | ");
    EXPECT_EQ(shape(parts.second), "a1 | ");
}

TEST(LokiRewrite, ClampKeepsTheFirstOriginal) {
    LokiEntry entry{{0}, "x", {}};
    clamp_timestamp(entry, {ns_per_s});
    clamp_timestamp(entry, {2 * ns_per_s});
    EXPECT_EQ(entry.timestamp.unix_ns, 2 * ns_per_s);
    EXPECT_THAT(entry.metadata,
                ElementsAre(LokiMetadata{"orig_ts", "1970-01-01T00:00:00.000000000Z"}));
}

TEST(LokiRewrite, SetsALabelInOrder) {
    LokiStream stream{R"({job="a", zone="z"})", {}};
    set_stream_label(stream, "replay", "1");
    EXPECT_EQ(stream.labels, R"({job="a", replay="1", zone="z"})");
    set_stream_label(stream, "replay", "2");
    EXPECT_EQ(stream.labels, R"({job="a", replay="2", zone="z"})");
    LokiStream broken{"broken", {{{1}, "x", {}}}};
    set_stream_label(broken, "replay", "1");
    EXPECT_EQ(broken.labels, R"({labels_unreadable="true", replay="1"})");
}

TEST(LokiRewrite, TruncatesOnTheEdgeOfACharacter) {
    LokiEntry entry{{0}, std::string(30, 'x') + "\xe2\x82\xac" + std::string(30, 'y'), {}};
    LokiEntry same = entry;
    truncate_line(entry, 44, true);
    EXPECT_EQ(entry.line, std::string(30, 'x') + " [truncated]");
    EXPECT_EQ(entry.metadata.at(0).name, "line_hash");
    EXPECT_EQ(entry.metadata.at(1), (LokiMetadata{"line_bytes", "63"}));
    same.line.back() = 'z';
    truncate_line(same, 44, true);
    EXPECT_EQ(same.line, entry.line);
    EXPECT_NE(same.metadata.at(0).value, entry.metadata.at(0).value);

    LokiEntry fits{{0}, "fits", {}};
    truncate_line(fits, 4, true);
    EXPECT_EQ(fits.line, "fits");
    EXPECT_TRUE(fits.metadata.empty());
    LokiEntry bare{{0}, "longer than that", {}};
    truncate_line(bare, 4, false);
    EXPECT_EQ(bare.line, "long");
    EXPECT_TRUE(bare.metadata.empty());
}

TEST(LokiRewrite, HashIsFnv1a) {
    LokiEntry entry{{0}, "foobar", {}};
    truncate_line(entry, 1, true);
    EXPECT_EQ(entry.metadata.at(0).value, "85944171f73967e8");  // a published test vector
}

TEST(LokiRewrite, FoldsMetadataIntoTheLine) {
    LokiEntry entry{{0}, "line", {{"a", "1"}, {"b", "q\"\\\n"}}};
    EXPECT_EQ(metadata_bytes(entry), 2U + 5U);
    fold_metadata(entry);
    EXPECT_EQ(entry.line, R"(line a="1" b="q\"\\ ")");
    EXPECT_TRUE(entry.metadata.empty());
}

TEST(LokiRewrite, SanitisesLabels) {
    const auto sanitised = [](std::string labels) {
        LokiStream stream{std::move(labels), {{{1}, "x", {}}}};
        sanitise_labels(stream);
        return stream;
    };
    EXPECT_EQ(sanitised(R"({a-b="1", 2c="2", empty=""})").labels, R"({_c="2", a_b="1"})");
    EXPECT_EQ(sanitised("{a=\"\xff\"}").labels, "{a=\"\xef\xbf\xbd\"}");
    EXPECT_LE(sanitised("{a=\"" + std::string(5000, 'x') + "\"}").labels.size(), 2048U + 6U);
    const LokiStream unreadable = sanitised("{broken\xff");
    EXPECT_EQ(unreadable.labels, R"({labels_unreadable="true"})");
    EXPECT_THAT(unreadable.entries[0].metadata,
                ElementsAre(LokiMetadata{"orig_labels", "{broken\xef\xbf\xbd"}));
}

}  // namespace
}  // namespace weir
