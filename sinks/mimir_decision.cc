#include "sinks/mimir_decision.h"

#include "sinks/delivery_parts.h"
#include "sinks/mimir_answer.h"

#include <algorithm>

namespace weir {

namespace {

MimirDecision simple(MimirAction action, Reason reason) {
    MimirDecision decision;
    decision.action = action;
    decision.reason = reason;
    return decision;
}

MimirDecision common(const CommonVerdict& verdict,
                     std::optional<std::chrono::milliseconds> wait = std::nullopt) {
    MimirDecision decision =
        simple(verdict.hold ? MimirAction::hold : MimirAction::retry, verdict.reason);
    decision.wait = verdict.hold ? std::nullopt : wait;
    return decision;
}

Reason reason_of(MimirComplaint complaint) {
    switch (complaint) {
        case MimirComplaint::out_of_order:
            return Reason::out_of_order;
        case MimirComplaint::too_old:
            return Reason::timestamp_too_old;
        case MimirComplaint::too_new:
            return Reason::timestamp_too_new;
        case MimirComplaint::duplicate_timestamp:
            return Reason::duplicate_timestamp;
        case MimirComplaint::series_limit:
            return Reason::series_limit;
        case MimirComplaint::label_names_too_many:
            return Reason::label_names_too_many;
        case MimirComplaint::label_name_too_long:
            return Reason::label_name_too_long;
        case MimirComplaint::label_value_too_long:
            return Reason::label_value_too_long;
        case MimirComplaint::label_duplicate:
            return Reason::label_duplicate;
        case MimirComplaint::labels_invalid:
            return Reason::labels_invalid;
        case MimirComplaint::item_too_large:
            return Reason::too_large;
        default:
            return Reason::rejected_unknown;
    }
}

// A success of remote write 2.0 says what it wrote. One that does not is from a server that read
// the request as 1.0 and found nothing in it.
MimirDecision success_of_version_2(const HttpResponse& response, const MimirRequestFacts& sent) {
    if (!response.says_written) {
        return simple(MimirAction::fall_back, Reason::version_refused);
    }
    const std::uint64_t written = response.samples_written.value_or(0);
    if (written >= sent.samples) {
        return simple(MimirAction::ok, Reason::none);
    }
    MimirDecision decision = simple(MimirAction::refused, Reason::not_written);
    decision.refused = sent.samples - written;
    return decision;
}

MimirDecision success(const HttpResponse& response, const MimirRequestFacts& sent) {
    if (is_html(response.body)) {
        return simple(MimirAction::hold, Reason::gateway);  // a login page says 200 as well
    }
    // Another server's 202 may only mean that it writes later.
    constexpr unsigned accepted = 202;
    const bool other_replica = response.body.find("replicas did not match") != std::string::npos;
    if (response.status == accepted && other_replica) {
        return simple(MimirAction::drop, Reason::ha_deduplicated);
    }
    return sent.version_2 ? success_of_version_2(response, sent)
                          : simple(MimirAction::ok, Reason::none);
}

// Samples of a request that is not refused as a whole.
MimirDecision some_refused(const HttpResponse& response, const MimirAnswer& answer,
                           const MimirRequestFacts& sent) {
    MimirDecision decision = simple(MimirAction::refused, reason_of(answer.complaint));
    // Mimir counts as written what it has read, also of what it refuses then: only a smaller
    // number says something. Series and samples are the same where each has one.
    if (sent.version_2 && response.samples_written && *response.samples_written < sent.samples) {
        decision.refused = sent.samples - *response.samples_written;
    } else if (answer.refused_series && sent.samples == sent.series) {
        decision.refused = std::min<std::uint64_t>(*answer.refused_series, sent.samples);
    }
    return decision;
}

MimirDecision bad_request(const HttpResponse& response, const MimirRequestFacts& sent) {
    if (is_html(response.body) || is_json(response.body)) {
        return simple(MimirAction::hold, Reason::gateway);
    }
    const MimirAnswer answer = read_mimir_answer(response.body);
    switch (answer.complaint) {
        case MimirComplaint::message_too_large:
            return simple(MimirAction::split, Reason::too_large);
        case MimirComplaint::undecodable:
            // One half tells whether it lies with one series; more would be guessing.
            return simple(sent.halved_undecodable ? MimirAction::drop : MimirAction::split,
                          Reason::undecodable);
        case MimirComplaint::metadata: {
            MimirDecision decision = simple(MimirAction::ok, Reason::none);
            decision.metadata_refused = true;
            return decision;
        }
        default:
            return some_refused(response, answer, sent);
    }
}

MimirDecision too_many_requests(const HttpResponse& response, const MimirRequestFacts& sent) {
    const MimirAnswer answer = read_mimir_answer(response.body);
    // Waiting does not help against it, and what is within the limit must go on.
    if (answer.complaint == MimirComplaint::series_limit) {
        return some_refused(response, answer, sent);
    }
    const bool over_burst =
        answer.complaint == MimirComplaint::burst_limited ||
        (answer.complaint == MimirComplaint::rate_limited && sent.rate_limited_before >= 1 &&
         sent.samples > rate_split_floor_samples);
    MimirDecision decision = over_burst && sent.series > 1
                                 ? simple(MimirAction::split, Reason::rate_burst)
                                 : simple(MimirAction::retry, Reason::rate_limited);
    decision.wait = response.retry_after;
    if (answer.complaint == MimirComplaint::rate_limited) {
        decision.rate_samples_per_s = answer.limit;
    }
    return decision;
}

MimirDecision client_error(const HttpResponse& response, const MimirRequestFacts& sent) {
    switch (response.status) {
        case 400:
            return bad_request(response, sent);
        case 413:
            return simple(MimirAction::split, Reason::too_large);
        case 415:
            return sent.version_2 ? simple(MimirAction::fall_back, Reason::version_refused)
                                  : simple(MimirAction::hold, Reason::gateway);
        case 429:
            return too_many_requests(response, sent);
        default:
            return common(status_verdict(response.status), response.retry_after);
    }
}

}  // namespace

MimirDecision decide_mimir(const HttpResponse& response, const MimirRequestFacts& sent) {
    // Mimir's owner may have it say so instead of 429.
    constexpr unsigned overloaded = 529;
    switch (response.status / 100) {
        case 2:
            return success(response, sent);
        case 4:
            return client_error(response, sent);
        default:
            return response.status == overloaded
                       ? too_many_requests(response, sent)
                       : common(status_verdict(response.status), response.retry_after);
    }
}

MimirDecision decide_mimir_transport(TransportError error) {
    return common(transport_verdict(error));
}

}  // namespace weir
