// EventLog: counts every operational event and writes it to standard error, rate-limited by event,
// so that a flood of refusals is one line with a number.
#pragma once

#include "core/events.h"
#include "core/time.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace weir {

// Resource. Any thread.
class EventLog final : public EventSink {
  public:
    explicit EventLog(const Clock& clock);

    void emit(const Event& event) override;
    // Events since start, by name; all names are present.
    [[nodiscard]] std::map<std::string, std::uint64_t> counts() const;

  private:
    // Per event: lines written in the current window and lines left out since the last one.
    struct Window {
        std::int64_t started_ns = 0;
        std::uint32_t lines = 0;
        std::uint64_t left_out = 0;
    };

    const Clock& clock_;
    std::array<std::atomic<std::uint64_t>, event_count> counts_{};
    std::mutex mutex_;
    std::array<Window, event_count> windows_{};
};

}  // namespace weir
