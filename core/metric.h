// Metrics: one sample of one series on its way from a mapper to the series table. Words and types
// are Prometheus's.
#pragma once

#include "core/labels.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weir {

// The numbers of MetricMetadata.type in remote write.
enum class MetricType : std::uint8_t {
    unknown = 0,
    counter = 1,
    gauge = 2,
    info = 6,
    stateset = 7,
};
// "counter", ... as in the exposition format; info and stateset are "gauge" there.
[[nodiscard]] std::string_view metric_type_name(MetricType type);

// Value. What all series of one name have in common. Interned by MetricFamilies, which gives the
// number; lives as long as the table.
struct MetricFamily {
    std::uint32_t number = 0;
    std::string name;  // with its suffix: "..._octets_total"
    MetricType type = MetricType::unknown;
    std::string unit;  // "bytes", "seconds"; empty: none
    std::string help;
};

// Value that borrows.
struct MetricLabel {
    std::string_view name;
    std::string_view value;

    friend bool operator==(const MetricLabel&, const MetricLabel&) = default;
};

// Value that borrows, valid for the call that it is handed to.
struct MetricSample {
    const MetricFamily* family = nullptr;
    // Sorted by name, no name twice, no empty value, without __name__; with the device's labels.
    std::span<const MetricLabel> labels;
    // Of labels alone, by metric_labels_hash: the samples of a row share the work.
    std::uint64_t labels_hash = 0;
    double value = 0;
    std::int64_t timestamp_ms = 0;
};

// Seeded, so that devices cannot aim at a bucket.
[[nodiscard]] std::uint64_t metric_labels_hash(std::span<const MetricLabel> labels,
                                               std::uint64_t seed);

// Value that borrows. Series of one device that are gone: every one whose family is `name` or, if
// `below`, begins with `name` and '_', and that has all these labels.
struct MetricSelector {
    std::string_view name;  // empty, with `below`: all
    bool below = true;
    std::span<const MetricLabel> labels;
    std::int64_t timestamp_ms = 0;  // when they went
};

// Value that borrows. Something that happened, for Loki.
struct TelemetryEvent {
    std::string_view line;  // logfmt: class=ethpmPhysIf dn=... operSt=up
    std::int64_t timestamp_ms = 0;
    std::string_view encoding_path;
};

// Why a leaf became no sample. Every leaf of a row is mapped or counted here.
enum class LeafSkip : std::uint8_t {
    text,        // text that is neither listed nor a state nor a number by its model
    empty,       // nothing in it, or blanks
    sentinel,    // "never", all ones: the device says that there is no value
    identifier,  // keys, dn, rn, status, sequence numbers: labels or nothing at all
    bytes,       // octets without a meaning to weir
    not_number,  // a number by its model, and its text is none
    name_clash,  // two paths would have one name
    labels_max,  // more labels, or longer ones, than Mimir takes
    paths_max,   // more paths, or longer names, than weir remembers
};
inline constexpr std::size_t leaf_skip_count = 9;
[[nodiscard]] std::string_view leaf_skip_name(LeafSkip skip);

// Resource interface. Where a mapper hands what it made of a row. One thread.
class MetricSink {
  public:
    MetricSink() = default;
    MetricSink(const MetricSink&) = delete;
    MetricSink& operator=(const MetricSink&) = delete;
    virtual ~MetricSink() = default;

    virtual void sample(const MetricSample& sample) = 0;
    virtual void vanish(const MetricSelector& gone) = 0;
    virtual void event(const TelemetryEvent& event) = 0;
    virtual void skip(LeafSkip reason, std::uint64_t leaves) = 0;
};

}  // namespace weir
