#include "receivers/mdt_intake.h"

#include "core/assert.h"
#include "core/text.h"
#include "pipeline/loki_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace weir {

namespace {

constexpr std::int64_t forget_every_ns = 60 * ns_per_s;
// Of the log's room, in per cent: above the first nothing more is read, below the second it is.
constexpr unsigned full_percent = 75;
constexpr unsigned room_percent = 50;

constexpr std::uint32_t bit(TelemetryDefect defect) {
    return 1U << static_cast<unsigned>(defect);
}

// A keep-alive has nothing wrong with it.
constexpr std::uint32_t no_faults = bit(TelemetryDefect::no_rows);

std::string defects_text(std::uint32_t defects) {
    std::string text;
    for (std::uint32_t left = defects; left != 0; left &= left - 1) {
        const auto defect = static_cast<TelemetryDefect>(std::countr_zero(left));
        text += text.empty() ? "" : ", ";
        text += telemetry_defect_name(defect);
    }
    return text;
}

}  // namespace

MdtIntake::MdtIntake(Parts parts, Options options)
    : parts_(parts),
      options_(options),
      admission_(parts.allowances, options.listeners_max),
      sources_({.sources_max = options.sources_max, .seed = options.seed}),
      mapper_(families_, std::make_shared<TelemetryMapping>(), options.seed),
      series_({.shard = options.shard, .listeners = options.listeners_max, .seed = options.seed},
              families_,
              [this](std::unique_ptr<Batch> batch, const FrameCounts& frames) {
                  return commit(std::move(batch), frames);
              }),
      health_(families_, series_, options.seed),
      builder_({}, options.shard, options.listeners_max,
               [this](std::unique_ptr<Batch> batch, const FrameCounts&) {
                   // Lines that follow from a frame; the frame itself ends with its samples.
                   if (parts_.logs_log.append(std::move(batch)) == AppendVerdict::full) {
                       parts_.events.emit({EventId::log_full, "log", "a batch was dropped"});
                   }
               }) {
    for (std::size_t i = 0; i < options_.listeners_max; ++i) {
        counters_.push_back(std::make_unique<ListenerCounters>());
    }
    rates_.resize(options_.listeners_max);
    builder_.on_forget([this](bool counted) {
        if (counted) {
            parts_.ceiling.release();
        }
    });
    apply_settings();
}

MdtIntake::~MdtIntake() = default;

void MdtIntake::pick_up_settings() {
    if (parts_.settings.generation() != generation_) {
        apply_settings();
    }
}

void MdtIntake::apply_settings() {
    generation_ = parts_.settings.generation();
    settings_ = parts_.settings.read();
    WEIR_ASSERT(settings_->listeners.size() <= options_.listeners_max);
    std::vector<std::string> names;
    for (const auto& listener : settings_->listeners) {
        names.push_back(listener.name);
    }
    told_.set_names(std::move(names));
    const MdtSettings& mdt = settings_->mdt;
    mapper_.use(mdt.mapping);
    series_.reconfigure(mdt.series, mdt.rules);
    devices_.set_devices_max(mdt.devices_max);
    builder_.reconfigure(settings_->batch, options_.listeners_max);
    kept_.set_messages_max(mdt.kept_messages);
    admission_.forget_leases();
}

void MdtIntake::set_now() {
    now_ns_ = parts_.clock.monotonic_ns();
    now_ = parts_.clock.now();
    admission_.set_now(now_ns_);
    builder_.set_now(now_ns_);
}

void MdtIntake::take_message(const Frame& frame, MdtBody body, const MdtSession& session,
                             std::uint32_t listener) {
    const std::lock_guard lock(mutex_);
    pick_up_settings();
    set_now();
    last_frame_ns_.store(static_cast<std::uint64_t>(now_ns_), std::memory_order_relaxed);
    if (!Admission::is_allowed(settings_->listeners[listener].admission, frame.peer.address)) {
        end_held(listener, RejectReason::not_allowed);
        return;
    }
    SourceState& source = source_of(frame.peer);
    if (!admit(frame, listener, source)) {
        return;
    }
    ++source.records;
    source.bytes += frame.bytes.size();
    passage_ = {.frame = &frame, .session = &session, .listener = listener, .source = &source};
    read(body);
    passage_ = {};
}

