// A series table with a clock moved by hand, and everything that it flushed, read back.
#pragma once

#include "pipeline/remote_write.h"
#include "pipeline/series_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir {

// Value. A sample as it was read back; "stale" stands for the marker.
struct ReadSample {
    std::string series;  // name{a="b",...}
    std::int64_t timestamp_ms = 0;
    double value = 0;
    bool is_stale = false;
};

// "3@1000", "stale@1001"
inline std::string text_of(const ReadSample& sample) {
    return (sample.is_stale ? "stale" : std::to_string(static_cast<std::int64_t>(sample.value))) +
           "@" + std::to_string(sample.timestamp_ms);
}

// What one call of the flush brought.
struct Flushed {
    std::shared_ptr<const Batch> batch;  // null: frames alone
    FrameCounts frames;
    std::vector<ReadSample> samples;
    std::vector<std::string> metadata;  // family names
};

inline std::string series_text(const WrittenSeries& series) {
    std::string labels;
    for (const MetricLabel& label : series.labels) {
        if (label.name != "__name__") {
            labels += (labels.empty() ? "" : ",") + std::string(label.name) + "=" +
                      std::string(label.value);
        }
    }
    return std::string(series.name()) + "{" + labels + "}";
}

class SeriesFixture : public ::testing::Test {
  protected:
    static constexpr std::int64_t start_s = 1'795'000'000;

    void make(SeriesLimits limits) {
        limits_ = limits;
        table_ = std::make_unique<SeriesTable>(
            SeriesTable::Options{
                .limits = limits, .shard = 3, .tenant = "net", .listeners = 2, .seed = 5},
            families_, [this](std::unique_ptr<Batch> batch, const FrameCounts& frames) {
                return take(std::move(batch), frames);
            });
    }

    AppendVerdict take(std::unique_ptr<Batch> batch, const FrameCounts& frames) {
        for (std::size_t i = 0; i < frames.size(); ++i) {
            frames_[i] += frames[i];
        }
        if (batch == nullptr) {
            flushed_.push_back({.frames = frames});
            return AppendVerdict::accepted;
        }
        const Result<WriteRequest> request = decode_write_request(batch->body);
        EXPECT_TRUE(request.has_value());
        if (full_) {
            return AppendVerdict::full;
        }
        Flushed flushed{.batch = std::move(batch), .frames = frames};
        for (const WrittenSeries& series : request->series) {
            EXPECT_TRUE(std::is_sorted(
                series.labels.begin(), series.labels.end(),
                [](const MetricLabel& a, const MetricLabel& b) { return a.name < b.name; }));
            for (const SeriesSample& sample : series.samples) {
                const ReadSample read{.series = series_text(series),
                                      .timestamp_ms = sample.timestamp_ms,
                                      .value = sample.value,
                                      .is_stale = is_stale_marker(sample.value)};
                flushed.samples.push_back(read);
                by_series_[read.series].push_back(read);
            }
        }
        for (const FamilyMetadata& family : request->metadata) {
            flushed.metadata.emplace_back(family.family);
        }
        EXPECT_EQ(flushed.batch->records, flushed.samples.size());
        flushed_.push_back(std::move(flushed));
        return AppendVerdict::accepted;
    }

    [[nodiscard]] std::int64_t now_ns() const { return clock_.monotonic_ns(); }

    [[nodiscard]] std::int64_t now_ms() const { return now_ns() / ns_per_ms; }

    // Moves the clock second by second, with ticks.
    void pass_s(std::int64_t seconds) {
        for (std::int64_t i = 0; i < seconds; ++i) {
            clock_.advance_ns(ns_per_s);
            table_->tick(now_ns(), clock_.now());
        }
    }

    // A message of a device begins.
    void begin(const std::string& device, const std::string& feed = "",
               std::uint64_t collection = 0) {
        const SeriesTable::DeviceId id = table_->device(device);
        const SeriesTable::FeedId feed_id =
            feed.empty() ? SeriesTable::none : table_->feed(id, feed, collection, now_ns());
        table_->begin(id, feed_id, now_ns(), clock_.now());
    }

    const MetricFamily& family(const std::string& name) {
        return *families_.intern(
            {.name = name, .type = MetricType::counter, .unit = "bytes", .help = "Of " + name});
    }

    void sample(const std::string& name, const std::map<std::string, std::string>& labels,
                double value, std::int64_t timestamp_ms) {
        const std::vector<MetricLabel> views(to_views(labels));
        table_->sample({.family = &family(name),
                        .labels = views,
                        .labels_hash = metric_labels_hash(views, 5),
                        .value = value,
                        .timestamp_ms = timestamp_ms});
    }

    // A series of device "d", now.
    void sample(const std::string& name, double value) {
        sample(name, {{"device", "d"}}, value, now_ms());
    }

    void vanish(const std::string& name, const std::map<std::string, std::string>& labels,
                std::int64_t timestamp_ms, bool below = true) {
        const std::vector<MetricLabel> views(to_views(labels));
        table_->vanish(
            {.name = name, .below = below, .labels = views, .timestamp_ms = timestamp_ms});
    }

    // What was flushed of a series so far, "1@1000 stale@2000".
    [[nodiscard]] std::string told(const std::string& series) {
        std::string text;
        for (const ReadSample& sample : by_series_[series]) {
            text += (text.empty() ? "" : " ") + text_of(sample);
        }
        return text;
    }

    [[nodiscard]] std::uint64_t dropped(SampleDrop drop) const {
        return table_->counts().dropped[static_cast<std::size_t>(drop)];
    }

    // Given and repeated = appended + waiting + dropped, whatever happened.
    void expect_balance() const {
        const SeriesCounts& counts = table_->counts();
        std::uint64_t sum = counts.appended + counts.waiting;
        for (const std::uint64_t drop : counts.dropped) {
            sum += drop;
        }
        EXPECT_EQ(counts.given + counts.repeated, sum);
    }

    static std::vector<MetricLabel> to_views(const std::map<std::string, std::string>& labels) {
        std::vector<MetricLabel> views;
        for (const auto& [name, value] : labels) {
            views.push_back({name, value});
        }
        return views;
    }

    ManualClock clock_{{start_s * ns_per_s}};
    MetricFamilies families_;
    SeriesLimits limits_;
    std::unique_ptr<SeriesTable> table_;
    std::vector<Flushed> flushed_;
    std::map<std::string, std::vector<ReadSample>> by_series_;
    FrameCounts frames_{0, 0};
    bool full_ = false;
};

}  // namespace weir
