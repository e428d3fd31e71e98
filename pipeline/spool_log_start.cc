// Part of SpoolLog: taking over what an earlier process left. Opens one file at most, so that the
// time it takes does not grow with the backlog.
#include "pipeline/spool_cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace weir {

namespace {

// -1 and errno when the file cannot be made or another process holds it.
int lock_directory(const std::string& directory) {
    const std::string path = directory + "/lock";
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);  // a file system that is read-only
    }
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int why = errno;
        ::close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

// What SQLite keeps beside a segment whose file was removed by a process that was killed then.
bool is_left_over(const std::filesystem::path& file) {
    for (const std::string_view suffix : {"-wal", "-shm", "-journal"}) {
        const std::string path = file.string();
        if (path.ends_with(suffix)) {
            const std::filesystem::path segment = path.substr(0, path.size() - suffix.size());
            return SegmentName::parse(segment.filename().string()) &&
                   !std::filesystem::exists(segment);
        }
    }
    return false;
}

// 0 for a file that is not there.
std::uint64_t bytes_of(const std::string& path) {
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(path, error);
    return error ? 0 : bytes;
}

}  // namespace

Result<std::unique_ptr<SpoolLog>> SpoolLog::open(SpoolOptions options, const Clock& clock,
                                                 EventSink& events) {
    std::error_code error;
    std::filesystem::create_directories(options.directory, error);
    if (error) {
        return fail(fmt::format("spool {}: {}", options.directory, error.message()));
    }
    const int held = lock_directory(options.directory);
    if (held < 0) {
        return fail(
            fmt::format("spool {}: {}", options.directory,
                        errno == EWOULDBLOCK ? "another weir uses it" : std::strerror(errno)));
    }
    auto log = std::make_unique<SpoolLog>(std::move(options), clock, events);
    log->lock_file_ = held;
    if (Result<void> ready = log->open_meta().and_then([&log] { return log->recover(); }); !ready) {
        return fail(fmt::format("spool {}: {}", log->options_.directory, ready.error().message));
    }
    return log;
}

Result<SpoolContents> SpoolLog::look(const std::string& directory) {
    const std::string path = directory + "/meta.db";
    if (!std::filesystem::exists(path)) {
        return fail(fmt::format("{} has no spool", directory));
    }
    Result<SpoolMetaFile> file = SpoolMetaFile::look(path);
    if (!file) {
        return fail(fmt::format("{}: {}", path, file.error().message));
    }
    Result<SpoolMeta> meta = file->load();
    if (!meta) {
        return fail(fmt::format("{}: {}", path, meta.error().message));
    }
    SpoolContents contents{.meta = std::move(*meta)};
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        if (SegmentName::parse(entry.path().filename().string())) {
            ++contents.segments;
            contents.bytes += bytes_of(entry.path().string());
        }
    }
    return contents;
}

// Where nothing was told yet, a disk that takes nothing keeps nothing from starting.
Result<void> SpoolLog::open_meta() {
    const std::string path = options_.directory + "/meta.db";
    Result<SpoolMetaFile> opened = SpoolMetaFile::open(path, options_.full_sync);
    if (opened) {
        meta_file_.emplace(std::move(*opened));
    } else if (bytes_of(path) > 0) {
        return tl::unexpected(opened.error());
    } else {
        note_meta(opened.error().message);
    }
    return {};
}

Result<void> SpoolLog::recover() {
    Result<SpoolMeta> meta = meta_file_ ? meta_file_->load() : SpoolMeta{};
    if (!meta) {
        return tl::unexpected(meta.error());
    }
    if (const Result<void> found = find_segments(*meta); !found) {
        return found;
    }
    written_ = head_;
    restore_intake(*meta);
    restore_books(std::move(*meta));
    return {};
}

Result<void> SpoolLog::find_segments(const SpoolMeta& meta) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory, error)) {
        const std::string file = entry.path().filename().string();
        if (const std::optional<SegmentName> name = SegmentName::parse(file)) {
            const std::string path = entry.path().string();
            const std::uint64_t bytes = bytes_of(path) + bytes_of(path + "-wal");
            segments_.emplace(name->first, Segment{.name = *name, .path = path, .bytes = bytes});
        } else if (is_left_over(entry.path())) {
            std::filesystem::remove(entry.path(), error);
        }
    }
    head_ = meta.head;
    head_position_ = meta.head_position;
    for (auto segment = segments_.begin(); segment != segments_.end();) {
        const auto behind = std::next(segment);
        if (behind != segments_.end()) {
            segment->second.last = behind->first - 1;
            segment->second.end = behind->second.name.position;
            disk_bytes_ += segment->second.bytes;
            segment = behind;
            continue;
        }
        // How far the last one goes only it knows, or else what was last told about the log.
        Segment& last = segment->second;
        Result<SegmentReader> reader = SegmentReader::open(last.path);
        if (!reader) {
            return tl::unexpected(reader.error());
        }
        const std::optional<SegmentReader::Tail> tail = reader->tail();
        if ((tail && tail->last == 0) || (reader->is_unmade() && head_ < last.name.first)) {
            // Its maker was killed meanwhile. Its name tells how far the one before it goes.
            head_ = std::max(head_, last.name.first - 1);
            head_position_ = std::max(head_position_, last.name.position);
            remove_file(last);
            segments_.erase(segment);
            break;
        }
        last.last = tail ? tail->last : std::max(head_, last.name.first);
        last.end = tail ? tail->position : std::max(head_position_, last.name.position);
        disk_bytes_ += last.bytes;
        head_ = std::max(head_, last.last);
        head_position_ = std::max(head_position_, last.end);
        break;
    }
    return {};
}

// What was told, and what came with the batches since.
void SpoolLog::restore_intake(const SpoolMeta& meta) {
    intake_ = meta.intake;
    for (auto segment = segments_.rbegin();
         segment != segments_.rend() && segment->second.last > meta.head; ++segment) {
        Result<SegmentReader> reader = SegmentReader::open(segment->second.path);
        if (reader) {
            add_account(intake_, reader->intake_behind(meta.head));
        }
    }
    for (auto& [listener, ledger] : intake_) {
        ledger.end_held();
    }
    earlier_intake_ = intake_;
}

void SpoolLog::restore_books(SpoolMeta meta) {
    begin_at_oldest_ = meta.is_new;
    if (meta_file_ && meta_file_->was_damaged()) {
        events_.emit({EventId::spool_damaged, options_.directory + "/meta.db",
                      "was set aside; every endpoint begins with the oldest batch there is"});
    }
    // Appended by the process before, after it last told.
    const std::uint64_t untold = head_position_ - meta.head_position;
    for (auto& [endpoint, state] : meta.books) {
        state.appended += untold;
        // Given up by the size policy while they were out, and not settled before the end.
        if (const std::uint64_t out = std::exchange(state.given_up_out, 0); out > 0) {
            state.ends.dropped["spool_full"] += out;
        }
    }
    left_ = std::move(meta.books);
}

}  // namespace weir
