// Record: one parsed log entry. Every view borrows from the frame it was parsed from (or from a
// string literal), so a record lives no longer than its frame. Field names are RFC 5424's.
#pragma once

#include "core/assert.h"
#include "core/defects.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

// Value that borrows. The time as the device wrote it. Resolving what is missing (year, zone) needs
// the receive time and belongs to pipeline/device_time.
struct DeviceTime {
    bool present = false;    // month..second are set
    std::int16_t year = -1;  // -1: the device sent none
    std::int8_t month = 0;   // 1..12
    std::int8_t day = 0;     // 1..31, valid for the month (29 February without a year is valid)
    std::int8_t hour = 0;    // 0..23
    std::int8_t minute = 0;  // 0..59
    std::int8_t second = 0;  // 0..60
    std::int8_t fraction_digits = 0;  // digits the device sent, 0..9
    std::uint32_t nanos = 0;
    bool has_offset = false;          // the wire carried Z, UTC, GMT or a numeric offset
    bool zulu = false;                // that offset was written as Z, UTC or GMT
    std::int16_t offset_minutes = 0;  // east of UTC
    std::string_view zone_name;       // "CEST": named zones other than UTC/GMT, not resolved here
    char clock_mark = '\0';           // Cisco: '*' never synchronised, '.' synchronisation lost
    std::string_view uptime;          // "13w1d", "00:16:23": a stamp that counts from boot
};

// What else a line may carry. The name is the key in `weir parse` and in structured metadata.
enum class ExtraKey : std::uint8_t {
    msg_counter,      // Cisco "logging message-counter syslog"
    sequence,         // Cisco "service sequence-numbers", or a bare one after a relay header
    cisco_facility,   // FACILITY of %FACILITY-SEVERITY-MNEMONIC (SUBFACILITY joined by '-')
    cisco_severity,   // its severity digit; the PRI's severity wins for `severity`
    mnemonic,         // its MNEMONIC
    node,             // IOS XR "RP/0/RP0/CPU0"
    task,             // AireOS task name
    event_id,         // ProCurve's five digits
    vendor_event,     // Junos event tag
    level_word,       // a severity spelt as a word in the header
    pseudo_tag,       // UniFi "mac,model-firmware"
    relay_timestamp,  // the outer header's time, when a relay put its own in front
    relay_host,       // the outer header's host
    ise_id,           // Cisco ISE multi-part: message id, total, index (0-based)
    ise_total,
    ise_index,
    vendor_timestamp,     // a time found in a key=value or CSV body
    vendor_host,          // a device name found in a key=value body
    format,               // "cef", "leef", "json", "kv", "csv": the body's form, when recognised
    structured_data_ids,  // reserved for `weir parse`
    model,                // UniFi "model,mac,firmware" host token
    mac,
    firmware,
};

inline constexpr std::size_t extra_key_count = 23;

// The key's name, e.g. "msg_counter".
[[nodiscard]] std::string_view extra_key_name(ExtraKey key);

// Value that borrows.
struct Extra {
    ExtraKey key = ExtraKey::msg_counter;
    std::string_view value;
};

// Value that borrows. A view with no data pointer means absent; an empty view with one means empty.
struct Record {
    static constexpr std::size_t extras_max = 12;

    std::int8_t facility = -1;  // 0..23 from PRI only, -1 without PRI
    std::int8_t severity = -1;  // 0..7 from PRI only, -1 without PRI
    DeviceTime timestamp;
    std::string_view hostname;
    std::string_view app_name;
    std::string_view proc_id;
    std::string_view msg_id;
    std::string_view
        structured_data;  // raw RFC 5424 text "[id a=\"b\"]...", well-formed enough to walk
    std::string_view msg;
    Defects defects;
    bool rfc5424 = false;  // the header was read by RFC 5424's grammar

    void add_extra(ExtraKey key, std::string_view value) {
        if (extra_count_ < extras_max) {
            extras_[extra_count_++] = {key, value};
        }
    }

    // The value of a key, or a view without data.
    [[nodiscard]] std::string_view extra(ExtraKey key) const {
        for (std::size_t i = 0; i < extra_count_; ++i) {
            if (extras_[i].key == key) {
                return extras_[i].value;
            }
        }
        return {};
    }

    [[nodiscard]] const Extra* begin_extras() const { return extras_.data(); }

    [[nodiscard]] const Extra* end_extras() const { return extras_.data() + extra_count_; }

    // Calls `edit(std::string_view&)` for every text of the record, the extras' values included.
    template <typename Edit>
    void for_each_text(Edit&& edit) {
        for (std::string_view* text : {&hostname, &app_name, &proc_id, &msg_id, &structured_data,
                                       &msg, &timestamp.zone_name, &timestamp.uptime}) {
            edit(*text);
        }
        for (std::size_t i = 0; i < extra_count_; ++i) {
            edit(extras_[i].value);
        }
    }

    // Back to the state of a new record, without touching the unused extras.
    void clear() {
        facility = severity = -1;
        timestamp = {};
        hostname = app_name = proc_id = msg_id = structured_data = msg = {};
        defects = {};
        rfc5424 = false;
        extra_count_ = 0;
    }

  private:
    std::array<Extra, extras_max> extras_;
    std::size_t extra_count_ = 0;
};

}  // namespace weir
