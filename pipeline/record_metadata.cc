#include "pipeline/record_metadata.h"

#include "core/text.h"
#include "pipeline/loki_encoder.h"

#include <algorithm>
#include <array>

namespace weir {

namespace {

constexpr std::array<std::string_view, 8> severities = {
    "emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"};
constexpr std::array<std::string_view, 24> facilities = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};

// A hostname or tag longer than this is text that was misread; the line has it in full.
constexpr std::size_t value_bytes_max = 256;

std::string_view clipped(std::string_view value) {
    return cut_text(value, value_bytes_max);
}

}  // namespace

std::string_view severity_name(std::int8_t severity) {
    return severity < 0 ? std::string_view{} : severities[static_cast<std::size_t>(severity)];
}

std::string_view facility_name(std::int8_t facility) {
    return facility < 0 ? std::string_view{} : facilities[static_cast<std::size_t>(facility)];
}

MetadataEncoder::MetadataEncoder() {
    for (std::size_t i = 0; i < facilities.size(); ++i) {
        append_metadata_pair("facility", facilities[i], facilities_[i]);
    }
    for (std::size_t i = 0; i < severities.size(); ++i) {
        append_metadata_pair("severity", severities[i], severities_[i]);
    }
}

void MetadataEncoder::append_defects(Defects defects, WireBuffer& out) {
    constexpr std::uint32_t golden = 0x9e3779b1;
    DefectsPair& known = defects_[(defects.bits() * golden) >> 26U];
    if (known.bits != defects.bits()) {
        DefectsText text;
        known.bits = defects.bits();
        known.pair.clear();
        append_metadata_pair("defects", defects.write(text), known.pair);
    }
    out.append(known.pair.view());
}

void MetadataEncoder::append(const Record& record, const MetadataContext& context,
                             WireBuffer& out) {
    const auto is_replaced = [&context](std::string_view name) {
        return !context.replaced.empty() &&
               std::find(context.replaced.begin(), context.replaced.end(), name) !=
                   context.replaced.end();
    };
    const auto put = [&](std::string_view name, std::string_view value) {
        if (!value.empty() && !is_replaced(name)) {
            append_metadata_pair(name, value, out);
        }
    };
    if (record.facility >= 0 && !is_replaced("facility")) {
        out.append(facilities_[static_cast<std::size_t>(record.facility)].view());
    }
    if (record.severity >= 0 && !is_replaced("severity")) {
        out.append(severities_[static_cast<std::size_t>(record.severity)].view());
    }
    put("hostname", clipped(record.hostname));
    put("app_name", clipped(record.app_name));
    put("proc_id", clipped(record.proc_id));
    put("msg_id", clipped(record.msg_id));
    for (const Extra* extra = record.begin_extras(); extra != record.end_extras(); ++extra) {
        put(extra_key_name(extra->key), clipped(extra->value));
    }
    put("source_ip", context.source_ip);
    put("device_timestamp", context.device_timestamp);
    put("listener", context.listener);
    if (!record.defects.empty() && !is_replaced("defects")) {
        append_defects(record.defects, out);
    }
}

}  // namespace weir
