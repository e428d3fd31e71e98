// SyslogIntake: what one ingest thread does with a frame: valid UTF-8, parse, classify, count, and
// append to the open batch. All state is the thread's own; what leaves it is a frozen batch.
#pragma once

#include "core/events.h"
#include "core/record.h"
#include "core/snapshot.h"
#include "core/time.h"
#include "pipeline/admission.h"
#include "pipeline/batch_builder.h"
#include "pipeline/intake_told.h"
#include "pipeline/log.h"
#include "pipeline/reassembly.h"
#include "pipeline/record_metadata.h"
#include "pipeline/source_survey.h"
#include "pipeline/source_table.h"
#include "pipeline/stream_limit.h"
#include "receivers/frame_sink.h"
#include "receivers/intake_settings.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

// What one rule did on one thread; by the rule's place in the configuration.
struct RuleTally {
    Counter hits;
    Counter dropped;
};

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
        ListenerAllowances& allowances;  // of every listener, shared by the threads
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
    [[nodiscard]] bool allows(const Peer& peer, std::uint32_t listener) const override;
    [[nodiscard]] bool is_proxy(const Peer& peer, std::uint32_t listener) const override;
    [[nodiscard]] std::int64_t pause_ns(const Peer& peer, std::uint32_t listener) const override;
    void note_backlog(unsigned percent) override;
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

    // Who sends most and who fell silent. Any thread may read.
    [[nodiscard]] const SourceSurvey& survey() const { return survey_; }

    // One for each of rules_max places; those past the configured rules stay 0. Any thread may
    // read.
    [[nodiscard]] const std::vector<std::unique_ptr<RuleTally>>& rule_tallies() const {
        return rule_tallies_;
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

    // A device behind a trusted relay, remembered by its HOSTNAME.
    struct RelayedDevice {
        const Classification* classification = nullptr;
        BatchBuilder::StreamHandle stream;
        SourceAllowance allowance;
        bool had_own_stream = false;
    };

    // Whose message it is and what that means.
    struct Route {
        const Classification* classification = nullptr;
        std::string_view device;  // lives as long as the source or the remembered hostname
        RelayedDevice* relayed = nullptr;
    };

    void apply_settings();
    std::int64_t set_now();
    // False when the frame was refused and counted.
    [[nodiscard]] bool admit(const Frame& frame, std::uint32_t listener, SourceState& source);
    [[nodiscard]] bool admit_relayed(const Passing& passing, RelayedDevice& device);
    // Once a second, the gauges that say how close the rates are, and the log's account.
    void measure_rates(std::int64_t now_ns);
    [[nodiscard]] std::string_view valid_text(const Frame& frame, Defects& defects);
    [[nodiscard]] SourceState& source_of(const Peer& peer, Timestamp received_at);
    void parse(std::string_view text, const SourceState& source, std::uint32_t listener);
    // True when the record is a part that waits for its others.
    [[nodiscard]] bool hold_part(const Frame& frame, std::string_view text, std::uint32_t listener);
    void deliver_merged();
    void deliver(Passing& passing);
    // False when a rule ended the record. Rewrites the record and `passing.text`.
    [[nodiscard]] bool apply_rules(Passing& passing, const Classification* classification);
    [[nodiscard]] BatchBuilder::StreamHandle relabelled_stream(const Passing& passing,
                                                               const Route& route);
    void append(const Passing& passing, const Route& route, BatchBuilder::StreamHandle stream);
    void append_metadata(MetadataContext context);
    [[nodiscard]] bool is_heavy(const Passing& passing, const Route& route);
    [[nodiscard]] Route route_of(const Passing& passing);
    [[nodiscard]] BatchBuilder::StreamHandle stream_of(const Passing& passing, const Route& route);
    [[nodiscard]] Labels labels_of(const Classification* classification,
                                   std::string_view device) const;

    struct OpenedStream {
        BatchBuilder::StreamHandle handle;
        bool own = false;  // it holds a place under the ceiling
    };

    // The stream of a device: its own, or an overflow stream when the ceiling is reached.
    [[nodiscard]] OpenedStream open_stream(Labels labels, std::uint64_t device_hash, bool known);
    [[nodiscard]] static std::string tenant_of(const Labels& labels);
    void commit(std::unique_ptr<Batch> batch, const FrameCounts& frames);
    void end_held(std::uint32_t listener, RejectReason reason);
    void end_held(std::uint32_t listener, DropReason reason);
    void tell_intake();

    Parts parts_;
    Options options_;
    std::shared_ptr<const IntakeSettings> settings_;
    std::uint64_t generation_ = 0;
    std::vector<std::unique_ptr<ListenerCounters>> counters_;
    IntakeTold told_{counters_};

    // Since the last look at the rates, by listener.
    struct RateWindow {
        std::uint64_t received = 0;  // the counter then
        std::uint32_t source_messages = 0;
    };

    std::vector<RateWindow> rates_;
    std::int64_t rates_due_ns_ = 0;
    IntakeGauges gauges_;
    std::vector<std::unique_ptr<RuleTally>> rule_tallies_;
    std::optional<RuleScratch> rule_scratch_;  // set while there are rules
    Admission admission_;
    BatchBuilder builder_;
    SourceTable sources_;
    SourceSurvey survey_;
    Reassembler reassembler_;
    std::vector<Merged> merged_;  // scratch: messages that the reassembler released
    std::unordered_map<std::string, RelayedDevice> relayed_;  // behind trusted relays, by HOSTNAME
    Record record_;
    std::string utf8_;                         // scratch: a frame made valid
    Dialect dialect_ = Dialect::any;           // that the record was read by
    std::int64_t no_new_labels_until_ns_ = 0;  // the ceiling refused labels that a rule made
    std::int64_t next_collapse_event_ns_ = 0;  // a flood of new sources is not a flood of events
    std::vector<std::string_view> replaced_;   // scratch: metadata names that rules set
    MetadataEncoder metadata_encoder_;
    WireBuffer metadata_;  // scratch: one record's structured metadata
};

}  // namespace weir