void MdtIntake::read(MdtBody body) {
    ++counts_.messages;
    read_mdt(passage_.frame->bytes, body, settings_->mdt.decode, scratch_, *this);
    if (MdtDevice* device = passage_.device) {
        ++device->messages;
        device->bytes += passage_.frame->bytes.size();
        device->rows += passage_.rows;
        device->last_message = passage_.frame->received_at;
        device->last_ns = now_ns_;
    }
    if ((passage_.defects & ~no_faults) != 0) {
        keep_message();
    }
    end_message();
}

void MdtIntake::end_message() {
    const std::uint32_t faults = passage_.defects & ~no_faults;
    const bool nothing_read = passage_.rows == 0 && faults != 0;
    if (nothing_read && passage_.compact_rows > 0) {
        end_held(passage_.listener, DropReason::compact_gpb);
    } else if (nothing_read) {
        end_held(passage_.listener, DropReason::undecodable);
    } else if (passage_.device == nullptr) {
        end_held(passage_.listener, DropReason::devices_max);
    } else {
        series_.end_frame(passage_.listener);
    }
}

void MdtIntake::keep_message() {
    const std::string peer = passage_.frame->peer.address.to_string();
    const std::string device = passage_.device != nullptr ? passage_.device->name : peer;
    const std::string defects = defects_text(passage_.defects & ~no_faults);
    KeptMessage message{.id = parts_.kept_ids.fetch_add(1, std::memory_order_relaxed) + 1,
                        .at = passage_.frame->received_at,
                        .device = device,
                        .peer = peer,
                        .listener = settings_->listeners[passage_.listener].name,
                        .defects = defects,
                        .size = passage_.frame->bytes.size()};
    message.bytes = passage_.frame->bytes.substr(0, MdtKept::message_bytes_max);
    const bool compact = (passage_.defects & bit(TelemetryDefect::compact_gpb)) != 0;
    parts_.events.emit(
        {EventId::telemetry_defect, device,
         compact ? std::string("sends compact GPB, which only its .proto files explain; configure "
                               "`encoding self-describing-gpb` (IOS-XR) or `encode-kvgpb` (IOS-XE)")
                 : fmt::format("{} in a message for \"{}\", kept as {}", defects,
                               passage_.header.encoding_path, message.id)});
    kept_.add(std::move(message));
}

void MdtIntake::begin(const TelemetryHeader& header) {
    passage_.header = header;
    MdtDevice* device = device_of(header);
    passage_.device = device;
    if (device == nullptr) {
        ++counts_.devices_refused;
        return;
    }
    prepare(*device);
    device->series = series_.device(device->key);
    if (MdtDevices::note_address(*device, passage_.frame->peer.address, now_ns_)) {
        parts_.events.emit(
            {EventId::device_conflict, device->name,
             fmt::format("{} and {} both say that they are this device",
                         device->address.to_string(), device->former_address.to_string())});
    }
    attach(*device);
    if (header.msg_timestamp_ms != 0) {
        device->skew_ms = passage_.frame->received_at.unix_ns / ns_per_ms -
                          static_cast<std::int64_t>(header.msg_timestamp_ms);
    }
    const SeriesTable::FeedId feed =
        series_.feed(device->series, mdt_feed_key(header.encoding_path, header.subscription),
                     header.collection_id, now_ns_);
    series_.begin(device->series, feed, now_ns_, passage_.frame->received_at);
}

void MdtIntake::row(const TelemetryRow& row) {
    ++passage_.rows;
    ++counts_.rows;
    if (passage_.device == nullptr) {
        return;
    }
    mapper_.map(passage_.header, row,
                {.labels = passage_.device->label_views,
                 .received_ms = passage_.frame->received_at.unix_ns / ns_per_ms},
                *this);
}

void MdtIntake::defect(TelemetryDefect defect, std::uint64_t count) {
    passage_.defects |= bit(defect);
    counts_.defects[static_cast<std::size_t>(defect)] += count;
    if (defect == TelemetryDefect::compact_gpb) {
        passage_.compact_rows += count;
    }
    if (passage_.device != nullptr && (bit(defect) & no_faults) == 0) {
        passage_.device->defects += count;
    }
}

