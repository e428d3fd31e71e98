// Snapshot: how an immutable configuration reaches the threads that use it. The writer publishes a
// new value; a reader asks once per batch and pays one atomic load when nothing changed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace weir {

// Resource. publish() and read() from any thread.
template <typename T>
class Snapshot {
  public:
    explicit Snapshot(std::shared_ptr<const T> initial) : value_(std::move(initial)) {}

    void publish(std::shared_ptr<const T> next) {
        const std::lock_guard lock(mutex_);
        value_ = std::move(next);
        generation_.fetch_add(1, std::memory_order_release);
    }

    [[nodiscard]] std::shared_ptr<const T> read() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }

    // Changes with every publish; starts at 1.
    [[nodiscard]] std::uint64_t generation() const {
        return generation_.load(std::memory_order_acquire);
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const T> value_;
    std::atomic<std::uint64_t> generation_{1};
};

}  // namespace weir
