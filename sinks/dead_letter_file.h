// Dead letters as NDJSON in one file of bounded size, until an operator empties or moves it. When
// it is full, further letters are refused (and count as dropped): the first ones tell what is
// wrong.
#pragma once

#include "sinks/dead_letter.h"

#include <cstddef>
#include <mutex>
#include <string>

namespace weir {

struct DeadLetterFileOptions {
    std::string path;
    std::size_t bytes_max = 64UL * 1024 * 1024;
};

// Resource. write() from any thread, one at a time.
class DeadLetterFile final : public DeadLetterSink {
  public:
    explicit DeadLetterFile(DeadLetterFileOptions options) : options_(std::move(options)) {}

    ~DeadLetterFile() override;

    [[nodiscard]] bool write(const DeadLetter& letter) override;

  private:
    [[nodiscard]] bool ready();
    [[nodiscard]] bool append(const std::string& line);
    void close();

    const DeadLetterFileOptions options_;
    std::mutex mutex_;
    int fd_ = -1;
};

}  // namespace weir
