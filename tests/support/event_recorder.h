// EventRecorder: an EventSink that remembers, for tests of whatever emits events.
#pragma once

#include "core/events.h"

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace weir {

class EventRecorder final : public EventSink {
  public:
    void emit(const Event& event) override {
        const std::lock_guard lock(mutex_);
        events_.push_back(event);
    }

    // All details of one event, joined by newlines.
    [[nodiscard]] std::string details(EventId id) const {
        const std::lock_guard lock(mutex_);
        std::string text;
        for (const Event& event : events_) {
            if (event.id == id) {
                text += event.detail + "\n";
            }
        }
        return text;
    }

    [[nodiscard]] std::size_t count(EventId id) const {
        const std::lock_guard lock(mutex_);
        std::size_t count = 0;
        for (const Event& event : events_) {
            count += event.id == id ? 1U : 0U;
        }
        return count;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<Event> events_;
};

}  // namespace weir
