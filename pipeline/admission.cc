#include "pipeline/admission.h"

#include "pipeline/classifier.h"

#include <algorithm>

namespace weir {

namespace {

// A slice is a thousandth of a second's worth: the threads' unused slices stay within the noise of
// the rate.
std::uint64_t slice_of(const MessageRate& rate) {
    return std::clamp<std::uint64_t>(rate.per_s / 1000, 1, 256);
}

}  // namespace

Admission::Admission(ListenerAllowances& shared, std::size_t listeners)
    : shared_(shared), leased_(listeners) {}

void Admission::set_now(std::int64_t now_ns) {
    now_ns_ = now_ns;
    fair_share_.set_now(now_ns);
}

void Admission::forget_leases() {
    std::fill(leased_.begin(), leased_.end(), 0U);
}

bool Admission::is_allowed(const AdmissionRules& rules, const IpAddress& address) {
    return rules.allowed_sources == nullptr || rules.allowed_sources->classify(address) != nullptr;
}

bool Admission::take_listener_rate(const AdmissionRules& rules, std::uint32_t listener) {
    if (!rules.rate.is_limited()) [[likely]] {
        return true;
    }
    if (rules.is_stream) {
        shared_.of(listener).charge(rules.rate, now_ns_);
        return true;
    }
    std::uint64_t& leased = leased_[listener];
    if (leased == 0) {
        leased = shared_.of(listener).lease(rules.rate, now_ns_, slice_of(rules.rate));
    }
    if (leased == 0) {
        return false;
    }
    --leased;
    return true;
}

bool Admission::take_source_rate(const AdmissionRules& rules, SourceAllowance& source) const {
    if (!rules.source_rate.is_limited()) [[likely]] {
        return true;
    }
    if (rules.is_stream) {
        source.rate.charge(rules.source_rate, now_ns_);
        return true;
    }
    return source.rate.take(rules.source_rate, now_ns_);
}

AdmitVerdict Admission::admit(const AdmissionRules& rules, const Request& request,
                              SourceAllowance& source) {
    // The source's own limit first, so that what it may not send is not taken from the others.
    if (!request.relay && !take_source_rate(rules, source)) {
        return AdmitVerdict::source_rate;
    }
    // A relay stands for many sources; its devices are measured one by one, after parsing. A stream
    // is slowed down by its window when the thread does not come round to read it.
    if (!request.relay && !fair_share_.offer(source.share, request.bytes, request.established) &&
        !rules.is_stream) {
        return AdmitVerdict::overload;
    }
    return take_listener_rate(rules, request.listener) ? AdmitVerdict::admitted
                                                       : AdmitVerdict::listener_rate;
}

AdmitVerdict Admission::admit_relayed(const AdmissionRules& rules, const Request& request,
                                      SourceAllowance& device) {
    if (!take_source_rate(rules, device)) {
        return AdmitVerdict::source_rate;
    }
    const bool taken = fair_share_.offer(device.share, request.bytes, true);
    return taken || rules.is_stream ? AdmitVerdict::admitted : AdmitVerdict::overload;
}

std::int64_t Admission::wait_ns(const AdmissionRules& rules, std::uint32_t listener,
                                const SourceAllowance* source) const {
    std::int64_t wait_ns = 0;
    if (rules.rate.is_limited()) {
        wait_ns = shared_.of(listener).wait_ns(rules.rate, now_ns_);
    }
    if (rules.source_rate.is_limited() && source != nullptr) {
        wait_ns = std::max(wait_ns, source->rate.wait_ns(rules.source_rate, now_ns_));
    }
    return wait_ns;
}

}  // namespace weir
