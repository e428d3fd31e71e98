// Part of MdtIntake: whose message it is, who may send, and what is told of the devices.
#include "pipeline/loki_encoder.h"
#include "receivers/intake_admission.h"
#include "receivers/mdt_intake.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

namespace {

// Devices that one session speaks for: a relay may pass on many.
constexpr std::size_t session_devices_max = 64;
constexpr std::size_t device_name_bytes_max = 255;

}  // namespace

void MdtIntake::begin_run() {
    const std::lock_guard lock(mutex_);
    pick_up_settings();
}

// The receivers of telemetry say what a frame was when they know it: see mdt_sink.h.
void MdtIntake::take(const Frame& frame, std::uint32_t listener) {
    frame_received(listener, frame.bytes.size());
    take_message(frame, MdtBody::any, {.peer = frame.peer}, listener);
}

bool MdtIntake::allows(const Peer& peer, std::uint32_t listener) const {
    const std::lock_guard lock(mutex_);
    return Admission::is_allowed(settings_->listeners[listener].admission, peer.address);
}

bool MdtIntake::is_proxy(const Peer& peer, std::uint32_t listener) const {
    const std::lock_guard lock(mutex_);
    const std::shared_ptr<const Classifier>& proxies = settings_->listeners[listener].proxies;
    return proxies != nullptr && proxies->classify(peer.address) != nullptr;
}

std::int64_t MdtIntake::pause_ns(const Peer& peer, std::uint32_t listener) const {
    const std::lock_guard lock(mutex_);
    const SourceState* source = sources_.find(peer.address);
    return admission_.wait_ns(settings_->listeners[listener].admission, listener,
                              source != nullptr ? &source->allowance : nullptr);
}

void MdtIntake::note_backlog(unsigned percent) {
    const std::lock_guard lock(mutex_);
    admission_.fair_share().note_backlog(percent);
}

void MdtIntake::reject(std::uint32_t listener, RejectReason reason) {
    const std::lock_guard lock(mutex_);
    counters_[listener]->received.add();
    counters_[listener]->rejected[static_cast<std::size_t>(reason)].add();
}

ListenerCounters& MdtIntake::counters(std::uint32_t listener) {
    return *counters_[listener];
}

void MdtIntake::frame_received(std::uint32_t listener, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    ListenerCounters& counters = *counters_[listener];
    counters.received.add();
    counters.held.add();
    counters.received_bytes.add(bytes);
    if (bytes > counters.largest_message_bytes.value()) {
        counters.largest_message_bytes.set(bytes);
    }
}

void MdtIntake::frames_merged(std::uint32_t listener, std::uint64_t frames) {
    const std::lock_guard lock(mutex_);
    counters_[listener]->held.sub(frames);
    counters_[listener]->merged.add(frames);
}

void MdtIntake::frames_rejected(std::uint32_t listener, std::uint64_t frames, RejectReason reason) {
    const std::lock_guard lock(mutex_);
    counters_[listener]->held.sub(frames);
    counters_[listener]->rejected[static_cast<std::size_t>(reason)].add(frames);
}

void MdtIntake::end_held(std::uint32_t listener, RejectReason reason) {
    counters_[listener]->held.sub(1);
    counters_[listener]->rejected[static_cast<std::size_t>(reason)].add();
}

void MdtIntake::end_held(std::uint32_t listener, DropReason reason) {
    counters_[listener]->held.sub(1);
    counters_[listener]->dropped[static_cast<std::size_t>(reason)].add();
}

void MdtIntake::stream_paused(std::uint32_t listener) {
    const std::lock_guard lock(mutex_);
    counters_[listener]->paused.add();
}

bool MdtIntake::has_room() const {
    return has_room_.load(std::memory_order_relaxed);
}

SourceState& MdtIntake::source_of(const Peer& peer) {
    SourceState& source = sources_.touch(peer.address, now_).source;
    if (source.config_generation != generation_) {
        source.config_generation = generation_;
        source.classification = settings_->classifier->classify(source.address);
    }
    return source;
}

bool MdtIntake::admit(const Frame& frame, std::uint32_t listener, SourceState& source) {
    const AdmitVerdict verdict = admission_.admit(settings_->listeners[listener].admission,
                                                  {.listener = listener,
                                                   .bytes = frame.bytes.size(),
                                                   .established = is_established(source, now_)},
                                                  source.allowance);
    std::uint32_t& busiest = rates_[listener].source_messages;
    busiest = std::max(busiest, source.allowance.share.messages);
    if (verdict == AdmitVerdict::admitted) [[likely]] {
        return true;
    }
    end_held(listener, reject_reason(verdict));
    return false;
}

void MdtIntake::measure_rates() {
    if (now_ns_ < rates_due_ns_) {
        return;
    }
    rates_due_ns_ = now_ns_ + ns_per_s;
    tell_intake();
    for (std::size_t i = 0; i < counters_.size(); ++i) {
        ListenerCounters& counters = *counters_[i];
        const std::uint64_t received = counters.received.value();
        counters.messages_per_s.set(received - rates_[i].received);
        counters.source_messages_per_s.set(rates_[i].source_messages);
        rates_[i] = {.received = received};
    }
}

