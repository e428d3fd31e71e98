#include "parsers/syslog_rfc5424.h"

#include "parsers/syslog_cisco.h"
#include "parsers/syslog_structured_data.h"
#include "parsers/syslog_tag.h"
#include "parsers/syslog_text.h"
#include "parsers/syslog_timestamp.h"

namespace weir {

namespace {

using namespace syslog_text;

constexpr std::string_view bom = "\xEF\xBB\xBF";

// Value that borrows. HOSTNAME, APP-NAME, PROCID, MSGID and where they end.
struct HeaderFields {
    std::string_view hostname;
    std::string_view app_name;
    std::string_view proc_id;
    std::string_view msg_id;
    std::string_view behind_app;   // text from PROCID on
    std::string_view behind_proc;  // text from MSGID on
    std::string_view rest;         // text from STRUCTURED-DATA on
    bool complete = false;         // all four are there and STRUCTURED-DATA can follow
};

std::string_view take_field(std::string_view& rest) {
    const std::size_t length = word_length(rest, rest.size());
    const std::string_view field = rest.substr(0, length);
    rest = skip_blanks(after(rest, length));
    return field;
}

std::string_view unless_nil(std::string_view field) {
    return field.empty() || field == "-" ? std::string_view{} : field;
}

bool begins_structured_data(std::string_view text) {
    return first(text) == '[' || (first(text) == '-' && (text.size() == 1 || is_blank(text[1])));
}

HeaderFields scan_fields(std::string_view text) {
    HeaderFields fields;
    fields.hostname = take_field(text);
    fields.app_name = take_field(text);
    fields.behind_app = text;
    fields.proc_id = take_field(text);
    fields.behind_proc = text;
    fields.msg_id = take_field(text);
    fields.rest = text;
    fields.complete = !fields.msg_id.empty() && begins_structured_data(text);
    return fields;
}

void store_message(std::string_view text, Record& record) {
    if (text.starts_with(bom)) {
        text.remove_prefix(bom.size());
    } else if (text.starts_with("BOM%")) {
        text.remove_prefix(3);  // IOS XE sends the letters instead of U+FEFF
    }
    if (first(text) == '%' && read_cisco_message(text, record)) {
        return;
    }
    if (!text.empty()) {
        record.msg = text;
    }
}

// STRUCTURED-DATA and MSG. What is not structured data after all stays in the message.
void store_data_and_message(std::string_view text, Record& record) {
    if (first(text) == '-') {
        text.remove_prefix(1);
    } else {
        const StructuredDataScan scan = scan_structured_data(text);
        if (scan.length > 0) {
            record.structured_data = text.substr(0, scan.length);
        }
        const bool glued = scan.length < text.size() && !is_blank(text[scan.length]);
        if (scan.length == 0 || !scan.strict || glued) {
            record.defects.add(Defect::structured_data_malformed);
        }
        if (scan.length == 0) {
            store_message(text, record);
            return;
        }
        text.remove_prefix(scan.length);
    }
    // One space separates; a second one belongs to MSG (6.4).
    if (first(text) == ' ') {
        text.remove_prefix(1);
    }
    store_message(text, record);
}

void store_fields(const HeaderFields& fields, Record& record) {
    record.hostname = unless_nil(fields.hostname);
    record.app_name = unless_nil(fields.app_name);
    record.proc_id = unless_nil(fields.proc_id);
    record.msg_id = unless_nil(fields.msg_id);
}

bool is_number_or_nil(std::string_view field) {
    return field == "-" || all_of_class(field, digit);
}

// A header that stops before STRUCTURED-DATA. Fields are believed only as far as a number or "-"
// in PROCID's place supports them; everything behind them is message.
void store_partial(const HeaderFields& fields, std::string_view text, Record& record) {
    record.defects.add(Defect::header_incomplete);
    if (!is_hostname(fields.hostname) && fields.hostname != "-") {
        store_message(text, record);
        return;
    }
    record.hostname = unless_nil(fields.hostname);
    if (!is_number_or_nil(fields.proc_id)) {
        std::string_view message = text;
        take_field(message);
        store_message(message, record);
        return;
    }
    record.app_name = unless_nil(fields.app_name);
    record.proc_id = unless_nil(fields.proc_id);
    store_message(fields.msg_id == "-" ? fields.rest : fields.behind_proc, record);
}

// Where HOSTNAME or APP-NAME belongs there may be a BSD tag: "host app: text", "app[1956]: text".
bool has_bsd_tag(const HeaderFields& fields, std::string_view text) {
    if (!fields.hostname.empty() && fields.hostname.back() == ':' &&
        !is_address_literal(fields.hostname)) {
        return scan_tag(text).length > 0;
    }
    const char last = fields.app_name.empty() ? '\0' : fields.app_name.back();
    if (last == ':' || last == ']') {
        return true;
    }
    return first(fields.app_name) == '%' && !fields.complete;
}

// Meraki: "1 1650972789.426960608 host urls src=...": VERSION, epoch, host, type of event.
void read_meraki(std::string_view text, Record& record) {
    record.defects.add(Defect::header_incomplete);
    std::string_view rest = text;
    const std::string_view host = take_field(rest);
    if (!is_hostname(host)) {
        store_message(text, record);
        return;
    }
    record.hostname = host;
    std::string_view message = rest;
    const std::string_view type = take_field(message);
    const bool named =
        !type.empty() && is_letter(type[0]) && all_of_class(type, tag_char) && !message.empty();
    if (named) {
        record.app_name = type;
        rest = message;
    }
    store_message(rest, record);
}

Rfc5424Result read_fields(std::string_view text, bool bsd_allowed, Record& record) {
    const HeaderFields fields = scan_fields(text);
    if (bsd_allowed && has_bsd_tag(fields, text)) {
        record.defects.add(Defect::header_incomplete);
        return {.reading = Rfc5424Reading::bsd_rest, .rest = text};
    }
    record.rfc5424 = fields.complete;
    if (fields.complete) {
        store_fields(fields, record);
        store_data_and_message(fields.rest, record);
    } else {
        store_partial(fields, text, record);
    }
    return {.reading = Rfc5424Reading::read};
}

// "1 " to "999 ", and "0 " of some loggers. Its length with the blank, or 0.
std::size_t version_length(std::string_view text) {
    const std::size_t digits = span_of(text, digit, 4);
    const bool fits = digits >= 1 && digits <= 3 && (text[0] != '0' || digits == 1) &&
                      digits < text.size() && is_blank(text[digits]);
    return fits ? digits + 1 : 0;
}

}  // namespace

bool read_epoch_header(std::string_view text, Record& record) {
    if (const std::size_t version = version_length(text); version > 0) {
        text = skip_blanks(after(text, version));
    }
    DeviceTime time;
    const std::size_t length = scan_epoch_time(text, time);
    if (length == 0 || time.fraction_digits == 0 || length >= text.size() ||
        !is_blank(text[length])) {
        return false;
    }
    const std::string_view behind = skip_blanks(after(text, length));
    if (!is_hostname(behind.substr(0, word_length(behind)))) {
        return false;
    }
    record.timestamp = time;
    read_meraki(behind, record);
    return true;
}

bool read_relayed_rfc5424(std::string_view text, Record& record) {
    const std::size_t version = version_length(text);
    const std::string_view behind = after(text, version);
    DeviceTime time;
    const TimeScan scan = scan_device_time(behind, ZoneNames::none, time);
    if (version == 0 || scan.reading != TimeReading::ok || !scan.iso) {
        return false;
    }
    const std::string_view rest = after(behind, scan.length);
    if (first(rest) != ' ' || !scan_fields(skip_blanks(rest)).complete) {
        return false;
    }
    record.timestamp = time;
    return read_fields(skip_blanks(rest), false, record).reading == Rfc5424Reading::read;
}

Rfc5424Result read_rfc5424(std::string_view text, bool bsd_allowed, Record& record) {
    const std::size_t version = version_length(text);
    if (version == 0) {
        return {};
    }
    const std::string_view rest = skip_blanks(after(text, version));
    if (first(rest) == '-' && rest.size() > 1 && is_blank(rest[1])) {
        const std::string_view fields = skip_blanks(after(rest, 1));
        return scan_fields(fields).complete ? read_fields(fields, false, record) : Rfc5424Result{};
    }
    if (rest.empty() || !is(rest[0], digit | upper | lower)) {
        return {};
    }
    DeviceTime time;
    const TimeScan scan = scan_device_time(rest, ZoneNames::known, time);
    if (scan.reading == TimeReading::none) {
        const std::size_t length = scan_epoch_time(rest, time);
        if (length == 0 || length >= rest.size() || !is_blank(rest[length])) {
            return {};
        }
        record.timestamp = time;
        read_meraki(skip_blanks(after(rest, length)), record);
        return {.reading = Rfc5424Reading::read};
    }
    const std::string_view behind = after(rest, scan.length);
    if (!behind.empty() && !is_blank(behind[0])) {
        return {};
    }
    record.timestamp = time;
    const std::string_view time_text = rest.substr(0, scan.length);
    if (scan.reading == TimeReading::out_of_range) {
        record.defects.add(Defect::bad_timestamp);
        record.add_extra(ExtraKey::vendor_timestamp, time_text);
    }
    if (!scan.iso && bsd_allowed) {
        record.defects.add(Defect::header_incomplete);
        return {Rfc5424Reading::bsd_rest, skip_blanks(behind), time_text};
    }
    Rfc5424Result result = read_fields(skip_blanks(behind), bsd_allowed, record);
    result.time_text = time_text;
    return result;
}

bool read_rfc5424_fields(std::string_view text, Record& record) {
    const HeaderFields fields = scan_fields(skip_blanks(text));
    if (!fields.complete || !is_number_or_nil(fields.proc_id) || fields.app_name.back() == ':' ||
        fields.msg_id.back() == ':' || fields.hostname.back() == ':') {
        return false;
    }
    if (first(fields.rest) == '[' && scan_structured_data(fields.rest).length == 0) {
        return false;
    }
    record.defects.add(Defect::header_incomplete);
    record.rfc5424 = true;
    store_fields(fields, record);
    store_data_and_message(fields.rest, record);
    return true;
}

}  // namespace weir
