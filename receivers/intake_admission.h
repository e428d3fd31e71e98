// What the intakes share of admission: when a source is no newcomer any more, and by which name a
// frame is refused.
#pragma once

#include "core/time.h"
#include "pipeline/admission.h"
#include "pipeline/intake_ledger.h"
#include "pipeline/source_table.h"

namespace weir {

// A source that has been here for so long is not a forged address of the flood of this moment.
inline constexpr std::int64_t established_after_ns = 10 * ns_per_s;

[[nodiscard]] inline bool is_established(const SourceState& source, Timestamp now) {
    return now.unix_ns - source.first_seen.unix_ns >= established_after_ns;
}

// Of a verdict that refuses.
[[nodiscard]] inline RejectReason reject_reason(AdmitVerdict verdict) {
    switch (verdict) {
        case AdmitVerdict::listener_rate:
            return RejectReason::listener_rate;
        case AdmitVerdict::source_rate:
            return RejectReason::source_rate;
        case AdmitVerdict::overload:
        case AdmitVerdict::admitted:  // nothing to reject; the caller asks for refusals only
            break;
    }
    return RejectReason::overload;
}

}  // namespace weir
