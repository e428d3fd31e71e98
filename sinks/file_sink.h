// FileSink: writes what arrives as NDJSON into a directory, one object a record, so that
// `tail -F weir.ndjson` shows lines as they come. What weir does with no configuration at all.
#pragma once

#include "core/events.h"
#include "pipeline/log.h"
#include "sinks/rotating_files.h"
#include "sinks/sink.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace weir {

// Value.
struct FileSinkOptions {
    std::string name = "file";
    RotatingFilesOptions files;
    std::chrono::milliseconds backoff_min{500};  // after a failed write
    std::chrono::milliseconds backoff_max{30'000};
};

// Resource. A batch is settled once all its lines are written; they are in the kernel's hands then
// and survive the process. While the disk is full or the directory is gone the sink holds and tries
// again, and its queue is what fills up.
class FileSink final : public Sink {
  public:
    // Cursor, clock and events outlive it.
    FileSink(LogCursor& cursor, const Clock& clock, EventSink& events, FileSinkOptions options);
    ~FileSink() override;

    void start() override;
    void request_stop(std::chrono::milliseconds drain) override;
    void join() override;

    [[nodiscard]] EndpointStatus status() const override { return board_.read(); }

  private:
    void run();
    [[nodiscard]] bool write_batch(const Batch& batch);
    [[nodiscard]] bool write_lines(std::string_view lines);
    void settle_written(const Batch& batch, std::uint64_t bytes);
    void failed(const std::string& text);
    void worked();
    [[nodiscard]] bool past_deadline() const;
    // Waits until there may be a batch or it is time to end.
    void wait_ready();
    // False when the time to end came.
    [[nodiscard]] bool wait_backoff();

    LogCursor& cursor_;
    const Clock& clock_;
    EventSink& events_;
    const FileSinkOptions options_;
    RotatingFiles files_;
    StatusBoard board_;
    std::string reported_;  // the error the operator knows of
    std::uint32_t failures_ = 0;

    std::mutex mutex_;
    std::condition_variable changed_;
    bool ready_ = true;             // under mutex_
    bool stopping_ = false;         // under mutex_
    std::int64_t deadline_ns_ = 0;  // under mutex_, monotonic
    std::thread thread_;
};

}  // namespace weir
