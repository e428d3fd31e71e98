#include "parsers/syslog_body.h"

#include "parsers/syslog_text.h"
#include "parsers/syslog_timestamp.h"

#include <algorithm>

namespace weir {

namespace {

using namespace syslog_text;

constexpr std::size_t body_bytes_read = 1024;

bool is_key_char(char c) {
    return is(c, digit | upper | lower) || c == '_' || c == '-' || c == '.';
}

// "CEF:0|" and "LEEF:2.0|".
bool begins_event_format(std::string_view text, std::string_view name) {
    if (!text.starts_with(name)) {
        return false;
    }
    const std::string_view version = skip_blanks(after(text, name.size()));
    const std::size_t length = span_of(version, digit | tag_char, 8);
    return length > 0 && is_digit(version[0]) && first(after(version, length)) == '|';
}

// Value that borrows. One key=value; quotes taken off.
struct Pair {
    std::string_view key;
    std::string_view value;
    std::string_view rest;  // from the value on, quotes included
};

// Takes "key=value" or "key="value"" and the separator behind it (blank, '|', ',' or ';').
bool take_pair(std::string_view& text, Pair& pair) {
    std::size_t at = 0;
    while (at < text.size() && is_key_char(text[at])) {
        ++at;
    }
    if (at == 0 || at >= text.size() || text[at] != '=') {
        return false;
    }
    pair.key = text.substr(0, at);
    pair.rest = after(text, at + 1);
    const bool quoted = first(pair.rest) == '"';
    const std::string_view from = after(pair.rest, quoted ? 1 : 0);
    const std::size_t end =
        std::min(quoted ? from.find('"') : from.find_first_of(" \t|,;"), from.size());
    pair.value = from.substr(0, end);
    text = after(from, end);
    while (!text.empty() && !is_key_char(text[0])) {
        text.remove_prefix(1);
    }
    return true;
}

// FortiGate and Sophos split date and time: "date=2020-04-23 time=12:17:58".
bool read_split_time(const Pair& date, BodyFacts& facts) {
    constexpr std::string_view key = " time=";
    const std::string_view behind = after(date.rest, date.value.size());
    const bool quoted = first(date.rest) == '"';
    if (quoted || date.value.size() != 10 || !behind.starts_with(key)) {
        return false;
    }
    const std::string_view clock = after(behind, key.size());
    const std::size_t length = word_length(clock, 20);
    // The two halves are joined in a small buffer to be read by the one time grammar.
    char joined[40];
    std::size_t size = date.value.copy(joined, 10);
    joined[size++] = 'T';
    size += clock.copy(joined + size, length);
    const std::string_view text(joined, size);
    const TimeScan scan = scan_device_time(text, ZoneNames::none, facts.time);
    if (scan.reading != TimeReading::ok || scan.length != size) {
        return false;
    }
    facts.time_text = date.rest.substr(0, date.value.size() + key.size() + length);
    return true;
}

void read_whole_time(std::string_view value, BodyFacts& facts) {
    DeviceTime time;
    if (scan_device_time(value, ZoneNames::known, time).reading == TimeReading::ok ||
        scan_epoch_time(value, time) == value.size()) {
        facts.time = time;
        facts.time_text = value;
    }
}

void read_zone(std::string_view value, BodyFacts& facts) {
    // "-0500" and "+02:00" are read by the grammar of times, behind a made-up clock.
    char joined[40] = "2000-01-01T00:00:00";
    constexpr std::size_t clock_bytes = 19;
    const std::string_view text(joined, clock_bytes + value.copy(joined + clock_bytes, 8));
    DeviceTime zone;
    const TimeScan scan = scan_device_time(text, ZoneNames::none, zone);
    if (scan.reading == TimeReading::ok && scan.length == text.size() && zone.has_offset) {
        facts.time.has_offset = true;
        facts.time.zulu = zone.zulu;
        facts.time.offset_minutes = zone.offset_minutes;
    }
}

bool names_device(std::string_view key) {
    return key == "devname" || key == "device_name" || key == "devicename" || key == "dvchost";
}

void read_pairs(std::string_view text, BodyFacts& facts) {
    std::string_view zone;
    Pair pair;
    while (take_pair(text, pair)) {
        if (facts.time_text.data() == nullptr && pair.key == "date") {
            static_cast<void>(read_split_time(pair, facts));
        } else if (facts.time_text.data() == nullptr && pair.key == "time") {
            read_whole_time(pair.value, facts);
        } else if (pair.key == "tz") {
            zone = pair.value;
        } else if (facts.device.data() == nullptr && names_device(pair.key)) {
            facts.device = pair.value;
        }
        const bool complete = facts.device.data() != nullptr && facts.time_text.data() != nullptr &&
                              zone.data() != nullptr;
        if (complete) {
            break;
        }
    }
    if (zone.data() != nullptr && facts.time.present && !facts.time.has_offset) {
        read_zone(zone, facts);
    }
}

// PAN-OS: "1,2014/01/28 01:04:13,434190649969,TRAFFIC,...": the second column is the receive time.
void read_columns(std::string_view text, BodyFacts& facts) {
    const std::size_t number = span_of(text, digit, 4);
    if (number == 0 || first(after(text, number)) != ',') {
        return;
    }
    const std::string_view column = after(text, number + 1);
    DeviceTime time;
    const TimeScan scan = scan_device_time(column, ZoneNames::none, time);
    if (scan.reading == TimeReading::ok && scan.iso && first(after(column, scan.length)) == ',') {
        facts.format = "csv";
        facts.time = time;
        facts.time_text = column.substr(0, scan.length);
    }
}

}  // namespace

BodyFacts read_body(std::string_view msg) {
    BodyFacts facts;
    if (msg.size() < 2) {
        return facts;
    }
    const std::string_view text = msg.substr(0, body_bytes_read);
    const char c = text[0];
    if (c == 'C' && begins_event_format(text, "CEF:")) {
        facts.format = "cef";
    } else if (c == 'L' && begins_event_format(text, "LEEF:")) {
        facts.format = "leef";
    } else if (c == '{' && (text[1] == '"' || text[1] == ' ' || text[1] == '}')) {
        facts.format = "json";
    } else if (is_digit(c)) {
        read_columns(text, facts);
    } else if (is_letter(c)) {
        std::size_t key = 1;
        while (key < text.size() && key < 32 && is_key_char(text[key])) {
            ++key;
        }
        if (key + 1 < text.size() && text[key] == '=') {
            facts.format = "kv";
            read_pairs(text, facts);
        }
    }
    return facts;
}

void read_body_facts(Record& record) {
    const BodyFacts facts = read_body(record.msg);
    if (facts.format.data() == nullptr) {
        return;
    }
    record.add_extra(ExtraKey::format, facts.format);
    const bool dated = record.timestamp.present && record.timestamp.year >= 0;
    if (!dated && facts.time_text.data() != nullptr) {
        record.add_extra(ExtraKey::vendor_timestamp, facts.time_text);
    }
    if (record.hostname.data() == nullptr && facts.device.data() != nullptr) {
        record.add_extra(ExtraKey::vendor_host, facts.device);
    }
}

}  // namespace weir
