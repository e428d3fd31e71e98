// Counter gaps: messages lost between a device and here, told by the counter that Cisco devices
// write into each line. One CounterTrack lives in each source's entry of pipeline/source_table.
#pragma once

#include "core/record.h"

#include <cstdint>

namespace weir {

enum class CounterStep : std::uint8_t {
    none,       // the record has no counter that is followed
    first,      // nothing to compare with yet
    in_order,   // the next number
    gap,        // numbers are missing; `lost` says how many
    late,       // a number counted as lost before came after all
    duplicate,  // a number that came before
    restart,    // the device began again, or jumped too far to mean loss
};

// Value.
struct CounterVerdict {
    CounterStep step = CounterStep::none;
    std::uint32_t lost = 0;  // with `gap` only
};

// Value. Follows the message counter ("logging message-counter syslog", counts what was sent to
// collectors) where the device writes one, else the sequence number ("service sequence-numbers",
// counts what was logged: a gap there may also be a message that the device's severity level for
// this collector held back). Numbers are 32 bits wide and wrap. One thread.
class CounterTrack {
  public:
    // A forward step beyond this is not loss but a new beginning.
    static constexpr std::uint32_t gap_max = 10'000;
    // How far back a number may be and still be a late one or a duplicate.
    static constexpr std::uint32_t window = 64;

    // Looks at the counters of one record, in order of arrival.
    [[nodiscard]] CounterVerdict observe(const Record& record);

  private:
    enum class Kind : std::uint8_t { none, message, sequence };

    [[nodiscard]] CounterVerdict step_to(std::uint32_t value);
    void begin(std::uint32_t value);

    std::uint64_t seen_ = 0;      // bit n: newest_ - n has come
    std::uint32_t newest_ = 0;    // highest number so far
    std::uint32_t previous_ = 0;  // number of the record before
    std::uint8_t repeats_ = 0;    // duplicates in a row that count up by one
    std::uint8_t absences_ = 0;   // records in a row without the followed counter
    Kind kind_ = Kind::none;
};

static_assert(sizeof(CounterTrack) <= 24);

}  // namespace weir
