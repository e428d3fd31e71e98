// LatestTable: the last value of every live series, as remote write brought them, for whoever comes
// to fetch them in Prometheus's text format.
#pragma once

#include "core/time.h"
#include "pipeline/remote_write.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

// Value.
struct LatestTableOptions {
    std::size_t series_max = 200'000;  // past it the one that was silent for longest goes
    // A series of which nothing came for so long is gone, as in Prometheus.
    std::int64_t silent_max_ns = 300 * ns_per_s;
    // Whether each value has its device's time. Off: Prometheus takes the time of its scrape, and
    // marks what is no longer there as stale; with times it does neither.
    bool timestamps = false;
};

// Value. What is to be rendered, apart from the table that goes on; texts are shared.
struct LatestSnapshot {
    // Value. One series.
    struct Row {
        std::shared_ptr<const std::string> series;  // name{a="b"}
        double value = 0;
        std::int64_t timestamp_ms = 0;
    };

    // Value. Rows of one name.
    struct Family {
        std::string name;
        std::string help;
        std::uint32_t type = 0;  // number of MetricMetadata.type
        std::vector<Row> rows;
    };

    std::vector<Family> families;  // by name
    bool timestamps = false;
};

// Text format 0.0.4. Pure.
[[nodiscard]] std::string to_exposition(const LatestSnapshot& snapshot);

// Resource. One thread at a time. Times are monotonic.
class LatestTable {
  public:
    static constexpr std::size_t families_max = 65'536;

    explicit LatestTable(LatestTableOptions options) : options_(options) {}

    // Takes what a batch holds. A stale marker takes its series out; a sample that is older than
    // what is there changes nothing.
    void apply(const WriteRequest& request, std::int64_t now_ns);
    // Takes out what was silent for too long, and copies the rest.
    [[nodiscard]] LatestSnapshot snapshot(std::int64_t now_ns);

    [[nodiscard]] std::size_t series() const { return by_age_.size(); }

    // Given up for others at series_max.
    [[nodiscard]] std::uint64_t evicted() const { return evicted_; }

  private:
    struct Family;

    struct Entry {
        std::shared_ptr<const std::string> series;
        Family* family = nullptr;
        double value = 0;
        std::int64_t timestamp_ms = 0;
        std::int64_t seen_ns = 0;
    };

    using Entries = std::list<Entry>;

    struct Family {
        std::string help;
        std::uint32_t type = 0;
        std::unordered_map<std::string_view, Entries::iterator> series;  // by Entry::series
    };

    void put(const WrittenSeries& series, const SeriesSample& sample, std::int64_t now_ns);
    void remove(Entries::iterator entry);
    void expire(std::int64_t now_ns);

    LatestTableOptions options_;
    std::map<std::string, Family, std::less<>> families_;
    Entries by_age_;  // longest silent first
    std::uint64_t evicted_ = 0;
    std::string text_;  // scratch
};

}  // namespace weir
