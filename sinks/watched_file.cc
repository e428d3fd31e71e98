#include "sinks/watched_file.h"

#include "core/time.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sys/stat.h>
#include <system_error>

namespace weir {

bool WatchedFile::refresh(std::int64_t monotonic_ns, bool at_once) {
    if (path_.empty() || (looked_ && !at_once && monotonic_ns - looked_ns_ < ns_per_s)) {
        return false;
    }
    const Stamp found = look();
    const bool changed = !looked_ || !(found == stamp_);
    looked_ = true;
    looked_ns_ = monotonic_ns;
    stamp_ = found;
    return changed;
}

Result<std::string> WatchedFile::read() const {
    constexpr std::size_t bytes_max = 1024 * 1024;
    std::ifstream file(path_, std::ios::binary);
    if (!file) {
        return fail(path_ + ": " + std::generic_category().message(errno));
    }
    std::string content(bytes_max + 1, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(file.gcount()));
    if (content.size() > bytes_max) {
        return fail(path_ + ": larger than 1 MiB");
    }
    if (file.bad()) {
        return fail(path_ + ": cannot be read");
    }
    while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) {
        content.pop_back();
    }
    return content;
}

WatchedFile::Stamp WatchedFile::look() const {
    struct stat found = {};
    // stat follows the symlinks that Kubernetes swaps, so a new target shows as another inode.
    if (::stat(path_.c_str(), &found) != 0) {
        return {};
    }
    return {found.st_dev, found.st_ino, found.st_size,
            found.st_mtim.tv_sec * ns_per_s + found.st_mtim.tv_nsec};
}

}  // namespace weir
