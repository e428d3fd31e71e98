// Dead letters in a SQLite file of bounded size, from which an operator replays or purges them
// (`weir dead-letters`). When it is full, further letters are refused (and count as dropped): the
// first ones tell what is wrong. Whatever is wrong with the file never stops weir.
#pragma once

#include "core/events.h"
#include "core/time.h"
#include "sinks/dead_letter.h"
#include "sinks/dead_letter_db.h"
#include "sinks/dead_letter_status.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>

namespace weir {

struct DeadLetterTableOptions {
    std::string path;
    std::size_t bytes_max = 64UL * 1024 * 1024;
    bool full_sync = false;  // a letter survives the loss of power
    // After a failure letters are refused for so long before the file is tried again.
    std::chrono::milliseconds retry_after{1000};
};

// Resource. Any thread.
class DeadLetterTable final : public DeadLetterSink {
  public:
    // `clock` and `events` outlive the table.
    DeadLetterTable(DeadLetterTableOptions options, const Clock& clock, EventSink& events);

    // Opens the file, so that what is wrong with it is told before the first letter comes.
    void open();

    // A kept letter is committed. Waits for another process's transaction for at most a second, and
    // then refuses letters at once until retry_after is over.
    [[nodiscard]] std::size_t write(std::span<const DeadLetter> letters) override;

    // Never waits for a writer: while one is at work it tells what was so before.
    [[nodiscard]] DeadLetterStatus status();

  private:
    [[nodiscard]] bool ready();
    [[nodiscard]] bool is_still_there() const;
    void open_file();
    [[nodiscard]] Result<void> set_aside();
    void failed(const std::string& reason);
    void succeeded();
    void refresh();
    void tell_room(bool full);

    const DeadLetterTableOptions options_;
    const Clock& clock_;
    EventSink& events_;

    std::mutex mutex_;  // of all that follows but the status
    std::optional<DeadLetterDb> db_;
    bool wanted_ = false;        // somebody opened it or wrote
    bool failing_ = false;       // as last told
    bool write_failed_ = false;  // only a write can tell that this is over
    std::int64_t retry_at_ns_ = 0;
    dev_t device_ = 0;  // of the open file
    ino_t inode_ = 0;
    std::uint64_t full_bytes_ = 0;  // its size when it was full

    std::mutex status_mutex_;
    DeadLetterStatus status_;
};

}  // namespace weir
