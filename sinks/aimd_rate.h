// The rate that an endpoint allows itself after the server said "too much": halved at a refusal, at
// most once a second, raised slowly while it goes well. No limit until the first refusal.
#pragma once

#include <cstdint>
#include <optional>

namespace weir {

// Value. Bytes are those of the request before compression, which is what Loki counts. Times are
// monotonic nanoseconds.
class AimdRate {
  public:
    // The server refused for the rate. `server_limit` in bytes per second, if it was named.
    void refused(std::optional<std::uint64_t> server_limit, std::int64_t now_ns);
    // The server took `bytes`.
    void accepted(std::int64_t now_ns);
    // A request of that many bytes is about to be sent.
    void spend(std::uint64_t bytes, std::int64_t now_ns);

    // When the next request may be sent; not later than now when at once.
    [[nodiscard]] std::int64_t ready_at_ns() const { return ready_at_ns_; }

    // 0: no limit.
    [[nodiscard]] std::uint64_t bytes_per_s() const { return bytes_per_s_; }

  private:
    std::uint64_t bytes_per_s_ = 0;
    std::uint64_t known_bytes_per_s_ = 0;  // where it was refused, or what the server named
    std::uint64_t step_bytes_per_s_ = 0;
    std::int64_t ready_at_ns_ = 0;
    std::int64_t raised_ns_ = 0;
    std::int64_t lowered_ns_ = 0;
};

}  // namespace weir
