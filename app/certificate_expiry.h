// Until when the certificates in force are good, and who is told before they are not.
#pragma once

#include "core/events.h"
#include "core/time.h"
#include "receivers/tls_certificates.h"

#include <string>
#include <vector>

namespace weir {

// Value. Whose certificate it is: a listener's, an endpoint's or the admin port's.
struct CertificateStatus {
    std::string role;  // "listener", "endpoint", "admin"
    std::string name;  // of the listener or endpoint; "admin"
    TlsCertificate certificate;
};

// Emits certificate_expired for each that is, and certificate_expiring for each that will be within
// 14 days.
void tell_expiring(const std::vector<CertificateStatus>& certificates, Timestamp now,
                   EventSink& events);

}  // namespace weir
