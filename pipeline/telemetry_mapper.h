// TelemetryMapper: rows of telemetry to samples of named, labelled, typed series. The same datum
// has the same series whatever wire form, encoding or transport it came by (docs/telemetry.md).
#pragma once

#include "core/metric.h"
#include "core/telemetry.h"
#include "pipeline/metric_families.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace weir {

// Value, immutable once handed over.
struct TelemetryMapping {
    bool network_interface = true;  // the harmonised family beside the models' own
    bool state_sets = true;         // states as one series for each word; false: dropped as text
    // Leaves whose text becomes a label of an _info series, by the end of their schema path:
    // "state/description". Beside those that the tables know.
    std::vector<std::string> info_leaves;
    std::size_t labels_max = 30;  // Mimir's max-label-names-per-series
    std::size_t label_value_bytes_max = 1024;
};

// Value that borrows. Whose message it is.
struct TelemetrySource {
    // Labels on every series of the device, sorted by name: job, device, dc, site, ...
    std::span<const MetricLabel> labels;
    std::int64_t received_ms = 0;
};

// Value. How things were named, for weir's own metrics.
struct TelemetryMapperCounts {
    std::uint64_t leaves = 0;            // of rows' contents: those mapped and those skipped
    std::uint64_t mapped = 0;            // became samples, or a label of an _info series
    std::uint64_t keys_by_table = 0;     // lists whose keys the models' facts gave
    std::uint64_t keys_by_siblings = 0;  // whose keys were found by all siblings being distinct
    std::uint64_t keys_by_index = 0;     // whose elements are told apart by their place only
    std::uint64_t precision_lost = 0;    // gauges past 2^53
    std::uint64_t clock_skewed = 0;      // rows whose time was not believed
    std::uint64_t name_clashes = 0;      // pairs of paths
};

// Value. A path whose leaves became nothing, since the start.
struct TelemetrySkippedPath {
    std::string schema;                // as pipeline/yang_facts.h writes paths
    LeafSkip reason = LeafSkip::text;  // the last one
    std::uint64_t leaves = 0;
};

// Resource. One thread. No allocation for a leaf that was seen before.
class TelemetryMapper {
  public:
    // `families` outlives it. The seed is of hashes, and of the samples' labels_hash.
    TelemetryMapper(MetricFamilies& families, std::shared_ptr<const TelemetryMapping> mapping,
                    std::uint64_t seed);
    ~TelemetryMapper();
    TelemetryMapper(const TelemetryMapper&) = delete;
    TelemetryMapper& operator=(const TelemetryMapper&) = delete;

    // Goes over to other settings; what was learnt of names stays.
    void use(std::shared_ptr<const TelemetryMapping> mapping);

    void map(const TelemetryHeader& header, const TelemetryRow& row, const TelemetrySource& source,
             MetricSink& sink);

    [[nodiscard]] const TelemetryMapperCounts& counts() const;
    // For those who ask where a leaf is; those of paths that are not remembered are missing.
    [[nodiscard]] std::vector<TelemetrySkippedPath> skipped_paths() const;
    // What is remembered of names and paths, in bytes, roughly; bounded.
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace weir
