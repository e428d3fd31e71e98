// Carries out what sinks/mimir_decision decided about an answer.
#include "core/assert.h"
#include "sinks/mimir_delivery.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

// Whether the settings or a file with a secret or certificate changed since the request went out.
bool MimirDelivery::is_outdated(const Answered& answer) {
    static_cast<void>(client_->refresh_files());
    return answer.client != client_.get() ||
           answer.result.files_version != client_->files_version();
}

// Tells the limit on concurrency what the request says of the endpoint's load, if anything.
void MimirDelivery::set_pace(const Answered& answer, const MimirDecision& decision) {
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
    } else if (decision.action == MimirAction::ok) {
        concurrency_.took(answer.request);
    }
    const std::uint64_t limit = concurrency_.limit();
    board_.update([limit](EndpointStatus& shown) { shown.concurrency_limit = limit; });
}

void MimirDelivery::answered(Lane& lane, const Answered& answer) {
    const HttpResult& result = answer.result;
    const MimirPiece& piece = lane.work->piece();
    const MimirRequestFacts sent{.samples = piece.samples,
                                 .series = piece.series,
                                 .version_2 = answer.version_2,
                                 .rate_limited_before = piece.rate_limited,
                                 .halved_undecodable = piece.halved_undecodable};
    const MimirDecision decision = result.error == TransportError::none
                                       ? decide_mimir(result.response, sent)
                                       : decide_mimir_transport(result.error);
    note_answer(result, decision);
    set_pace(answer, decision);
    const bool later =
        result.error == TransportError::none && decision.action == MimirAction::retry;
    lane.put_off += later ? 1U : 0U;
    sent_bytes_ = answer.request.bytes;
    if (decision.action == MimirAction::hold && is_outdated(answer)) {
        // Somebody has done something already: no reason to hold.
        lane.due_ns = 0;
        return;
    }
    carry_out(lane, decision);
    const std::uint64_t rate = rate_.per_s();
    board_.update([rate](EndpointStatus& status) { status.rate_samples_per_s = rate; });
}

