// What the tests of a Loki endpoint share: a log with one cursor, batches, a place for dead letters
// and for events.
#pragma once

#include "core/events.h"
#include "pipeline/loki_rewrite.h"
#include "pipeline/memory_log.h"
#include "sinks/loki_endpoint.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace weir::test {

// False when it did not come true within ten seconds.
inline bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 5000; ++i) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return condition();
}

class KeptDeadLetters final : public DeadLetterSink {
  public:
    struct Letter {
        std::string reason;
        std::string server_text;
        std::string labels;
        LokiEntry entry;
    };

    std::size_t write(std::span<const DeadLetter> letters) override {
        const std::lock_guard lock(mutex_);
        std::size_t kept = 0;
        for (const DeadLetter& letter : letters) {
            if (letters_.size() < room) {
                letters_.push_back({std::string(reason_name(letter.reason)),
                                    std::string(letter.server_text), std::string(letter.labels),
                                    letter.entry});
                ++kept;
            }
        }
        return kept;
    }

    [[nodiscard]] std::vector<Letter> letters() const {
        const std::lock_guard lock(mutex_);
        return letters_;
    }

    std::size_t room = 1000;

  private:
    mutable std::mutex mutex_;
    std::vector<Letter> letters_;
};

class KeptEvents final : public EventSink {
  public:
    void emit(const Event& event) override {
        const std::lock_guard lock(mutex_);
        events_.push_back(event);
    }

    [[nodiscard]] std::vector<Event> events() const {
        const std::lock_guard lock(mutex_);
        return events_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<Event> events_;
};

struct EndpointHarness {
    EndpointHarness() : cursor(log.add_cursor("loki", 64UL * 1024 * 1024)) {
        options.name = "loki";
        options.backoff_min = std::chrono::milliseconds(2);
        options.backoff_max = std::chrono::milliseconds(10);
        options.hold_probe_interval = std::chrono::milliseconds(20);
        options.slow_wait_min = std::chrono::milliseconds(20);
        options.http.connect_timeout = std::chrono::milliseconds(2000);
        options.http.request_timeout = std::chrono::milliseconds(2000);
    }

    ~EndpointHarness() {
        if (endpoint) {
            endpoint->stop(std::chrono::milliseconds(0));
        }
        EXPECT_TRUE(cursor.ledger().balances());
    }

    LokiEndpoint& start(const std::string& url) {
        options.http.url = url;
        endpoint = std::make_unique<LokiEndpoint>(
            LokiEndpointParts{cursor, clock, events, &dead_letters, 7},
            std::make_shared<LokiEndpointOptions>(options));
        endpoint->start();
        return *endpoint;
    }

    void append(const LokiPush& push) {
        EXPECT_EQ(log.append(to_batch(push, clock.now())), AppendVerdict::accepted);
    }

    // A push of `lines` in one stream, stamped now.
    [[nodiscard]] LokiPush push(const std::string& labels, std::vector<std::string> lines) const {
        LokiPush made;
        made.streams.push_back({labels, {}});
        Timestamp at = clock.now();
        for (std::string& line : lines) {
            made.streams[0].entries.push_back({at, std::move(line), {}});
            ++at.unix_ns;
        }
        return made;
    }

    [[nodiscard]] bool settled() {
        return eventually([this] { return cursor.ledger().queued == 0; });
    }

    KeptEvents events;
    MemoryLog log{events};
    LogCursor& cursor;
    SystemClock clock;
    KeptDeadLetters dead_letters;
    LokiEndpointOptions options;
    std::unique_ptr<LokiEndpoint> endpoint;
};

}  // namespace weir::test
