// How many requests an endpoint may have in flight: more while its answers stay about as quick as
// those to a lone request, half when they grow slow or it says that it has too much.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace weir {

// Value. One request whose outcome is known. Times are monotonic nanoseconds.
struct RequestEnd {
    std::int64_t began_ns = 0;
    std::int64_t ended_ns = 0;
    std::size_t bytes = 0;      // of its body
    std::size_t in_flight = 0;  // when it ended, itself included
};

// Value. Works in rounds of a few answers: starts at one request, doubles after each good round
// until the first bad one, and from then on doubles up to half of where that happened and goes on
// by one.
class AdaptiveConcurrency {
  public:
    // `ceiling` of at least 1.
    explicit AdaptiveConcurrency(std::size_t ceiling);

    // The endpoint took it.
    void took(const RequestEnd& request);
    // The endpoint has too much: 429, 503, 504, or no answer in time. What was under way when the
    // limit was last lowered says nothing new.
    void pressed(const RequestEnd& request);
    // The endpoint was away: it gets one request at a time at first.
    void restart(std::int64_t now_ns);

    [[nodiscard]] std::size_t limit() const { return limit_; }

  private:
    // A larger request takes longer without anybody being slow, so each class of sizes is compared
    // with itself.
    static constexpr std::array<std::size_t, 3> class_bytes_max{16UL * 1024, 128UL * 1024,
                                                                1024UL * 1024};

    [[nodiscard]] double& lone_s(std::size_t bytes);
    void start_round();
    void end_round(std::int64_t now_ns);
    void raise();
    void lower(std::size_t limit, std::int64_t now_ns);

    std::size_t ceiling_;
    std::size_t limit_ = 1;
    std::size_t doubling_to_;
    // What a lone request takes, by class; 0: not known.
    std::array<double, class_bytes_max.size() + 1> lone_s_{};
    std::int64_t lowered_ns_ = std::numeric_limits<std::int64_t>::min();
    // The round under way.
    std::size_t answers_ = 0;
    double ratios_ = 0;      // sum of durations over those of lone requests
    double excesses_s_ = 0;  // sum of durations less those of lone requests
    bool full_ = false;      // the limit was reached
};

}  // namespace weir
