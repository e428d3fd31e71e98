// Carries out what sinks/loki_decision decided about an answer.
#include "sinks/loki_delivery.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

namespace {

// So many times the rest of one request is asked about again before it counts as stored.
constexpr std::uint32_t rounds_max = 8;
// A lone entry that is too large is halved until its line is this short.
constexpr std::size_t halving_floor_bytes = 1024;

bool needs_entries(LokiAction action) {
    return action == LokiAction::split_by_stream || action == LokiAction::split_by_entries ||
           action == LokiAction::repair || action == LokiAction::slow_lane ||
           action == LokiAction::dead_letter;
}

// A piece of one stream that is refused again and again may exceed the stream's burst: Loki counts
// what it has stored already against it as well, so that the end of the piece never passes.
bool may_exceed_stream_burst(const LokiItem& item, Reason reason) {
    constexpr std::uint32_t attempts_max = 3;
    constexpr std::size_t bytes_min = 16UL * 1024;
    return reason == Reason::stream_rate_limited && item.attempts > attempts_max &&
           item.records > 1 && item.raw_bytes > bytes_min;
}

}  // namespace

// Whether the settings or a file with a secret or certificate changed since the request went out.
bool LokiDelivery::is_outdated(const Answered& answer) {
    static_cast<void>(client_->refresh_files());
    return answer.client != client_.get() ||
           answer.result.files_version != client_->files_version();
}

// Tells the limit on concurrency what the request says of the endpoint's load, if anything.
void LokiDelivery::set_pace(const Answered& answer, const LokiDecision& decision) {
    const TransportError error = answer.result.error;
    const unsigned status = answer.result.response.status;
    const bool is_late =
        error == TransportError::request_timeout || error == TransportError::connect_timeout;
    const bool is_refused =
        decision.reason == Reason::rate_limited || decision.reason == Reason::rate_burst ||
        (decision.reason == Reason::server_error && (status == 503 || status == 504));
    if (is_late || is_refused) {
        concurrency_.pressed(answer.request);
    } else if (error != TransportError::none) {
        concurrency_.restart(answer.request.ended_ns);
    } else if (decision.action == LokiAction::ok) {
        concurrency_.took(answer.request);
    }
    const std::uint64_t limit = concurrency_.limit();
    board_.update([limit](EndpointStatus& shown) { shown.concurrency_limit = limit; });
}

void LokiDelivery::answered(LokiItem item, const Answered& answer) {
    const HttpResult& result = answer.result;
    const bool has_answer = result.error == TransportError::none;
    const LokiRequestFacts sent{item.raw_bytes, item.records, item.streams, item.rate_limited,
                                clock_.now()};
    const LokiDecision decision =
        has_answer ? decide_loki(result.response, sent) : decide_transport(result.error);
    note_answer(result, decision);
    set_pace(answer, decision);
    if (decision.action == LokiAction::hold && is_outdated(answer)) {
        // Somebody has done something already: no reason to hold.
        item.due_ns = 0;
        queue(std::move(item));
        return;
    }
    carry_out(std::move(item), decision);
    count_slow();
}

void LokiDelivery::note_answer(const HttpResult& result, const LokiDecision& decision) {
    const std::string label = request_label(result);
    const bool good = decision.action == LokiAction::ok;
    server_text_ = good ? std::string() : describe(result);
    const bool again = decision.action == LokiAction::retry ||
                       decision.action == LokiAction::hold ||
                       decision.action == LokiAction::slow_lane;
    board_.update([&](EndpointStatus& status) {
        ++status.requests[label];
        status.request_duration.add(result.duration);
        if (again) {
            ++status.retries[std::string(reason_name(decision.reason))];
        }
    });
    if (!good) {
        board_.set_error(server_text_, clock_.now());
    }
}

