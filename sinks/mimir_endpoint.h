// MimirEndpoint: the sink for one Mimir, or anything else that takes Prometheus remote write. Sends
// frozen batches of samples, each shard's oldest first and one at a time, reads what the server
// answers and carries out the decision (docs/delivery.md).
#pragma once

#include "core/events.h"
#include "pipeline/log.h"
#include "sinks/http_client.h"
#include "sinks/sink.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace weir {

// Memory for the series that an endpoint refused for themselves.
inline constexpr std::size_t mimir_refused_bytes_max = 50'000UL * 64;

// Value. Immutable once handed over; all of it is reloadable but `name`.
struct MimirEndpointOptions {
    std::string name;
    HttpClientOptions http;
    std::string tenant;  // for batches that have none of their own
    std::chrono::milliseconds backoff_min{500};
    std::chrono::milliseconds backoff_max{30'000};
    std::chrono::milliseconds hold_probe_interval{30'000};
    std::size_t requests_in_flight_max = 4;
    bool version_2 = false;  // remote write 2.0, where the server takes it
    // How long a server that does not is sent 1.0 before it is tried again.
    std::chrono::milliseconds version_2_again{std::chrono::hours(1)};
    // How long a series that was refused for itself is not sent; its samples are dropped.
    std::chrono::milliseconds refused_for{std::chrono::minutes(1)};
    // What is taken from the log ahead of its turn, so that no shard waits for another.
    std::size_t batches_ahead_max = 256;
    std::size_t bytes_ahead_max = 16UL * 1024 * 1024;  // Batch::memory_bytes
};

// Value. What an endpoint works with; everything outlives it.
struct MimirEndpointParts {
    LogCursor& cursor;
    const Clock& clock;
    EventSink& events;
    std::uint64_t seed = 1;  // of the waiting times
};

// Resource.
class MimirEndpoint final : public Sink {
  public:
    MimirEndpoint(MimirEndpointParts parts, std::shared_ptr<const MimirEndpointOptions> options);
    ~MimirEndpoint() override;

    void start() override;
    void request_stop(std::chrono::milliseconds drain) override;
    void join() override;
    [[nodiscard]] EndpointStatus status() const override;

    // Goes over to other settings without losing what is under way, and probes at once if the
    // endpoint was held. Any thread.
    void reload(std::shared_ptr<const MimirEndpointOptions> options);

  private:
    class Thread;
    std::unique_ptr<Thread> thread_;
};

}  // namespace weir
