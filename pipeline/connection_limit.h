// ConnectionLimit: how many sessions one listener may have over all its threads. A granted place is
// a permit; dropping the permit gives the place back, on every path.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace weir {

// Resource. Any thread.
class ConnectionLimit {
  public:
    // Value (move-only). One session's place.
    class Permit {
      public:
        Permit(Permit&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)) {}

        // What this one held goes with `other`.
        Permit& operator=(Permit&& other) noexcept {
            std::swap(limit_, other.limit_);
            return *this;
        }

        ~Permit() {
            if (limit_ != nullptr) {
                limit_->open_.fetch_sub(1, std::memory_order_relaxed);
            }
        }

      private:
        friend class ConnectionLimit;

        explicit Permit(ConnectionLimit* limit) : limit_(limit) {}

        ConnectionLimit* limit_;
    };

    explicit ConnectionLimit(std::size_t connections_max) : max_(connections_max) {}

    // A place, or nothing when connections_max sessions are open.
    [[nodiscard]] std::optional<Permit> acquire() {
        if (open_.fetch_add(1, std::memory_order_relaxed) >= max_.load(std::memory_order_relaxed)) {
            open_.fetch_sub(1, std::memory_order_relaxed);
            return std::nullopt;
        }
        return Permit(this);
    }

    // Applies to the next acquire; sessions over a lowered limit stay.
    void set_max(std::size_t connections_max) {
        max_.store(connections_max, std::memory_order_relaxed);
    }

    [[nodiscard]] std::size_t open() const { return open_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::size_t max() const { return max_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::size_t> open_{0};
    std::atomic<std::size_t> max_;
};

}  // namespace weir
