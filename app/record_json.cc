#include "app/record_json.h"

#include "core/json.h"
#include "parsers/syslog_body.h"
#include "parsers/syslog_structured_data.h"
#include "parsers/syslog_timestamp.h"
#include "pipeline/device_time.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <vector>

namespace weir {

namespace {

// Writes members of one object with the commas between them.
class ObjectWriter {
  public:
    explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }

    void key(std::string_view name) {
        if (!empty_) {
            out_ += ',';
        }
        empty_ = false;
        append_json_string(name, out_);
        out_ += ':';
    }

    // Absent (no data pointer) is null.
    void text(std::string_view name, std::string_view value) {
        key(name);
        if (value.data() == nullptr) {
            out_ += "null";
        } else {
            append_json_string(value, out_);
        }
    }

    void text_if_present(std::string_view name, std::string_view value) {
        if (value.data() != nullptr) {
            text(name, value);
        }
    }

    // `value` is JSON already.
    void json(std::string_view name, std::string_view value) {
        key(name);
        out_ += value;
    }

    void end() { out_ += '}'; }

  private:
    std::string& out_;
    bool empty_ = true;
};

// Digits as a JSON number; JSON knows no leading zeros.
std::string_view as_number(std::string_view digits) {
    while (digits.size() > 1 && digits[0] == '0') {
        digits.remove_prefix(1);
    }
    return digits;
}

void append_sd_values(const std::vector<std::string_view>& raw_values, std::string& out) {
    const bool several = raw_values.size() > 1;
    out += several ? "[" : "";
    bool empty = true;
    for (const std::string_view raw_value : raw_values) {
        std::string value;
        append_sd_value(raw_value, value);
        out += empty ? "" : ",";
        append_json_string(value, out);
        empty = false;
    }
    out += several ? "]" : "";
}

// A name may come several times (RFC 5424 section 6.3.3, "ip" in its examples): an array then.
void append_sd_params(std::string_view params, std::string& out) {
    std::map<std::string_view, std::vector<std::string_view>> values;
    std::vector<std::string_view> names;
    SdParam param;
    while (next_sd_param(params, param)) {
        std::vector<std::string_view>& of_name = values[param.name];
        if (of_name.empty()) {
            names.push_back(param.name);
        }
        of_name.push_back(param.raw_value);
    }
    ObjectWriter object(out);
    for (const std::string_view name : names) {
        object.key(name);
        append_sd_values(values[name], out);
    }
    object.end();
}

void append_structured_data(std::string_view text, std::string& out) {
    ObjectWriter object(out);
    SdElement element;
    while (next_sd_element(text, element)) {
        object.key(element.id);
        append_sd_params(element.params, out);
    }
    object.end();
}

void append_structured_data_ids(std::string_view text, std::string& out) {
    SdElement element;
    char before = '[';
    while (next_sd_element(text, element)) {
        out += before;
        append_json_string(element.id, out);
        before = ',';
    }
    out += ']';
}

// A time quoted from the line, in the one form; as it stands when the grammar does not read it.
std::string normal_time(std::string_view quoted, const RecordJsonOptions& options) {
    DeviceTime time;
    if (scan_device_time(quoted, ZoneNames::known, time).reading != TimeReading::ok) {
        return std::string(quoted);
    }
    std::string out;
    append_device_time(time, options.received_at, out);
    return out;
}

std::string vendor_time(const Record& record, const RecordJsonOptions& options) {
    const std::string_view quoted = record.extra(ExtraKey::vendor_timestamp);
    const BodyFacts facts = read_body(record.msg);
    if (facts.time.present && facts.time_text == quoted) {
        std::string out;
        append_device_time(facts.time, options.received_at, out);
        return out;
    }
    return normal_time(quoted, options);
}

void append_relay(const Record& record, const RecordJsonOptions& options, std::string& out) {
    ObjectWriter relay(out);
    relay.text("timestamp", normal_time(record.extra(ExtraKey::relay_timestamp), options));
    relay.text("host", record.extra(ExtraKey::relay_host));
    relay.end();
}

void append_ise(const Record& record, std::string& out) {
    ObjectWriter ise(out);
    ise.text("id", record.extra(ExtraKey::ise_id));
    ise.json("total", as_number(record.extra(ExtraKey::ise_total)));
    ise.json("index", as_number(record.extra(ExtraKey::ise_index)));
    ise.end();
}

void append_one_extra(const Extra& extra, const Record& record, const RecordJsonOptions& options,
                      ObjectWriter& object, std::string& out) {
    switch (extra.key) {
        case ExtraKey::relay_timestamp:
            object.key("relay");
            append_relay(record, options, out);
            break;
        case ExtraKey::ise_id:
            object.key("ise");
            append_ise(record, out);
            break;
        case ExtraKey::relay_host:
        case ExtraKey::ise_total:
        case ExtraKey::ise_index:
            break;  // members of the two objects above
        case ExtraKey::cisco_severity:
            object.json(extra_key_name(extra.key), extra.value);
            break;
        case ExtraKey::vendor_timestamp:
            object.text(extra_key_name(extra.key), vendor_time(record, options));
            break;
        default:
            object.text(extra_key_name(extra.key), extra.value);
            break;
    }
}

void append_extra(const Record& record, const RecordJsonOptions& options, std::string& out) {
    ObjectWriter object(out);
    for (const Extra* extra = record.begin_extras(); extra != record.end_extras(); ++extra) {
        append_one_extra(*extra, record, options, object, out);
    }
    const DeviceTime& time = record.timestamp;
    if (time.clock_mark != '\0') {
        object.text("clock_mark", std::string_view(&time.clock_mark, 1));
    }
    object.text_if_present("tz_name", time.zone_name);
    object.text_if_present("uptime", time.uptime);
    if (record.structured_data.data() != nullptr) {
        object.key("structured_data");
        append_structured_data(record.structured_data, out);
        object.key("structured_data_ids");
        append_structured_data_ids(record.structured_data, out);
    }
    if (record.rfc5424) {
        object.json("rfc5424", "true");
    }
    if (record.defects.has(Defect::structured_data_malformed)) {
        object.json("sd_malformed", "true");
    }
    if (options.octet_framed) {
        object.text("framing", "octet");
    }
    object.end();
}

void append_defects(Defects defects, std::string& out) {
    out += '[';
    bool empty = true;
    for (int i = 0; i < defect_count; ++i) {
        const auto defect = static_cast<Defect>(i);
        if (defects.has(defect)) {
            out += empty ? "" : ",";
            append_json_string(defect_name(defect), out);
            empty = false;
        }
    }
    out += ']';
}

}  // namespace

