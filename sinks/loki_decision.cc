#include "sinks/loki_decision.h"

#include "sinks/delivery_parts.h"

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

// What a repair depends on beside the complaint.
struct RepairFacts {
    Timestamp now;
    std::optional<Timestamp> server_now;
};

LokiDecision simple(LokiAction action, Reason reason) {
    LokiDecision decision;
    decision.action = action;
    decision.reason = reason;
    return decision;
}

LokiDecision common(const CommonVerdict& verdict,
                    std::optional<std::chrono::milliseconds> wait = std::nullopt) {
    LokiDecision decision =
        simple(verdict.hold ? LokiAction::hold : LokiAction::retry, verdict.reason);
    decision.wait = verdict.hold ? std::nullopt : wait;
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

// Loki's defaults, for an answer that does not say where the limit is (older Lokis do not).
constexpr std::int64_t creation_grace_ns = 10 * 60 * ns_per_s;
constexpr std::int64_t sample_age_max_ns = 7 * 86'400 * ns_per_s;
constexpr std::int64_t order_window_ns = 3600 * ns_per_s;

// Entries too far ahead: those from the oldest one named on, or what Loki's default refuses, since
// an answer may name only the last of them.
Repair clamp_new(const LokiComplaint& complaint, const RepairFacts& facts) {
    Repair repair{.kind = RepairKind::clamp_new, .reason = Reason::timestamp_too_new};
    repair.time = {facts.now.unix_ns + creation_grace_ns};
    if (complaint.entry_time) {
        repair.time = std::min(repair.time, *complaint.entry_time);
    }
    repair.server_now = facts.server_now;
    return repair;
}

Repair clamp_old(const LokiComplaint& complaint, const RepairFacts& facts) {
    Repair repair{.kind = RepairKind::clamp_old, .reason = Reason::timestamp_too_old};
    if (complaint.cutoff) {
        repair.time = next_second(*complaint.cutoff);
        return repair;
    }
    repair.time = {facts.now.unix_ns - sample_age_max_ns};
    if (complaint.entry_time) {
        repair.time = std::max(repair.time, next_second(*complaint.entry_time));
    }
    return repair;
}

Repair replay(const LokiComplaint& complaint, const RepairFacts& facts) {
    Repair repair{.kind = RepairKind::replay, .reason = Reason::too_far_behind};
    repair.time = complaint.cutoff ? next_second(*complaint.cutoff)
                                   : Timestamp{facts.now.unix_ns - order_window_ns};
    return repair;
}

Repair of_streams(RepairKind kind, Reason reason, const LokiComplaint& complaint) {
    return {.kind = kind, .reason = reason, .streams = complaint.streams};
}

// The repair for one complaint; nothing for one that is not about single entries or streams.
std::optional<Repair> repair_for(const LokiComplaint& complaint, const RepairFacts& facts) {
    const std::uint64_t limit = complaint.limit.value_or(0);
    switch (complaint.kind) {
        case ComplaintKind::line_too_long:
            if (limit < believable_line_bytes_min) {
                return of_streams(RepairKind::dead_letter, Reason::rejected_unknown, complaint);
            }
            return Repair{RepairKind::truncate, Reason::line_too_long, limit};
        case ComplaintKind::too_old:
            return clamp_old(complaint, facts);
        case ComplaintKind::too_far_behind:
            return replay(complaint, facts);
        case ComplaintKind::too_new:
            return clamp_new(complaint, facts);
        case ComplaintKind::metadata_disallowed:
            return Repair{RepairKind::fold_all, Reason::metadata_disallowed};
        case ComplaintKind::metadata_too_large:
            return Repair{RepairKind::fold_large, Reason::metadata_too_large, limit};
        case ComplaintKind::metadata_too_many:
            return Repair{RepairKind::fold_many, Reason::metadata_too_many, limit};
        case ComplaintKind::stream_unparsable:
            return of_streams(RepairKind::sanitise, Reason::labels_unreadable, complaint);
        case ComplaintKind::label_names_too_many:
        case ComplaintKind::label_name_too_long:
        case ComplaintKind::label_value_too_long:
        case ComplaintKind::label_duplicate:
        case ComplaintKind::label_missing:
            return of_streams(RepairKind::dead_letter, label_reason(complaint.kind), complaint);
        case ComplaintKind::unknown:
            return of_streams(RepairKind::dead_letter, Reason::rejected_unknown, complaint);
        default:
            return std::nullopt;
    }
}

bool is_stream_limit(ComplaintKind kind) {
    return kind == ComplaintKind::stream_rate_limited || kind == ComplaintKind::stream_limit;
}

bool has_stream_limit(const std::vector<LokiComplaint>& complaints) {
    return std::any_of(complaints.begin(), complaints.end(), [](const LokiComplaint& complaint) {
        return is_stream_limit(complaint.kind);
    });
}

bool needs_streams(RepairKind kind) {
    return kind == RepairKind::dead_letter || kind == RepairKind::sanitise;
}

// Whether the rest of a request counts as stored once this repair is made. What the ingesters
// answer hides what the distributor found wrong with other entries; a text that is not known says
// nothing of the streams it does not name; and a fault of a stream's labels hides that ingestion is
// blocked for all the others.
bool leaves_rest_stored(const Repair& repair) {
    return repair.kind != RepairKind::replay && !needs_streams(repair.kind);
}

// What is cut off although it is shorter than this was not cut by us.
constexpr std::size_t long_body_bytes = 32UL * 1024;

LokiDecision stream_limits(const HttpResponse& response,
                           const std::vector<LokiComplaint>& complaints) {
    LokiDecision decision = simple(LokiAction::slow_lane, Reason::stream_rate_limited);
    decision.wait = response.retry_after;
    for (const LokiComplaint& complaint : complaints) {
        if (complaint.kind == ComplaintKind::stream_limit) {
            decision.reason = Reason::stream_limit;
            decision.wait =
                std::max(stream_limit_wait, response.retry_after.value_or(stream_limit_wait));
        }
        if (is_stream_limit(complaint.kind)) {
            decision.streams.insert(decision.streams.end(), complaint.streams.begin(),
                                    complaint.streams.end());
        }
    }
    return decision;
}

LokiDecision repairs(const HttpResponse& response, const LokiRequestFacts& sent,
                     const std::vector<LokiComplaint>& complaints) {
    const LokiComplaint* unknown = find_kind(complaints, ComplaintKind::unknown);
    if (unknown != nullptr && response.body_truncated && response.body.size() < long_body_bytes) {
        // The connection broke in the midst of the text: Loki may say it again in full.
        return simple(LokiAction::retry, Reason::closed);
    }
    LokiDecision decision = simple(LokiAction::repair, Reason::rejected_unknown);
    // A cut-off text may hide further streams and complaints.
    decision.rest_is_stored = !response.body_truncated;
    bool nameless = false;
    for (const LokiComplaint& complaint : complaints) {
        std::optional<Repair> repair = repair_for(complaint, {sent.now, response.date});
        if (!repair || (needs_streams(repair->kind) && repair->streams.empty())) {
            decision.rest_is_stored = false;
            nameless = nameless || (repair && complaint.kind != ComplaintKind::unknown);
            continue;
        }
        decision.rest_is_stored = decision.rest_is_stored && leaves_rest_stored(*repair);
        decision.repairs.push_back(std::move(*repair));
    }
    if (!decision.repairs.empty()) {
        decision.reason = decision.repairs.front().reason;
        return decision;
    }
    if (has_stream_limit(complaints)) {
        return stream_limits(response, complaints);
    }
    // A known fault of a stream that the text does not name is found by halving.
    return simple(nameless ? LokiAction::split_by_stream : LokiAction::dead_letter,
                  Reason::rejected_unknown);
}

LokiDecision bad_request(const HttpResponse& response, const LokiRequestFacts& sent) {
    if (is_html(response.body) || is_json(response.body)) {
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
    return repairs(response, sent, complaints);
}

// A request that was refused for its rate again and again may exceed the burst, which no waiting
// helps: a large one is split at the second refusal in a row, a smaller one at some later.
bool may_exceed_burst(const LokiRequestFacts& sent) {
    const bool large = sent.rate_limited_before >= 1 && sent.raw_bytes > rate_split_floor_bytes;
    const bool stuck =
        sent.rate_limited_before >= patient_refusals && sent.raw_bytes > patient_split_floor_bytes;
    return sent.records > 1 && (large || stuck);
}

LokiDecision too_many_requests(const HttpResponse& response, const LokiRequestFacts& sent) {
    const std::vector<LokiComplaint> complaints = read_complaints(response.body);
    if (has_stream_limit(complaints)) {
        return stream_limits(response, complaints);
    }
    if (find_kind(complaints, ComplaintKind::message_too_large) != nullptr) {
        return simple(LokiAction::split_by_entries, Reason::grpc_too_large);
    }
    if (find_kind(complaints, ComplaintKind::too_far_behind) != nullptr) {
        // The ingester names the first few entries it refused, and answers for the last.
        return repairs(response, sent, complaints);
    }
    LokiDecision decision = simple(LokiAction::retry, Reason::rate_limited);
    decision.wait = response.retry_after;
    if (const LokiComplaint* rate = find_kind(complaints, ComplaintKind::rate_limited)) {
        decision.rate_bytes_per_s = rate->limit;
        if (may_exceed_burst(sent)) {
            decision.action = LokiAction::split_by_entries;
            decision.reason = Reason::rate_burst;
        }
    }
    return decision;
}

// Loki's owner chooses the status of "ingestion blocked", 260 unless told otherwise; the text is
// the whole body then, so nothing that a device says can pass for it.
bool says_blocked(std::string_view body) {
    constexpr std::string_view words = "ingestion blocked for user";
    const auto same = [](char a, char b) { return a == b || a == b + ('a' - 'A'); };
    return body.size() >= words.size() &&
           std::equal(words.begin(), words.end(), body.begin(), same);
}

LokiDecision blocked(const HttpResponse& response) {
    LokiDecision decision = simple(LokiAction::hold, Reason::blocked);
    const std::vector<LokiComplaint> complaints = read_complaints(response.body);
    if (const LokiComplaint* complaint = find_kind(complaints, ComplaintKind::blocked)) {
        decision.hold_until = complaint->cutoff;
    }
    return decision;
}

LokiDecision success(const HttpResponse& response) {
    constexpr unsigned ingestion_blocked = 260;
    if (response.status == ingestion_blocked) {
        return blocked(response);
    }
    // A login page says 200 as well.
    return is_html(response.body) ? simple(LokiAction::hold, Reason::gateway)
                                  : simple(LokiAction::ok, Reason::none);
}

LokiDecision client_error(const HttpResponse& response, const LokiRequestFacts& sent) {
    switch (response.status) {
        case 400:
            return bad_request(response, sent);
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
            return common(status_verdict(response.status), response.retry_after);
    }
}

LokiDecision server_failure(const HttpResponse& response, const LokiRequestFacts& sent) {
    if (response.status != 501 && !is_html(response.body)) {
        const std::vector<LokiComplaint> complaints = read_complaints(response.body);
        // gRPC's word alone may also mean something that passes: no line is cut or given up for it.
        const bool exhausted = find_kind(complaints, ComplaintKind::exhausted) != nullptr &&
                               sent.records > 1 && sent.raw_bytes > rate_split_floor_bytes;
        if (exhausted || find_kind(complaints, ComplaintKind::message_too_large) != nullptr) {
            return simple(LokiAction::split_by_entries, Reason::grpc_too_large);
        }
    }
    return common(status_verdict(response.status), response.retry_after);
}

}  // namespace

LokiDecision decide_loki(const HttpResponse& response, const LokiRequestFacts& sent) {
    if (says_blocked(response.body)) {
        return blocked(response);
    }
    switch (response.status / 100) {
        case 2:
            return success(response);
        case 4:
            return client_error(response, sent);
        case 5:
            return server_failure(response, sent);
        default:
            return common(status_verdict(response.status));
    }
}

LokiDecision decide_transport(TransportError error) {
    return common(transport_verdict(error));
}

}  // namespace weir
