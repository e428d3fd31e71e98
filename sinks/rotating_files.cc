#include "sinks/rotating_files.h"

#include "sinks/zstd_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace weir {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view current_name = "weir.ndjson";
constexpr std::string_view aside_prefix = "weir-";
constexpr std::string_view aside_suffix = ".ndjson";
constexpr std::string_view unfinished_suffix = ".tmp";

auto failure(const std::string& path, int error) {
    return fail(path + ": " + std::generic_category().message(error));
}

bool is_aside(std::string_view name) {
    return name.starts_with(aside_prefix) &&
           (name.ends_with(aside_suffix) || name.ends_with(".ndjson.zst"));
}

}  // namespace

RotatingFiles::RotatingFiles(RotatingFilesOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
    // The current file must leave room for at least one that was put aside.
    options_.file_bytes_max =
        std::max<std::size_t>(std::min(options_.file_bytes_max, options_.total_bytes_max / 2), 1);
    current_ = (fs::path(options_.directory) / current_name).string();
}

RotatingFiles::~RotatingFiles() {
    close();
}

void RotatingFiles::close() {
    if (fd_ >= 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

void RotatingFiles::sync() {
    if (fd_ >= 0) {
        ::fsync(fd_);
    }
}

// Somebody deleted or moved the file: what is written to it would be seen by nobody.
bool RotatingFiles::vanished() const {
    struct stat by_name = {};
    struct stat by_fd = {};
    return ::stat(current_.c_str(), &by_name) != 0 || ::fstat(fd_, &by_fd) != 0 ||
           by_name.st_ino != by_fd.st_ino || by_name.st_dev != by_fd.st_dev;
}

Result<void> RotatingFiles::open() {
    std::error_code error;
    fs::create_directories(options_.directory, error);
    if (error) {
        return fail(options_.directory + ": " + error.message());
    }
    // What an earlier run left may end in the middle of a line; it is put aside as it is.
    const bool left_over = fs::file_size(current_, error) > 0 && !error;
    if (left_over) {
        if (Result<void> rotated = rotate(); !rotated) {
            return rotated;
        }
    }
    fd_ = ::open(current_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd_ < 0) {
        return failure(current_, errno);
    }
    current_bytes_ = 0;
    survey();
    return {};
}

std::string RotatingFiles::aside_path() const {
    std::string time = to_rfc3339(clock_.now());
    time.erase(std::remove(time.begin(), time.end(), ':'), time.end());
    fs::path path = fs::path(options_.directory) / aside_prefix;
    path += time;
    std::string name = path.string() + std::string(aside_suffix);
    // A clock that stands still or steps back must not overwrite a file.
    for (int n = 1; fs::exists(name) || fs::exists(name + ".zst"); ++n) {
        name = path.string() + "-" + std::to_string(n) + std::string(aside_suffix);
    }
    return name;
}

Result<void> RotatingFiles::rotate() {
    close();
    const std::string aside = aside_path();
    if (std::rename(current_.c_str(), aside.c_str()) != 0) {
        return failure(aside, errno);
    }
    side_error_.clear();
    if (options_.zstd) {
        if (const Result<void> compressed = compress(aside); !compressed) {
            side_error_ = compressed.error().message;
        }
    }
    return {};
}

Result<void> RotatingFiles::compress(const std::string& path) {
    const std::string unfinished = path + ".zst" + std::string(unfinished_suffix);
    if (Result<void> written = zstd_compress_file(path, unfinished); !written) {
        ::unlink(unfinished.c_str());
        return written;
    }
    if (std::rename(unfinished.c_str(), (path + ".zst").c_str()) != 0) {
        return failure(path + ".zst", errno);
    }
    ::unlink(path.c_str());
    return {};
}

// Counts what is there and removes what a crash left of an unfinished compression.
void RotatingFiles::survey() {
    status_.files = 0;
    status_.bytes = 0;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(options_.directory, error)) {
        const std::string name = entry.path().filename().string();
        std::error_code gone;
        if (name.starts_with(aside_prefix) && name.ends_with(unfinished_suffix)) {
            fs::remove(entry.path(), gone);
        } else if (is_aside(name) || name == current_name) {
            const std::uint64_t bytes = entry.file_size(gone);
            status_.bytes += gone ? 0 : bytes;
            ++status_.files;
        }
    }
}

void RotatingFiles::make_room(std::size_t bytes) {
    if (status_.bytes + bytes <= options_.total_bytes_max) {
        return;
    }
    std::vector<fs::path> aside;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(options_.directory, error)) {
        if (is_aside(entry.path().filename().string())) {
            aside.push_back(entry.path());
        }
    }
    // The time in the name sorts as text.
    std::sort(aside.begin(), aside.end());
    for (const fs::path& oldest : aside) {
        if (status_.bytes + bytes <= options_.total_bytes_max) {
            break;
        }
        const std::uint64_t freed = fs::file_size(oldest, error);
        if (fs::remove(oldest, error)) {
            status_.bytes -= std::min(status_.bytes, freed);
            --status_.files;
            ++status_.deleted;
        }
    }
}

Result<void> RotatingFiles::write(std::string_view& lines) {
    while (!lines.empty()) {
        if (fd_ >= 0 && vanished()) {
            close();
        }
        if (fd_ < 0) {
            if (Result<void> opened = open(); !opened) {
                return opened;
            }
        }
        std::size_t room =
            options_.file_bytes_max - std::min(current_bytes_, options_.file_bytes_max);
        std::size_t wanted = lines.size();
        if (wanted > room) {
            // As many whole lines as fit; a line larger than a file gets one of its own.
            const std::size_t end = lines.substr(0, room).rfind('\n');
            if (end == std::string_view::npos && current_bytes_ > 0) {
                if (Result<void> rotated = rotate(); !rotated) {
                    return rotated;
                }
                continue;
            }
            wanted = (end == std::string_view::npos ? lines.find('\n') : end) + 1;
            wanted = wanted == 0 ? lines.size() : wanted;
        }
        make_room(wanted);
        const ssize_t written = ::write(fd_, lines.data(), wanted);
        if (written < 0 && errno != EINTR) {
            return failure(current_, errno);
        }
        const std::size_t taken = written < 0 ? 0 : static_cast<std::size_t>(written);
        lines.remove_prefix(taken);
        current_bytes_ += taken;
        status_.bytes += taken;
    }
    return {};
}

}  // namespace weir
