#include "pipeline/remote_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <snappy.h>

#include <limits>

namespace weir {
namespace {

using testing::ElementsAre;

WriteRequest sample_request() {
    WriteRequest request;
    request.series.push_back({{{"__name__", "ifHCInOctets_total"}, {"device", "sw1"}},
                              {{1.5, 1'700'000'000'000}, {stale_marker(), 1'700'000'010'000}}});
    request.series.push_back({{{"__name__", "up"}}, {{-0.0, -1}}});
    request.series.push_back(
        {{{"__name__", "t"}}, {{std::numeric_limits<double>::quiet_NaN(), 0}}});
    request.metadata.push_back({1, "ifHCInOctets_total", "octets in", "bytes"});
    return request;
}

std::string snappy_of(const std::string& raw) {
    std::string body;
    snappy::Compress(raw.data(), raw.size(), &body);
    return body;
}

std::string why_not(const Result<WriteRequest>& request) {
    return request ? "decoded" : request.error().message;
}

TEST(RemoteWrite, GivesBackWhatWasEncodedToTheBit) {
    const Result<WriteRequest> request =
        decode_write_request_raw(encode_write_request_raw(sample_request()));
    ASSERT_TRUE(request);
    EXPECT_EQ(*request, sample_request());
    EXPECT_EQ(request->samples(), 4U);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(request->series[0].samples[1].value),
              0x7ff0000000000002U);
    EXPECT_TRUE(is_stale_marker(request->series[0].samples[1].value));
    EXPECT_FALSE(is_stale_marker(request->series[2].samples[0].value));
    EXPECT_EQ(request->series[1].name(), "up");
}

TEST(RemoteWrite, ReadsTheWireByTheFieldNumbersOfTheTable) {
    // WriteRequest{1: TimeSeries{1: {1: "a", 2: "b"}, 2: {1: 2.0, 2: 3}, 3: exemplar},
    //              3: MetricMetadata{1: 2, 2: "f", 4: "h", 5: "u"}}, written by hand.
    const std::string series(
        "\x0a\x06\x0a\x01"
        "a\x12\x01"
        "b\x12\x0b\x09\0\0\0\0\0\0\0\x40\x10\x03\x1a\0",
        8 + 13 + 2);
    const std::string metadata(
        "\x08\x02\x12\x01"
        "f\x22\x01h\x2a\x01u",
        11);
    const std::string raw = "\x0a" + std::string(1, static_cast<char>(series.size())) + series +
                            "\x1a" + std::string(1, static_cast<char>(metadata.size())) + metadata;
    const Result<WriteRequest> request = decode_write_request_raw(raw);
    ASSERT_TRUE(request) << request.error().message;
    WriteRequest expected;
    expected.series.push_back({{{"a", "b"}}, {{2.0, 3}}});
    expected.metadata.push_back({2, "f", "h", "u"});
    EXPECT_EQ(*request, expected);
}

TEST(RemoteWrite, AppendsWhatTheReaderReads) {
    WireBuffer labels;
    append_series_label("__name__", "up", labels);
    append_series_label("device", std::string(300, 'x'), labels);
    WireBuffer raw;
    append_series(labels.view(), stale_marker(), 1'700'000'000'123, raw);
    append_series(labels.view(), -1.25, -5, raw);
    append_family_metadata({0, "up", MetricType::gauge, "", "whether it is"}, raw);
    const Result<WriteRequest> request = decode_write_request_raw(std::string(raw.view()));
    ASSERT_TRUE(request) << request.error().message;
    const std::string device(300, 'x');
    WriteRequest expected;
    expected.series.push_back(
        {{{"__name__", "up"}, {"device", device}}, {{stale_marker(), 1'700'000'000'123}}});
    expected.series.push_back({{{"__name__", "up"}, {"device", device}}, {{-1.25, -5}}});
    expected.metadata.push_back({2, "up", "whether it is", ""});
    EXPECT_EQ(*request, expected);
}

TEST(RemoteWrite, ABatchSaysWhatIsInIt) {
    const std::unique_ptr<Batch> batch = to_batch(sample_request(), {77});
    EXPECT_EQ(batch->records, 4U);
    EXPECT_EQ(batch->streams, 3U);
    EXPECT_EQ(batch->oldest, Timestamp{-1 * ns_per_ms});
    EXPECT_EQ(batch->newest, Timestamp{1'700'000'010'000 * ns_per_ms});
    EXPECT_EQ(batch->first_received, Timestamp{77});
    EXPECT_EQ(batch->raw_bytes, encode_write_request_raw(sample_request()).size());
    EXPECT_GT(batch->largest_stream_bytes, 40U);
    const Result<WriteRequest> request = decode_write_request(batch->body);
    ASSERT_TRUE(request);
    EXPECT_EQ(*request, sample_request());
}

TEST(RemoteWrite, RefusesWhatIsDamaged) {
    const std::string raw = encode_write_request_raw(sample_request());
    EXPECT_EQ(why_not(decode_write_request("")), "not a snappy block");
    EXPECT_EQ(why_not(decode_write_request("\xff\xff\xff\xff\x0f")),
              "snappy block claims to hold too much");
    std::string body = snappy_of(raw);
    body.resize(body.size() - 3);
    EXPECT_EQ(why_not(decode_write_request(body)), "damaged snappy block");
    for (std::size_t bytes = 1; bytes < raw.size(); ++bytes) {
        const Result<WriteRequest> cut = decode_write_request_raw(raw.substr(0, bytes));
        // Cut between two fields of the request it is whole again, only shorter.
        EXPECT_TRUE(!cut || cut->samples() < 4U || cut->metadata.empty()) << bytes;
    }
    EXPECT_EQ(why_not(decode_write_request_raw(std::string(write_request_raw_bytes_max + 1, 'x'))),
              "write request is too large");
}

TEST(RemoteWrite, IsBoundedWhateverTheBytesClaim) {
    std::string many;
    for (std::size_t i = 0; i <= write_request_series_max; ++i) {
        many += std::string("\x0a\0", 2);
    }
    EXPECT_EQ(why_not(decode_write_request_raw(many)), "too many series in one write request");
}

TEST(RemoteWrite, SplitsByWholeSeries) {
    const WriteRequestPair halves = split_by_series(sample_request());
    ASSERT_EQ(halves.first.series.size(), 1U);
    ASSERT_EQ(halves.second.series.size(), 2U);
    EXPECT_EQ(halves.first.samples(), 2U);
    EXPECT_EQ(halves.first.metadata.size(), 1U);
    EXPECT_TRUE(halves.second.metadata.empty());
    const WriteRequestPair lone = split_by_series(halves.first);
    EXPECT_EQ(lone.first, halves.first);
    EXPECT_TRUE(lone.second.series.empty());
}

}  // namespace
}  // namespace weir
