// What the tests of a Mimir endpoint share: a log with one cursor, batches of samples, a server
// that takes them like Mimir, and a place for events.
#pragma once

#include "pipeline/memory_log.h"
#include "pipeline/remote_write.h"
#include "sinks/mimir_endpoint.h"
#include "tests/sinks/endpoint_harness.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir::test {

// A request that owns its texts: one sample for each name, all of one device.
class MadeRequest {
  public:
    MadeRequest(const std::vector<std::string>& names, std::int64_t timestamp_ms,
                double value = 1) {
        for (const std::string& name : names) {
            texts_.push_back(name);
            request_.series.push_back(
                {{{"__name__", texts_.back()}, {"device", "sw1"}}, {{value, timestamp_ms}}});
        }
    }

    [[nodiscard]] const WriteRequest& get() const { return request_; }

    [[nodiscard]] WriteRequest& get() { return request_; }

  private:
    std::deque<std::string> texts_;
    WriteRequest request_;
};

// "m0", "m1", ...
inline std::vector<std::string> names_up_to(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) {
        names.push_back("m" + std::to_string(i));
    }
    return names;
}

// The names of the series in a body of remote write 1.0.
inline std::vector<std::string> names_in(const std::string& body) {
    const Result<WriteRequest> request = decode_write_request(body);
    EXPECT_TRUE(request) << "not a write request";
    std::vector<std::string> names;
    for (const WrittenSeries& series : request ? request->series : std::vector<WrittenSeries>()) {
        names.emplace_back(series.name());
    }
    return names;
}

struct MimirHarness {
    MimirHarness() : cursor(log.add_cursor("mimir", 64UL * 1024 * 1024)) {
        options.name = "mimir";
        options.backoff_min = std::chrono::milliseconds(2);
        options.backoff_max = std::chrono::milliseconds(10);
        options.hold_probe_interval = std::chrono::milliseconds(20);
        options.http.connect_timeout = std::chrono::milliseconds(2000);
        options.http.request_timeout = std::chrono::milliseconds(2000);
    }

    ~MimirHarness() {
        if (endpoint) {
            endpoint->stop(std::chrono::milliseconds(0));
        }
        EXPECT_TRUE(cursor.ledger().balances());
    }

    MimirEndpoint& start(const std::string& url) {
        options.http.url = url;
        endpoint = std::make_unique<MimirEndpoint>(MimirEndpointParts{cursor, clock, events, 7},
                                                   std::make_shared<MimirEndpointOptions>(options));
        endpoint->start();
        return *endpoint;
    }

    void append(const WriteRequest& request, std::uint32_t shard = 0) {
        auto batch = to_batch(request, clock.now());
        batch->shard = shard;
        EXPECT_EQ(log.append(std::move(batch)), AppendVerdict::accepted);
    }

    void append(const std::vector<std::string>& names, std::uint32_t shard = 0) {
        append(MadeRequest(names, now_ms()).get(), shard);
    }

    [[nodiscard]] std::int64_t now_ms() const { return clock.now().unix_ns / ns_per_ms; }

    [[nodiscard]] bool settled() {
        return eventually([this] { return cursor.ledger().queued == 0; });
    }

    [[nodiscard]] std::uint64_t dropped(const std::string& reason) const {
        const DeliveryLedger ledger = cursor.ledger();
        const auto found = ledger.dropped.find(reason);
        return found == ledger.dropped.end() ? 0 : found->second;
    }

    [[nodiscard]] std::size_t count(EventId id) const {
        const std::vector<Event> kept = events.events();
        return static_cast<std::size_t>(std::count_if(
            kept.begin(), kept.end(), [id](const Event& event) { return event.id == id; }));
    }

    KeptEvents events;
    MemoryLog log{events};
    LogCursor& cursor;
    SystemClock clock;
    MimirEndpointOptions options;
    std::unique_ptr<MimirEndpoint> endpoint;
};

}  // namespace weir::test
