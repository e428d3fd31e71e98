// LineWriter: a bounded queue of lines and the thread that writes them to a file descriptor. For a
// log that nobody may have to wait for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

namespace weir {

// Resource, owned by shared_ptr: its thread holds it too, because a write to a pipe that nobody
// reads can outlast everybody's patience.
class LineWriter {
  public:
    // Starts the thread. `fd` stays open as long as the process.
    [[nodiscard]] static std::shared_ptr<LineWriter> start(int fd, std::size_t queue_bytes_max);

    // For start(); nobody else can make one that writes.
    LineWriter(int fd, std::size_t queue_bytes_max) : fd_(fd), queue_bytes_max_(queue_bytes_max) {}

    // Puts a line, without its newline, in the queue. Without room it is lost and counted, unless
    // it is `essential`. The next line that is taken says how many were lost. Any thread; does not
    // wait for the descriptor.
    void add(std::string line, bool essential);

    // Waits until what was added before is written or lost. False when `timeout` passed first. Any
    // thread.
    bool flush(std::chrono::milliseconds timeout);

    // The thread ends when the queue is empty.
    void stop();

    [[nodiscard]] std::uint64_t lines_lost() const;

  private:
    void run();
    [[nodiscard]] bool write_line(const std::string& line) const;

    const int fd_;
    const std::size_t queue_bytes_max_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> queue_;
    std::size_t queued_bytes_ = 0;
    bool writing_ = false;
    bool stopping_ = false;
    std::uint64_t lines_lost_ = 0;
    std::uint64_t lines_lost_told_ = 0;
};

}  // namespace weir
