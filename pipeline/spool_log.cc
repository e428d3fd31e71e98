#include "pipeline/spool_log.h"

#include "core/assert.h"
#include "core/crash_point.h"
#include "pipeline/spool_cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>

namespace weir {

SpoolLog::SpoolLog(SpoolOptions options, const Clock& clock, EventSink& events)
    : options_(std::move(options)), clock_(clock), events_(events) {}

SpoolLog::~SpoolLog() {
    stop();
    if (lock_file_ >= 0) {
        close(lock_file_);
    }
}

LogCursor& SpoolLog::add_cursor(const std::string& endpoint) {
    const Lock lock(mutex_);
    SpoolBook::State state{.frontier = head_, .frontier_position = head_position_};
    if (const auto left = left_.find(endpoint); left != left_.end()) {
        state = std::move(left->second);
        left_.erase(left);
    } else if (begin_at_oldest_ && !segments_.empty()) {
        const SegmentName& oldest = segments_.begin()->second.name;
        state = {.frontier = oldest.first - 1,
                 .frontier_position = oldest.position,
                 .appended = head_position_ - oldest.position};
    }
    meta_changed_ = true;
    return *cursors_.emplace_back(
        std::make_shared<Cursor>(*this, endpoint, SpoolBook(std::move(state))));
}

void SpoolLog::remove_cursor(const LogCursor& cursor) {
    const Lock lock(mutex_);
    const auto place = std::find_if(cursors_.begin(), cursors_.end(), [&cursor](const auto& known) {
        return known.get() == &cursor;
    });
    WEIR_ASSERT(place != cursors_.end());
    left_[(*place)->name()] = (*place)->book.state();
    cursors_.erase(place);
    meta_changed_ = true;
    trim_memory();
}

AppendVerdict SpoolLog::append(std::unique_ptr<Batch> batch) {
    std::vector<std::shared_ptr<Cursor>> cursors;
    {
        const Lock lock(mutex_);
        if (!make_room_in_memory(batch->memory_bytes())) {
            return AppendVerdict::full;
        }
        batch->id = ++head_;
        const PlacedBatch placed{.batch = std::move(batch), .position = head_position_};
        head_position_ += placed.batch->records;
        for (const auto& cursor : cursors_) {
            cursor->book.append(placed.batch->records);
        }
        for (auto& [endpoint, state] : left_) {
            state.appended += placed.batch->records;
        }
        add_account(intake_, placed.batch->intake);
        memory_bytes_ += placed.batch->memory_bytes();
        unwritten_bytes_ += placed.batch->memory_bytes();
        unwritten_light_bytes_ += placed.batch->heavy ? 0 : placed.batch->memory_bytes();
        memory_.push_back(placed);
        cursors = cursors_;
    }
    crash_point(CrashPoint::append);
    wake_.notify_one();
    for (const auto& cursor : cursors) {
        cursor->wake();
    }
    return AppendVerdict::accepted;
}

void SpoolLog::note_intake(const IntakeAccount& counted) {
    const Lock lock(mutex_);
    add_account(intake_, counted);
    meta_changed_ = true;
}

LogFill SpoolLog::fill() const {
    const Lock lock(mutex_);
    const std::uint64_t max = std::max<std::uint64_t>(options_.memory_bytes_max, 1);
    return {.percent = static_cast<unsigned>(unwritten_bytes_ * 100 / max),
            .light_percent = static_cast<unsigned>(unwritten_light_bytes_ * 100 / max)};
}

SpoolStatus SpoolLog::status() const {
    const Lock lock(mutex_);
    SpoolStatus status{.head = head_,
                       .bytes = disk_bytes_,
                       .bytes_max = options_.bytes_max,
                       .segments = segments_.size(),
                       .unwritten_bytes = unwritten_bytes_,
                       .memory_bytes = memory_bytes_,
                       .healthy = healthy_,
                       .last_error = last_error_};
    status.unwritten_batches =
        static_cast<std::uint64_t>(memory_.end() - memory_from(written_ + 1));
    for (const auto& [endpoint, state] : left_) {
        status.abandoned[endpoint] = SpoolBook(state).queued(head_position_);
    }
    return status;
}

SpoolLog::Memory::const_iterator SpoolLog::memory_from(std::uint64_t number) const {
    return std::lower_bound(
        memory_.begin(), memory_.end(), number,
        [](const PlacedBatch& placed, std::uint64_t wanted) { return placed.batch->id < wanted; });
}

const PlacedBatch* SpoolLog::in_memory(std::uint64_t number) const {
    const auto place = memory_from(number);
    return place != memory_.end() && place->batch->id == number ? &*place : nullptr;
}

const SpoolLog::Segment* SpoolLog::on_disk(std::uint64_t number) const {
    auto behind = segments_.upper_bound(number);
    if (behind == segments_.begin()) {
        return nullptr;
    }
    const Segment& segment = std::prev(behind)->second;
    return number <= segment.last ? &segment : nullptr;
}

SpoolBook::Next SpoolLog::first_behind(std::uint64_t number) const {
    SpoolBook::Next first{.number = head_ + 1, .position = head_position_};
    const auto segment = segments_.upper_bound(number);
    if (segment != segments_.end() && segment->second.last >= segment->first) {
        first = {.number = segment->first, .position = segment->second.name.position};
    }
    const auto placed = memory_from(number + 1);
    if (placed != memory_.end() && placed->batch->id < first.number) {
        first = {.number = placed->batch->id, .position = placed->position};
    }
    return first;
}

// Keeps nothing that is on disk and that every endpoint has taken, nor more than half of the memory
// for those that keep up; and while the disk takes nothing, nothing that has ended everywhere.
void SpoolLog::trim_memory() {
    using Holds = bool (SpoolBook::*)(std::uint64_t) const;
    const auto at_all = [this](std::uint64_t number, Holds holds) {
        return std::all_of(cursors_.begin(), cursors_.end(), [number, holds](const auto& cursor) {
            return (cursor->book.*holds)(number);
        });
    };
    while (!memory_.empty()) {
        const std::uint64_t number = memory_.front().batch->id;
        const bool over_half = memory_bytes_ - unwritten_bytes_ > options_.memory_bytes_max / 2;
        const bool needless = number <= written_
                                  ? over_half || at_all(number, &SpoolBook::is_taken)
                                  : !healthy_ && at_all(number, &SpoolBook::has_ended);
        if (!needless) {
            return;
        }
        forget(memory_.begin());
    }
}

void SpoolLog::forget(Memory::const_iterator place) {
    const Batch& batch = *place->batch;
    memory_bytes_ -= batch.memory_bytes();
    if (batch.id > written_) {
        no_longer_unwritten(batch);
    }
    memory_.erase(place);
}

void SpoolLog::no_longer_unwritten(const Batch& batch) {
    unwritten_bytes_ -= batch.memory_bytes();
    unwritten_light_bytes_ -= batch.heavy ? 0 : batch.memory_bytes();
}

// While the disk is only slow, the intake has to wait. While it takes nothing, the oldest in memory
// makes room, of sources over their share first.
bool SpoolLog::make_room_in_memory(std::uint64_t bytes) {
    if (options_.drop_newest && disk_bytes_ + unwritten_bytes_ + bytes > options_.bytes_max) {
        return false;
    }
    while (unwritten_bytes_ + bytes > options_.memory_bytes_max) {
        if (healthy_ || options_.drop_newest || memory_.empty()) {
            return false;
        }
        const auto unwritten = memory_from(written_ + 1);
        auto victim = std::find_if(unwritten, memory_.cend(),
                                   [](const PlacedBatch& placed) { return placed.batch->heavy; });
        if (victim == memory_.end()) {
            victim = unwritten;
        }
        WEIR_ASSERT(victim != memory_.end());
        const std::uint64_t number = victim->batch->id;
        const SpoolBook::Span span{.last = number,
                                   .begin = victim->position,
                                   .end = victim->position + victim->batch->records};
        for (const auto& cursor : cursors_) {
            if (cursor->book.is_waiting(number)) {
                cursor->book.lose(number, span, "spool_unavailable");
            }
        }
        forget(victim);
        meta_changed_ = true;
    }
    return true;
}

}  // namespace weir
