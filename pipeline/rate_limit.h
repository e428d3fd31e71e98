// Rate limits in messages a second, as the generic cell rate algorithm (ITU-T I.371): a limit is
// one point in time that every message moves on, so there is nothing to refill. Asked by
// pipeline/admission; the settings are `messages_per_s` and its relatives.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace weir {

// Value. A limit as configured.
struct MessageRate {
    std::uint64_t per_s = 0;  // 0: no limit
    std::uint64_t burst = 0;  // messages at once after silence; 0: one second's worth

    [[nodiscard]] bool is_limited() const { return per_s > 0; }

    // What one message costs.
    [[nodiscard]] std::int64_t interval_ns() const;
    // How far ahead of the time the allowance may be after a message.
    [[nodiscard]] std::int64_t tolerance_ns() const;

    friend bool operator==(const MessageRate&, const MessageRate&) = default;
};

// Value. How much of a rate one sender has used. `now_ns` is monotonic.
class Allowance {
  public:
    // Takes one message if the rate and its burst allow it.
    [[nodiscard]] bool take(const MessageRate& rate, std::int64_t now_ns);
    // Takes one message that cannot be refused any more; the debt delays what follows.
    void charge(const MessageRate& rate, std::int64_t now_ns);
    // How long until the next message is within the rate; 0: it is now.
    [[nodiscard]] std::int64_t wait_ns(const MessageRate& rate, std::int64_t now_ns) const;

  private:
    std::int64_t used_until_ns_ = 0;
};

// Resource. A limit that threads share: each leases messages in slices, so that the shared word is
// written once a slice. What the threads hold unused is over the limit at most once: a slice each.
class SharedAllowance {
  public:
    SharedAllowance() = default;
    SharedAllowance(const SharedAllowance&) = delete;
    SharedAllowance& operator=(const SharedAllowance&) = delete;

    // Up to `wanted` messages; 0 when the rate allows none now. Any thread, lock-free.
    [[nodiscard]] std::uint64_t lease(const MessageRate& rate, std::int64_t now_ns,
                                      std::uint64_t wanted);
    // As Allowance. Any thread, lock-free.
    void charge(const MessageRate& rate, std::int64_t now_ns);
    [[nodiscard]] std::int64_t wait_ns(const MessageRate& rate, std::int64_t now_ns) const;

  private:
    std::atomic<std::int64_t> used_until_ns_{0};
};

// Resource. One for each listener, by its number; made once, shared by the ingest threads.
class ListenerAllowances {
  public:
    explicit ListenerAllowances(std::size_t listeners) : allowances_(listeners) {}

    [[nodiscard]] SharedAllowance& of(std::uint32_t listener) { return allowances_[listener]; }

  private:
    std::deque<SharedAllowance> allowances_;
};

}  // namespace weir