void LokiDelivery::carry_out(LokiItem item, const LokiDecision& decision) {
    if (needs_entries(decision.action) && !is_readable(item)) {
        drop(item, Reason::batch_unreadable, item.records);
        item_ended(item);
        return;
    }
    switch (decision.action) {
        case LokiAction::ok:
            on_ok(item);
            return;
        case LokiAction::retry:
            on_retry(std::move(item), decision);
            return;
        case LokiAction::hold:
            on_hold(std::move(item), decision);
            return;
        case LokiAction::slow_lane:
            alive();
            on_slow_lane(std::move(item), decision);
            return;
        case LokiAction::split_by_stream:
            alive();
            on_split_by_stream(item, decision);
            break;
        case LokiAction::split_by_entries:
            alive();
            on_split_by_entries(item, decision);
            break;
        case LokiAction::repair:
            alive();
            on_repair(item, decision);
            break;
        case LokiAction::dead_letter:
            alive();
            dead_letter(item, decision.reason, decode(item));
            break;
        case LokiAction::drop:
            alive();
            drop(item, decision.reason, item.records);
            break;
    }
    // The derived items, if any, have taken this one's place.
    item_ended(item);
}

void LokiDelivery::on_ok(const LokiItem& item) {
    const std::int64_t now_ns = clock_.monotonic_ns();
    rate_.accepted(now_ns);
    alive();
    delivered(item, item.records);
    item_ended(item);
}

void LokiDelivery::on_retry(LokiItem item, const LokiDecision& decision) {
    const std::int64_t now_ns = clock_.monotonic_ns();
    ++item.attempts;
    ++failures_;
    if (decision.reason == Reason::rate_limited) {
        ++item.rate_limited;
        rate_.refused(decision.rate_bytes_per_s, now_ns);
    } else {
        item.rate_limited = 0;
    }
    const auto wait_for = [&](std::uint32_t failures) {
        const std::chrono::nanoseconds wait =
            backoff_.wait(failures, options_->backoff_min, options_->backoff_max);
        // "Retry-After: 0" is no reason to hurry.
        return decision.wait ? std::max(wait, backoff_.spread(*decision.wait)) : wait;
    };
    const std::chrono::nanoseconds wait = wait_for(failures_);
    paused_until_ns_ = std::max(paused_until_ns_, now_ns + wait.count());
    // A request that fails while others pass waits by its own count, so that it cannot keep the
    // endpoint busy with itself.
    item.due_ns = now_ns + (item.attempts > failures_ ? wait_for(item.attempts) : wait).count();
    set_state(EndpointState::retry, decision.reason);
    queue(std::move(item));
}

void LokiDelivery::on_hold(LokiItem item, const LokiDecision& decision) {
    const std::int64_t now_ns = clock_.monotonic_ns();
    std::chrono::nanoseconds wait = options_->hold_probe_interval;
    if (decision.hold_until) {
        // Until the date named, but somebody may lift the block before it.
        const std::chrono::nanoseconds until(decision.hold_until->unix_ns - clock_.now().unix_ns);
        wait = std::clamp(until, wait, wait * 10);
    }
    ++failures_;
    ++item.attempts;
    const std::chrono::nanoseconds spread = backoff_.spread(wait);
    // If others passed since it failed first, the fault lies with this request: it waits alone.
    item.held = item.attempts <= failures_;
    if (item.held) {
        paused_until_ns_ = now_ns + spread.count();
    }
    // A little later than the probe, which is another request's turn if there is another.
    item.due_ns = now_ns + spread.count() + wait.count() / 8;
    set_state(EndpointState::hold, decision.reason);
    queue(std::move(item));
}

void LokiDelivery::on_split_by_stream(const LokiItem& item, const LokiDecision& decision) {
    PushPair halves = split_by_stream(decode(item));
    if (!halves.second.streams.empty()) {
        derive(item, halves.first);
        derive(item, halves.second);
        return;
    }
    constexpr std::uint32_t sanitised = repair_bit(RepairKind::sanitise);
    if ((item.applied & sanitised) != 0 || halves.first.streams.empty()) {
        dead_letter(item, decision.reason, halves.first);
        return;
    }
    sanitise_labels(halves.first.streams.front());
    derive(item, halves.first, [](LokiItem& made) { made.applied |= sanitised; });
}

