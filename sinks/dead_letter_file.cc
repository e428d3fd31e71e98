#include "sinks/dead_letter_file.h"

#include "core/json.h"
#include "sinks/ndjson.h"

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace weir {

namespace {

void append_member(std::string_view name, std::string_view value, std::string& out) {
    append_json_string(name, out);
    out += ':';
    append_json_string(value, out);
    out += ',';
}

}  // namespace

DeadLetterFile::~DeadLetterFile() {
    close();
}

void DeadLetterFile::close() {
    if (fd_ >= 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

// Opens the file, again if it was deleted or moved away.
bool DeadLetterFile::ready() {
    struct stat by_name = {};
    struct stat by_fd = {};
    const bool there = fd_ >= 0 && ::stat(options_.path.c_str(), &by_name) == 0 &&
                       ::fstat(fd_, &by_fd) == 0 && by_name.st_ino == by_fd.st_ino &&
                       by_name.st_dev == by_fd.st_dev;
    if (there) {
        return true;
    }
    close();
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(options_.path).parent_path(),
                                        ignored);
    fd_ = ::open(options_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    return fd_ >= 0;
}

bool DeadLetterFile::append(const std::string& line) {
    struct stat before = {};
    if (::fstat(fd_, &before) != 0) {
        return false;
    }
    const auto size = static_cast<std::size_t>(before.st_size);
    if (size > options_.bytes_max || line.size() > options_.bytes_max - size) {
        return false;
    }
    const ssize_t written = ::write(fd_, line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) {
        return true;
    }
    // A full disk may take a part of the line; half a letter would spoil the next one.
    if (written > 0 && ::ftruncate(fd_, before.st_size) != 0) {
        close();
    }
    return false;
}

bool DeadLetterFile::write(const DeadLetter& letter) {
    std::string line = "{";
    append_member("at", to_rfc3339(letter.at), line);
    append_member("endpoint", letter.endpoint, line);
    append_member("tenant", letter.tenant, line);
    append_member("reason", reason_name(letter.reason), line);
    append_member("answer", letter.server_text, line);
    append_entry_members(letter.entry, labels_json(letter.labels), line);
    line += "}\n";
    const std::lock_guard lock(mutex_);
    return ready() && append(line);
}

}  // namespace weir
