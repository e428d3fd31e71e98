// A small file (secret, key, certificate) that may be replaced while weir runs, as Kubernetes does
// with mounted secrets.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>

namespace weir {

// Resource, one thread's. Looks at most once a second whether the file changed, unless told to.
class WatchedFile {
  public:
    // An empty path is a file that is not there and not wanted.
    explicit WatchedFile(std::string path) : path_(std::move(path)) {}

    // Looks again if a second has passed since the last look, or if `at_once`. True when the file
    // is another one than at the call before (the first call included).
    bool refresh(std::int64_t monotonic_ns, bool at_once = false);

    [[nodiscard]] bool wanted() const { return !path_.empty(); }

    [[nodiscard]] const std::string& path() const { return path_; }

    // The content without trailing newlines. Fails, naming the file, when it cannot be read or is
    // larger than 1 MiB.
    [[nodiscard]] Result<std::string> read() const;

  private:
    // Value. What tells one state of the file from another.
    struct Stamp {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t size = -1;  // -1: not there
        std::int64_t modified_ns = 0;

        friend bool operator==(const Stamp&, const Stamp&) = default;
    };

    [[nodiscard]] Stamp look() const;

    std::string path_;
    Stamp stamp_;
    std::int64_t looked_ns_ = 0;
    bool looked_ = false;
};

}  // namespace weir
