// SyslogIntake: what one ingest thread does with a frame: valid UTF-8, parse, classify, count, and
// append to the open batch. All state is the thread's own; what leaves it is a frozen batch.
#pragma once

#include "core/events.h"
#include "core/record.h"
#include "core/snapshot.h"
#include "core/time.h"
#include "pipeline/batch_builder.h"
#include "pipeline/log.h"
#include "pipeline/reassembly.h"
#include "pipeline/source_table.h"
#include "pipeline/stream_limit.h"
#include "receivers/frame_sink.h"
#include "receivers/intake_settings.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

// Numbers of one thread that are not a listener's. Written by the thread, read by any.
struct IntakeGauges {
    Counter sources;
    Counter sources_evicted;
    Counter streams;
    Counter batches;
    Counter reassembly_bytes;
    Counter last_frame_ns;  // monotonic; tells the drain when it is quiet
};

// Resource. One thread, except the counters and gauges.
class SyslogIntake final : public FrameSink {
  public:
    // All outlive the intake.
    struct Parts {
        const Snapshot<IntakeSettings>& settings;
        Log& log;
        StreamCeiling& ceiling;
        const Clock& clock;
        EventSink& events;
    };

    struct Options {
        std::uint32_t shard = 0;          // the thread's number
        std::size_t listeners_max = 0;    // counters are made for this many, once
        std::size_t sources_max = 65536;  // places in this thread's source table
        std::uint64_t seed = 0;           // of hashes, so that senders cannot aim at a bucket
    };

    SyslogIntake(Parts parts, Options options);
    ~SyslogIntake() override;

    void begin_run() override;
    void take(const Frame& frame, std::uint32_t listener) override;
    void reject(std::uint32_t listener, RejectReason reason) override;
    [[nodiscard]] ListenerCounters& counters(std::uint32_t listener) override;

    // Closes what has aged. Called every few tens of milliseconds.
    void tick();
    // Gives everything that is held to the log. Last call of the drain.
    void finish();

    [[nodiscard]] const IntakeGauges& gauges() const { return gauges_; }

    [[nodiscard]] const std::vector<std::unique_ptr<ListenerCounters>>& all_counters() const {
        return counters_;
    }

  private:
    // A frame on its way through; views borrow from the frame, the scratch or a reassembled
    // message.
    struct Passing {
        std::string_view text;
        SourceState& source;
        std::uint32_t listener = 0;
        Timestamp received_at;
    };

    // What a device's messages mean and the stream they go to.
    struct Route {
        const Classification* classification = nullptr;
        BatchBuilder::StreamHandle stream;
    };

    void apply_settings();
    [[nodiscard]] std::string_view valid_text(const Frame& frame, Defects& defects);
    [[nodiscard]] SourceState& source_of(const Peer& peer, Timestamp received_at);
    void parse(std::string_view text, const SourceState& source, std::uint32_t listener);
    // True when the record is a part that waits for its others.
    [[nodiscard]] bool hold_part(const Frame& frame, std::string_view text, std::uint32_t listener);
    void deliver_merged();
    void deliver(Passing& passing);
    [[nodiscard]] Route route_of(const Passing& passing);
    [[nodiscard]] Route relayed_route(const Passing& passing);
    [[nodiscard]] BatchBuilder::StreamHandle open_stream(const Classification* classification,
                                                         std::string_view device,
                                                         std::uint64_t device_hash, bool known);
    void commit(std::unique_ptr<Batch> batch, const FrameCounts& frames);

    Parts parts_;
    Options options_;
    std::shared_ptr<const IntakeSettings> settings_;
    std::uint64_t generation_ = 0;
    std::vector<std::unique_ptr<ListenerCounters>> counters_;
    IntakeGauges gauges_;
    BatchBuilder builder_;
    SourceTable sources_;
    Reassembler reassembler_;
    std::vector<Merged> merged_;  // scratch: messages that the reassembler released
    std::unordered_map<std::string, Route> relayed_;  // behind trusted relays, by HOSTNAME
    Record record_;
    std::string utf8_;      // scratch: a frame made valid
    std::string metadata_;  // scratch: one record's structured metadata
};

}  // namespace weir
