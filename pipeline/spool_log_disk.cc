// Part of SpoolLog: the spool thread, the only one that writes and removes files.
#include "core/assert.h"
#include "core/crash_point.h"
#include "pipeline/spool_cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <sys/statvfs.h>
#include <system_error>

namespace weir {

namespace {

constexpr std::chrono::milliseconds round_interval{50};
// How late meta.db may be. What an endpoint had since, it gets again after a kill, byte for byte.
constexpr std::int64_t meta_interval_ns = 200 * ns_per_ms;
constexpr std::int64_t retry_ns = ns_per_s;             // after the disk took nothing
constexpr std::uint64_t write_bytes_max = 8ULL << 20U;  // in one transaction
// What a batch takes beside its bytes, with the ends of its pages.
constexpr std::uint64_t row_bytes = 1024;

std::uint64_t disk_bytes(const PlacedBatch& placed) {
    return placed.batch->body.size() + row_bytes;
}

std::uint64_t free_bytes(const std::string& directory) {
    struct statvfs info {};

    if (statvfs(directory.c_str(), &info) != 0) {
        return UINT64_MAX;  // the write itself will tell
    }
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace

void SpoolLog::start() {
    begin_at_oldest_ = false;  // of those that were here before; who comes later is new
    // Before anything is appended: an endpoint that meta.db does not name begins at the end of the
    // log, and would miss what is written until it does.
    {
        Lock lock(mutex_);
        save_meta(lock);
    }
    thread_ = std::thread([this] { run(); });
}

void SpoolLog::stop() {
    {
        const Lock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void SpoolLog::run() {
    Lock lock(mutex_);
    for (;;) {
        wake_.wait_for(lock, round_interval,
                       [this] { return stopping_ || (healthy_ && unwritten_bytes_ > 0); });
        const bool last_round = stopping_;
        do {
            write(lock);
        } while (healthy_ && unwritten_bytes_ > 0);
        if (meta_changed_ && (last_round || clock_.monotonic_ns() >= meta_due_ns_)) {
            meta_due_ns_ = clock_.monotonic_ns() + meta_interval_ns;
            save_meta(lock);
        }
        wake_those_that_wait(lock);
        if (last_round) {
            break;
        }
    }
    lock.unlock();
    close_segment();
}

// What one transaction takes, and no more than the segment has room for.
std::vector<PlacedBatch> SpoolLog::to_write() const {
    std::uint64_t room = std::min(write_bytes_max, options_.segment_bytes_max);
    if (writer_ && segments_.at(writing_to_).bytes < options_.segment_bytes_max) {
        room = std::min(room, options_.segment_bytes_max - segments_.at(writing_to_).bytes);
    }
    std::vector<PlacedBatch> batches;
    std::uint64_t bytes = 0;
    for (auto placed = memory_from(written_ + 1); placed != memory_.end(); ++placed) {
        bytes += disk_bytes(*placed);
        batches.push_back(*placed);
        if (bytes >= room) {
            break;
        }
    }
    return batches;
}

void SpoolLog::write(Lock& lock) {
    const std::vector<PlacedBatch> batches = to_write();
    if (batches.empty() || (!healthy_ && !stopping_ && clock_.monotonic_ns() < retry_at_ns_)) {
        return;
    }
    const Result<void> written = write_batches(batches, lock);
    if (!written) {
        retry_at_ns_ = clock_.monotonic_ns() + retry_ns;
        note_write(written.error().message);
        return;
    }
    note_write("");
    Segment& segment = segments_.at(writing_to_);
    for (const PlacedBatch& placed : batches) {
        const std::uint64_t bytes = disk_bytes(placed);
        segment.bytes += bytes;
        disk_bytes_ += bytes;
        // Room was made meanwhile, when it is gone from memory.
        if (in_memory(placed.batch->id) != nullptr) {
            no_longer_unwritten(*placed.batch);
        }
    }
    const PlacedBatch& last = batches.back();
    segment.last = last.batch->id;
    segment.end = last.position + last.batch->records;
    written_ = last.batch->id;
    meta_changed_ = true;
    trim_memory();
}

Result<void> SpoolLog::write_batches(const std::vector<PlacedBatch>& batches, Lock& lock) {
    std::uint64_t bytes = 0;
    for (const PlacedBatch& placed : batches) {
        bytes += disk_bytes(placed);
    }
    const bool full_segment =
        writer_ && segments_.at(writing_to_).bytes >= options_.segment_bytes_max;
    if (full_segment) {
        lock.unlock();
        close_segment();
        lock.lock();
    }
    if (const Result<void> room = make_room_on_disk(bytes, lock); !room) {
        return room;
    }
    if (!writer_) {
        const SegmentName name{.first = batches.front().batch->id,
                               .position = batches.front().position};
        const std::string path = options_.directory + "/" + name.to_string();
        lock.unlock();
        Result<SegmentWriter> writer = SegmentWriter::create(path, options_.full_sync);
        lock.lock();
        if (!writer) {
            remove_file({.name = name, .path = path});
            return tl::unexpected(writer.error());
        }
        crash_point(CrashPoint::segment_created);
        writer_.emplace(std::move(*writer));
        writing_to_ = name.first;
        // Empty until something is written: last is before first.
        segments_.emplace(
            name.first,
            Segment{.name = name, .path = path, .last = name.first - 1, .end = name.position});
    }
    lock.unlock();
    Result<void> appended = writer_->append(batches);
    if (!appended) {
        // Another file next time: this one may be what is broken.
        close_segment();
    }
    lock.lock();
    if (!appended) {
        const auto segment = segments_.find(writing_to_);
        if (segment->second.last < segment->first) {
            remove_file(segment->second);
            segments_.erase(segment);
        }
    }
    return appended;
}

Result<void> SpoolLog::make_room_on_disk(std::uint64_t bytes, Lock& lock) {
    while (disk_bytes_ + bytes > options_.bytes_max) {
        if (options_.drop_newest || !drop_oldest_segment(lock)) {
            return fail(fmt::format("bytes_max of {} is reached", options_.bytes_max));
        }
    }
    while (free_bytes(options_.directory) < options_.free_bytes_min + bytes) {
        // Whoever filled the disk may give it back: nothing is dropped while memory holds.
        const bool memory_holds = unwritten_bytes_ < options_.memory_bytes_max / 2;
        if (options_.drop_newest || memory_holds || !drop_oldest_segment(lock)) {
            return fail(fmt::format("no space: less than {} bytes beside free_bytes_min of {}",
                                    bytes, options_.free_bytes_min));
        }
    }
    return {};
}

// False when there is none.
bool SpoolLog::drop_oldest_segment(Lock& lock) {
    if (segments_.empty()) {
        return false;
    }
    const Segment segment = segments_.begin()->second;
    std::string losses;
    for (const auto& cursor : cursors_) {
        const std::uint64_t lost = cursor->book.give_up(segment.last, segment.end, "spool_full");
        if (lost > 0) {
            losses += fmt::format("{}{} of {}", losses.empty() ? "" : ", ", lost, cursor->name());
        }
    }
    segments_.erase(segments_.begin());
    disk_bytes_ -= segment.bytes;
    meta_changed_ = true;
    if (!losses.empty()) {
        events_.emit({EventId::spool_full, options_.directory,
                      fmt::format("the oldest records made room: {}", losses)});
    }
    lock.unlock();
    if (writer_ && segment.name.first == writing_to_) {
        close_segment();
    }
    remove_file(segment);
    lock.lock();
    return true;
}

// Not under the lock: moves up to 16 MiB from the write-ahead log into the file.
void SpoolLog::close_segment() {
    writer_.reset();
}

void SpoolLog::save_meta(Lock& lock) {
    SpoolMeta meta{
        .head = head_, .head_position = head_position_, .books = left_, .intake = intake_};
    std::uint64_t frontier = head_;
    for (const auto& cursor : cursors_) {
        meta.books[cursor->name()] = cursor->book.state();
        frontier = std::min(frontier, cursor->book.state().frontier);
    }
    meta_changed_ = false;
    lock.unlock();
    const Result<void> saved = store_meta(meta);
    lock.lock();
    if (!saved) {
        meta_changed_ = true;
        note_meta(saved.error().message);
        return;
    }
    note_meta("");
    remove_passed(frontier, lock);
}

Result<void> SpoolLog::store_meta(const SpoolMeta& meta) {
    if (!meta_file_) {
        Result<SpoolMetaFile> opened =
            SpoolMetaFile::open(options_.directory + "/meta.db", options_.full_sync);
        if (!opened) {
            return tl::unexpected(opened.error());
        }
        meta_file_.emplace(std::move(*opened));
    }
    return meta_file_->save(meta);
}

// Endpoints whose file could not be opened, for want of descriptors perhaps.
void SpoolLog::wake_those_that_wait(Lock& lock) {
    if (clock_.monotonic_ns() < wake_at_ns_) {
        return;
    }
    wake_at_ns_ = clock_.monotonic_ns() + retry_ns;
    std::vector<std::shared_ptr<Cursor>> waiting;
    std::copy_if(cursors_.begin(), cursors_.end(), std::back_inserter(waiting),
                 [](const auto& cursor) { return cursor->tries_again(); });
    lock.unlock();
    for (const auto& cursor : waiting) {
        cursor->wake();
    }
    lock.lock();
}

void SpoolLog::remove_passed(std::uint64_t frontier, Lock& lock) {
    while (!segments_.empty()) {
        const Segment segment = segments_.begin()->second;
        const bool writing = writer_ && segment.name.first == writing_to_;
        if (writing || segment.last > frontier) {
            return;
        }
        segments_.erase(segments_.begin());
        disk_bytes_ -= segment.bytes;
        lock.unlock();
        remove_file(segment);
        lock.lock();
    }
}

void SpoolLog::remove_file(const Segment& segment) {
    std::error_code error;
    if (segment.damaged) {
        const std::string aside = options_.directory + "/damaged";
        std::filesystem::create_directory(aside, error);
        std::filesystem::rename(segment.path, aside + "/" + segment.name.to_string(), error);
    }
    crash_point(CrashPoint::segment_unlink_before);
    std::filesystem::remove(segment.path, error);
    crash_point(CrashPoint::segment_unlink_main);
    for (const char* suffix : {"-wal", "-shm", "-journal"}) {
        std::filesystem::remove(segment.path + suffix, error);
    }
    crash_point(CrashPoint::segment_unlink_after);
}

void SpoolLog::note_write(const std::string& failure) {
    write_failed_ = !failure.empty();
    tell_health(failure);
}

void SpoolLog::note_meta(const std::string& failure) {
    meta_failed_ = !failure.empty();
    tell_health(failure);
}

void SpoolLog::tell_health(const std::string& failure) {
    if (!failure.empty()) {
        last_error_ = failure;
    }
    const bool healthy = !write_failed_ && !meta_failed_;
    if (healthy == std::exchange(healthy_, healthy)) {
        return;
    }
    if (healthy) {
        events_.emit({EventId::spool_recovered, options_.directory, "writes again"});
    } else {
        events_.emit({EventId::spool_failed, options_.directory,
                      fmt::format("{}; batches are kept in memory only", failure)});
    }
}

}  // namespace weir
