// BytePool: memory that many share under one bound. Who holds some of it has a permit; dropping the
// permit gives the bytes back, on every path.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace weir {

// Resource. Any thread.
class BytePool {
  public:
    // Value (move-only). What one holder has of the pool; it must not outlive the pool.
    class Permit {
      public:
        explicit Permit(BytePool& pool) : pool_(&pool) {}

        Permit(Permit&& other) noexcept
            : pool_(other.pool_), bytes_(std::exchange(other.bytes_, 0)) {}

        Permit& operator=(Permit&&) = delete;

        ~Permit() { pool_->used_.fetch_sub(bytes_, std::memory_order_relaxed); }

        // Makes it `bytes` in all. Less always works; false, and nothing changed, when the pool has
        // no room for more.
        [[nodiscard]] bool resize(std::size_t bytes) {
            if (bytes > bytes_ && !pool_->take(bytes - bytes_)) {
                return false;
            }
            if (bytes < bytes_) {
                pool_->used_.fetch_sub(bytes_ - bytes, std::memory_order_relaxed);
            }
            bytes_ = bytes;
            return true;
        }

        [[nodiscard]] std::size_t bytes() const { return bytes_; }

      private:
        BytePool* pool_;
        std::size_t bytes_ = 0;
    };

    explicit BytePool(std::size_t bytes_max) : max_(bytes_max) {}

    // Applies to what is asked for from now on; what is held over a lowered bound stays.
    void set_max(std::size_t bytes_max) { max_.store(bytes_max, std::memory_order_relaxed); }

    [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::size_t max() const { return max_.load(std::memory_order_relaxed); }

  private:
    [[nodiscard]] bool take(std::size_t bytes) {
        std::size_t used = used_.load(std::memory_order_relaxed);
        do {
            const std::size_t most = max();
            if (used > most || bytes > most - used) {
                return false;
            }
        } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
        return true;
    }

    std::atomic<std::size_t> used_{0};
    std::atomic<std::size_t> max_;
};

}  // namespace weir
