// Defects: what was wrong with a message as it came in. Data, not an error: the line is kept
// whatever is set here. Each has a name that appears in structured metadata, metrics and
// docs/defects.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// Keep the order: the number is the bit. Add at the end, with a name in defect_name and a line in
// docs/defects.md.
enum class Defect : std::uint8_t {
    no_pri,                     // no "<N>" at the start; severity and facility are unknown
    bad_pri,                    // "<N>" is there but N is not 0..191, or it is not closed
    no_timestamp,               // no date and time of the device was found
    bad_timestamp,              // looks like a time, but a field is out of range
    no_year,                    // the device sent no year; resolved by nearest year
    unsynced_clock,             // Cisco's "*" or "." mark, or an uptime stamp
    no_hostname,                // no hostname in the header; the source address stands in
    header_incomplete,          // an RFC 5424 header that stops early or lacks its version
    structured_data_malformed,  // "[...]" is not RFC 5424 structured data; kept in the message
    empty_message,              // nothing after the header, or nothing at all
    invalid_utf8,               // bytes were replaced by U+FFFD to make the line valid UTF-8
    nul_bytes,                  // the message holds NUL
    truncated,                  // cut at message_bytes_max, or by the kernel (MSG_TRUNC)
    oversize_dropped,           // longer than message_bytes_max under `oversize: drop`
    bad_octet_count,            // an octet count that the following bytes contradict
    unterminated_frame,         // the session ended before the frame was complete
    parts_missing,              // a multi-part message was released before all parts came
    parts_duplicate,            // a part of a multi-part message came twice
    timestamp_skewed,           // device time too far from the receive time to be used
    merged_parts,               // not wrong: the record was put together from several messages
};

inline constexpr int defect_count = 20;

// The name used everywhere outside the code: "no_pri", ...
[[nodiscard]] std::string_view defect_name(Defect defect);

// Room for the names of all defects, joined by commas.
using DefectsText = std::array<char, 512>;

// Value. A set of defects.
class Defects {
  public:
    constexpr Defects() = default;

    constexpr void add(Defect defect) { bits_ |= bit(defect); }

    constexpr void add(Defects other) { bits_ |= other.bits_; }

    constexpr void remove(Defect defect) { bits_ &= ~bit(defect); }

    [[nodiscard]] constexpr bool has(Defect defect) const { return (bits_ & bit(defect)) != 0; }

    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

    [[nodiscard]] constexpr std::uint32_t bits() const { return bits_; }

    // Names joined by commas in enum order, "" when empty.
    [[nodiscard]] std::string to_string() const;
    // The same in `text`, without allocating; the view is into it.
    [[nodiscard]] std::string_view write(DefectsText& text) const;

    friend constexpr bool operator==(Defects, Defects) = default;

  private:
    [[nodiscard]] static constexpr std::uint32_t bit(Defect defect) {
        return std::uint32_t{1} << static_cast<unsigned>(defect);
    }

    std::uint32_t bits_ = 0;
};

}  // namespace weir
