// MdtIntake: what one ingest thread does with a message of telemetry: admit, decode, say whose it
// is, map to samples, and collect them in the series table. What leaves it is frozen batches of
// remote write, and log lines of what happened.
//
// Messages come from the ingest thread (TCP, UDP) and from the thread of its completion queue
// (gRPC), one at a time: every public function takes the intake's own lock.
#pragma once

#include "core/events.h"
#include "core/metric.h"
#include "core/snapshot.h"
#include "core/telemetry.h"
#include "core/time.h"
#include "parsers/mdt_message.h"
#include "pipeline/admission.h"
#include "pipeline/batch_builder.h"
#include "pipeline/intake_told.h"
#include "pipeline/log.h"
#include "pipeline/metric_families.h"
#include "pipeline/series_table.h"
#include "pipeline/source_table.h"
#include "pipeline/stream_limit.h"
#include "pipeline/telemetry_mapper.h"
#include "pipeline/wire_buffer.h"
#include "receivers/intake_settings.h"
#include "receivers/mdt_devices.h"
#include "receivers/mdt_health.h"
#include "receivers/mdt_kept.h"
#include "receivers/mdt_sink.h"
#include "receivers/mdt_status.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

// Resource.
class MdtIntake final : public MdtSink, private TelemetryReader, private MetricSink {
  public:
    // All outlive the intake.
    struct Parts {
        const Snapshot<IntakeSettings>& settings;
        Log& metrics_log;
        Log& logs_log;  // for events
        StreamCeiling& ceiling;
        const Clock& clock;
        EventSink& events;
        ListenerAllowances& allowances;
        std::atomic<std::uint64_t>& kept_ids;  // numbers for kept messages, shared by the threads
    };

    struct Options {
        std::uint32_t shard = 0;
        std::size_t listeners_max = 0;
        std::size_t sources_max = 16384;
        std::uint64_t seed = 0;
        bool stop_when_full = false;  // the log is a spool: an endpoint's backlog is not its fill
    };

    MdtIntake(Parts parts, Options options);
    ~MdtIntake() override;

    // FrameSink.
    void begin_run() override;
    void take(const Frame& frame, std::uint32_t listener) override;
    [[nodiscard]] bool allows(const Peer& peer, std::uint32_t listener) const override;
    [[nodiscard]] bool is_proxy(const Peer& peer, std::uint32_t listener) const override;
    [[nodiscard]] std::int64_t pause_ns(const Peer& peer, std::uint32_t listener) const override;
    void note_backlog(unsigned percent) override;
    void reject(std::uint32_t listener, RejectReason reason) override;
    [[nodiscard]] ListenerCounters& counters(std::uint32_t listener) override;

    // MdtSink.
    void session_opened(const MdtSession& session, std::uint32_t listener) override;
    void session_closed(const MdtSession& session, std::uint32_t listener) override;
    void frame_received(std::uint32_t listener, std::size_t bytes) override;
    void frames_merged(std::uint32_t listener, std::uint64_t frames) override;
    void frames_rejected(std::uint32_t listener, std::uint64_t frames,
                         RejectReason reason) override;
    void take_message(const Frame& frame, MdtBody body, const MdtSession& session,
                      std::uint32_t listener) override;
    void device_error(const MdtSession& session, std::string_view text,
                      std::uint32_t listener) override;
    void stream_paused(std::uint32_t listener) override;
    [[nodiscard]] bool has_room() const override;

    // Closes what has aged, tells of devices, forgets. Called every few tens of milliseconds.
    void tick();
    // Gives everything that is held to the logs. Last call of the drain.
    void finish();

    // Any thread.
    [[nodiscard]] MdtCounts counts() const;
    [[nodiscard]] std::vector<MdtDeviceStatus> devices() const;
    [[nodiscard]] std::vector<KeptMessage> kept() const;

    [[nodiscard]] const std::vector<std::unique_ptr<ListenerCounters>>& all_counters() const {
        return counters_;
    }

    [[nodiscard]] std::uint64_t last_frame_ns() const {
        return last_frame_ns_.load(std::memory_order_relaxed);
    }

  private:
    // The message that is being read.
    struct Passage {
        const Frame* frame = nullptr;
        const MdtSession* session = nullptr;
        std::uint32_t listener = 0;
        SourceState* source = nullptr;
        TelemetryHeader header;
        MdtDevice* device = nullptr;  // null: none yet, or no place for it
        std::uint64_t rows = 0;
        std::uint64_t compact_rows = 0;
        std::uint32_t defects = 0;  // a bit for each
    };

    // What a session has been seen to speak for.
    struct Session {
        std::vector<MdtDevice*> devices;
    };

    // TelemetryReader, MetricSink: of the message that is being read.
    void begin(const TelemetryHeader& header) override;
    void row(const TelemetryRow& row) override;
    void defect(TelemetryDefect defect, std::uint64_t count) override;
    void sample(const MetricSample& sample) override;
    void vanish(const MetricSelector& gone) override;
    void event(const TelemetryEvent& event) override;
    void skip(LeafSkip reason, std::uint64_t leaves) override;

    // Under the lock.
    void pick_up_settings();
    void apply_settings();
    void set_now();
    [[nodiscard]] SourceState& source_of(const Peer& peer);
    [[nodiscard]] bool admit(const Frame& frame, std::uint32_t listener, SourceState& source);
    void end_held(std::uint32_t listener, RejectReason reason);
    void end_held(std::uint32_t listener, DropReason reason);
    void read(MdtBody body);
    void end_message();
    void keep_message();
    [[nodiscard]] MdtDevice* device_of(const TelemetryHeader& header);
    void prepare(MdtDevice& device);
    void attach(MdtDevice& device);
    [[nodiscard]] BatchBuilder::StreamHandle stream_of(MdtDevice& device);
    void tell_health();
    void forget_devices();
    AppendVerdict commit(std::unique_ptr<Batch> batch, const FrameCounts& frames);
    void end_frames(const FrameCounts& frames, bool accepted);
    void tell_intake();
    void measure_rates();

    Parts parts_;
    Options options_;
    mutable std::mutex mutex_;
    std::shared_ptr<const IntakeSettings> settings_;
    std::uint64_t generation_ = 0;
    std::vector<std::unique_ptr<ListenerCounters>> counters_;
    IntakeTold told_{counters_};
    Admission admission_;
    SourceTable sources_;
    MdtScratch scratch_;
    MetricFamilies families_;
    TelemetryMapper mapper_;
    SeriesTable series_;
    MdtHealth health_;
    BatchBuilder builder_;  // of events
    WireBuffer metadata_;   // scratch: one event's
    MdtDevices devices_;
    std::unordered_map<std::uint64_t, Session> sessions_;
    MdtKept kept_;
    Passage passage_;
    MdtCounts counts_;

    struct RateWindow {
        std::uint64_t received = 0;
        std::uint32_t source_messages = 0;
    };

    std::vector<RateWindow> rates_;
    std::int64_t now_ns_ = 0;
    Timestamp now_;
    std::int64_t rates_due_ns_ = 0;
    std::int64_t health_due_ns_ = 0;
    std::int64_t forget_due_ns_ = 0;
    std::atomic<std::uint64_t> last_frame_ns_{0};
    std::atomic<bool> has_room_{true};
};

}  // namespace weir
