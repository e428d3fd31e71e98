// LatestValues: the sink of metrics when no Mimir is configured. It keeps the last value of every
// live series in memory, for Prometheus to fetch; what weir does with telemetry out of the box.
#pragma once

#include "pipeline/log.h"
#include "sinks/latest_table.h"
#include "sinks/sink.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace weir {

// Value.
struct LatestValuesOptions {
    std::string name = "exposition";
    std::string path = "/telemetry/metrics";  // of the admin port, for the status
    LatestTableOptions table;
};

// Resource. A batch is settled as delivered once its values are in the table: they can be fetched.
// A batch's sample that another replaced before anybody fetched it counts as delivered too.
class LatestValues final : public Sink {
  public:
    // Cursor and clock outlive it.
    LatestValues(LogCursor& cursor, const Clock& clock, LatestValuesOptions options);
    ~LatestValues() override;

    void start() override;
    void request_stop(std::chrono::milliseconds drain) override;
    void join() override;

    [[nodiscard]] EndpointStatus status() const override { return board_.read(); }

    // All values in Prometheus's text format, version 0.0.4. Any thread; the table is locked while
    // it is copied, not while the text is made.
    [[nodiscard]] std::string render();

    // Series that would be rendered, and those given up at series_max. Any thread.
    [[nodiscard]] std::size_t series() const;
    [[nodiscard]] std::uint64_t evicted() const;

  private:
    void run();
    void take(const Batch& batch);

    LogCursor& cursor_;
    const Clock& clock_;
    const LatestValuesOptions options_;
    StatusBoard board_;

    mutable std::mutex table_mutex_;
    LatestTable table_;  // under table_mutex_

    std::mutex mutex_;
    std::condition_variable changed_;
    bool ready_ = true;             // under mutex_
    bool stopping_ = false;         // under mutex_
    std::int64_t deadline_ns_ = 0;  // under mutex_, monotonic
    std::thread thread_;
};

}  // namespace weir
