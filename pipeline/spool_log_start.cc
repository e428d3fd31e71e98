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

namespace weir {

namespace {

// -1 and errno when the file cannot be made or another process holds it.
int lock_directory(const std::string& directory) {
    const int fd = ::open((directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int why = errno;
        ::close(fd);
        errno = why;
        return -1;
    }
    return fd;
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
    Result<SpoolMetaFile> meta =
        SpoolMetaFile::open(options.directory + "/meta.db", options.full_sync);
    if (!meta) {
        ::close(held);
        return fail(fmt::format("spool {}: {}", options.directory, meta.error().message));
    }
    auto log = std::make_unique<SpoolLog>(std::move(options), clock, events, std::move(*meta));
    log->lock_file_ = held;
    if (const Result<void> recovered = log->recover(); !recovered) {
        return fail(
            fmt::format("spool {}: {}", log->options_.directory, recovered.error().message));
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

Result<void> SpoolLog::recover() {
    Result<SpoolMeta> meta = meta_file_.load();
    if (!meta) {
        return tl::unexpected(meta.error());
    }
    if (const Result<void> found = find_segments(*meta); !found) {
        return found;
    }
    written_ = head_;
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
        if (tail && tail->last == 0) {
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

void SpoolLog::restore_books(SpoolMeta meta) {
    begin_at_oldest_ = meta_file_.is_new();
    if (meta_file_.was_damaged()) {
        events_.emit({EventId::spool_damaged, options_.directory + "/meta.db",
                      "was set aside; every endpoint begins with the oldest batch there is"});
    }
    // Appended by the process before, after it last told.
    const std::uint64_t untold = head_position_ - meta.head_position;
    for (auto& [endpoint, state] : meta.books) {
        state.appended += untold;
        const std::uint64_t accounted =
            state.ends.total() + SpoolBook(state).queued(head_position_);
        // Given up by the size policy while they were out, and not settled before the end.
        if (state.appended > accounted) {
            state.ends.dropped["spool_full"] += state.appended - accounted;
        }
    }
    left_ = std::move(meta.books);
}

}  // namespace weir
