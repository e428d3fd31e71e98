#include "app/certificate_expiry.h"

#include <fmt/format.h>

namespace weir {

namespace {

constexpr std::int64_t day_ns = 24 * 3600 * ns_per_s;
// Certificates of 90 days are renewed with a third of their time left; this is when that failed.
constexpr std::int64_t warn_before_ns = 14 * day_ns;

}  // namespace

void tell_expiring(const std::vector<CertificateStatus>& certificates, Timestamp now,
                   EventSink& events) {
    for (const CertificateStatus& held : certificates) {
        const TlsCertificate& certificate = held.certificate;
        const std::int64_t left_ns = certificate.not_after.unix_ns - now.unix_ns;
        if (left_ns > warn_before_ns) {
            continue;
        }
        const std::string when = to_rfc3339(certificate.not_after, 0);
        const std::string what =
            fmt::format("{} {} of {} {}", certificate.kind, certificate.subject, held.role,
                        held.role == held.name ? "port" : held.name);
        if (left_ns < 0) {
            events.emit({EventId::certificate_expired, held.name,
                         fmt::format("{} expired on {}", what, when)});
        } else {
            events.emit(
                {EventId::certificate_expiring, held.name,
                 fmt::format("{} expires on {}, in {} days", what, when, left_ns / day_ns)});
        }
    }
}

}  // namespace weir
