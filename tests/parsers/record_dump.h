// A record as one line of text, for tables of cases: absent parts are left out.
#pragma once

#include "core/record.h"
#include "parsers/syslog.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace weir {

inline std::string dump_time(const DeviceTime& time) {
    std::string out;
    if (time.clock_mark != '\0') {
        out += time.clock_mark;
    }
    if (time.present) {
        out += time.year < 0 ? "--" : fmt::format("{:04}-", time.year);
        out += fmt::format("{:02}-{:02}T{:02}:{:02}:{:02}", time.month, time.day, time.hour,
                           time.minute, time.second);
        if (time.fraction_digits > 0) {
            out += '.' + fmt::format("{:09}", time.nanos)
                             .substr(0, static_cast<std::size_t>(time.fraction_digits));
        }
        if (time.has_offset) {
            out += time.zulu ? "Z" : fmt::format("{:+}min", time.offset_minutes);
        }
        if (time.zone_name.data() != nullptr) {
            out += fmt::format("({})", time.zone_name);
        }
    }
    if (time.uptime.data() != nullptr) {
        out += fmt::format("up({})", time.uptime);
    }
    return out.empty() ? "-" : out;
}

// "16.6 --06-15T02:35:40 h=host a=app p=pid i=msgid sd=[...] m=text {key=value,...} !defect,..."
inline std::string dump(const Record& record) {
    std::string out = record.facility < 0
                          ? "-"
                          : fmt::format("{}.{}", int{record.facility}, int{record.severity});
    out += ' ' + dump_time(record.timestamp);
    const auto add = [&out](std::string_view name, std::string_view value) {
        if (value.data() != nullptr) {
            out += fmt::format(" {}={}", name, value);
        }
    };
    add("h", record.hostname);
    add("a", record.app_name);
    add("p", record.proc_id);
    add("i", record.msg_id);
    add("sd", record.structured_data);
    add("m", record.msg);
    std::string extras;
    for (const Extra* extra = record.begin_extras(); extra != record.end_extras(); ++extra) {
        extras += fmt::format("{}{}={}", extras.empty() ? "" : ",", extra_key_name(extra->key),
                              extra->value);
    }
    if (!extras.empty()) {
        out += fmt::format(" {{{}}}", extras);
    }
    if (!record.defects.empty()) {
        out += " !" + record.defects.to_string();
    }
    return out;
}

inline std::string parse_and_dump(std::string_view line, Dialect dialect = Dialect::any) {
    Record record;
    parse_syslog(line, dialect, record);
    return dump(record);
}

struct DumpCase {
    std::string_view device;
    std::string_view line;
    std::string_view dump;
};

}  // namespace weir