void MdtIntake::sample(const MetricSample& sample) {
    series_.sample(sample);
}

void MdtIntake::vanish(const MetricSelector& gone) {
    series_.vanish(gone);
}

void MdtIntake::skip(LeafSkip reason, std::uint64_t leaves) {
    counts_.skipped[static_cast<std::size_t>(reason)] += leaves;
}

void MdtIntake::event(const TelemetryEvent& event) {
    if (!settings_->mdt.events) {
        return;
    }
    MdtDevice& device = *passage_.device;
    const BatchBuilder::StreamHandle stream = stream_of(device);
    metadata_.clear();
    append_metadata_pair("encoding_path", event.encoding_path, metadata_);
    append_metadata_pair("source_ip", passage_.source->text(), metadata_);
    append_metadata_pair("listener", settings_->listeners[passage_.listener].name, metadata_);
    builder_.append({.stream = stream,
                     .timestamp = passage_.frame->received_at,
                     .received_at = passage_.frame->received_at,
                     .line = cut_text(event.line, settings_->line_bytes_max),
                     .metadata = metadata_.view(),
                     .listener = passage_.listener});
    ++counts_.events;
}

void MdtIntake::device_error(const MdtSession& session, std::string_view text,
                             std::uint32_t listener) {
    const std::lock_guard lock(mutex_);
    ++counts_.device_errors;
    std::string device = session.peer.address.to_string();
    if (const auto found = sessions_.find(session.id); found != sessions_.end()) {
        for (MdtDevice* spoken_for : found->second.devices) {
            ++spoken_for->errors;
            device = spoken_for->name;
        }
    }
    parts_.events.emit(
        {EventId::device_error, device,
         fmt::format("says on {}: {}", settings_->listeners[listener].name, text.substr(0, 256))});
}

AppendVerdict MdtIntake::commit(std::unique_ptr<Batch> batch, const FrameCounts& frames) {
    if (batch == nullptr) {
        end_frames(frames, true);  // that left no sample: the account goes with the next batch
        return AppendVerdict::accepted;
    }
    batch->intake = told_.untold(frames);
    const bool accepted = parts_.metrics_log.append(std::move(batch)) == AppendVerdict::accepted;
    end_frames(frames, accepted);
    if (accepted) {
        told_.note_told();
    } else {
        parts_.events.emit({EventId::log_full, "metrics", "a batch was dropped"});
    }
    return accepted ? AppendVerdict::accepted : AppendVerdict::full;
}

void MdtIntake::end_frames(const FrameCounts& frames, bool accepted) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
        ListenerCounters& counters = *counters_[i];
        if (frames[i] == 0) {
            continue;
        }
        counters.held.sub(frames[i]);
        if (accepted) {
            counters.accepted.add(frames[i]);
        } else {
            counters.dropped[static_cast<std::size_t>(DropReason::log_full)].add(frames[i]);
        }
    }
}

void MdtIntake::tell_intake() {
    const IntakeAccount counted = told_.untold({});
    if (!counted.empty()) {
        parts_.metrics_log.note_intake(counted);
        told_.note_told();
    }
}

void MdtIntake::tick() {
    const std::lock_guard lock(mutex_);
    pick_up_settings();
    set_now();
    measure_rates();
    if (now_ns_ >= health_due_ns_) {
        health_due_ns_ = now_ns_ + MdtHealth::every_ns;
        health_.tell(devices_, now_ns_, now_);
    }
    if (now_ns_ >= forget_due_ns_) {
        forget_due_ns_ = now_ns_ + forget_every_ns;
        forget_devices();
    }
    series_.tick(now_ns_, now_);
    builder_.close_aged(now_ns_);
    if (options_.stop_when_full) {
        const unsigned fill = parts_.metrics_log.fill().percent;
        const bool had_room = has_room_;
        has_room_ = had_room ? fill < full_percent : fill < room_percent;
        if (!had_room) {
            series_.note_pause(now_ns_);
        }
    }
}

void MdtIntake::finish() {
    const std::lock_guard lock(mutex_);
    set_now();
    series_.flush();
    builder_.close_all();
    tell_intake();
}

}  // namespace weir
