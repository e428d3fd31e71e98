// Counters that one thread writes and any thread reads. The writer pays a plain load and store, no
// locked instruction; sums are made at scrape.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir {

// Resource. Only the owning thread calls add/sub/set; any thread calls value.
class Counter {
  public:
    void add(std::uint64_t n = 1) { store(value() + n); }

    void sub(std::uint64_t n) { store(value() - n); }

    void set(std::uint64_t n) { store(n); }

    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    void store(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }

    std::atomic<std::uint64_t> value_{0};
};

}  // namespace weir
