// MdtKept: the latest messages of telemetry that had something wrong with them, as they came, so
// that somebody can look at one and play it back (`weir decode mdt`).
#pragma once

#include "core/time.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace weir {

// Value.
struct KeptMessage {
    std::uint64_t id = 0;  // ascending, over all threads
    Timestamp at;
    std::string device;
    std::string peer;
    std::string listener;
    std::string defects;   // "bad_wire, compact_gpb"
    std::string bytes;     // of the message; the beginning of a long one
    std::size_t size = 0;  // of the whole message
};

// Resource. One thread.
class MdtKept {
  public:
    static constexpr std::size_t message_bytes_max = 64UL * 1024;
    static constexpr std::size_t bytes_max = 4UL * 1024 * 1024;  // of all messages

    void set_messages_max(std::size_t messages_max);
    // Cuts the message to what is kept of one; the oldest go for it.
    void add(KeptMessage message);

    [[nodiscard]] const std::deque<KeptMessage>& messages() const { return messages_; }

  private:
    void make_room();

    std::size_t messages_max_ = 0;
    std::size_t bytes_ = 0;
    std::deque<KeptMessage> messages_;
};

}  // namespace weir