void LokiDelivery::on_split_by_entries(const LokiItem& item, const LokiDecision& decision) {
    if (decision.reason == Reason::rate_burst) {
        const std::int64_t now_ns = clock_.monotonic_ns();
        rate_.refused(decision.rate_bytes_per_s, now_ns);
        const std::chrono::nanoseconds wait =
            decision.wait ? backoff_.spread(*decision.wait)
                          : backoff_.wait(1, options_->backoff_min, options_->backoff_max);
        paused_until_ns_ = now_ns + wait.count();
    }
    PushPair halves = split_by_entries(decode(item));
    if (!halves.second.streams.empty()) {
        // The halves have met the limit before: one more refusal splits them again.
        const bool burst = decision.reason == Reason::rate_burst;
        const auto limited = [](LokiItem& made) { made.rate_limited = 1; };
        derive(item, halves.first, burst ? +limited : nullptr);
        derive(item, halves.second, burst ? +limited : nullptr);
        return;
    }
    LokiEntry& entry = halves.first.streams.front().entries.front();
    if (entry.line.size() <= halving_floor_bytes) {
        dead_letter(item, decision.reason, halves.first);
        return;
    }
    truncate_line(entry, std::max(entry.line.size() / 2, halving_floor_bytes), true);
    derive(item, halves.first);
}

void LokiDelivery::on_repair(const LokiItem& item, const LokiDecision& decision) {
    learn(decision.repairs);
    RepairedPush parts = apply_repairs(decode(item), decision.repairs, repair_context(item));
    for (const auto& [reason, push] : parts.ended) {
        dead_letter(item, reason, push);
        refuse_streams(reason, push);
    }
    board_.update([&](EndpointStatus& status) {
        for (const auto& [reason, records] : parts.repaired) {
            status.repaired[std::string(reason_name(reason))] += records;
        }
    });
    LokiItem from = item;
    from.applied = parts.applied;
    derive(from, parts.changed);
    from.replay = true;
    derive(from, parts.replay);
    // A complaint that fits no entry is about one all the same: nothing may count as stored for it.
    if (decision.rest_is_stored && parts.all_matched) {
        delivered(item, parts.rest.records());
    } else {
        ask_again(item, parts.rest, decision.reason);
    }
}

// Sends the untouched rest of a refused request again: what is stored already, Loki knows by its
// bytes, and what another stream's refusal hid comes to light.
void LokiDelivery::ask_again(const LokiItem& item, const LokiPush& rest, Reason reason) {
    if (rest.streams.empty()) {
        return;
    }
    if (item.rounds >= rounds_max && rest.streams.size() == 1) {
        dead_letter(item, reason, rest);
        return;
    }
    if (item.rounds >= rounds_max) {
        PushPair halves = split_by_stream(rest);
        derive(item, halves.first);
        derive(item, halves.second);
        return;
    }
    derive(item, rest, [](LokiItem& made) { ++made.rounds; });
}

void LokiDelivery::on_slow_lane(LokiItem item, const LokiDecision& decision) {
    const auto is_named = [&decision](const LokiStream& stream, const LokiEntry&) {
        return std::any_of(
            decision.streams.begin(), decision.streams.end(),
            [&stream](const std::string& named) { return same_stream(stream.labels, named); });
    };
    const std::int64_t now_ns = clock_.monotonic_ns();
    ++item.attempts;
    std::chrono::nanoseconds wait = options_->slow_wait_min;
    wait += backoff_.wait(item.attempts, options_->slow_wait_min, options_->backoff_max);
    if (decision.wait) {
        wait = std::max(wait, backoff_.spread(*decision.wait));
    }
    const std::int64_t due_ns = now_ns + wait.count();
    PushPair parts;
    if (item.streams > 1) {
        parts = partition_entries(decode(item), is_named);
    } else if (may_exceed_stream_burst(item, decision.reason)) {
        halve_slow(item, decision.reason, due_ns);
        return;
    }
    if (parts.first.streams.empty() || parts.second.streams.empty()) {
        to_slow_lane(std::move(item), decision.reason, due_ns);
        return;
    }
    EncodedPush slow = encode_loki_push(parts.first);
    LokiItem lane = item;
    lane.own_body = std::move(slow.body);
    lane.raw_bytes = slow.raw_bytes;
    lane.records = slow.records;
    lane.streams = slow.streams;
    ++item.parent->items;
    // First, so that it does not wait behind what waits if this is a replay.
    ask_again(item, parts.second, Reason::other_stream);
    to_slow_lane(std::move(lane), decision.reason, due_ns);
    item_ended(item);
}

