#include "parsers/syslog_rfc3164.h"

#include "parsers/syslog_cisco.h"
#include "parsers/syslog_pri.h"
#include "parsers/syslog_rfc5424.h"
#include "parsers/syslog_tag.h"
#include "parsers/syslog_text.h"
#include "parsers/syslog_timestamp.h"
#include "parsers/syslog_vendor.h"
#include "parsers/syslog_zone.h"

namespace weir {

namespace {

using namespace syslog_text;

void store_message(std::string_view text, Record& record) {
    if (!text.empty()) {
        record.msg = text;
    }
}

// The message behind a header or a tag: a Cisco mnemonic in it names fields.
void store_text(std::string_view text, const BsdContext& context, Record& record) {
    const bool cisco = context.vendors != BsdVendors::none && first(text) == '%';
    if (!cisco || !read_cisco_message(text, record)) {
        store_message(text, record);
    }
}

void store_tagged(std::string_view text, const Tag& tag, const BsdContext& context,
                  Record& record) {
    record.app_name = tag.name;
    record.proc_id = tag.proc_id;
    const std::string_view message = skip_blanks(after(text, tag.length));
    if (context.vendors == BsdVendors::all) {
        read_vendor_event(message, record);
    }
    store_text(message, context, record);
}

void read_tag_and_text(std::string_view text, const BsdContext& context, Record& record) {
    if (const Tag tag = scan_tag(text); tag.length > 0) {
        store_tagged(text, tag, context, record);
    } else {
        store_text(text, context, record);
    }
}

// The word before a mnemonic may be the zone that a relay left behind: "host AEST: %SFF8472-3-...".
bool take_stranded_zone(std::string_view& text, Record& record) {
    const std::size_t length = span_of(text, upper, 6);
    if (length < 3 || length > 5 || text.size() < length + 3 || text[length] != ':') {
        return false;
    }
    const std::string_view behind = skip_blanks(after(text, length + 1));
    const std::string_view word = text.substr(0, length);
    if (first(behind) != '%' || !(is_zone_name(word) || word.back() == 'T')) {
        return false;
    }
    if (record.timestamp.present && record.timestamp.zone_name.data() == nullptr) {
        record.timestamp.zone_name = word;
    }
    text = behind;
    return true;
}

// A second BSD header behind the first: "relay Jan 01 10:40:49 host tag: ...". The inner one is the
// device's. Applications write times too, so a host and a tag must follow it.
bool read_relayed_bsd(std::string_view text, const BsdContext& context, Record& record) {
    DeviceTime time;
    const TimeScan scan = scan_device_time(text, ZoneNames::known, time);
    if (scan.reading != TimeReading::ok) {
        return false;
    }
    const std::string_view inner = skip_blanks(after(text, scan.length));
    const std::string_view host = inner.substr(0, word_length(inner));
    if (!is_hostname(host) || host.back() == ':') {
        return false;
    }
    const std::string_view behind = skip_blanks(after(inner, host.size()));
    const bool names_program = scan_tag(behind).length > 0 || behind.starts_with("CISE_") ||
                               begins_with_packet_engine(behind) ||
                               scan_cisco_mnemonic(behind).id.data() != nullptr;
    if (!names_program) {
        return false;
    }
    record.add_extra(ExtraKey::relay_timestamp, context.time_text);
    record.add_extra(ExtraKey::relay_host, record.hostname);
    record.timestamp = time;
    record.hostname = host;
    if (!read_category(behind, record)) {
        read_tag_and_text(behind, context, record);
    }
    return true;
}

bool may_begin_time(std::string_view text) {
    if (text.size() < 13) {
        return false;
    }
    return is_digit(text[0]) || ((text[3] == ' ' || text[3] == ',') && is_letter(text[0]));
}

// A Cisco header behind a relay's begins with a counter, a mark, a time, a node or "host:".
bool may_begin_cisco(std::string_view text) {
    const char c = first(text);
    if (is_digit(c) || c == '*' || c == '.' || c == ':' || c == '[' || may_begin_time(text)) {
        return true;
    }
    const std::size_t length = word_length(text, 64);
    const std::string_view word = text.substr(0, length);
    if (length < 2 || !is_letter(c)) {
        return false;
    }
    if (word.back() != ':') {
        return word.find('/') != std::string_view::npos && word.find(':') != std::string_view::npos;
    }
    const std::string_view next = skip_blanks(after(text, length));
    return is_digit(first(next)) || first(next) == '*' || first(next) == '.' ||
           may_begin_time(next);
}

// "relay 1 2026-11-21T06:47:00Z host app ..." and Meraki's "relay 1 1650972789.42 host flows".
bool read_relayed_versioned(std::string_view text, const BsdContext& context, Record& record) {
    const std::string_view relay_host = record.hostname;
    if (!read_epoch_header(text, record) && !read_relayed_rfc5424(text, record)) {
        return false;
    }
    record.add_extra(ExtraKey::relay_timestamp, context.time_text);
    record.add_extra(ExtraKey::relay_host, relay_host);
    if (record.hostname.data() == nullptr) {
        record.hostname = relay_host;
    }
    return true;
}

// A writer that took the PRI for text put its own time and host in front: "relay <189>2: *Jan ...".
bool read_relayed_pri(std::string_view text, const BsdContext& context, Record& record) {
    const Pri pri = scan_pri(text);
    if (record.facility >= 0 || pri.reading != PriReading::ok) {
        return false;
    }
    CiscoHeader header;
    const std::string_view behind = after(text, pri.length);
    if (!scan_cisco_header(behind, CiscoPlace::behind_header, header)) {
        return false;
    }
    record.facility = static_cast<std::int8_t>(pri.facility);
    record.severity = static_cast<std::int8_t>(pri.severity);
    apply_cisco_header(header, CiscoPlace::behind_header, context.time_text, record);
    return true;
}

bool read_relayed(std::string_view text, const BsdContext& context, Record& record) {
    if (context.vendors == BsdVendors::none) {
        return false;
    }
    if (first(text) == '<') {
        return read_relayed_pri(text, context, record);
    }
    if (context.vendors == BsdVendors::all && is_digit(first(text)) &&
        read_relayed_versioned(text, context, record)) {
        return true;
    }
    if (may_begin_cisco(text)) {
        CiscoHeader header;
        if (scan_cisco_header(text, CiscoPlace::behind_header, header)) {
            apply_cisco_header(header, CiscoPlace::behind_header, context.time_text, record);
            return true;
        }
    }
    return may_begin_time(text) && read_relayed_bsd(text, context, record);
}

// What follows "host ".
void read_behind_host(std::string_view text, const BsdContext& context, Record& record) {
    if (first(text) == '%') {
        if (context.vendors != BsdVendors::all || !read_slash_mnemonic(text, record)) {
            store_text(text, context, record);
        }
        return;
    }
    // ASA, FTD: "host : %ASA-6-302013: ...", "host : text".
    if (text.size() > 1 && text[0] == ':' && (is_blank(text[1]) || text[1] == '%')) {
        const std::string_view behind = skip_blanks(after(text, 1));
        CiscoHeader header;
        if (context.vendors != BsdVendors::none && may_begin_cisco(behind) &&
            scan_cisco_header(behind, CiscoPlace::behind_header, header)) {
            apply_cisco_header(header, CiscoPlace::behind_header, context.time_text, record);
            return;
        }
        store_text(behind, context, record);
        return;
    }
    if (read_relayed(text, context, record)) {
        return;
    }
    if (context.vendors != BsdVendors::none && take_stranded_zone(text, record)) {
        store_text(text, context, record);
        return;
    }
    if (context.vendors == BsdVendors::all) {
        if (read_category(text, record) || read_slash_mnemonic(text, record)) {
            return;
        }
        text = take_vendor_words(text, record);
    }
    read_tag_and_text(text, context, record);
}

// "word:" where a host or a tag may stand. It is the host when the word is an address, comes twice
// (NetApp), or a Cisco header or mnemonic follows it (ASA).
bool is_host_with_colon(std::string_view word, std::string_view behind, const BsdContext& context) {
    if (is_address_literal(word)) {
        return true;
    }
    if (context.vendors == BsdVendors::none || !is_hostname(word)) {
        return false;
    }
    if (context.vendors == BsdVendors::all && behind.size() > word.size() + 1 &&
        behind[word.size()] == ':' && behind.starts_with(word)) {
        return true;
    }
    CiscoHeader header;
    return scan_cisco_mnemonic(behind).id.data() != nullptr ||
           (may_begin_cisco(behind) &&
            scan_cisco_header(behind, CiscoPlace::behind_header, header));
}

void read_host_with_colon(std::string_view word, std::string_view behind, const BsdContext& context,
                          Record& record) {
    record.hostname = word;
    if (behind.size() > word.size() && behind.starts_with(word) && behind[word.size()] == ':') {
        const std::string_view text = skip_blanks(after(behind, word.size() + 1));
        read_vendor_time_in_text(text, record);
        store_message(text, record);
        return;
    }
    read_behind_host(behind, context, record);
}

// Behind a would-be host, "error:" and the like show that both belong to a sentence, as in
// pfSense's "kqueue error: unknown"; a name with a digit or dash in it stays a host.
bool begins_sentence(std::string_view word, std::string_view behind) {
    const std::size_t length = word_length(behind, 24);
    return length > 3 && behind[length - 1] == ':' && all_of_class(word, lower) &&
           is_level_word(behind.substr(0, length - 1));
}

// "origin/relay" of syslog-ng's chained host names, when a tag behind it shows that it is a host.
bool is_chained_host(std::string_view word, std::string_view behind) {
    const std::size_t slash = word.find('/');
    return slash != std::string_view::npos && is_hostname(word.substr(0, slash)) &&
           is_hostname(after(word, slash + 1)) && word.back() != ':' && scan_tag(behind).length > 0;
}

// syslogd writes "last message repeated 3 times" where the header would go on.
bool read_word_as_host(std::string_view word, std::string_view behind, const BsdContext& context,
                       Record& record) {
    const bool unifi = context.vendors == BsdVendors::all && read_unifi_host(word, record);
    const bool slot = word.starts_with("slot") && word.size() > 6 && word[5] == '/' &&
                      is_hostname(after(word, 6));
    if (!unifi && !slot) {
        const bool host = is_hostname(word) || is_chained_host(word, behind);
        if (behind.empty() || !host || word.back() == ':' || begins_sentence(word, behind)) {
            return false;
        }
    }
    if (record.hostname.data() == nullptr) {
        record.hostname = word;
    }
    read_behind_host(behind, context, record);
    return true;
}

// Control bytes that a relay escaped ("#001", "#011") and that stand for a separator here.
std::string_view skip_escaped_controls(std::string_view text) {
    while (text.size() > 4 && text[0] == '#' && text[1] == '0' && is_digit(text[2]) &&
           is_digit(text[3]) && is_blank(text[4])) {
        text = skip_blanks(after(text, 4));
    }
    return text;
}

}  // namespace

void read_bsd_header(std::string_view text, const BsdContext& context, Record& record) {
    text = skip_escaped_controls(skip_blanks(text));
    if (text.empty()) {
        return;
    }
    if (context.vendors == BsdVendors::all) {
        if (const std::size_t length = level_mark_length(text); length > 0) {
            record.add_extra(ExtraKey::level_word, text.substr(1, length - 3));
            text = skip_blanks(after(text, length));
        }
        if (begins_with_packet_engine(text)) {
            store_message(text, record);
            return;
        }
        if (text.starts_with("- ") && scan_tag(skip_blanks(after(text, 2))).length > 0) {
            text = skip_blanks(after(text, 2));  // a host written as RFC 5424's nil
        }
        if (first(text) == '[' && read_netapp_header(text, record)) {
            return;
        }
        if (const std::size_t length = read_aix_forward(text, record); length > 0) {
            read_tag_and_text(skip_blanks(after(text, length)), context, record);
            return;
        }
    }
    const std::string_view word = text.substr(0, word_length(text));
    const std::string_view behind = skip_blanks(after(text, word.size()));
    if (word.size() > 1 && word.back() == ':') {
        const std::string_view name = word.substr(0, word.size() - 1);
        if (is_host_with_colon(name, behind, context)) {
            read_host_with_colon(name, behind, context, record);
            return;
        }
    }
    if (const Tag tag = scan_tag(text); tag.length > 0) {
        store_tagged(text, tag, context, record);
        return;
    }
    if (context.vendors == BsdVendors::all &&
        (read_category(text, record) || read_slash_mnemonic(text, record))) {
        return;
    }
    if (context.vendors == BsdVendors::all && is_level_word(word)) {
        // F5's local format has no host: "notice mcpd[6837]: ...".
        const std::string_view named = take_vendor_words(text, record);
        read_tag_and_text(named, context, record);
        return;
    }
    if (!read_word_as_host(word, behind, context, record)) {
        store_text(text, context, record);
    }
}

bool read_bsd_tag_only(std::string_view text, bool after_pri, Record& record) {
    const std::string_view trimmed = skip_blanks(text);
    const BsdContext context;
    if (const Tag tag = scan_tag(trimmed); tag.length > 0) {
        if (!after_pri && tag.proc_id.data() == nullptr) {
            return false;
        }
        store_tagged(trimmed, tag, context, record);
        return true;
    }
    if (first(trimmed) == '(' && read_unifi_host(trimmed.substr(0, word_length(trimmed)), record)) {
        read_tag_and_text(skip_blanks(after(trimmed, word_length(trimmed))), context, record);
        return true;
    }
    // "host tag[pid]: text": the process id makes it certain enough to take the first word.
    const std::string_view word = trimmed.substr(0, word_length(trimmed));
    const std::string_view behind = skip_blanks(after(trimmed, word.size()));
    if (!after_pri || !is_hostname(word) || word.back() == ':' || all_of_class(word, lower)) {
        return false;
    }
    const Tag tag = scan_tag(behind);
    if (tag.length == 0 || !all_of_class(tag.proc_id, digit)) {
        return false;
    }
    record.hostname = word;
    store_tagged(behind, tag, context, record);
    return true;
}

}  // namespace weir
