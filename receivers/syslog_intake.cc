#include "receivers/syslog_intake.h"

#include "core/assert.h"
#include "core/text.h"
#include "parsers/ise.h"
#include "parsers/syslog.h"
#include "parsers/utf8.h"
#include "pipeline/device_time.h"
#include "pipeline/loki_encoder.h"
#include "pipeline/record_metadata.h"
#include "receivers/intake_admission.h"

#include <algorithm>
#include <bit>

namespace weir {

namespace {

// Whether the device's own time may stand as the Loki timestamp.
bool is_usable(const DeviceTime& device, const ResolvedTime& resolved, Timestamp received_at,
               std::int64_t skew_max_ns) {
    if (!resolved.time || device.clock_mark != '\0') {
        return false;
    }
    const std::int64_t skew_ns = resolved.time->unix_ns - received_at.unix_ns;
    return skew_ns >= -skew_max_ns && skew_ns <= skew_max_ns;
}

}  // namespace

SyslogIntake::SyslogIntake(Parts parts, Options options)
    : parts_(parts),
      options_(options),
      admission_(parts.allowances, options.listeners_max),
      builder_({}, options.shard, options.listeners_max,
               [this](std::unique_ptr<Batch> batch, const FrameCounts& frames) {
                   commit(std::move(batch), frames);
               }),
      sources_({.sources_max = options.sources_max, .seed = options.seed}),
      survey_(parts.events),
      reassembler_({}) {
    for (std::size_t i = 0; i < options_.listeners_max; ++i) {
        counters_.push_back(std::make_unique<ListenerCounters>());
    }
    rates_.resize(options_.listeners_max);
    for (std::size_t i = 0; i < rules_max; ++i) {
        rule_tallies_.push_back(std::make_unique<RuleTally>());
    }
    builder_.on_forget([this](bool counted) {
        if (counted) {
            parts_.ceiling.release();
        }
    });
    apply_settings();
}

SyslogIntake::~SyslogIntake() = default;

void SyslogIntake::apply_settings() {
    generation_ = parts_.settings.generation();
    settings_ = parts_.settings.read();
    WEIR_ASSERT(settings_->listeners.size() <= options_.listeners_max);
    std::vector<std::string> names;
    for (const auto& listener : settings_->listeners) {
        names.push_back(listener.name);
    }
    told_.set_names(std::move(names));
    builder_.reconfigure(settings_->batch, options_.listeners_max);
    reassembler_.set_options(settings_->reassembly);
    admission_.forget_leases();
    survey_.set_silent_after(settings_->silent_after_ns);
    relayed_.clear();
    rule_scratch_.reset();
    if (settings_->rules && !settings_->rules->empty()) {
        rule_scratch_.emplace(*settings_->rules);
    }
    for (const auto& tally : rule_tallies_) {
        tally->hits.set(0);
        tally->dropped.set(0);
    }
}

void SyslogIntake::begin_run() {
    if (parts_.settings.generation() != generation_) {
        apply_settings();
    }
    gauges_.last_frame_ns.set(static_cast<std::uint64_t>(set_now()));
}

std::int64_t SyslogIntake::set_now() {
    const std::int64_t now_ns = parts_.clock.monotonic_ns();
    builder_.set_now(now_ns);
    admission_.set_now(now_ns);
    return now_ns;
}

ListenerCounters& SyslogIntake::counters(std::uint32_t listener) {
    return *counters_[listener];
}

std::string_view SyslogIntake::valid_text(const Frame& frame, Defects& defects) {
    if (is_valid_utf8(frame.bytes)) [[likely]] {
        return frame.bytes;
    }
    defects.add(Defect::invalid_utf8);
    utf8_.clear();
    append_valid_utf8(frame.bytes, utf8_);
    return utf8_;
}

SourceState& SyslogIntake::source_of(const Peer& peer, Timestamp received_at) {
    SourceState& source = sources_.touch(peer.address, received_at).source;
    if (source.config_generation != generation_) {
        source.config_generation = generation_;
        source.classification = settings_->classifier->classify(source.address);
        source.stream_generation = 0;  // its labels may have changed
    }
    return source;
}

void SyslogIntake::parse(std::string_view text, const SourceState& source, std::uint32_t listener) {
    dialect_ = settings_->listeners[listener].dialect;
    if (source.classification != nullptr && source.classification->dialect) {
        dialect_ = *source.classification->dialect;
    }
    parse_syslog(text, dialect_, record_);
}

void SyslogIntake::take(const Frame& frame, std::uint32_t listener) {
    ListenerCounters& counters = *counters_[listener];
    counters.received.add();
    counters.held.add();
    counters.received_bytes.add(frame.bytes.size());
    if (frame.bytes.size() > counters.largest_message_bytes.value()) {
        counters.largest_message_bytes.set(frame.bytes.size());
    }
    Defects defects = frame.defects;
    if (defects.has(Defect::truncated)) {
        counters.truncated.add();
    }
    // Before the source table: an address that may not send gets no place there.
    if (!allows(frame.peer, listener)) {
        end_held(listener, RejectReason::not_allowed);
        return;
    }
    SourceState& source = source_of(frame.peer, frame.received_at);
    if (!admit(frame, listener, source)) {
        return;
    }
    const std::string_view text = valid_text(frame, defects);
    ++source.records;
    source.bytes += frame.bytes.size();
    parse(text, source, listener);
    record_.defects.add(defects);
    if (!settings_->reassemble || !hold_part(frame, text, listener)) {
        Passing passing{
            .text = text, .source = source, .listener = listener, .received_at = frame.received_at};
        deliver(passing);
    }
    // After this frame, because delivering others moves the source table and the record under it.
    if (!merged_.empty()) [[unlikely]] {
        deliver_merged();
    }
}

bool SyslogIntake::hold_part(const Frame& frame, std::string_view text, std::uint32_t listener) {
    const IsePart part = read_ise_part(record_);
    if (!part.present || part.total < 2) [[likely]] {
        return false;
    }
    const auto text_at = static_cast<std::size_t>(part.text.data() - text.data());
    const PartVerdict verdict = reassembler_.add({.peer = frame.peer,
                                                  .category = part.category,
                                                  .id = part.id,
                                                  .total = part.total,
                                                  .index = part.index,
                                                  .frame = text,
                                                  .text_at = text_at,
                                                  .received_at = frame.received_at,
                                                  .defects = record_.defects,
                                                  .context = listener},
                                                 parts_.clock.monotonic_ns(), merged_);
    return verdict != PartVerdict::not_taken;
}

// A released message is parsed anew: joined, it may hold fields that its first part cut in two.
void SyslogIntake::deliver_merged() {
    for (const Merged& merged : merged_) {
        ListenerCounters& counters = *counters_[merged.context];
        counters.held.sub(merged.frames - 1);
        counters.merged.add(merged.frames - 1);
        SourceState& source = source_of(merged.peer, merged.received_at);
        parse(merged.line, source, merged.context);
        record_.defects.add(merged.defects);
        Passing passing{.text = merged.line,
                        .source = source,
                        .listener = merged.context,
                        .received_at = merged.received_at};
        deliver(passing);
    }
    merged_.clear();
}

void SyslogIntake::deliver(Passing& passing) {
    const Route route = route_of(passing);
    if (route.relayed != nullptr && !admit_relayed(passing, *route.relayed)) {
        return;
    }
    // A relay passes on many devices' counters and clocks; read as one they mean nothing.
    if (route.relayed == nullptr) {
        SourceState& source = passing.source;
        counters_[passing.listener]->counter_gap_lost.add(source.counter.observe(record_).lost);
        source.skew.observe(record_.timestamp, passing.received_at);
        if (!record_.hostname.empty()) {
            source.note_hostname(record_.hostname);
        }
    }
    if (rule_scratch_ && !apply_rules(passing, route.classification)) {
        return;
    }
    const bool relabelled =
        rule_scratch_ && rule_scratch_->begin_labels() != rule_scratch_->end_labels();
    append(passing, route,
           relabelled ? relabelled_stream(passing, route) : stream_of(passing, route));
}

bool SyslogIntake::apply_rules(Passing& passing, const Classification* classification) {
    RuleInput input{.record = &record_,
                    .line = passing.text,
                    .source_ip = passing.source.text(),
                    .listener = settings_->listeners[passing.listener].name,
                    .dialect = dialect_name(dialect_),
                    .base_labels = &settings_->base_labels,
                    .own_labels = classification != nullptr ? &classification->labels : nullptr};
    const RuleVerdict verdict = settings_->rules->apply(input, *rule_scratch_);
    passing.text = input.line;
    if (!verdict.keep) {
        rule_tallies_[verdict.rule]->dropped.add();
        end_held(passing.listener, DropReason::rule);
    }
    return verdict.keep;
}

void SyslogIntake::append(const Passing& passing, const Route& route,
                          BatchBuilder::StreamHandle stream) {
    ListenerCounters& counters = *counters_[passing.listener];
    const SourceState& source = passing.source;
    const ZoneRef zone{
        .rule = route.classification != nullptr ? route.classification->zone.get() : nullptr,
        .learned_s = source.skew.offset_s()};
    const ResolvedTime resolved = resolve_device_time(record_.timestamp, passing.received_at, zone);
    Timestamp timestamp = passing.received_at;
    bool device_time = false;
    if (settings_->device_timestamp && record_.timestamp.present) {
        device_time = is_usable(record_.timestamp, resolved, passing.received_at,
                                settings_->timestamp_skew_max_ns);
        if (device_time) {
            timestamp = *resolved.time;
        } else {
            record_.defects.add(Defect::timestamp_skewed);
        }
    }
    std::string_view line = settings_->line_is_msg ? record_.msg : passing.text;
    if (line.size() > settings_->line_bytes_max) {
        line = cut_text(line, settings_->line_bytes_max);
        record_.defects.add(Defect::truncated);
    }
    DeviceTimeText time_text;
    append_metadata(
        {.source_ip = source.text(),
         .listener = settings_->listeners[passing.listener].name,
         .device_timestamp = format_device_time(record_.timestamp, resolved, time_text)});
    for (std::uint32_t left = record_.defects.bits(); left != 0; left &= left - 1) {
        counters.defects[static_cast<std::size_t>(std::countr_zero(left))].add();
    }
    builder_.append({.stream = stream,
                     .timestamp = timestamp,
                     .device_time = device_time,
                     .received_at = passing.received_at,
                     .line = line,
                     .metadata = metadata_.view(),
                     .listener = passing.listener,
                     .heavy = is_heavy(passing, route)});
}

bool SyslogIntake::is_heavy(const Passing& passing, const Route& route) {
    const FairShare& fair_share = admission_.fair_share();
    if (route.relayed != nullptr) {
        return fair_share.is_heavy(route.relayed->allowance.share, true);
    }
    return fair_share.is_heavy(passing.source.allowance.share,
                               is_established(passing.source, passing.received_at));
}

void SyslogIntake::append_metadata(MetadataContext context) {
    metadata_.clear();
    replaced_.clear();
    if (rule_scratch_) {
        for (const RuleChange* change = rule_scratch_->begin_metadata();
             change != rule_scratch_->end_metadata(); ++change) {
            append_metadata_pair(change->name, change->value, metadata_);
            replaced_.push_back(change->name);
        }
    }
    context.replaced = replaced_;
    metadata_encoder_.append(record_, context, metadata_);
}

void SyslogIntake::tick() {
    if (parts_.settings.generation() != generation_) {
        apply_settings();
    }
    const std::int64_t now_ns = set_now();
    measure_rates(now_ns);
    survey_.step(sources_, parts_.clock.now(), now_ns);
    admission_.fair_share().note_log(parts_.log.fill());
    reassembler_.flush(now_ns, merged_);
    deliver_merged();
    builder_.close_aged(now_ns);
    if (rule_scratch_) {
        for (std::size_t i = 0; i < rule_scratch_->hits().size(); ++i) {
            rule_tallies_[i]->hits.set(rule_scratch_->hits()[i]);
        }
    }
    gauges_.reassembly_bytes.set(reassembler_.held_bytes());
    gauges_.sources.set(sources_.size());
    gauges_.sources_evicted.set(sources_.evictions());
    gauges_.streams.set(builder_.stream_count());
}

void SyslogIntake::finish() {
    reassembler_.flush_all(merged_);
    deliver_merged();
    builder_.close_all();
    tick();
    tell_intake();
}

void SyslogIntake::commit(std::unique_ptr<Batch> batch, const FrameCounts& frames) {
    batch->intake = told_.untold(frames);
    const AppendVerdict verdict = parts_.log.append(std::move(batch));
    gauges_.batches.add();
    for (std::size_t i = 0; i < frames.size(); ++i) {
        ListenerCounters& counters = *counters_[i];
        if (frames[i] == 0) {
            continue;
        }
        counters.held.sub(frames[i]);
        if (verdict == AppendVerdict::accepted) {
            counters.accepted.add(frames[i]);
        } else {
            counters.dropped[static_cast<std::size_t>(DropReason::log_full)].add(frames[i]);
        }
    }
    if (verdict == AppendVerdict::accepted) {
        told_.note_told();
    } else {
        parts_.events.emit({EventId::log_full, "log", "a batch was dropped"});
    }
}

void SyslogIntake::tell_intake() {
    const IntakeAccount counted = told_.untold({});
    if (!counted.empty()) {
        parts_.log.note_intake(counted);
        told_.note_told();
    }
}

}  // namespace weir
