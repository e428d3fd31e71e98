#include "sinks/loki_decision.h"

#include <algorithm>

namespace weir {

namespace {

// Loki's times in texts are cut to the second: what is inside that second may be on either side,
// and a line sent twice is better than a line lost.
Timestamp next_second(Timestamp time) {
    return {time.unix_ns + ns_per_s};
}

const LokiComplaint* find_kind(const std::vector<LokiComplaint>& complaints, ComplaintKind kind) {
    for (const LokiComplaint& complaint : complaints) {
        if (complaint.kind == kind) {
            return &complaint;
        }
    }
    return nullptr;
}

LokiDecision simple(LokiAction action, Reason reason) {
    LokiDecision decision;
    decision.action = action;
    decision.reason = reason;
    return decision;
}

Reason label_reason(ComplaintKind kind) {
    switch (kind) {
        case ComplaintKind::label_names_too_many:
            return Reason::label_names_too_many;
        case ComplaintKind::label_name_too_long:
            return Reason::label_name_too_long;
        case ComplaintKind::label_value_too_long:
            return Reason::label_value_too_long;
        case ComplaintKind::label_duplicate:
            return Reason::label_duplicate;
        case ComplaintKind::label_missing:
            return Reason::label_missing;
        default:
            return Reason::none;
    }
}

// Entries too far ahead: those from the oldest one named on. An answer that names only the last of
// them (older Lokis) is helped out by Loki's own default of ten minutes.
Repair clamp_new(const LokiComplaint& complaint, Timestamp now) {
    constexpr std::int64_t creation_grace_ns = 10 * 60 * ns_per_s;
    Repair repair{RepairKind::clamp_new, Reason::timestamp_too_new, 0, {}, {}};
    repair.time = {now.unix_ns + creation_grace_ns};
    if (complaint.entry_time) {
        repair.time = std::min(repair.time, *complaint.entry_time);
    }
    return repair;
}

// The repair for one complaint; nothing when its text lacks what the repair needs.
std::optional<Repair> repair_for(const LokiComplaint& complaint, Timestamp now) {
    const std::uint64_t limit = complaint.limit.value_or(0);
    switch (complaint.kind) {
        case ComplaintKind::line_too_long:
            if (limit < believable_line_bytes_min) {
                return std::nullopt;
            }
            return Repair{RepairKind::truncate, Reason::line_too_long, limit, {}, {}};
        case ComplaintKind::too_old:
        case ComplaintKind::too_far_behind: {
            if (!complaint.cutoff) {
                return std::nullopt;
            }
            const bool behind = complaint.kind == ComplaintKind::too_far_behind;
            return Repair{behind ? RepairKind::replay : RepairKind::clamp_old,
                          behind ? Reason::too_far_behind : Reason::timestamp_too_old,
                          0,
                          next_second(*complaint.cutoff),
                          {}};
        }
        case ComplaintKind::too_new:
            return clamp_new(complaint, now);
        case ComplaintKind::metadata_disallowed:
            return Repair{RepairKind::fold_all, Reason::metadata_disallowed, 0, {}, {}};
        case ComplaintKind::metadata_too_large:
            return Repair{RepairKind::fold_large, Reason::metadata_too_large, limit, {}, {}};
        case ComplaintKind::metadata_too_many:
            return Repair{RepairKind::fold_many, Reason::metadata_too_many, limit, {}, {}};
        case ComplaintKind::stream_unparsable:
            return Repair{
                RepairKind::sanitise, Reason::labels_unreadable, 0, {}, complaint.streams};
        case ComplaintKind::label_names_too_many:
        case ComplaintKind::label_name_too_long:
        case ComplaintKind::label_value_too_long:
        case ComplaintKind::label_duplicate:
        case ComplaintKind::label_missing:
            return Repair{
                RepairKind::dead_letter, label_reason(complaint.kind), 0, {}, complaint.streams};
        case ComplaintKind::unknown:
            return Repair{
                RepairKind::dead_letter, Reason::rejected_unknown, 0, {}, complaint.streams};
        default:
            return std::nullopt;
    }
}

bool needs_streams(RepairKind kind) {
    return kind == RepairKind::dead_letter || kind == RepairKind::sanitise;
}

LokiDecision bad_request(const HttpResponse& response, const LokiRequestFacts& sent) {
    if (is_html(response.body)) {
        return simple(LokiAction::hold, Reason::gateway);
    }
    const std::vector<LokiComplaint> complaints = read_complaints(response.body);
    if (find_kind(complaints, ComplaintKind::labels_unparsable) != nullptr) {
        return simple(LokiAction::split_by_stream, Reason::labels_unreadable);
    }
    if (find_kind(complaints, ComplaintKind::undecodable) != nullptr) {
        return simple(LokiAction::split_by_stream, Reason::undecodable);
    }
    if (find_kind(complaints, ComplaintKind::labels_empty) != nullptr) {
        return simple(LokiAction::split_by_stream, Reason::labels_empty);
    }
    LokiDecision decision = simple(LokiAction::repair, Reason::rejected_unknown);
    // A cut-off text may hide further streams and complaints.
    decision.rest_is_stored = !response.body_truncated;
    for (const LokiComplaint& complaint : complaints) {
        std::optional<Repair> repair = repair_for(complaint, sent.now);
        if (!repair || (needs_streams(repair->kind) && repair->streams.empty())) {
            decision.rest_is_stored = false;
            continue;
        }
        // The ingesters' answer hides what the distributor found wrong with other entries, and a
        // text that is not known says nothing of the streams it does not name.
        if (repair->kind == RepairKind::replay || complaint.kind == ComplaintKind::unknown) {
            decision.rest_is_stored = false;
        }
        decision.repairs.push_back(std::move(*repair));
    }
    if (decision.repairs.empty()) {
        return simple(LokiAction::dead_letter, Reason::rejected_unknown);
    }
    decision.reason = decision.repairs.front().reason;
    return decision;
}

LokiDecision too_many_requests(const HttpResponse& response, const LokiRequestFacts& sent) {
    const std::vector<LokiComplaint> complaints = read_complaints(response.body);
    LokiDecision decision = simple(LokiAction::retry, Reason::rate_limited);
    decision.wait = response.retry_after;
    const LokiComplaint* slow = find_kind(complaints, ComplaintKind::stream_rate_limited);
    const LokiComplaint* created = find_kind(complaints, ComplaintKind::stream_limit);
    if (slow != nullptr || created != nullptr) {
        decision.action = LokiAction::slow_lane;
        decision.reason = created != nullptr ? Reason::stream_limit : Reason::stream_rate_limited;
        for (const LokiComplaint* complaint : {slow, created}) {
            if (complaint != nullptr) {
                decision.streams.insert(decision.streams.end(), complaint->streams.begin(),
                                        complaint->streams.end());
            }
        }
        if (created != nullptr) {
            decision.wait = std::max(stream_limit_wait, decision.wait.value_or(stream_limit_wait));
        }
        return decision;
    }
    if (const LokiComplaint* rate = find_kind(complaints, ComplaintKind::rate_limited)) {
        decision.rate_bytes_per_s = rate->limit;
        // The second refusal in a row of a large request: it may exceed the burst, which no
        // waiting helps.
        if (sent.rate_limited_before >= 1 && sent.raw_bytes > rate_split_floor_bytes &&
            sent.records > 1) {
            decision.action = LokiAction::split_by_entries;
            decision.reason = Reason::rate_burst;
        }
    }
    return decision;
}

LokiDecision success(const HttpResponse& response) {
    constexpr unsigned ingestion_blocked = 260;
    if (response.status != ingestion_blocked) {
        return simple(LokiAction::ok, Reason::none);
    }
    LokiDecision decision = simple(LokiAction::hold, Reason::blocked);
    const std::vector<LokiComplaint> complaints = read_complaints(response.body);
    if (const LokiComplaint* blocked = find_kind(complaints, ComplaintKind::blocked)) {
        decision.hold_until = blocked->cutoff;
    }
    return decision;
}

LokiDecision client_error(const HttpResponse& response, const LokiRequestFacts& sent) {
    switch (response.status) {
        case 400:
            return bad_request(response, sent);
        case 401:
            return simple(LokiAction::hold, Reason::unauthorised);
        case 403:
            return simple(LokiAction::hold, Reason::forbidden);
        case 404:
            return simple(LokiAction::hold, Reason::not_found);
        case 405:
            return simple(LokiAction::hold, Reason::wrong_method);
        case 408:
        case 425:
        case 499: {
            LokiDecision decision = simple(LokiAction::retry, Reason::client_gave_up);
            decision.wait = response.retry_after;
            return decision;
        }
        case 413:
            return simple(LokiAction::split_by_entries, Reason::too_large);
        case 422: {
            const std::vector<LokiComplaint> complaints = read_complaints(response.body);
            const bool empty = find_kind(complaints, ComplaintKind::nothing_valid) != nullptr;
            return empty ? simple(LokiAction::drop, Reason::empty_request)
                         : simple(LokiAction::hold, Reason::gateway);
        }
        case 429:
            return too_many_requests(response, sent);
        default:
            return simple(LokiAction::hold, Reason::gateway);
    }
}

LokiDecision server_failure(const HttpResponse& response) {
    if (response.status == 501) {
        return simple(LokiAction::hold, Reason::not_implemented);
    }
    if (response.status == 500 && !is_html(response.body)) {
        const std::vector<LokiComplaint> complaints = read_complaints(response.body);
        if (find_kind(complaints, ComplaintKind::message_too_large) != nullptr) {
            return simple(LokiAction::split_by_entries, Reason::grpc_too_large);
        }
    }
    LokiDecision decision = simple(LokiAction::retry, Reason::server_error);
    decision.wait = response.retry_after;
    return decision;
}

}  // namespace

LokiDecision decide_loki(const HttpResponse& response, const LokiRequestFacts& sent) {
    switch (response.status / 100) {
        case 2:
            return success(response);
        case 3:
            return simple(LokiAction::hold, Reason::redirected);
        case 4:
            return client_error(response, sent);
        case 5:
            return server_failure(response);
        default:
            return simple(LokiAction::hold, Reason::gateway);
    }
}

LokiDecision decide_transport(TransportError error) {
    switch (error) {
        case TransportError::resolve:
            return simple(LokiAction::hold, Reason::name_not_resolved);
        case TransportError::tls:
            return simple(LokiAction::hold, Reason::tls_failed);
        case TransportError::settings:
            return simple(LokiAction::hold, Reason::bad_settings);
        case TransportError::refused:
            return simple(LokiAction::retry, Reason::refused);
        case TransportError::connect_timeout:
            return simple(LokiAction::retry, Reason::connect_timeout);
        case TransportError::request_timeout:
            return simple(LokiAction::retry, Reason::request_timeout);
        case TransportError::protocol:
            return simple(LokiAction::retry, Reason::bad_answer);
        case TransportError::none:
        case TransportError::closed:
            break;
    }
    return simple(LokiAction::retry, Reason::closed);
}

}  // namespace weir
