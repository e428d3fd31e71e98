// What SeriesTable is made of. For its own files: series_table.cc has the way of a sample,
// series_table_new.cc that of a new series, series_table_flush.cc the batches,
// series_table_stale.cc devices, feeds and the end of series, and series_table_repeat.cc what is
// told of those that last.
#pragma once

#include "pipeline/feed_rhythm.h"
#include "pipeline/series_pending.h"
#include "pipeline/series_refused.h"
#include "pipeline/series_store.h"
#include "pipeline/series_table.h"
#include "pipeline/wire_buffer.h"

#include <optional>
#include <unordered_map>

namespace weir {

// How far before now a sample lies that weir makes: what is late by less is still taken.
inline constexpr std::int64_t late_max_ns = 30 * ns_per_s;

inline std::uint32_t to_s(std::int64_t now_ns) {
    return static_cast<std::uint32_t>(now_ns / ns_per_s);
}

class SeriesTable::Impl {
  public:
    Impl(Options options, MetricFamilies& families, Flush flush);

    void reconfigure(const SeriesLimits& limits, std::shared_ptr<const MetricRules> rules);
    [[nodiscard]] DeviceId device(std::string_view name);
    void device_connected(DeviceId device);
    void device_disconnected(DeviceId device, std::int64_t now_ns);
    [[nodiscard]] FeedId feed(DeviceId device, std::string_view key, std::uint64_t collection_id,
                              std::int64_t now_ns);
    void begin(DeviceId device, FeedId feed, std::int64_t now_ns, Timestamp received_at);
    void sample(const MetricSample& sample);
    void vanish(const MetricSelector& gone);
    void end_frame(std::uint32_t listener);
    void tick(std::int64_t now_ns, Timestamp now);
    void flush();

    void note_pause(std::int64_t now_ns) { pause_ns_ = now_ns; }

    [[nodiscard]] const SeriesCounts& counts();

    [[nodiscard]] std::size_t memory_bytes() const;
    [[nodiscard]] std::vector<DeviceStatus> devices() const;

  private:
    struct Device {
        std::string name;  // empty: nobody's place
        std::uint32_t sessions = 0;
        std::int64_t disconnected_ns = 0;  // 0: connected, or never was
        std::int64_t heard_ns = 0;
        std::uint64_t series = 0;  // in the store, but for retired ones
        std::uint64_t refused = 0;
        std::uint32_t first_group = no_place;
        std::vector<FeedId> feeds;
        std::int64_t vanish_second_ns = 0;  // the budget for looking through series, and whose
        std::size_t vanish_visits = 0;
        // Its clock less ours, the most that a sample was ahead: in this window, and the one
        // before.
        std::int64_t ahead_ms = Series::never_ms;
        std::int64_t ahead_before_ms = Series::never_ms;
        std::int64_t ahead_since_ns = 0;
    };

    struct Feed {
        DeviceId device = none;
        std::string key;
        FeedRhythm rhythm;
        std::uint32_t collection = 1;
        std::uint64_t series = 0;   // live ones that were last given by it
        std::uint64_t touched = 0;  // of them, in this collection
    };

    // What the rules made of a series that is about to be known.
    struct Shape {
        WireBuffer labels;
        WireBuffer raw_labels;  // empty: the same
        std::uint32_t family = no_place;
        std::vector<std::uint32_t> limits;  // rules' places
    };

    void drop(SampleDrop why) { ++counts_.dropped[static_cast<std::size_t>(why)]; }

    // The way of a sample.
    void touch(Series& series);
    void append(std::uint32_t place, std::int64_t timestamp_ms, double value);
    void note_open();
    void flush_if_full();

    // The way of a new series. All give no_place or a reason when the sample is not to be appended;
    // settle() has counted it then.
    [[nodiscard]] std::uint32_t settle(const SeriesKey& key, std::uint64_t hash,
                                       const MetricSample& sample, std::uint32_t place);
    [[nodiscard]] std::uint32_t add(const SeriesKey& key);
    [[nodiscard]] std::optional<SampleDrop> shape(const MetricSample& sample);
    [[nodiscard]] bool is_over_rule_limit() const;
    [[nodiscard]] std::optional<SampleDrop> no_room();
    void refuse(std::uint64_t hash, SampleDrop why);
    void take_rule_limits(std::uint32_t place);
    void give_rule_limits(std::uint32_t place, DeviceId device);

    // Batches.
    void write(const PendingSamples::Sample& sample, Series& series);
    void close_batch();
    void note_not_taken(std::uint64_t samples);
    void write_metadata(std::uint32_t family);

    // Devices and the end of series.
    void make_live(Series& series);
    void end_series(std::uint32_t place, std::int64_t marker_ms);
    void try_marker(std::uint32_t place);
    void push_unasked(const PendingSamples::Sample& sample);
    void retire(std::uint32_t place, std::int64_t marker_ms);
    void remove(std::uint32_t place);
    void sweep();
    void sweep_one(std::uint32_t place);
    void note_clock(Device& device, std::int64_t timestamp_ms);
    void begin_clock_window(Device& device) const;
    void repeat_if_due(std::uint32_t place);
    [[nodiscard]] bool may_repeat(const Series& series) const;
    [[nodiscard]] bool is_here(const Device& device) const;
    void sweep_devices();
    void forget_device(DeviceId device);
    [[nodiscard]] std::optional<std::int64_t> silent_marker_ms(const Series& series) const;
    [[nodiscard]] std::size_t vanish_group(const SeriesStore::Group& group,
                                           const MetricSelector& gone);

    Options options_;
    SeriesLimits limits_;
    MetricFamilies& families_;
    Flush flush_;
    std::shared_ptr<const MetricRules> rules_;
    std::uint32_t rules_generation_ = 1;
    SeriesCounts counts_;

    SeriesStore store_;
    std::size_t retired_ = 0;
    FrameTally frames_;
    PendingSamples pending_;
    RefusedSeries refused_;
    Shape shape_;
    std::vector<MetricLabel> scratch_;
    std::vector<MetricLabel> ruled_;
    std::unordered_map<std::uint64_t, std::size_t> limit_counts_;  // device << 32 | rule
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> limits_of_;  // by place

    WireBuffer batch_;
    WireBuffer batch_metadata_;
    WireBuffer compressed_;  // scratch
    std::uint32_t batch_samples_ = 0;
    std::vector<std::uint32_t> batch_markers_;  // places of series that end in it
    std::size_t batch_largest_bytes_ = 0;
    std::int64_t batch_oldest_ms_ = 0;
    std::int64_t batch_newest_ms_ = 0;
    Timestamp batch_received_;
    std::size_t batch_target_ = 0;               // samples, so that a round's batches are of a size
    std::vector<std::uint32_t> batch_families_;  // whose metadata is in it
    std::vector<std::int64_t> metadata_due_ns_;  // by family

    std::vector<Device> devices_;
    std::vector<DeviceId> free_devices_;
    HashIndex by_name_;
    std::vector<Feed> feeds_;
    std::vector<FeedId> free_feeds_;
    HashIndex by_feed_;
    std::uint32_t sweep_at_ = 0;
    std::int64_t swept_ns_ = 0;  // monotonic
    std::uint32_t sweep_device_at_ = 0;

    DeviceId device_ = none;
    FeedId feed_ = none;
    std::uint32_t last_place_ = no_place;  // of the last sample
    std::int64_t now_ns_ = 0;
    Timestamp wall_;
    std::int64_t pause_ns_ = 0;
    std::int64_t opened_ns_ = 0;  // when the first of what waits came
    bool open_ = false;           // samples, markers or frames wait
};

}  // namespace weir
