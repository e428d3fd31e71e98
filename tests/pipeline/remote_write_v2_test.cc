#include "pipeline/remote_write_v2.h"

#include "tests/support/remote_write_v2_reader.h"

#include <gtest/gtest.h>
#include <snappy.h>

namespace weir {
namespace {

WriteRequest sample_request() {
    WriteRequest request;
    request.series.push_back({{{"__name__", "octets_total"}, {"device", "sw1"}},
                              {{1.5, 1'700'000'000'000}, {stale_marker(), 1'700'000'010'000}}});
    request.series.push_back({{{"__name__", "up"}, {"device", "sw1"}}, {{1, -1}}});
    request.metadata.push_back({1, "octets_total", "octets in", "bytes"});
    return request;
}

TEST(RemoteWriteV2, WritesTheFieldNumbersOfTheTable) {
    WriteRequest request;
    request.series.push_back({{{"a", "b"}}, {{2.0, 3}}});
    // Request{4: "", 4: "a", 4: "b", 5: TimeSeries{1: [1, 2], 2: {1: 2.0, 2: 3}}}.
    const std::string expected(
        "\x22\0\x22\x01"
        "a\x22\x01"
        "b\x2a\x11\x0a\x02\x01\x02\x12\x0b\x09\0\0\0\0\0\0\0\x40\x10\x03",
        27);
    EXPECT_EQ(encode_write_request_v2_raw(request), expected);
}

TEST(RemoteWriteV2, SaysTheSameAsVersionOne) {
    const WriteRequest request = sample_request();
    const std::string raw = encode_write_request_v2_raw(request);
    const V2Request read = read_v2(raw);
    EXPECT_EQ(read.symbols.front(), "");
    ASSERT_EQ(read.series.size(), 2U);
    EXPECT_EQ(read.series[0].series, request.series[0]);
    EXPECT_EQ(read.series[1].series, request.series[1]);
    EXPECT_EQ(read.series[0].type, 1U);
    EXPECT_EQ(read.series[0].help, "octets in");
    EXPECT_EQ(read.series[0].unit, "bytes");
    EXPECT_FALSE(read.series[1].has_metadata);
    // Each text once: "", two names of labels, the device, two names, help, unit.
    EXPECT_EQ(read.symbols.size(), 8U);
}

TEST(RemoteWriteV2, TakesMetadataFromElsewhereWhereTheRequestHasNone) {
    const FamilyMetadata up{2, "up", "whether it is", ""};
    const FamilyMetadata octets{2, "octets_total", "not this", ""};
    const FamilyLookup lookup = [&](std::string_view family) {
        return family == "up" ? &up : &octets;
    };
    const std::string raw = encode_write_request_v2_raw(sample_request(), lookup);
    const V2Request read = read_v2(raw);
    ASSERT_EQ(read.series.size(), 2U);
    EXPECT_EQ(read.series[0].help, "octets in");
    EXPECT_EQ(read.series[1].type, 2U);
    EXPECT_EQ(read.series[1].help, "whether it is");
    EXPECT_EQ(read.series[1].unit, "");
}

TEST(RemoteWriteV2, IsSentInASnappyBlock) {
    std::string raw;
    const std::string body = encode_write_request_v2(sample_request());
    ASSERT_TRUE(snappy::Uncompress(body.data(), body.size(), &raw));
    EXPECT_EQ(raw, encode_write_request_v2_raw(sample_request()));
}

}  // namespace
}  // namespace weir
