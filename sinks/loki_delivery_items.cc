// What batches fall into before and after an answer, and how their records end.
#include "core/assert.h"
#include "sinks/loki_delivery.h"

#include <algorithm>

namespace weir {

void LokiDelivery::queue(LokiItem item) {
    const std::uint64_t id = item.parent->batch->id;
    const auto later = [id](const LokiItem& other) { return other.parent->batch->id > id; };
    waiting_.insert(std::find_if(waiting_.begin(), waiting_.end(), later), std::move(item));
}

LokiPush LokiDelivery::decode(const LokiItem& item) const {
    Result<LokiPush> push = decode_loki_push(item.body());
    // Whatever comes here was found readable (is_readable) or was encoded by us.
    WEIR_ASSERT(push && push->records() == item.records);
    return std::move(*push);
}

RepairContext LokiDelivery::repair_context(const LokiItem& item) const {
    return {item.parent->batch->first_received, item.applied, options_->replay_label,
            options_->replay_value, item.replay};
}

bool LokiDelivery::is_readable(const LokiItem& item) const {
    if (!item.own_body.empty()) {
        return true;
    }
    const Result<LokiPush> push = decode_loki_push(item.body());
    return push && push->records() == item.records;
}

void LokiDelivery::admit(BatchPtr batch) {
    auto parent = std::make_shared<ParentBatch>();
    parent->batch = std::move(batch);
    const Batch& frozen = *parent->batch;
    LokiItem whole;
    whole.parent = parent;
    whole.raw_bytes = frozen.raw_bytes;
    whole.records = frozen.records;
    whole.streams = frozen.streams;
    parent->items = 1;
    const std::vector<Repair> learned = learned_now();
    const Timestamp replay_before{clock_.now().unix_ns -
                                  std::chrono::nanoseconds(options_->replay_after).count()};
    if (frozen.oldest >= replay_before && learned.empty() && !any_refused()) {
        queue(std::move(whole));
        return;
    }
    Result<LokiPush> push = decode_loki_push(frozen.body);
    if (!push || push->records() != frozen.records) {
        drop(whole, Reason::batch_unreadable, frozen.records);
        item_ended(whole);
        return;
    }
    dead_letter_refused(whole, *push);
    const bool none_refused = push->records() == frozen.records;
    const auto is_old = [replay_before](const LokiStream&, const LokiEntry& entry) {
        return entry.timestamp < replay_before;
    };
    PushPair by_age = partition_entries(std::move(*push), is_old);
    label_for_replay(by_age.first, options_->replay_label, options_->replay_value);
    const bool all_recent = by_age.first.streams.empty();
    std::uint32_t changed = 0;
    for (LokiPush* part : {&by_age.first, &by_age.second}) {
        RepairedPush repaired = apply_repairs(std::move(*part), learned, repair_context(whole));
        changed |= repaired.applied;
        append_push(repaired.changed, std::move(repaired.rest));
        *part = std::move(repaired.changed);
    }
    if (all_recent && changed == 0 && none_refused) {
        queue(std::move(whole));
        return;
    }
    whole.applied = changed;
    whole.replay = true;
    derive(whole, by_age.first);
    whole.replay = false;
    derive(whole, by_age.second);
    item_ended(whole);
}

void LokiDelivery::derive(const LokiItem& from, const LokiPush& push, void (*change)(LokiItem&)) {
    EncodedPush encoded = encode_loki_push(push);
    if (encoded.records == 0) {
        return;
    }
    LokiItem item;
    item.parent = from.parent;
    item.own_body = std::move(encoded.body);
    item.raw_bytes = encoded.raw_bytes;
    item.records = encoded.records;
    item.streams = encoded.streams;
    item.rounds = from.rounds;
    item.applied = from.applied;
    item.replay = from.replay;
    item.slow = from.slow;
    if (change != nullptr) {
        change(item);
    }
    ++from.parent->items;
    queue(std::move(item));
}

std::vector<Repair> LokiDelivery::learned_now() {
    if (!learned_.empty() && clock_.monotonic_ns() >= learned_until_ns_) {
        learned_.clear();
    }
    return learned_;
}

// Limits on the entry itself hold for every batch to come; limits on time do not.
void LokiDelivery::learn(const std::vector<Repair>& repairs) {
    for (const Repair& repair : repairs) {
        const bool lasting =
            repair.kind == RepairKind::truncate || repair.kind == RepairKind::fold_all ||
            repair.kind == RepairKind::fold_large || repair.kind == RepairKind::fold_many;
        if (!lasting) {
            continue;
        }
        const auto same = [&repair](const Repair& known) { return known.kind == repair.kind; };
        learned_.erase(std::remove_if(learned_.begin(), learned_.end(), same), learned_.end());
        learned_.push_back(repair);
        learned_until_ns_ =
            clock_.monotonic_ns() + std::chrono::nanoseconds(options_->learned_for).count();
    }
}

void LokiDelivery::refuse_streams(Reason reason, const LokiPush& push) {
    constexpr std::size_t refused_max = 1000;
    const bool by_labels =
        reason >= Reason::label_names_too_many && reason <= Reason::label_missing;
    const std::int64_t until_ns =
        clock_.monotonic_ns() + std::chrono::nanoseconds(options_->refused_for).count();
    for (const LokiStream& stream : push.streams) {
        if (by_labels && refused_.size() < refused_max) {
            refused_.insert_or_assign(stream.labels, RefusedStream{reason, server_text_, until_ns});
        }
    }
}

bool LokiDelivery::any_refused() {
    const std::int64_t now_ns = clock_.monotonic_ns();
    std::erase_if(refused_, [now_ns](const auto& one) { return one.second.until_ns <= now_ns; });
    return !refused_.empty();
}

// Takes the entries of refused streams out of `push`.
void LokiDelivery::dead_letter_refused(const LokiItem& whole, LokiPush& push) {
    const auto is_refused = [this](const LokiStream& stream) {
        return refused_.contains(stream.labels);
    };
    for (const LokiStream& stream : push.streams) {
        if (is_refused(stream)) {
            const RefusedStream& why = refused_.at(stream.labels);
            server_text_ = why.server_text;
            dead_letter(whole, why.reason, {{stream}});
        }
    }
    std::erase_if(push.streams, is_refused);
}

void LokiDelivery::delivered(const LokiItem& item, std::uint64_t records) {
    item.parent->outcome.delivered += records;
    const Timestamp now = clock_.now();
    const std::chrono::nanoseconds latency(now.unix_ns -
                                           item.parent->batch->first_received.unix_ns);
    const std::size_t bytes = item.body().size();
    board_.update([&](EndpointStatus& status) {
        status.sent_records += records;
        status.sent_bytes += bytes;
        status.last_success_at = now;
        status.add_latency(latency);
    });
}

void LokiDelivery::dead_letter(const LokiItem& item, Reason reason, const LokiPush& push) {
    const Timestamp now = clock_.now();
    const Batch& batch = *item.parent->batch;
    std::vector<DeadLetter> letters;
    letters.reserve(push.records());
    for (const LokiStream& stream : push.streams) {
        for (const LokiEntry& entry : stream.entries) {
            letters.push_back({options_->name, batch.tenant, reason, server_text_, stream.labels,
                               entry, now, batch.id});
        }
    }
    const std::uint64_t kept = dead_letters_ == nullptr ? 0 : dead_letters_->write(letters);
    if (kept > 0) {
        item.parent->outcome.dead_lettered[std::string(reason_name(reason))] += kept;
    }
    drop(item, reason, letters.size() - kept);
    events_.emit({EventId::endpoint_error, options_->name,
                  std::to_string(letters.size()) + " records ended as " +
                      std::string(reason_name(reason)) + ": " + server_text_});
}

void LokiDelivery::drop(const LokiItem& item, Reason reason, std::uint64_t records) {
    if (records > 0) {
        item.parent->outcome.dropped[std::string(reason_name(reason))] += records;
    }
}

void LokiDelivery::item_ended(const LokiItem& item) {
    WEIR_ASSERT(item.parent->items > 0);
    --item.parent->items;
    if (item.parent->items == 0) {
        WEIR_ASSERT(item.parent->outcome.total() == item.parent->batch->records);
        cursor_.settle(*item.parent->batch, item.parent->outcome);
    }
}

}  // namespace weir