// The node id, which the device gives itself; without one the name in its certificate, or else its
// address.
MdtDevice* MdtIntake::device_of(const TelemetryHeader& header) {
    std::string_view name = header.node_id.substr(0, device_name_bytes_max);
    if (name.empty()) {
        name = passage_.session->certificate_subject.substr(0, device_name_bytes_max);
    }
    if (name.empty()) {
        name = passage_.source->text();
    }
    return devices_.find_or_add(name, passage_.source->classification);
}

// Labels are made once for each configuration.
void MdtIntake::prepare(MdtDevice& device) {
    if (!passage_.session->certificate_subject.empty()) {
        device.certificate_subject = passage_.session->certificate_subject;
    }
    if (device.config_generation == generation_) {
        return;
    }
    device.config_generation = generation_;
    device.labels = settings_->mdt.series_labels;
    if (device.classification != nullptr) {
        for (const auto& [name, value] : device.classification->labels) {
            device.labels[name] = value;
        }
    }
    device.labels.erase("tenant");  // a header of the request, not a label
    device.labels["device"] = device.name;
    device.label_views.clear();
    for (const auto& [name, value] : device.labels) {
        if (!value.empty()) {
            device.label_views.push_back({name, value});
        }
    }
    device.stream = {};
}

void MdtIntake::attach(MdtDevice& device) {
    const auto found = sessions_.find(passage_.session->id);
    if (found == sessions_.end()) {
        return;  // UDP has no sessions
    }
    std::vector<MdtDevice*>& devices = found->second.devices;
    const bool known = std::find(devices.begin(), devices.end(), &device) != devices.end();
    if (known || devices.size() >= session_devices_max) {
        return;
    }
    devices.push_back(&device);
    ++device.sessions;
    device.had_session = true;
    series_.device_connected(device.series);
}

void MdtIntake::session_opened(const MdtSession& session, std::uint32_t) {
    const std::lock_guard lock(mutex_);
    sessions_.try_emplace(session.id);
}

void MdtIntake::session_closed(const MdtSession& session, std::uint32_t) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(session.id);
    if (found == sessions_.end()) {
        return;
    }
    set_now();
    for (MdtDevice* device : found->second.devices) {
        --device->sessions;
        series_.device_disconnected(device->series, now_ns_);
    }
    sessions_.erase(found);
}

BatchBuilder::StreamHandle MdtIntake::stream_of(MdtDevice& device) {
    if (builder_.is_live(device.stream)) {
        return device.stream;
    }
    Labels labels = settings_->mdt.stream_labels;
    std::string tenant;
    if (device.classification != nullptr) {
        for (const auto& [name, value] : device.classification->labels) {
            labels[name] = value;
        }
    }
    if (const auto found = labels.find("tenant"); found != labels.end()) {
        tenant = found->second;
    }
    labels["device"] = device.name;
    std::string text = to_loki_labels(labels);
    if (!builder_.knows(text, tenant)) {
        const StreamVerdict verdict = parts_.ceiling.admit(
            std::hash<std::string>{}(device.key),
            device.had_own_stream ? StreamClaim::known : StreamClaim::newcomer, now_ns_);
        if (!verdict.own) {
            labels["device"] = overflow_device(verdict.overflow_slot);
            text = to_loki_labels(labels);
        }
        device.had_own_stream = device.had_own_stream || verdict.own;
        device.stream = builder_.stream(text, tenant, verdict.own);
        return device.stream;
    }
    device.stream = builder_.stream(text, tenant);
    return device.stream;
}

void MdtIntake::forget_devices() {
    devices_.forget_idle(
        now_ns_, [this](const MdtDevice& device) { health_.forget(device, now_ns_, now_); });
}

MdtCounts MdtIntake::counts() const {
    const std::lock_guard lock(mutex_);
    MdtCounts counts = counts_;
    counts.devices = devices_.size();
    counts.sessions = sessions_.size();
    counts.mapper = mapper_.counts();
    counts.mapper_bytes = mapper_.memory_bytes();
    counts.series = series_.counts();
    counts.series_bytes = series_.memory_bytes();
    return counts;
}

std::vector<MdtDeviceStatus> MdtIntake::devices() const {
    const std::lock_guard lock(mutex_);
    std::vector<SeriesTable::DeviceStatus> statuses = series_.devices();
    std::unordered_map<std::string_view, SeriesTable::DeviceStatus*> by_name;
    for (SeriesTable::DeviceStatus& status : statuses) {
        by_name.emplace(status.name, &status);
    }
    std::vector<MdtDeviceStatus> result;
    devices_.for_each([&result, &by_name](const MdtDevice& device) {
        MdtDeviceStatus& own =
            result.emplace_back(MdtDeviceStatus{.name = device.name,
                                                .address = device.address.to_string(),
                                                .certificate_subject = device.certificate_subject,
                                                .sessions = device.sessions,
                                                .last_message = device.last_message,
                                                .messages = device.messages,
                                                .bytes = device.bytes,
                                                .defects = device.defects,
                                                .errors = device.errors,
                                                .skew_ms = device.skew_ms});
        if (const auto found = by_name.find(device.key); found != by_name.end()) {
            own.series = found->second->series;
            own.series_refused = found->second->refused;
            own.feeds = std::move(found->second->feeds);
        }
    });
    return result;
}

std::vector<KeptMessage> MdtIntake::kept() const {
    const std::lock_guard lock(mutex_);
    return {kept_.messages().begin(), kept_.messages().end()};
}

}  // namespace weir
