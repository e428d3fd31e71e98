// A directory of append-only files: `weir.ndjson` is written, full ones are put aside as
// `weir-<time>.ndjson` (or .zst), the oldest of those go when all together take too much.
#pragma once

#include "core/result.h"
#include "core/time.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

struct RotatingFilesOptions {
    std::string directory;
    std::size_t file_bytes_max = 64UL * 1024 * 1024;
    std::size_t total_bytes_max = 1024UL * 1024 * 1024;  // all files, the written one included
    bool zstd = false;                                   // compress what is put aside
};

// Value. What the directory holds.
struct RotatingFilesStatus {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t deleted = 0;  // since start, for room
};

// Resource, one thread's. Only files it names itself are touched.
class RotatingFiles {
  public:
    RotatingFiles(RotatingFilesOptions options, const Clock& clock);
    RotatingFiles(const RotatingFiles&) = delete;
    RotatingFiles& operator=(const RotatingFiles&) = delete;
    ~RotatingFiles();

    // Writes as much of `lines` as it can to the current file, opening or rotating it first as
    // needed, and takes what is written off the front. Lines are not torn between files unless one
    // is larger than a file. On failure the rest stays in `lines` for the next try, so that nothing
    // is written twice. The error is a sentence naming the file.
    [[nodiscard]] Result<void> write(std::string_view& lines);

    // To the disk itself.
    void sync();

    [[nodiscard]] const RotatingFilesStatus& status() const { return status_; }

    // What went wrong while a full file was put aside; empty when nothing did. Never in the way of
    // writing.
    [[nodiscard]] const std::string& side_error() const { return side_error_; }

  private:
    [[nodiscard]] Result<void> open();
    [[nodiscard]] Result<void> rotate();
    [[nodiscard]] Result<void> compress(const std::string& path);
    [[nodiscard]] std::string aside_path() const;
    [[nodiscard]] bool vanished() const;
    void close();
    void make_room(std::size_t bytes);
    void survey();

    RotatingFilesOptions options_;
    const Clock& clock_;
    std::string current_;  // path
    int fd_ = -1;
    std::size_t current_bytes_ = 0;
    RotatingFilesStatus status_;
    std::string side_error_;
};

}  // namespace weir
