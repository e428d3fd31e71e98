// What every sink is to the rest of the machine: started, drained, joined and asked for its state.
// Each sink owns one delivery thread and drains one LogCursor.
#pragma once

#include "core/time.h"
#include "sinks/reason.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

enum class EndpointState : std::uint8_t {
    ok,
    retry,  // the last request failed in a way that passes; backing off
    hold,   // somebody has to do something (credentials, certificate, disk); probing
    slow,   // delivering, but some streams wait in the slow lane
};

// "ok", "retry", "hold", "slow".
[[nodiscard]] std::string_view endpoint_state_name(EndpointState state);

// Value. Cumulative histogram of durations, as Prometheus wants it.
template <std::size_t Size, const std::array<double, Size>& Bounds>
struct DurationHistogram {
    static constexpr const std::array<double, Size>& bounds_s = Bounds;

    std::array<std::uint64_t, Size> at_most{};  // by bound; +Inf is `count`
    std::uint64_t count = 0;
    double sum_s = 0;

    void add(std::chrono::nanoseconds duration) {
        const double seconds = std::chrono::duration<double>(duration).count();
        for (std::size_t i = 0; i < Size; ++i) {
            at_most[i] += seconds <= Bounds[i] ? 1U : 0U;
        }
        ++count;
        sum_s += seconds;
    }
};

inline constexpr std::array<double, 12> request_bounds_s{0.005, 0.01, 0.025, 0.05, 0.1,  0.25,
                                                         0.5,   1.0,  2.5,   5.0,  10.0, 30.0};
// Up to an hour, for what an endpoint catches up with.
inline constexpr std::array<double, 13> latency_bounds_s{
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0};

using RequestDurations = DurationHistogram<request_bounds_s.size(), request_bounds_s>;
using DeliveryLatencies = DurationHistogram<latency_bounds_s.size(), latency_bounds_s>;

// Value. One sink at one moment.
struct EndpointStatus {
    std::string name;
    std::string kind;  // "loki", "mimir", "file"; a mimir's records are samples
    std::string url;   // without credentials; a directory for files
    EndpointState state = EndpointState::ok;
    Timestamp state_since;
    Reason state_reason = Reason::none;
    std::string last_error;     // status and the first 512 bytes of the body, or what went wrong
    Timestamp last_error_at;    // 0: never
    Timestamp last_success_at;  // 0: never
    std::map<std::string, std::uint64_t> requests;  // by status code or transport error
    std::map<std::string, std::uint64_t> retries;   // requests to be repeated, by reason
    std::map<std::string, std::uint64_t> repaired;  // records rewritten, by reason
    std::uint64_t sent_records = 0;
    std::uint64_t sent_bytes = 0;  // of bodies that were taken
    std::uint64_t in_flight = 0;
    std::uint64_t concurrency_limit = 0;   // requests it may have in flight now; 0: does not apply
    std::uint64_t slow_records = 0;        // waiting in the slow lane now
    std::uint64_t rate_bytes_per_s = 0;    // limit put on ourselves after 429; 0: none
    std::uint64_t rate_samples_per_s = 0;  // the same for samples
    RequestDurations request_duration;
    DeliveryLatencies delivery_latency;  // first receive of a batch to its acceptance
    std::chrono::nanoseconds latency_last{0};
    std::chrono::nanoseconds latency_max{0};
    // Files only.
    std::uint64_t files = 0;
    std::uint64_t files_bytes = 0;
    std::uint64_t files_deleted = 0;  // the oldest, for room

    // A request was taken whose batch's first record came in `latency` ago.
    void add_latency(std::chrono::nanoseconds latency);
};

// Resource. The status of one sink between its thread, which writes, and whoever asks.
class StatusBoard {
  public:
    template <typename Change>
    void update(Change change) {
        const std::lock_guard lock(mutex_);
        change(status_);
    }

    [[nodiscard]] EndpointStatus read() const {
        const std::lock_guard lock(mutex_);
        return status_;
    }

    // Keeps `state_since` unless the state is another one.
    void set_state(EndpointState state, Reason reason, Timestamp now);
    // `text` is cut to what a status page can show.
    void set_error(std::string text, Timestamp now);

  private:
    mutable std::mutex mutex_;
    EndpointStatus status_;
};

// Resource interface. Used by the thread that made it, except status().
class Sink {
  public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    // Stops without draining and joins.
    virtual ~Sink() = default;

    // Starts the delivery thread. Once.
    virtual void start() = 0;
    // Asks it to deliver what is queued, for at most `drain`, and then to end. Returns at once, so
    // that several sinks drain side by side. What is not settled stays queued in the log.
    virtual void request_stop(std::chrono::milliseconds drain) = 0;
    // Waits for the thread to end after request_stop.
    virtual void join() = 0;
    // Any thread.
    [[nodiscard]] virtual EndpointStatus status() const = 0;

    void stop(std::chrono::milliseconds drain) {
        request_stop(drain);
        join();
    }
};

}  // namespace weir
