// Where records go that an endpoint will never take.
#pragma once

#include "core/time.h"
#include "pipeline/loki_decoder.h"
#include "sinks/reason.h"

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
};

// Resource interface. Shared by delivery threads.
class DeadLetterSink {
  public:
    DeadLetterSink() = default;
    DeadLetterSink(const DeadLetterSink&) = delete;
    DeadLetterSink& operator=(const DeadLetterSink&) = delete;
    virtual ~DeadLetterSink() = default;

    // Keeps one record. False when there is no room or it cannot be written: the caller counts the
    // record as dropped instead. Any thread; may write to a disk.
    [[nodiscard]] virtual bool write(const DeadLetter& letter) = 0;
};

}  // namespace weir
