// Vendor words inside a BSD header: NetApp, AIX, UniFi, ProCurve, F5, Huawei, Junos, Cisco ISE.
// Each function recognises one shape, stores what it read and says how far it went.
#pragma once

#include "core/record.h"

#include <cstddef>
#include <string_view>

namespace weir {

// NetApp ONTAP: "[node:event:level]: text" as the whole rest of the line. The message is stored.
[[nodiscard]] bool read_netapp_header(std::string_view text, Record& record);

// NetScaler: "0-PPE-1 : default ...", the core that wrote the message, where a host may be missing.
[[nodiscard]] bool begins_with_packet_engine(std::string_view text);

// BSD syslogd -v: "<local0.info> " in front of the host. Its length with the blank, or 0.
[[nodiscard]] std::size_t level_mark_length(std::string_view text);

// AIX syslogd: "Message forwarded from host: ". Stores the host; returns the length read, or 0.
[[nodiscard]] std::size_t read_aix_forward(std::string_view text, Record& record);

// UniFi: "model,mac,firmware" or "model,mac,firmware:" in the host's place.
[[nodiscard]] bool read_unifi_host(std::string_view word, Record& record);

// Cisco ISE and ACS: "CISE_Category id total index text". The rest of the line is stored.
[[nodiscard]] bool read_category(std::string_view text, Record& record);

// Huawei and Comware: "WLAN/4/STATION_ONLINE_NOTIFY:text" (the message is what follows) and
// "%%10SHELL/5/SHELL_LOGIN: text" (the message is kept from "%%"). The rest of the line is stored.
[[nodiscard]] bool read_slash_mnemonic(std::string_view text, Record& record);

// Words between host and tag: ProCurve's event id, UniFi's "mac,model-firmware:", a level word
// (F5). Stored as extras; returns the text behind them.
[[nodiscard]] std::string_view take_vendor_words(std::string_view text, Record& record);

// Junos: "EVENT_NAME: " at the start of the message.
void read_vendor_event(std::string_view message, Record& record);

// NetApp audit: a complete time within the first words of the text.
void read_vendor_time_in_text(std::string_view text, Record& record);

}  // namespace weir
