// One log entry as one line of JSON, for files that people and jq read. Pure.
#pragma once

#include "pipeline/loki_decoder.h"

#include <string>
#include <string_view>

namespace weir {

// A stream's labels as a JSON object; what cannot be read as labels as {"labels": "<text>"}.
[[nodiscard]] std::string labels_json(std::string_view labels);

// Appends {"timestamp":...,"labels":...,"metadata":{...},"line":...} without braces round it and
// without a line feed, so that more members can follow. Of metadata with one name twice the first
// counts.
void append_entry_members(const LokiEntry& entry, std::string_view labels_object, std::string& out);

// Appends the entry as one object and a line feed.
void append_ndjson(const LokiEntry& entry, std::string_view labels_object, std::string& out);

}  // namespace weir
