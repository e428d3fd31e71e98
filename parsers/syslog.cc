#include "parsers/syslog.h"

#include "parsers/syslog_body.h"
#include "parsers/syslog_cisco.h"
#include "parsers/syslog_pri.h"
#include "parsers/syslog_rfc3164.h"
#include "parsers/syslog_rfc5424.h"
#include "parsers/syslog_text.h"
#include "parsers/syslog_timestamp.h"
#include "parsers/syslog_vendor.h"

#include <cstring>

namespace weir {

namespace {

using namespace syslog_text;

constexpr std::string_view bom = "\xEF\xBB\xBF";

// Datagrams end in LF, CRLF or NUL on many devices; that is a trailer, not text.
std::string_view without_trailer(std::string_view message) {
    while (!message.empty() &&
           (message.back() == '\n' || message.back() == '\r' || message.back() == '\0')) {
        message.remove_suffix(1);
    }
    return message;
}

std::string_view read_pri(std::string_view message, Record& record) {
    std::string_view text = message;
    if (text.starts_with(bom)) {
        text.remove_prefix(bom.size());
    }
    text = skip_blanks(text);
    const Pri pri = scan_pri(text);
    if (pri.reading != PriReading::ok) {
        record.defects.add(pri.reading == PriReading::bad ? Defect::bad_pri : Defect::no_pri);
        return message;
    }
    record.facility = static_cast<std::int8_t>(pri.facility);
    record.severity = static_cast<std::int8_t>(pri.severity);
    return after(text, pri.length);
}

void store_text(std::string_view text, Record& record) {
    if (!text.empty()) {
        record.msg = text;
    }
}

BsdVendors vendors_of(Dialect dialect) {
    switch (dialect) {
        case Dialect::any:
            return BsdVendors::all;
        case Dialect::cisco:
            return BsdVendors::cisco;
        default:
            return BsdVendors::none;
    }
}

// The line begins with a time: "time: ..." is Cisco's, anything else a BSD or ISO header.
bool read_time_first(std::string_view text, Dialect dialect, Record& record) {
    const ZoneNames zones =
        dialect == Dialect::cisco ? ZoneNames::any_before_colon : ZoneNames::known;
    DeviceTime time;
    const TimeScan scan = scan_device_time(text, zones, time);
    if (scan.reading == TimeReading::none) {
        return false;
    }
    const std::string_view behind = after(text, scan.length);
    if (!behind.empty() && !is_blank(behind[0]) && behind[0] != ':') {
        return false;
    }
    const BsdContext context{vendors_of(dialect), text.substr(0, scan.length)};
    record.timestamp = time;
    if (scan.reading == TimeReading::out_of_range) {
        record.defects.add(Defect::bad_timestamp);
        record.add_extra(ExtraKey::vendor_timestamp, context.time_text);
    }
    const std::string_view rest = skip_blanks(behind);
    const bool vendor = context.vendors != BsdVendors::none;
    if (first(rest) == ':' && (rest.size() == 1 || is_blank(rest[1]) || rest[1] == '%')) {
        if (vendor) {
            read_cisco_tail(after(rest, 1), record);
        } else {
            store_text(skip_blanks(after(rest, 1)), record);
        }
        return true;
    }
    if (scan.iso && dialect == Dialect::any && read_rfc5424_fields(rest, record)) {
        return true;
    }
    read_bsd_header(rest, context, record);
    return true;
}

bool read_cisco_first(std::string_view text, Record& record) {
    CiscoHeader header;
    if (!scan_cisco_header(text, CiscoPlace::line_start, header)) {
        return false;
    }
    apply_cisco_header(header, CiscoPlace::line_start, {}, record);
    return true;
}

bool read_versioned(std::string_view text, Dialect dialect, Record& record) {
    if (!is_digit(first(text))) {
        return false;
    }
    const bool bsd_allowed = dialect != Dialect::rfc5424;
    const Rfc5424Result result = read_rfc5424(text, bsd_allowed, record);
    if (result.reading == Rfc5424Reading::bsd_rest) {
        read_bsd_header(result.rest, {vendors_of(dialect), result.time_text}, record);
    }
    return result.reading != Rfc5424Reading::none;
}

// `text` is what follows the PRI; stays the message when nothing of it is a header.
void read_header(std::string_view text, Dialect dialect, Record& record) {
    const std::string_view trimmed = skip_blanks(text);
    const bool guess = dialect == Dialect::any || dialect == Dialect::cisco;
    if (dialect != Dialect::rfc3164 && dialect != Dialect::nutanix &&
        read_versioned(trimmed, dialect, record)) {
        return;
    }
    if (dialect == Dialect::rfc5424) {
        record.defects.add(Defect::header_incomplete);
        store_text(text, record);
        return;
    }
    if (read_time_first(trimmed, dialect, record)) {
        return;
    }
    if (guess && read_cisco_first(trimmed, record)) {
        return;
    }
    if (dialect == Dialect::any &&
        (read_epoch_header(trimmed, record) || read_slash_mnemonic(trimmed, record))) {
        return;
    }
    if (dialect != Dialect::cisco && read_bsd_tag_only(text, record.facility >= 0, record)) {
        return;
    }
    // Blanks behind the PRI belong to the header that is not there.
    store_text(record.facility >= 0 ? trimmed : text, record);
}

void finish(Dialect dialect, Record& record) {
    if (skip_blanks(record.msg).empty()) {
        record.msg = {};
    }
    if (dialect == Dialect::any) {
        read_body_facts(record);
    }
    const DeviceTime& time = record.timestamp;
    if (!time.present) {
        record.defects.add(Defect::no_timestamp);
    } else if (time.year < 0) {
        record.defects.add(Defect::no_year);
    }
    if (time.clock_mark != '\0' || time.uptime.data() != nullptr) {
        record.defects.add(Defect::unsynced_clock);
    }
    if (record.hostname.data() == nullptr) {
        record.defects.add(Defect::no_hostname);
    }
    if (record.msg.data() == nullptr && record.structured_data.data() == nullptr) {
        record.defects.add(Defect::empty_message);
    }
}

}  // namespace

void parse_syslog(std::string_view message, Dialect dialect, Record& record) {
    record.clear();
    message = without_trailer(message);
    if (!message.empty() && std::memchr(message.data(), '\0', message.size()) != nullptr) {
        record.defects.add(Defect::nul_bytes);
    }
    const std::string_view text = read_pri(message, record);
    // A broken PRI may hide anything: nothing behind it is read as a header.
    if (dialect == Dialect::raw || record.defects.has(Defect::bad_pri)) {
        store_text(text, record);
    } else {
        read_header(text, dialect, record);
    }
    finish(dialect, record);
}

}  // namespace weir
