// Doubles for receiver tests: a FrameSink that remembers frames, and an EventSink that remembers
// events.
#pragma once

#include "receivers/frame_sink.h"
#include "tests/support/event_recorder.h"

#include <optional>
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

    [[nodiscard]] bool allows(const Peer& /*peer*/, std::uint32_t /*listener*/) const override {
        return allowed;
    }

    [[nodiscard]] bool is_proxy(const Peer& peer, std::uint32_t /*listener*/) const override {
        return proxy && proxy->contains(peer.address);
    }

    [[nodiscard]] std::int64_t pause_ns(const Peer& /*peer*/,
                                        std::uint32_t /*listener*/) const override {
        return pause;
    }

    void note_backlog(unsigned percent) override { backlog_percent = percent; }

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
    bool allowed = true;
    std::optional<Prefix> proxy;
    std::int64_t pause = 0;
    unsigned backlog_percent = 0;

  private:
    ListenerCounters counters_;
};

}  // namespace weir
