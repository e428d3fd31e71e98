#include "pipeline/record_metadata.h"

#include <array>

#include "pipeline/loki_encoder.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, 8> severities = {
    "emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"};
constexpr std::array<std::string_view, 24> facilities = {
    "kern",   "user",   "mail",   "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",  "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};

// A hostname or tag longer than this is text that was misread; the line has it in full.
constexpr std::size_t value_bytes_max = 256;

// Cuts at a character boundary, so that the value stays valid UTF-8.
std::string_view clipped(std::string_view value) {
    if (value.size() <= value_bytes_max) {
        return value;
    }
    std::size_t end = value_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) {
        --end;
    }
    return value.substr(0, end);
}

}  // namespace

std::string_view severity_name(std::int8_t severity) {
    return severity < 0 ? std::string_view{} : severities[static_cast<std::size_t>(severity)];
}

std::string_view facility_name(std::int8_t facility) {
    return facility < 0 ? std::string_view{} : facilities[static_cast<std::size_t>(facility)];
}

void append_record_metadata(const Record& record, const MetadataContext& context,
                            std::string& out) {
    append_metadata_pair("facility", facility_name(record.facility), out);
    append_metadata_pair("severity", severity_name(record.severity), out);
    append_metadata_pair("hostname", clipped(record.hostname), out);
    append_metadata_pair("app_name", clipped(record.app_name), out);
    append_metadata_pair("proc_id", clipped(record.proc_id), out);
    append_metadata_pair("msg_id", clipped(record.msg_id), out);
    for (const Extra* extra = record.begin_extras(); extra != record.end_extras(); ++extra) {
        append_metadata_pair(extra_key_name(extra->key), clipped(extra->value), out);
    }
    append_metadata_pair("source_ip", context.source_ip, out);
    append_metadata_pair("device_timestamp", context.device_timestamp, out);
    append_metadata_pair("listener", context.listener, out);
    if (!record.defects.empty()) {
        append_metadata_pair("defects", record.defects.to_string(), out);
    }
}

}  // namespace weir
