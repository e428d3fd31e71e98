// SeriesTable: every live series of one thread's devices: its wire form, its last sample, and when
// it is gone. Samples are collected here and leave as frozen batches of remote write.
//
// A batch never has two samples of one series, so that sending it again is harmless whatever became
// of it the first time: an endpoint takes the same sample twice, but not an older one after a newer
// one. What comes of one series between two flushes leaves in as many batches, oldest first.
#pragma once

#include "core/metric.h"
#include "core/time.h"
#include "pipeline/batch.h"
#include "pipeline/batch_builder.h"
#include "pipeline/log.h"
#include "pipeline/metric_families.h"
#include "pipeline/metric_rules.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Value.
struct SeriesLimits {
    std::size_t series_max = 200'000;  // of this thread
    std::size_t series_per_device_max = 50'000;
    std::size_t devices_max = 10'000;
    std::size_t batch_samples_max = 2000;
    std::size_t batch_bytes_max = 1024 * 1024;  // of the WriteRequest, before snappy
    std::int64_t batch_age_max_ns = 1000 * ns_per_ms;
    std::int64_t metadata_every_ns = 60 * ns_per_s;  // type, help and unit of each family
    // A series is stale after so many of its feed's intervals without a sample.
    unsigned stale_intervals = 3;
    std::int64_t stale_min_ns = 30 * ns_per_s;         // but never sooner
    std::int64_t stale_disconnect_ns = 60 * ns_per_s;  // after the device's last session ended
    std::int64_t forget_after_ns = 3600 * ns_per_s;    // a stale series' place is free again
    // A live series whose last sample is older by the device's clock has its value told again;
    // 0: never. Whoever queries looks back for 5 min.
    std::int64_t repeat_after_ns = 120 * ns_per_s;
};

// Why a sample was not appended. Samples given + repeated = appended + waiting + these.
enum class SampleDrop : std::uint8_t {
    duplicate,     // of the same time as one before it, same value
    conflict,      // of the same time, another value: the first one stays, whatever was flushed
    out_of_order,  // older than one that is in a batch already
    rule,          // a rule of metric_rules
    rule_limit,    // a limit rule of metric_rules
    series_max,    // no place for a new series
    series_per_device_max,
    devices_max,
    name_clash,  // rules or names gave two series one identity
    log_full,    // the log took nothing
};
inline constexpr std::size_t sample_drop_count = 10;
[[nodiscard]] std::string_view sample_drop_name(SampleDrop drop);

// Value. Of one thread, since its start.
struct SeriesCounts {
    std::uint64_t given = 0;     // to sample()
    std::uint64_t appended = 0;  // in batches that were flushed, stale markers not counted
    std::uint64_t waiting = 0;   // in the open batch, repeats not counted
    std::uint64_t repeated = 0;  // last values that left once more
    std::uint64_t retimed = 0;   // of those given, later than a repeat had been: moved behind it
    std::uint64_t dropped[sample_drop_count] = {};
    std::uint64_t stale_markers = 0;  // in batches that were flushed
    std::uint64_t stale_waiting = 0;
    std::uint64_t series = 0;  // live now
    std::uint64_t devices = 0;
    std::uint64_t batches = 0;
    std::uint64_t vanish_skipped = 0;  // selectors past what may be looked through in a second
};

// Resource. One thread. Samples of known series cost a hash and no allocation.
class SeriesTable {
  public:
    // Receives each closed batch, in the order in which they must be delivered, with the frames
    // that end with it: those whose last sample is in it. Frames that left no sample come with the
    // next batch or, when there is none within its age, with a null one. What a batch that was not
    // taken held is counted as log_full.
    using Flush = std::function<AppendVerdict(std::unique_ptr<Batch>, const FrameCounts&)>;
    using DeviceId = std::uint32_t;
    using FeedId = std::uint32_t;

    struct Options {
        SeriesLimits limits;
        std::uint32_t shard = 0;
        std::string tenant;
        std::size_t listeners = 0;
        std::uint64_t seed = 0;
    };

    SeriesTable(Options options, MetricFamilies& families, Flush flush);
    ~SeriesTable();
    SeriesTable(const SeriesTable&) = delete;
    SeriesTable& operator=(const SeriesTable&) = delete;

    // New limits and rules; null: no rules. What is open is flushed, and every series asks the
    // rules again with its next sample.
    void reconfigure(const SeriesLimits& limits, std::shared_ptr<const MetricRules> rules);

    // A device by its name, the owner of series; kept while it has any or is connected, and
    // otherwise until a later tick(). `none` past devices_max.
    static constexpr DeviceId none = UINT32_MAX;
    [[nodiscard]] DeviceId device(std::string_view name);
    // A session of the device began or ended; after the last one its series go stale.
    void device_connected(DeviceId device);
    void device_disconnected(DeviceId device, std::int64_t now_ns);
    // Nothing was read for a while, because the log was full: silence up to now means nothing.
    void note_pause(std::int64_t now_ns);

    // What a device sends for one path and subscription; its rhythm says when silence means that
    // series are gone. Call once for each message, with its collection.
    [[nodiscard]] FeedId feed(DeviceId device, std::string_view key, std::uint64_t collection_id,
                              std::int64_t now_ns);

    // Before samples of one message: whose they are, and the monotonic and the wall clock.
    void begin(DeviceId device, FeedId feed, std::int64_t now_ns, Timestamp received_at);
    void sample(const MetricSample& sample);
    void vanish(const MetricSelector& gone);
    // The frame that the samples since begin() came in: accepted with the batch they leave in.
    // Without this call they leave all the same, and no frame is told.
    void end_frame(std::uint32_t listener);

    // Closes what has aged, and looks for stale series, a few thousand a call.
    void tick(std::int64_t now_ns, Timestamp now);
    // Closes everything that is open. The drain leaves series alone: another replica has the
    // devices next.
    void flush();

    [[nodiscard]] const SeriesCounts& counts() const;
    [[nodiscard]] std::size_t memory_bytes() const;

    struct FeedStatus {
        std::string key;
        std::int64_t interval_ns = 0;  // 0: not known yet, or irregular
        std::int64_t last_ns = 0;      // monotonic
        std::uint64_t missed = 0;      // collections that should have come
    };

    struct DeviceStatus {
        std::string name;
        std::uint64_t series = 0;
        std::uint64_t refused = 0;  // series past a limit
        std::vector<FeedStatus> feeds;
    };

    [[nodiscard]] std::vector<DeviceStatus> devices() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace weir
