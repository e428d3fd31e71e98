// MemoryLog: the log held in memory, bounded in bytes for every endpoint on its own. It keeps the
// contract of pipeline/log.h without surviving the process.
#pragma once

#include "core/events.h"
#include "pipeline/log.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

namespace weir {

// Resource. append() from any ingest thread; cursors come and go by one other thread. A batch is
// shared by all cursors, so a second endpoint costs one pointer.
class MemoryLog final : public Log {
  public:
    // `events` outlives the log; queue_full is told there.
    explicit MemoryLog(EventSink& events);
    ~MemoryLog() override;

    // A new cursor that sees what is appended from now on. `queue_bytes_max` bounds what waits for
    // this endpoint (Batch::memory_bytes); past it the oldest batch that is not out is dropped,
    // heavy ones before others, and counted as dropped{queue_full}. The log owns the cursor.
    // `name` is the endpoint's, for events.
    LogCursor& add_cursor(std::string name, std::size_t queue_bytes_max);
    // Ends a cursor that nobody uses any more, with what it has queued.
    void remove_cursor(const LogCursor& cursor);

    [[nodiscard]] AppendVerdict append(std::unique_ptr<Batch> batch) override;
    [[nodiscard]] LogFill fill() const override;

  private:
    class Cursor;
    EventSink& events_;
    mutable std::shared_mutex cursors_mutex_;  // exclusive only when one comes or goes
    std::vector<std::unique_ptr<Cursor>> cursors_;
    std::atomic<std::uint64_t> next_id_{1};
};

}  // namespace weir
