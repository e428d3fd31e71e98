#include "pipeline/spool_cursor.h"

#include "core/crash_point.h"

#include <algorithm>

namespace weir {

BatchPtr SpoolLog::Cursor::take() {
    return take_from({}, oldest_);
}

void SpoolLog::Cursor::begin_live() {
    const Lock lock(log_.mutex_);
    live_from_ = {.number = log_.head_ + 1, .position = log_.head_position_};
}

BatchPtr SpoolLog::Cursor::take_live() {
    return live_from_ ? take_from(*live_from_, live_) : nullptr;
}

BatchPtr SpoolLog::Cursor::take_from(SpoolBook::Next from, Reading& reading) {
    Lock lock(log_.mutex_);
    for (;;) {
        const SpoolBook::Next next = book.next_from(from);
        if (next.number > log_.head_) {
            return nullptr;
        }
        if (const PlacedBatch* placed = log_.in_memory(next.number)) {
            BatchPtr batch = placed->batch;
            book.take(next, batch->records);
            lock.unlock();
            reading.reader.reset();  // a file that was removed gives its room back only now
            return batch;
        }
        if (log_.on_disk(next.number) != nullptr) {
            try_again_ = false;
            BatchPtr batch = take_from_disk(next, reading, lock);
            if (batch != nullptr || try_again_) {
                return batch;
            }
            continue;
        }
        // A segment file is gone, or what was in memory only ended with the process.
        lose(next, log_.first_behind(next.number), "spool_lost");
    }
}

// What waits from `from` up to, but not with, `end` or whatever does not wait before it.
void SpoolLog::Cursor::lose(SpoolBook::Next from, SpoolBook::Next end, const char* reason) {
    end = book.run_end(from, end);
    book.lose(from.number,
              {.last = end.number - 1,
               .begin = from.position,
               .end = std::max(end.position, from.position)},
              reason);
    log_.meta_changed_ = true;
}

BatchPtr SpoolLog::Cursor::take_from_disk(SpoolBook::Next next, Reading& reading, Lock& lock) {
    const Segment segment = *log_.on_disk(next.number);
    lock.unlock();
    const SegmentRead read = this->read(segment, next.number, reading);
    lock.lock();
    const auto known = log_.segments_.find(segment.name.first);
    if (known == log_.segments_.end() || !book.is_waiting(next.number)) {
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
    if (!found) {
        lose(next, {.number = segment.last + 1, .position = segment.end}, "spool_damaged");
        return nullptr;
    }
    if (placed.batch->id > next.number) {
        lose(next, {.number = placed.batch->id, .position = placed.position}, "spool_damaged");
        return nullptr;  // it comes next, unless it does not wait
    }
    book.take(next, placed.batch->records);
    read_.emplace(placed.batch->id, placed.batch->first_received);
    return placed.batch;
}

SegmentRead SpoolLog::Cursor::read(const Segment& segment, std::uint64_t number, Reading& reading) {
    if (reading.path != segment.path || !reading.reader) {
        reading.reader.reset();
        Result<SegmentReader> reader = SegmentReader::open(segment.path);
        if (!reader) {
            log_.events_.emit({EventId::spool_failed, segment.path, reader.error().message});
            return {.failed = true};
        }
        reading.reader.emplace(std::move(*reader));
        reading.path = segment.path;
    }
    return reading.reader->read(number, segment.last);
}

void SpoolLog::Cursor::settle(const Batch& batch, const Outcome& outcome) {
    const Lock lock(log_.mutex_);
    book.settle(batch.id, outcome);
    read_.erase(batch.id);
    log_.meta_changed_ = true;
    log_.trim_memory();
    crash_point(CrashPoint::settled);
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