void LokiDelivery::halve_slow(const LokiItem& item, Reason reason, std::int64_t due_ns) {
    PushPair halves = split_by_entries(decode(item));
    for (LokiPush* half : {&halves.first, &halves.second}) {
        EncodedPush encoded = encode_loki_push(*half);
        LokiItem made = item;
        made.own_body = std::move(encoded.body);
        made.raw_bytes = encoded.raw_bytes;
        made.records = encoded.records;
        made.streams = encoded.streams;
        made.attempts = 1;
        ++item.parent->items;
        to_slow_lane(std::move(made), reason, due_ns);
    }
    item_ended(item);
}

void LokiDelivery::to_slow_lane(LokiItem item, Reason reason, std::int64_t due_ns) {
    item.due_ns = due_ns;
    if (item.replay && !item.slow && reason == Reason::stream_rate_limited) {
        // Were it overtaken by what is newer, it would be too far behind for good. The rate has
        // room again in seconds, so that the replay waits in front of it.
        queue(std::move(item));
        return;
    }
    std::size_t items = 0;
    std::size_t bytes = item.raw_bytes;
    for (const LokiItem& other : waiting_) {
        items += other.slow ? 1U : 0U;
        bytes += other.slow ? other.raw_bytes : 0U;
    }
    if (items >= options_->slow_items_max || bytes > options_->slow_bytes_max) {
        server_text_ = fmt::format("{} ({})", server_text_, reason_name(reason));
        dead_letter(item, Reason::slow_lane_full, decode(item));
        item_ended(item);
        return;
    }
    item.slow = true;
    item.slow_reason = reason;
    queue(std::move(item));
}

void LokiDelivery::set_state(EndpointState state, Reason reason) {
    health_.set(options_->name, state, reason, server_text_);
}

// Loki answered this endpoint in earnest: whatever was wrong with it is over.
void LokiDelivery::alive() {
    failures_ = 0;
    if (health_.state() != EndpointState::ok) {
        paused_until_ns_ = 0;
        release_held();
        set_state(EndpointState::ok, Reason::none);
    }
}

// What was refused with everything else may go now.
void LokiDelivery::release_held() {
    for (LokiItem& item : waiting_) {
        item.due_ns = item.held ? 0 : item.due_ns;
        item.held = false;
    }
}

void LokiDelivery::count_slow() {
    std::uint64_t records = 0;
    Reason reason = Reason::none;
    for (const LokiItem& item : waiting_) {
        records += item.slow ? item.records : 0U;
        // Of the two the one that does not pass by itself.
        reason = item.slow ? std::max(reason, item.slow_reason) : reason;
    }
    if (health_.state() == EndpointState::ok) {
        const EndpointState shown = records > 0 ? EndpointState::slow : EndpointState::ok;
        board_.set_state(shown, reason, clock_.now());
    }
    if (reason > slow_reason_) {
        events_.emit({EventId::endpoint_state, options_->name,
                      fmt::format("slow ({}): {}", reason_name(reason), server_text_)});
    }
    slow_reason_ = reason;
    const std::uint64_t rate = rate_.per_s();
    board_.update([records, rate](EndpointStatus& status) {
        status.slow_records = records;
        status.rate_bytes_per_s = rate;
    });
}

}  // namespace weir
