// Events of telemetry: what happened, as logfmt lines for Loki; and the memory by which a change of
// state is noticed.
#pragma once

#include "core/metric.h"
#include "core/telemetry.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

inline constexpr std::size_t event_line_bytes_max = 16 * 1024;

// Appends key=value, after a blank if there is something before; quoted where it must be. Past
// event_line_bytes_max nothing is appended.
void append_logfmt(std::string_view key, std::string_view value, std::string& line);

// What happened to an NX-OS object: class, dn, status, then its attributes as sent,
// without those that are empty.
void append_object_event(std::string_view object_class, std::string_view dn,
                         TelemetryNodes attributes, std::string& line);

// Resource. One thread. Remembers the last word of each state series in a table of fixed size, in
// which a newcomer takes an older one's place: a change may go unnoticed, none is made up.
class StateMemory {
  public:
    static constexpr std::size_t slots = 16'384;

    StateMemory() : slots_(slots) {}

    // The word before, if it was another. `series` is a hash.
    [[nodiscard]] std::optional<std::uint32_t> changed(std::uint64_t series, std::uint32_t word);

  private:
    struct Slot {
        std::uint64_t series = 0;
        std::uint32_t word = 0;
        bool used = false;
    };

    std::vector<Slot> slots_;
};

}  // namespace weir