void append_device_time(const DeviceTime& time, std::optional<Timestamp> received_at,
                        std::string& out) {
    auto at = std::back_inserter(out);
    if (time.year >= 0 || received_at.has_value()) {
        const int year = time.year >= 0 ? time.year
                                        : nearest_year(time, *received_at,
                                                       std::int32_t{time.offset_minutes} * 60);
        fmt::format_to(at, "{:04}-", year);
    } else {
        out += "--";
    }
    fmt::format_to(at, "{:02}-{:02}T{:02}:{:02}:{:02}", time.month, time.day, time.hour,
                   time.minute, time.second);
    if (time.fraction_digits > 0) {
        out += '.';
        out += fmt::format("{:09}", time.nanos)
                   .substr(0, static_cast<std::size_t>(time.fraction_digits));
    }
    if (time.zulu) {
        out += 'Z';
    } else if (time.has_offset) {
        const int minutes = time.offset_minutes < 0 ? -time.offset_minutes : time.offset_minutes;
        fmt::format_to(at, "{}{:02}:{:02}", time.offset_minutes < 0 ? '-' : '+', minutes / 60,
                       minutes % 60);
    }
}

void append_record_json(const Record& record, const RecordJsonOptions& options, std::string& out) {
    ObjectWriter object(out);
    const auto number_or_null = [](int value) {
        return value < 0 ? std::string("null") : std::to_string(value);
    };
    object.json("facility", number_or_null(record.facility));
    object.json("severity", number_or_null(record.severity));
    if (record.timestamp.present) {
        std::string time;
        append_device_time(record.timestamp, options.received_at, time);
        object.text("timestamp", time);
    } else {
        object.json("timestamp", "null");
    }
    object.text("hostname", record.hostname);
    object.text("app_name", record.app_name);
    object.text("proc_id", record.proc_id);
    object.text("msg_id", record.msg_id);
    object.key("structured_data");
    if (record.structured_data.data() != nullptr) {
        append_structured_data(record.structured_data, out);
    } else {
        out += "null";
    }
    object.text("msg", record.msg);
    object.key("extra");
    append_extra(record, options, out);
    object.key("defects");
    append_defects(record.defects, out);
    object.end();
}

}  // namespace weir
