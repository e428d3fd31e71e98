// LokiCanary: the proof that delivery works. Hands a line of its own to the log every so often,
// which goes the way of all others, and asks every Loki whether it can be read back. Off until it
// is given an interval.
#pragma once

#include "core/events.h"
#include "core/labels.h"
#include "pipeline/log.h"
#include "sinks/http_client.h"
#include "sinks/loki_canary_book.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir {

// Value. One Loki that is asked.
struct LokiCanaryEndpoint {
    std::string name;
    std::string tenant;      // of the question, if the line itself has none
    HttpClientOptions http;  // `url` is that of query_range

    friend bool operator==(const LokiCanaryEndpoint&, const LokiCanaryEndpoint&) = default;
};

// Value.
struct LokiCanarySettings {
    std::chrono::milliseconds interval{0};  // 0: off
    std::chrono::milliseconds timeout{60'000};
    Labels labels;       // of the line's stream; `job` is always canary_job
    std::string tenant;  // of the line; empty: each endpoint's own
    std::vector<LokiCanaryEndpoint> endpoints;
};

// Value. What a canary works with; everything outlives it.
struct LokiCanaryParts {
    Log& log;
    const Clock& clock;
    EventSink& events;
    std::uint64_t run = 1;  // tells this process's lines from all others; random
};

// Resource. Its calls come from one thread, except status().
class LokiCanary {
  public:
    explicit LokiCanary(LokiCanaryParts parts);
    ~LokiCanary();
    LokiCanary(const LokiCanary&) = delete;
    LokiCanary& operator=(const LokiCanary&) = delete;

    // Goes over to these settings and endpoints, at once. What is known of an endpoint goes with
    // its name. The thread begins with the first settings that have an interval.
    void use(LokiCanarySettings settings);

    // Makes no more lines, asks no more and ends the thread; questions under way are given up.
    void stop();

    // Any thread.
    [[nodiscard]] CanaryStatus status() const;

  private:
    class Thread;
    std::unique_ptr<Thread> thread_;
};

}  // namespace weir
