// Doubles for receiver tests: a FrameSink that remembers frames, and an EventSink that remembers
// events.
#pragma once

#include "core/events.h"
#include "receivers/frame_sink.h"

#include <mutex>
#include <string>
#include <vector>

namespace weir {

struct RecordedFrame {
    std::string bytes;
    Peer peer;
    Defects defects;
    bool octet_counted = false;
    std::uint32_t listener = 0;
};

class FrameRecorder final : public FrameSink {
  public:
    void begin_run() override { ++runs; }

    void take(const Frame& frame, std::uint32_t listener) override {
        frames.push_back(
            {std::string(frame.bytes), frame.peer, frame.defects, frame.octet_counted, listener});
    }

    void reject(std::uint32_t /*listener*/, RejectReason reason) override {
        rejected.push_back(reason);
    }

    ListenerCounters& counters(std::uint32_t /*listener*/) override { return counters_; }

    [[nodiscard]] std::vector<std::string> texts() const {
        std::vector<std::string> result;
        for (const RecordedFrame& frame : frames) {
            result.push_back(frame.bytes);
        }
        return result;
    }

    std::vector<RecordedFrame> frames;
    std::vector<RejectReason> rejected;
    int runs = 0;

  private:
    ListenerCounters counters_;
};

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

  private:
    mutable std::mutex mutex_;
    std::vector<Event> events_;
};

}  // namespace weir