void MimirDelivery::note_answer(const HttpResult& result, const MimirDecision& decision) {
    const std::string label = request_label(result);
    const bool good = decision.action == MimirAction::ok && !decision.metadata_refused;
    server_text_ = good ? std::string() : describe(result);
    server_body_ = good ? std::string() : result.response.body;
    const bool again = decision.action == MimirAction::retry ||
                       decision.action == MimirAction::hold ||
                       decision.action == MimirAction::fall_back;
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

void MimirDelivery::carry_out(Lane& lane, const MimirDecision& decision) {
    switch (decision.action) {
        case MimirAction::ok:
            on_ok(lane, decision);
            return;
        case MimirAction::refused:
            on_refused(lane, decision);
            return;
        case MimirAction::drop:
            on_drop(lane, decision.reason);
            return;
        case MimirAction::split:
            on_split(lane, decision);
            return;
        case MimirAction::retry:
            on_retry(lane, decision);
            return;
        case MimirAction::hold:
            on_hold(lane, decision);
            return;
        case MimirAction::fall_back:
            on_fall_back(lane);
            return;
    }
}

void MimirDelivery::on_ok(Lane& lane, const MimirDecision& decision) {
    rate_.accepted(clock_.monotonic_ns());
    alive();
    if (decision.metadata_refused) {
        events_.emit({EventId::endpoint_error, options_->name,
                      "metadata refused, the samples beside it taken: " + server_text_});
    }
    note_delivered(*lane.work->batch(), lane.work->piece().samples);
    lane.work->delivered();
    next_piece(lane);
}

void MimirDelivery::on_refused(Lane& lane, const MimirDecision& decision) {
    alive();
    MimirWork& work = *lane.work;
    const std::uint64_t samples = work.piece().samples;
    if (decision.refused) {
        note_delivered(*work.batch(), samples - *decision.refused);
        tell_dropped(decision.reason, work.refused(*decision.refused, decision.reason),
                     server_text_);
    } else {
        const std::int64_t now_ns = clock_.monotonic_ns();
        const std::int64_t until_ns =
            now_ns + std::chrono::nanoseconds(options_->refused_for).count();
        const auto note = [&](const WrittenSeries& series) {
            if (RefusedSeries::is_lasting(decision.reason)) {
                refused_.note(series, decision.reason, until_ns, now_ns);
            }
        };
        tell_dropped(decision.reason, work.find_refused(decision.reason, server_body_, note),
                     server_text_);
    }
    next_piece(lane);
}

void MimirDelivery::on_drop(Lane& lane, Reason reason) {
    alive();
    const std::uint64_t samples = lane.work->drop(reason);
    if (reason == Reason::ha_deduplicated) {
        events_.emit({EventId::ha_deduplicated, options_->name,
                      fmt::format("{} samples were discarded: {}", samples, server_text_)});
    } else {
        tell_dropped(reason, samples, server_text_);
    }
    next_piece(lane);
}

void MimirDelivery::on_split(Lane& lane, const MimirDecision& decision) {
    const std::int64_t now_ns = clock_.monotonic_ns();
    alive();
    MimirPiece& piece = lane.work->piece();
    piece.halved_undecodable = decision.reason == Reason::undecodable;
    if (decision.reason == Reason::rate_burst) {
        rate_.refused(decision.rate_samples_per_s, now_ns);
        const std::chrono::nanoseconds wait =
            decision.wait ? backoff_.spread(*decision.wait)
                          : backoff_.wait(1, options_->backoff_min, options_->backoff_max);
        paused_until_ns_ = now_ns + wait.count();
        // The halves have met the limit before: one more refusal splits them again.
        piece.rate_limited = 1;
    }
    tell_dropped(decision.reason, lane.work->split(decision.reason), server_text_);
    next_piece(lane);
}

void MimirDelivery::on_retry(Lane& lane, const MimirDecision& decision) {
    const std::int64_t now_ns = clock_.monotonic_ns();
    ++lane.attempts;
    ++failures_;
    MimirPiece& piece = lane.work->piece();
    if (decision.reason == Reason::rate_limited) {
        ++piece.rate_limited;
        rate_.refused(decision.rate_samples_per_s, now_ns);
    } else {
        piece.rate_limited = 0;
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
    lane.due_ns = now_ns + (lane.attempts > failures_ ? wait_for(lane.attempts) : wait).count();
    set_state(EndpointState::retry, decision.reason);
}

void MimirDelivery::on_hold(Lane& lane, const MimirDecision& decision) {
    const std::int64_t now_ns = clock_.monotonic_ns();
    ++failures_;
    ++lane.attempts;
    const std::chrono::nanoseconds wait = options_->hold_probe_interval;
    const std::chrono::nanoseconds spread = backoff_.spread(wait);
    // If others passed since it failed first, the fault lies with this request: it waits alone.
    lane.held = lane.attempts <= failures_;
    if (lane.held) {
        paused_until_ns_ = now_ns + spread.count();
    }
    // A little later than the probe, which is another shard's turn if there is another.
    lane.due_ns = now_ns + spread.count() + wait.count() / 8;
    set_state(EndpointState::hold, decision.reason);
}

// The server does not speak 2.0. It is asked again in an hour: it may be a newer one then.
void MimirDelivery::on_fall_back(Lane& lane) {
    alive();
    const std::int64_t now_ns = clock_.monotonic_ns();
    if (now_ns >= version_1_until_ns_) {
        events_.emit({EventId::remote_write_fallback, options_->name,
                      "takes no remote write 2.0 and gets 1.0 for an hour: " + server_text_});
    }
    version_1_until_ns_ = now_ns + std::chrono::nanoseconds(options_->version_2_again).count();
    lane.due_ns = 0;
}

void MimirDelivery::tell_dropped(Reason reason, std::uint64_t samples, std::string_view why) {
    if (samples > 0) {
        events_.emit(
            {EventId::endpoint_error, options_->name,
             fmt::format("{} samples ended as {}: {}", samples, reason_name(reason), why)});
    }
}

void MimirDelivery::note_delivered(const Batch& batch, std::uint64_t samples) {
    const Timestamp now = clock_.now();
    const std::chrono::nanoseconds latency(now.unix_ns - batch.first_received.unix_ns);
    const std::size_t bytes = sent_bytes_;
    board_.update([&](EndpointStatus& status) {
        status.sent_records += samples;
        status.sent_bytes += bytes;
        status.last_success_at = now;
        status.add_latency(latency);
    });
}

void MimirDelivery::next_piece(Lane& lane) {
    lane.due_ns = 0;
    lane.attempts = 0;
    lane.put_off = 0;
    lane.held = false;
    if (!lane.work->done()) {
        return;
    }
    const BatchPtr batch = lane.work->batch();
    const Outcome outcome = lane.work->outcome();
    WEIR_ASSERT(outcome.total() == batch->records);
    lane.work.reset();
    --batches_ahead_;
    bytes_ahead_ -= batch->memory_bytes();
    earlier_ahead_ -= is_earlier(*batch) ? 1U : 0U;
    cursor_.settle(*batch, outcome);
}

void MimirDelivery::set_state(EndpointState state, Reason reason) {
    health_.set(options_->name, state, reason, server_text_);
}

// The server answered this endpoint in earnest: whatever was wrong with it is over.
void MimirDelivery::alive() {
    failures_ = 0;
    if (health_.state() == EndpointState::ok) {
        return;
    }
    paused_until_ns_ = 0;
    for (auto& [shard, lane] : lanes_) {
        lane.due_ns = lane.held ? 0 : lane.due_ns;
        lane.held = false;
    }
    set_state(EndpointState::ok, Reason::none);
}

}  // namespace weir
