// MdtDatagrams: telemetry over UDP. Stands between a UdpListener and the thread's MdtSink: a
// datagram is a whole message, behind the 12-byte header of IOS-XR or bare.
#pragma once

#include "receivers/mdt_sink.h"

namespace weir {

// Resource. On the ingest thread. The sink must outlive it. Its listener's Options::text is false.
class MdtDatagrams final : public FrameSink {
  public:
    explicit MdtDatagrams(MdtSink& sink) : sink_(sink) {}

    void begin_run() override { sink_.begin_run(); }

    void take(const Frame& frame, std::uint32_t listener) override;

    [[nodiscard]] bool allows(const Peer& peer, std::uint32_t listener) const override {
        return sink_.allows(peer, listener);
    }

    [[nodiscard]] bool is_proxy(const Peer& peer, std::uint32_t listener) const override {
        return sink_.is_proxy(peer, listener);
    }

    [[nodiscard]] std::int64_t pause_ns(const Peer& peer, std::uint32_t listener) const override {
        return sink_.pause_ns(peer, listener);
    }

    void note_backlog(unsigned percent) override { sink_.note_backlog(percent); }

    void reject(std::uint32_t listener, RejectReason reason) override {
        sink_.reject(listener, reason);
    }

    [[nodiscard]] ListenerCounters& counters(std::uint32_t listener) override {
        return sink_.counters(listener);
    }

  private:
    MdtSink& sink_;
};

}  // namespace weir
