// An MdtSink that remembers what it was handed, for tests of the receivers of telemetry.
#pragma once

#include "receivers/mdt_sink.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace weir {

struct RecordedTelemetry {
    std::string bytes;
    MdtBody body = MdtBody::any;
    Peer peer;
    std::string certificate_subject;
    std::uint64_t session = 0;
};

// Resource. Any thread, as its receivers have several.
class MdtRecorder final : public MdtSink {
  public:
    void begin_run() override {}

    void take(const Frame& /*frame*/, std::uint32_t /*listener*/) override { ++taken_wrongly; }

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

    void note_backlog(unsigned /*percent*/) override {}

    void reject(std::uint32_t listener, RejectReason reason) override {
        frame_received(listener, 0);
        frames_rejected(listener, 1, reason);
    }

    ListenerCounters& counters(std::uint32_t /*listener*/) override { return counters_; }

    void session_opened(const MdtSession& session, std::uint32_t /*listener*/) override {
        const std::lock_guard lock(mutex_);
        opened_.insert(session.id);
        ++sessions_;
    }

    void session_closed(const MdtSession& session, std::uint32_t /*listener*/) override {
        const std::lock_guard lock(mutex_);
        unknown_closed_ += opened_.erase(session.id) == 1 ? 0U : 1U;
    }

    void frame_received(std::uint32_t /*listener*/, std::size_t bytes) override {
        const std::lock_guard lock(mutex_);
        counters_.received.add();
        counters_.received_bytes.add(bytes);
        counters_.held.add();
    }

    void frames_merged(std::uint32_t /*listener*/, std::uint64_t frames) override {
        const std::lock_guard lock(mutex_);
        counters_.held.sub(frames);
        counters_.merged.add(frames);
    }

    void frames_rejected(std::uint32_t /*listener*/, std::uint64_t frames,
                         RejectReason reason) override {
        const std::lock_guard lock(mutex_);
        counters_.held.sub(frames);
        counters_.rejected[static_cast<std::size_t>(reason)].add(frames);
    }

    void take_message(const Frame& frame, MdtBody body, const MdtSession& session,
                      std::uint32_t /*listener*/) override {
        const std::lock_guard lock(mutex_);
        counters_.held.sub(1);
        counters_.accepted.add();
        messages_.push_back({std::string(frame.bytes), body, session.peer,
                             std::string(session.certificate_subject), session.id});
    }

    void device_error(const MdtSession& /*session*/, std::string_view text,
                      std::uint32_t /*listener*/) override {
        const std::lock_guard lock(mutex_);
        errors_.emplace_back(text);
    }

    void stream_paused(std::uint32_t /*listener*/) override {
        const std::lock_guard lock(mutex_);
        counters_.paused.add();
    }

    [[nodiscard]] bool has_room() const override { return room; }

    [[nodiscard]] std::vector<RecordedTelemetry> messages() const {
        const std::lock_guard lock(mutex_);
        return messages_;
    }

    [[nodiscard]] std::vector<std::string> texts() const {
        std::vector<std::string> texts;
        for (const RecordedTelemetry& message : messages()) {
            texts.push_back(message.bytes);
        }
        return texts;
    }

    [[nodiscard]] std::size_t count() const {
        const std::lock_guard lock(mutex_);
        return messages_.size();
    }

    [[nodiscard]] std::vector<std::string> errors() const {
        const std::lock_guard lock(mutex_);
        return errors_;
    }

    // Sessions that are open, and how many ever were.
    [[nodiscard]] std::size_t open_sessions() const {
        const std::lock_guard lock(mutex_);
        return opened_.size();
    }

    [[nodiscard]] std::uint64_t sessions() const {
        const std::lock_guard lock(mutex_);
        return sessions_;
    }

    [[nodiscard]] std::uint64_t rejected(RejectReason reason) const {
        return counters_.rejected[static_cast<std::size_t>(reason)].value();
    }

    [[nodiscard]] std::uint64_t refused(RefusalReason reason) const {
        return counters_.refused[static_cast<std::size_t>(reason)].value();
    }

    // received = rejected + merged + held + accepted, and every session closed once.
    [[nodiscard]] bool balances() const {
        const std::lock_guard lock(mutex_);
        return IntakeLedger::of(counters_).balances() && unknown_closed_ == 0;
    }

    [[nodiscard]] const ListenerCounters& counted() const { return counters_; }

    std::atomic<bool> allowed{true};
    std::atomic<bool> room{true};
    std::atomic<std::int64_t> pause{0};
    std::atomic<int> taken_wrongly{0};
    std::optional<Prefix> proxy;

  private:
    mutable std::mutex mutex_;
    ListenerCounters counters_;
    std::vector<RecordedTelemetry> messages_;
    std::vector<std::string> errors_;
    std::set<std::uint64_t> opened_;
    std::uint64_t sessions_ = 0;
    std::uint64_t unknown_closed_ = 0;
};

}  // namespace weir
