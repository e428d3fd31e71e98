#include "parsers/syslog_vendor.h"

#include "parsers/ise.h"
#include "parsers/syslog_tag.h"
#include "parsers/syslog_text.h"
#include "parsers/syslog_timestamp.h"

#include <algorithm>

namespace weir {

namespace {

using namespace syslog_text;

void store_message(std::string_view text, Record& record) {
    if (!text.empty()) {
        record.msg = text;
    }
}

bool is_event_char(char c) {
    return is(c, upper | digit) || c == '_';
}

// UniFi writes the MAC without separators: 12 letters and digits.
bool is_bare_mac(std::string_view text) {
    return text.size() == 12 && all_of_class(text, digit | upper | lower);
}

// Value that borrows. "model,mac,firmware"; `mac` is empty when it is none.
struct UnifiName {
    std::string_view model;
    std::string_view mac;
    std::string_view firmware;
};

UnifiName scan_unifi_name(std::string_view word) {
    const std::size_t mac_at = word.find(',');
    if (mac_at == std::string_view::npos || mac_at == 0) {
        return {};
    }
    const std::string_view model = word.substr(0, mac_at);
    const std::string_view tail = after(word, mac_at + 1);
    const std::size_t firmware_at = tail.find(',');
    if (firmware_at == std::string_view::npos || !is_bare_mac(tail.substr(0, firmware_at))) {
        return {};
    }
    const std::string_view firmware = after(tail, firmware_at + 1);
    if (!all_of_class(model, tag_char) || !all_of_class(firmware, tag_char)) {
        return {};
    }
    return {model, tail.substr(0, firmware_at), firmware};
}

// "d8b370c09752,UAP-AC-Mesh-6.6.77+15402:" or "U7PG2,f09fc2aabbcc,v4.3.20:" between the host's name
// and the tag. Its length with ':', or 0.
std::size_t pseudo_tag_length(std::string_view text) {
    const std::size_t length = word_length(text, 96);
    if (length < 16 || text[length - 1] != ':') {
        return 0;
    }
    const std::string_view word = text.substr(0, length - 1);
    const bool mac_first = word[12] == ',' && is_bare_mac(word.substr(0, 12)) &&
                           all_of_class(after(word, 13), tag_char);
    return mac_first || !scan_unifi_name(word).mac.empty() ? length : 0;
}

struct SlashMnemonic {
    std::string_view id;
    std::string_view facility;
    std::size_t length = 0;
};

// "FACILITY/4/MNEMONIC", severity 0 to 7.
SlashMnemonic scan_slash_mnemonic(std::string_view text) {
    const auto is_word = [](char c) {
        return is(c, digit | upper | lower) || c == '_' || c == '-';
    };
    std::size_t at = 0;
    while (at < text.size() && at < 48 && is_word(text[at])) {
        ++at;
    }
    if (at < 2 || text.size() < at + 4 || text[at] != '/' || text[at + 1] < '0' ||
        text[at + 1] > '7' || text[at + 2] != '/') {
        return {};
    }
    std::size_t end = at + 3;
    while (end < text.size() && end < 128 && is_word(text[end])) {
        ++end;
    }
    if (end < at + 5) {
        return {};
    }
    return {text.substr(0, end), text.substr(0, at), end};
}

}  // namespace

bool read_netapp_header(std::string_view text, Record& record) {
    const std::size_t length = word_length(text, 200);
    const std::string_view word = text.substr(0, length);
    if (!word.ends_with("]:")) {
        return false;
    }
    const std::string_view inside = word.substr(1, length - 3);
    const std::size_t event_at = inside.find(':');
    const std::size_t level_at = inside.rfind(':');
    if (event_at == std::string_view::npos || level_at == event_at) {
        return false;
    }
    const std::string_view node = inside.substr(0, event_at);
    const std::string_view event = inside.substr(event_at + 1, level_at - event_at - 1);
    const std::string_view level = inside.substr(level_at + 1);
    if (!is_hostname(node) || event.empty() || !is_level_word(level)) {
        return false;
    }
    record.hostname = node;
    record.app_name = event;
    record.add_extra(ExtraKey::level_word, level);
    store_message(skip_blanks(after(text, length)), record);
    return true;
}

bool begins_with_packet_engine(std::string_view text) {
    const std::size_t core = span_of(text, digit, 3);
    const std::string_view rest = after(text, core);
    if (core == 0 || first(rest) != '-') {
        return false;
    }
    const std::string_view engine = after(rest, 1);
    const std::size_t letters = span_of(engine, upper, 8);
    const std::string_view number = after(engine, letters);
    const std::size_t digits = number.empty() ? 0 : span_of(after(number, 1), digit, 3);
    return letters > 0 && first(number) == '-' && digits > 0 &&
           after(number, digits + 1).starts_with(" : ");
}

std::size_t level_mark_length(std::string_view text) {
    const std::size_t close = text.substr(0, 24).find("> ");
    if (first(text) != '<' || close == std::string_view::npos) {
        return 0;
    }
    const std::string_view inside = text.substr(1, close - 1);
    const std::size_t dot = inside.find('.');
    return dot != std::string_view::npos && all_of_class(inside.substr(0, dot), lower | digit) &&
                   is_level_word(after(inside, dot + 1))
               ? close + 2
               : 0;
}

std::size_t read_aix_forward(std::string_view text, Record& record) {
    constexpr std::string_view lead = "Message forwarded from ";
    if (first(text) != 'M' || !text.starts_with(lead)) {
        return 0;
    }
    const std::string_view word = after(text, lead.size());
    const std::size_t length = word_length(word);
    if (length < 2 || word[length - 1] != ':' || !is_hostname(word.substr(0, length - 1))) {
        return 0;
    }
    record.hostname = word.substr(0, length - 1);
    return lead.size() + length;
}

bool read_unifi_host(std::string_view word, Record& record) {
    if (word.starts_with("(\"") && word.ends_with("\")")) {
        word = word.substr(2, word.size() - 4);  // older firmware: ("U7PG2,f09fc2aabbcc,v3.9.3")
    } else if (word.ends_with(':')) {
        word.remove_suffix(1);
    }
    UnifiName name = scan_unifi_name(word);
    if (name.mac.empty() && word.size() > 14 && word[12] == ',' && word[13] == 'v' &&
        is_digit(word[14]) && is_bare_mac(word.substr(0, 12)) &&
        all_of_class(after(word, 13), tag_char)) {
        name = {{}, word.substr(0, 12), after(word, 13)};  // access points that leave out the model
    }
    if (name.mac.empty()) {
        return false;
    }
    record.hostname = word;
    if (!name.model.empty()) {
        record.add_extra(ExtraKey::model, name.model);
    }
    record.add_extra(ExtraKey::mac, name.mac);
    record.add_extra(ExtraKey::firmware, name.firmware);
    return true;
}

bool read_category(std::string_view text, Record& record) {
    if (first(text) != 'C' || !(text.starts_with("CISE_") || text.starts_with("CSCOacs_"))) {
        return false;
    }
    std::size_t length = word_length(text, 96);
    const std::string_view behind = skip_blanks(after(text, length));
    if (text[length - 1] == ':') {
        --length;
    }
    if (!all_of_class(text.substr(0, length), tag_char)) {
        return false;  // longer than any category, it may have been cut within a character
    }
    record.app_name = text.substr(0, length);
    store_message(behind, record);
    if (const IsePart part = read_ise_part(record); part.present) {
        const std::size_t total_at = part.id.size() + 1;
        const std::string_view numbers = after(behind, total_at);
        const std::size_t total_length = word_length(numbers, 6);
        const std::string_view index = after(numbers, total_length + 1);
        record.add_extra(ExtraKey::ise_id, part.id);
        record.add_extra(ExtraKey::ise_total, numbers.substr(0, total_length));
        record.add_extra(ExtraKey::ise_index, index.substr(0, word_length(index, 6)));
    }
    return true;
}

bool read_slash_mnemonic(std::string_view text, Record& record) {
    std::string_view word = text;
    bool keep = false;
    if (text.size() > 4 && text[0] == '%' && text[1] == '%' && is_digit(text[2]) &&
        is_digit(text[3])) {
        word = after(text, 4);
        keep = true;
    } else if (!is(first(text), upper)) {
        return false;
    }
    const SlashMnemonic found = scan_slash_mnemonic(word);
    const std::string_view behind = after(word, found.length);
    if (found.length == 0 || (!keep && first(behind) != ':')) {
        return false;
    }
    record.msg_id = found.id;
    record.app_name = found.facility;
    store_message(keep ? text : skip_blanks(after(behind, 1)), record);
    return true;
}

std::string_view take_vendor_words(std::string_view text, Record& record) {
    if (const std::size_t length = pseudo_tag_length(text); length > 0) {
        record.add_extra(ExtraKey::pseudo_tag, text.substr(0, length - 1));
        return skip_blanks(after(text, length));
    }
    const std::size_t length = word_length(text, 24);
    const std::string_view word = text.substr(0, length);
    const std::string_view behind = skip_blanks(after(text, length));
    const bool event_id = length == 5 && all_of_class(word, digit);
    // ESXi 8 writes "In(166)" there: the level's first letters and the PRI.
    const bool esxi = length >= 5 && word[2] == '(' && word.back() == ')' && is(word[0], upper) &&
                      is(word[1], lower) && all_of_class(word.substr(3, length - 4), digit);
    if ((event_id || esxi || is_level_word(word)) && scan_tag(behind).length > 0) {
        record.add_extra(event_id ? ExtraKey::event_id : ExtraKey::level_word, word);
        return behind;
    }
    return text;
}

void read_vendor_event(std::string_view message, Record& record) {
    if (!is(first(message), upper)) {
        return;
    }
    std::size_t length = 0;
    bool underscore = false;
    while (length < message.size() && length < 64 && is_event_char(message[length])) {
        underscore = underscore || message[length] == '_';
        ++length;
    }
    if (underscore && length + 1 < message.size() && message[length] == ':' &&
        is_blank(message[length + 1])) {
        record.add_extra(ExtraKey::vendor_event, message.substr(0, length));
    }
}

void read_vendor_time_in_text(std::string_view text, Record& record) {
    constexpr int words_max = 4;
    for (int word = 0; word < words_max && !text.empty(); ++word) {
        DeviceTime time;
        const TimeScan scan = scan_device_time(text, ZoneNames::known, time);
        if (scan.reading == TimeReading::ok && time.year >= 0) {
            record.add_extra(ExtraKey::vendor_timestamp, text.substr(0, scan.length));
            return;
        }
        text = skip_blanks(after(text, word_length(text)));
    }
}

}  // namespace weir
