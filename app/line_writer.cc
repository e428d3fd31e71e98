#include "app/line_writer.h"

#include <climits>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace weir {

std::shared_ptr<LineWriter> LineWriter::start(int fd, std::size_t queue_bytes_max) {
    auto writer = std::make_shared<LineWriter>(fd, queue_bytes_max);
    std::thread([writer] { writer->run(); }).detach();
    return writer;
}

void LineWriter::add(std::string line, bool essential) {
    const std::lock_guard lock(mutex_);
    if (!essential && queued_bytes_ + line.size() > queue_bytes_max_) {
        ++lines_lost_;
        return;
    }
    if (lines_lost_ > lines_lost_told_) {
        line +=
            fmt::format(" ({} lines before this one were lost)", lines_lost_ - lines_lost_told_);
        lines_lost_told_ = lines_lost_;
    }
    line += '\n';
    queued_bytes_ += line.size();
    queue_.push_back(std::move(line));
    changed_.notify_all();
}

bool LineWriter::flush(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return queue_.empty() && !writing_; });
}

void LineWriter::stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
}

std::uint64_t LineWriter::lines_lost() const {
    const std::lock_guard lock(mutex_);
    return lines_lost_;
}

void LineWriter::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) {
            return;
        }
        const std::string line = std::move(queue_.front());
        queue_.pop_front();
        queued_bytes_ -= line.size();
        writing_ = true;
        lock.unlock();
        const bool written = write_line(line);
        lock.lock();
        writing_ = false;
        lines_lost_ += written ? 0 : 1;
        changed_.notify_all();
    }
}

// In pieces that a pipe takes whole. Blocks as long as nobody reads.
bool LineWriter::write_line(const std::string& line) const {
    std::size_t done = 0;
    while (done < line.size()) {
        const std::size_t piece = std::min<std::size_t>(line.size() - done, PIPE_BUF);
        const ssize_t count = ::write(fd_, line.data() + done, piece);
        if (count >= 0) {
            done += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN) {
            pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

}  // namespace weir
