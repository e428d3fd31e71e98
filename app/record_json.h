// A parsed record as one JSON object, for `weir parse`: RFC 5424's field names, `extra` for what
// else the line carried, `defects` as names.
#pragma once

#include "core/record.h"
#include "core/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace weir {

struct RecordJsonOptions {
    std::optional<Timestamp>
        received_at;            // completes a missing year; without it the year stays out
    bool octet_framed = false;  // adds extra.framing
};

// Appends the object, without a line feed. Every string in `record` must be valid UTF-8.
void append_record_json(const Record& record, const RecordJsonOptions& options, std::string& out);

// Appends a time as RFC 3339 with the device's digits and offset: no offset when the device sent
// none, "--MM-DDThh:mm:ss" (ISO 8601's truncated form) when it sent no year and `received_at` is
// empty. Expects time.present.
void append_device_time(const DeviceTime& time, std::optional<Timestamp> received_at,
                        std::string& out);

}  // namespace weir
