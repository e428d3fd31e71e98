// Cisco headers in all their permutations: message counter, sequence number, origin, structured
// data, clock mark, time or uptime, zone, XR node and process, WLC task, and the
// %FACILITY-SEVERITY-MNEMONIC.
#pragma once

#include "core/record.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

// Value that borrows. "%LINEPROTO-5-UPDOWN".
struct CiscoMnemonic {
    std::string_view id;        // "LINEPROTO-5-UPDOWN"; without data when there is none
    std::string_view facility;  // "LINEPROTO"
    std::string_view severity;  // "5"; "W" of Small Business switches
    std::string_view mnemonic;  // "UPDOWN"
};

// Reads a mnemonic at the start of `text`. One word that begins with '%' may precede it
// ("%$VDC-1$ %ETHPORT-5-IF_UP", "%STKUNIT0-M:CP %SEC-5-LOGIN_SUCCESS"), or the words
// "%$ VDC-1 %$"; AireOS may write '#'.
[[nodiscard]] CiscoMnemonic scan_cisco_mnemonic(std::string_view text);

// Where a Cisco header is looked for.
enum class CiscoPlace : std::uint8_t {
    line_start,     // right behind the PRI
    behind_header,  // behind a relay's "time host "
};

// Value that borrows. The parts that were there, in whatever order.
struct CiscoHeader {
    std::string_view counter;
    std::string_view sequence;
    std::string_view hostname;
    std::string_view structured_data;
    std::string_view task;
    std::string_view node;
    DeviceTime time;             // present, or with uptime, or neither
    std::string_view time_text;  // as written
    bool time_out_of_range = false;
    std::string_view relay_time_text;  // of a relay's header between counter and device
    std::string_view relay_host;
    std::string_view rest;  // what follows the header
};

// True when `text` begins with a Cisco header: it must reach a time followed by ':', an uptime, or
// a mnemonic through nothing but known parts. At most a handful of words are looked at.
[[nodiscard]] bool scan_cisco_header(std::string_view text, CiscoPlace place, CiscoHeader& header);

// Stores the parts of `header` and what follows it. Behind a relay's header the record already
// holds that header's time and host; `relay_time_text` is how it wrote the time.
void apply_cisco_header(const CiscoHeader& header, CiscoPlace place,
                        std::string_view relay_time_text, Record& record);

// Stores `text` as the message when it begins with a mnemonic, with the fields read from it.
// `msg` keeps the mnemonic. False, and nothing stored, without one.
[[nodiscard]] bool read_cisco_message(std::string_view text, Record& record);

// What follows "time:" on Cisco devices: "process[pid]: %...", "host %...", "%...", or text.
void read_cisco_tail(std::string_view text, Record& record);

}  // namespace weir
