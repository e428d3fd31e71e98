// Part of SyslogIntake: who may send, and what was refused.
#include "receivers/intake_admission.h"
#include "receivers/syslog_intake.h"

#include <algorithm>

namespace weir {

bool SyslogIntake::allows(const Peer& peer, std::uint32_t listener) const {
    return Admission::is_allowed(settings_->listeners[listener].admission, peer.address);
}

bool SyslogIntake::is_proxy(const Peer& peer, std::uint32_t listener) const {
    const std::shared_ptr<const Classifier>& proxies = settings_->listeners[listener].proxies;
    return proxies != nullptr && proxies->classify(peer.address) != nullptr;
}

std::int64_t SyslogIntake::pause_ns(const Peer& peer, std::uint32_t listener) const {
    const SourceState* source = sources_.find(peer.address);
    return admission_.wait_ns(settings_->listeners[listener].admission, listener,
                              source != nullptr ? &source->allowance : nullptr);
}

void SyslogIntake::note_backlog(unsigned percent) {
    admission_.fair_share().note_backlog(percent);
}

void SyslogIntake::reject(std::uint32_t listener, RejectReason reason) {
    ListenerCounters& counters = *counters_[listener];
    counters.received.add();
    counters.rejected[static_cast<std::size_t>(reason)].add();
    if (reason == RejectReason::oversize) {
        counters.defects[static_cast<std::size_t>(Defect::oversize_dropped)].add();
    }
}

void SyslogIntake::end_held(std::uint32_t listener, RejectReason reason) {
    counters_[listener]->held.sub(1);
    counters_[listener]->rejected[static_cast<std::size_t>(reason)].add();
}

void SyslogIntake::end_held(std::uint32_t listener, DropReason reason) {
    counters_[listener]->held.sub(1);
    counters_[listener]->dropped[static_cast<std::size_t>(reason)].add();
}

bool SyslogIntake::admit(const Frame& frame, std::uint32_t listener, SourceState& source) {
    const AdmissionRules& rules = settings_->listeners[listener].admission;
    const Classification* classification = source.classification;
    const AdmitVerdict verdict =
        admission_.admit(rules,
                         {.listener = listener,
                          .bytes = frame.bytes.size(),
                          .established = is_established(source, frame.received_at),
                          .relay = classification != nullptr && classification->trusted_relay},
                         source.allowance);
    std::uint32_t& busiest = rates_[listener].source_messages;
    busiest = std::max(busiest, source.allowance.share.messages);
    if (verdict == AdmitVerdict::admitted) [[likely]] {
        return true;
    }
    end_held(listener, reject_reason(verdict));
    return false;
}

bool SyslogIntake::admit_relayed(const Passing& passing, RelayedDevice& device) {
    const AdmissionRules& rules = settings_->listeners[passing.listener].admission;
    const AdmitVerdict verdict = admission_.admit_relayed(
        rules, {.listener = passing.listener, .bytes = passing.text.size()}, device.allowance);
    if (verdict == AdmitVerdict::admitted) [[likely]] {
        return true;
    }
    const DropReason reason =
        verdict == AdmitVerdict::source_rate ? DropReason::source_rate : DropReason::overload;
    end_held(passing.listener, reason);
    return false;
}

void SyslogIntake::measure_rates(std::int64_t now_ns) {
    if (now_ns < rates_due_ns_) {
        return;
    }
    rates_due_ns_ = now_ns + ns_per_s;
    tell_intake();
    for (std::size_t i = 0; i < counters_.size(); ++i) {
        ListenerCounters& counters = *counters_[i];
        const std::uint64_t received = counters.received.value();
        counters.messages_per_s.set(received - rates_[i].received);
        counters.source_messages_per_s.set(rates_[i].source_messages);
        rates_[i] = {.received = received};
    }
}

}  // namespace weir
