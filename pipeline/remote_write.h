// Prometheus remote write 1.0 (prometheus.WriteRequest in a snappy block): the wire form of
// samples, written once by whoever makes a batch, and read back by the sinks that must look inside.
// Pure.
//
//   WriteRequest   1: TimeSeries*   3: MetricMetadata*
//   TimeSeries     1: Label*   2: Sample*
//   Label          1: name   2: value
//   Sample         1: value (double)   2: timestamp (int64, ms)
//   MetricMetadata 1: type   2: metric_family_name   4: help   5: unit
#pragma once

#include "core/metric.h"
#include "core/result.h"
#include "core/time.h"
#include "pipeline/batch.h"
#include "pipeline/wire_buffer.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// The value of a sample that says: this series ends here. A NaN with these very bits.
inline constexpr std::uint64_t stale_marker_bits = 0x7ff0000000000002U;

[[nodiscard]] inline double stale_marker() {
    return std::bit_cast<double>(stale_marker_bits);
}

[[nodiscard]] inline bool is_stale_marker(double value) {
    return std::bit_cast<std::uint64_t>(value) == stale_marker_bits;
}

// --- Writing, straight into the open batch ---

// Appends one label of a TimeSeries. A series' labels are sorted by name, __name__ among them.
void append_series_label(std::string_view name, std::string_view value, WireBuffer& out);

// Appends a whole TimeSeries with one sample. `labels` is what append_series_label wrote.
void append_series(std::string_view labels, double value, std::int64_t timestamp_ms,
                   WireBuffer& out);

// Appends the MetricMetadata of a family; what is empty of it is left out.
void append_family_metadata(const MetricFamily& family, WireBuffer& out);

// Value. What a batch has to say of a WriteRequest beside its bytes.
struct WriteRequestFacts {
    std::uint32_t samples = 0;
    std::uint32_t series = 0;
    std::size_t largest_series_bytes = 0;
    std::int64_t oldest_ms = 0;
    std::int64_t newest_ms = 0;
    Timestamp first_received;
};

// Compresses the WriteRequest, with `scratch` for what snappy may need of room. The batch has no
// id, shard, tenant or account yet; its records are samples, its streams are series.
[[nodiscard]] std::unique_ptr<Batch> freeze_write_request(std::string_view raw,
                                                          const WriteRequestFacts& facts,
                                                          WireBuffer& scratch);

// --- Reading ---

// Value. Equal when the bits are: a stale marker is a NaN.
struct SeriesSample {
    double value = 0;
    std::int64_t timestamp_ms = 0;

    friend bool operator==(const SeriesSample& a, const SeriesSample& b) {
        return std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value) &&
               a.timestamp_ms == b.timestamp_ms;
    }
};

// Value that borrows from its WriteRequest.
struct WrittenSeries {
    std::vector<MetricLabel> labels;  // as sent, __name__ among them
    std::vector<SeriesSample> samples;

    // The value of __name__; empty when there is none.
    [[nodiscard]] std::string_view name() const;

    friend bool operator==(const WrittenSeries&, const WrittenSeries&) = default;
};

// Value that borrows from its WriteRequest.
struct FamilyMetadata {
    std::uint32_t type = 0;  // number of MetricMetadata.type
    std::string_view family;
    std::string_view help;
    std::string_view unit;

    friend bool operator==(const FamilyMetadata&, const FamilyMetadata&) = default;
};

// Value. A request in memory. Texts are views into the bytes it was read from, which it shares with
// its parts; of a request that was put together by hand they are the maker's.
struct WriteRequest {
    std::shared_ptr<const std::string> bytes;
    std::vector<WrittenSeries> series;
    std::vector<FamilyMetadata> metadata;

    [[nodiscard]] std::uint32_t samples() const;

    friend bool operator==(const WriteRequest& a, const WriteRequest& b) {
        return a.series == b.series && a.metadata == b.metadata;
    }
};

// A batch is at most about 1 MiB; what claims to unpack to more than this is not ours.
inline constexpr std::size_t write_request_raw_bytes_max = 32UL * 1024 * 1024;
// Empty ones take two bytes on the wire and up to fifty in memory.
inline constexpr std::size_t write_request_series_max = 100'000;
inline constexpr std::size_t write_request_samples_max = 1'000'000;
inline constexpr std::size_t write_request_labels_max = 2'000'000;

// Decodes Batch::body. Fails on anything that is not a snappy block holding a well-formed
// WriteRequest within the bounds above; unknown fields, exemplars and histograms are passed over.
[[nodiscard]] Result<WriteRequest> decode_write_request(std::string_view body);
// The same for a WriteRequest that is not compressed.
[[nodiscard]] Result<WriteRequest> decode_write_request_raw(std::string raw);

// The WriteRequest, not compressed. Same input, same bytes; series without samples are left out.
[[nodiscard]] std::string encode_write_request_raw(const WriteRequest& request);
// The same in a snappy block, as it is sent.
[[nodiscard]] std::string encode_write_request(const WriteRequest& request);
// A batch of it, without an id, shard or tenant.
[[nodiscard]] std::unique_ptr<Batch> to_batch(const WriteRequest& request,
                                              Timestamp first_received);

// Two requests that hold the first one's series between them, in order.
struct WriteRequestPair {
    WriteRequest first;
    WriteRequest second;
};

// Halves by whole series, as evenly by samples as the order allows; the metadata goes with the
// first. With fewer than two series `second` is empty.
[[nodiscard]] WriteRequestPair split_by_series(WriteRequest request);

}  // namespace weir
