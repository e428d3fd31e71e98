// EventLog: counts every operational event and writes it to standard error, rate-limited by event,
// so that a flood of refusals is one line with a number. A thread of its own writes; whoever emits
// never waits for a reader of standard error.
#pragma once

#include "core/events.h"
#include "core/time.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace weir {

class LineWriter;

// One line of text that cannot change the terminal or log it is shown on: control characters
// (C0, DEL, C1), those that change the direction of text or break lines (Unicode's bidirectional
// controls, U+2028, U+2029), bytes that are not UTF-8 and backslashes are written as \xNN, \uNNNN
// or \\.
[[nodiscard]] std::string printable(std::string_view text);

// Resource. Any thread.
class EventLog final : public EventSink {
  public:
    struct Options {
        int fd = 2;  // not closed
        // Lines that wait for the reader; one that does not fit is lost and counted.
        std::size_t queue_bytes_max = 256UL * 1024;
        // How long flush() and the destructor wait for a reader.
        std::chrono::milliseconds flush_timeout{2000};
    };

    explicit EventLog(const Clock& clock);
    EventLog(const Clock& clock, Options options);
    // Flushes.
    ~EventLog() override;

    // Never blocks on the reader of the log.
    void emit(const Event& event) override;
    // Waits until everything emitted so far is written, at most flush_timeout.
    void flush();

    // Events since start, by name; all names are present.
    [[nodiscard]] std::map<std::string, std::uint64_t> counts() const;
    // Lines that were not written, because nobody read fast enough or the write failed.
    [[nodiscard]] std::uint64_t lines_lost() const;

  private:
    // Per event: lines written in the current window and lines left out since the last one.
    struct Window {
        std::int64_t started_ns = 0;
        std::uint32_t lines = 0;
        std::uint64_t left_out = 0;
    };

    const Clock& clock_;
    std::array<std::atomic<std::uint64_t>, event_count> counts_{};
    std::mutex mutex_;
    std::array<Window, event_count> windows_{};
    std::chrono::milliseconds flush_timeout_;
    std::shared_ptr<LineWriter> writer_;  // shared with its thread, which may outlive us
};

}  // namespace weir
