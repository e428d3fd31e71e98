// LokiEndpoint: the sink for one Loki. Pushes frozen batches byte for byte, reads what Loki
// answers and carries out the decision (docs/delivery.md): resend, split, repair, wait, stop.
#pragma once

#include "core/events.h"
#include "pipeline/log.h"
#include "sinks/dead_letter.h"
#include "sinks/http_client.h"
#include "sinks/sink.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace weir {

// Value. Immutable once handed over; all of it is reloadable but `name`.
struct LokiEndpointOptions {
    std::string name;
    HttpClientOptions http;
    std::string tenant;  // for batches that have none of their own
    std::chrono::milliseconds backoff_min{500};
    std::chrono::milliseconds backoff_max{30'000};
    std::chrono::milliseconds hold_probe_interval{30'000};
    std::size_t requests_in_flight_max = 4;
    // Behind by so much, the endpoint gets live data first; see CatchUp.
    std::chrono::milliseconds catch_up_after{10'000};
    std::uint64_t catch_up_stream_bytes_per_s = 2UL * 1024 * 1024;
    // Older entries go to the replay stream: Loki's out-of-order window (1 h) less a margin.
    std::chrono::milliseconds replay_after{std::chrono::minutes(55)};
    std::string replay_label = "replay";
    std::string replay_value = "1";  // another one for each replica
    std::chrono::milliseconds slow_wait_min{5'000};
    std::size_t slow_items_max = 64;
    std::size_t slow_bytes_max = 16UL * 1024 * 1024;  // requests before compression
    // How long a stream whose labels were refused is not sent; its records end as dead letters.
    std::chrono::milliseconds refused_for{std::chrono::minutes(1)};
    // How long a limit learnt from a refusal is obeyed before it is tried again.
    std::chrono::milliseconds learned_for{std::chrono::hours(1)};
};

// Value. What an endpoint works with; everything outlives it.
struct LokiEndpointParts {
    LogCursor& cursor;
    const Clock& clock;
    EventSink& events;
    DeadLetterSink* dead_letters = nullptr;  // null: what would go there counts as dropped
    std::uint64_t seed = 1;                  // of the waiting times
};

// Resource.
class LokiEndpoint final : public Sink {
  public:
    LokiEndpoint(LokiEndpointParts parts, std::shared_ptr<const LokiEndpointOptions> options);
    ~LokiEndpoint() override;

    void start() override;
    void request_stop(std::chrono::milliseconds drain) override;
    void join() override;
    [[nodiscard]] EndpointStatus status() const override;

    // Goes over to other settings without losing what is under way, and probes at once if the
    // endpoint was held. Any thread.
    void reload(std::shared_ptr<const LokiEndpointOptions> options);

  private:
    class Thread;
    std::unique_ptr<Thread> thread_;
};

}  // namespace weir
