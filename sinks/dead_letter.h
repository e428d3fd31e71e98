// Where records go that an endpoint will never take.
#pragma once

#include "core/time.h"
#include "pipeline/loki_decoder.h"
#include "sinks/reason.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

// Value that borrows, for the length of one call.
struct DeadLetter {
    std::string_view endpoint;
    std::string_view tenant;
    Reason reason = Reason::none;
    std::string_view server_text;  // the answer's status and words
    std::string_view labels;
    const LokiEntry& entry;
    Timestamp at;
    std::uint64_t batch = 0;  // number of the batch it came in
};

// Resource interface. Shared by delivery threads.
class DeadLetterSink {
  public:
    DeadLetterSink() = default;
    DeadLetterSink(const DeadLetterSink&) = delete;
    DeadLetterSink& operator=(const DeadLetterSink&) = delete;
    virtual ~DeadLetterSink() = default;

    // Keeps the records of one refusal, and returns how many it kept, for good: the caller counts
    // them as such. For the others there is no room or they cannot be written, and the caller
    // counts them as dropped. Any thread; may write to a disk.
    [[nodiscard]] virtual std::size_t write(std::span<const DeadLetter> letters) = 0;
};

}  // namespace weir
