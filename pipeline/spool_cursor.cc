#include "pipeline/spool_cursor.h"

#include <algorithm>

namespace weir {

BatchPtr SpoolLog::Cursor::take() {
    Lock lock(log_.mutex_);
    for (;;) {
        const SpoolBook::Next next = book.next();
        if (next.number > log_.head_) {
            return nullptr;
        }
        if (const PlacedBatch* placed = log_.in_memory(next.number)) {
            book.take(placed->batch->records);
            reader_.reset();  // a file that was removed gives its room back only now
            return placed->batch;
        }
        if (log_.on_disk(next.number) != nullptr) {
            try_again_ = false;
            if (BatchPtr batch = take_from_disk(next, lock); batch != nullptr || try_again_) {
                return batch;
            }
            continue;
        }
        // A segment file is gone, or what was in memory only ended with the process.
        const SpoolBook::Next behind = log_.first_behind(next.number);
        book.lose(next.number,
                  {.last = behind.number - 1,
                   .begin = next.position,
                   .end = std::max(behind.position, next.position)},
                  "spool_lost");
        log_.meta_changed_ = true;
    }
}

BatchPtr SpoolLog::Cursor::take_from_disk(SpoolBook::Next next, Lock& lock) {
    const Segment segment = *log_.on_disk(next.number);
    lock.unlock();
    const SegmentRead read = this->read(segment, next.number);
    lock.lock();
    const auto known = log_.segments_.find(segment.name.first);
    if (known == log_.segments_.end() || book.next().number != next.number) {
        return nullptr;  // given up meanwhile
    }
    if (read.damaged && !known->second.damaged) {
        known->second.damaged = true;
        log_.events_.emit({EventId::spool_damaged, segment.path,
                           "cannot be read whole; what is readable is delivered"});
    }
    if (read.failed) {
        try_again_ = true;
        return nullptr;
    }
    const PlacedBatch& placed = read.placed;
    const bool found = placed.batch != nullptr && placed.position >= next.position;
    const std::uint64_t last = found ? placed.batch->id - 1 : segment.last;
    const std::uint64_t end = found ? placed.position : std::max(segment.end, next.position);
    if (last >= next.number) {
        book.lose(next.number, {.last = last, .begin = next.position, .end = end}, "spool_damaged");
        log_.meta_changed_ = true;
    }
    if (!found) {
        return nullptr;
    }
    book.take(placed.batch->records);
    read_.emplace(placed.batch->id, placed.batch->first_received);
    return placed.batch;
}

SegmentRead SpoolLog::Cursor::read(const Segment& segment, std::uint64_t number) {
    if (reading_ != segment.path || !reader_) {
        reader_.reset();
        Result<SegmentReader> reader = SegmentReader::open(segment.path);
        if (!reader) {
            log_.events_.emit({EventId::spool_failed, segment.path, reader.error().message});
            return {.failed = true};
        }
        reader_.emplace(std::move(*reader));
        reading_ = segment.path;
    }
    return reader_->read(number, segment.last);
}

void SpoolLog::Cursor::settle(const Batch& batch, const Outcome& outcome) {
    const Lock lock(log_.mutex_);
    book.settle(batch.id, outcome);
    read_.erase(batch.id);
    log_.meta_changed_ = true;
    log_.trim_memory();
}

void SpoolLog::Cursor::on_ready(std::function<void()> callback) {
    ready_.set(std::move(callback));
}

void SpoolLog::Cursor::wake() {
    ready_.call();
}

DeliveryLedger SpoolLog::Cursor::ledger() const {
    const Lock lock(log_.mutex_);
    const SpoolBook::State& state = book.state();
    DeliveryLedger ledger{.appended = state.appended,
                          .delivered = state.ends.delivered,
                          .dropped = state.ends.dropped,
                          .dead_lettered = state.ends.dead_lettered,
                          .queued = book.queued(log_.head_position_)};
    ledger.queue_bytes_max = log_.options_.bytes_max;
    ledger.queued_batches = log_.head_ - state.frontier;
    for (const auto& [first, span] : state.ended) {
        ledger.queued_batches -= span.last - first + 1;
    }
    for (auto placed = log_.memory_from(state.frontier + 1); placed != log_.memory_.end();
         ++placed) {
        ledger.queued_bytes += placed->batch->memory_bytes();
    }
    const std::uint64_t memory_begins =
        log_.memory_.empty() ? log_.head_ + 1 : log_.memory_.front().batch->id;
    for (const auto& [first, segment] : log_.segments_) {
        if (segment.last > state.frontier && first < memory_begins) {
            ledger.queued_bytes += segment.bytes;
        }
    }
    ledger.oldest_queued = oldest_queued();
    return ledger;
}

// Known of what is in memory, and of what was read from disk and is out; 0 for none.
Timestamp SpoolLog::Cursor::oldest_queued() const {
    const std::uint64_t number = book.state().frontier + 1;
    if (number > log_.head_) {
        return {};
    }
    if (const PlacedBatch* placed = log_.in_memory(number)) {
        return placed->batch->first_received;
    }
    return read_.empty() ? Timestamp{} : read_.begin()->second;
}

}  // namespace weir
