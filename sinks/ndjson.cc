#include "sinks/ndjson.h"

#include "core/json.h"

namespace weir {

namespace {

void append_member(std::string_view name, std::string_view value, bool first, std::string& out) {
    if (!first) {
        out += ',';
    }
    append_json_string(name, out);
    out += ':';
    append_json_string(value, out);
}

}  // namespace

std::string labels_json(std::string_view labels) {
    std::string out = "{";
    const Result<Labels> parsed = parse_loki_labels(labels);
    if (parsed) {
        for (const auto& [name, value] : *parsed) {
            append_member(name, value, out.size() == 1, out);
        }
    } else {
        append_member("labels", labels, true, out);
    }
    return out + '}';
}

void append_entry_members(const LokiEntry& entry, std::string_view labels_object,
                          std::string& out) {
    out += "\"timestamp\":\"";
    out += to_rfc3339(entry.timestamp);
    out += "\",\"labels\":";
    out += labels_object;
    out += ",\"metadata\":{";
    for (std::size_t i = 0; i < entry.metadata.size(); ++i) {
        bool repeated = false;
        for (std::size_t j = 0; j < i && !repeated; ++j) {
            repeated = entry.metadata[j].name == entry.metadata[i].name;
        }
        if (!repeated) {
            append_member(entry.metadata[i].name, entry.metadata[i].value, i == 0, out);
        }
    }
    out += "},\"line\":";
    append_json_string(entry.line, out);
}

void append_ndjson(const LokiEntry& entry, std::string_view labels_object, std::string& out) {
    out += '{';
    append_entry_members(entry, labels_object, out);
    out += "}\n";
}

}  // namespace weir
