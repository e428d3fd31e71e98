// The rate that an endpoint allows itself after the server said "too much": halved at a refusal, at
// most once a second, raised slowly while it goes well. No limit until the first refusal.
#pragma once

#include <cstdint>
#include <optional>

namespace weir {

// Value. What is counted is the server's: Loki counts the bytes of a request before compression,
// Mimir samples. Times are monotonic nanoseconds.
class AimdRate {
  public:
    struct Bounds {
        std::uint64_t first_per_s = 0;  // for a refusal that does not name the limit
        std::uint64_t per_s_min = 0;
        std::uint64_t per_s_free = 0;  // past this the limit means nothing and is forgotten
        std::uint64_t step_min = 0;    // per second, when it is raised
    };

    // Loki's default ingestion_rate_mb first.
    static constexpr Bounds loki_bytes{4'000'000, 64UL * 1024, 1'000'000'000, 1024};
    // Mimir's default ingestion-rate first.
    static constexpr Bounds mimir_samples{10'000, 100, 10'000'000, 10};

    explicit AimdRate(const Bounds& bounds) : bounds_(bounds) {}

    // The server refused for the rate. `server_limit` a second, if it was named.
    void refused(std::optional<std::uint64_t> server_limit, std::int64_t now_ns);
    // The server took what was sent.
    void accepted(std::int64_t now_ns);
    // A request with so much of it is about to be sent.
    void spend(std::uint64_t amount, std::int64_t now_ns);

    // When the next request may be sent; not later than now when at once.
    [[nodiscard]] std::int64_t ready_at_ns() const { return ready_at_ns_; }

    // 0: no limit.
    [[nodiscard]] std::uint64_t per_s() const { return per_s_; }

  private:
    Bounds bounds_;
    std::uint64_t per_s_ = 0;
    std::uint64_t known_per_s_ = 0;  // where it was refused, or what the server named
    std::uint64_t step_per_s_ = 0;
    std::int64_t ready_at_ns_ = 0;
    std::int64_t raised_ns_ = 0;
    std::int64_t lowered_ns_ = 0;
};

}  // namespace weir
