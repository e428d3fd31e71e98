// Oracles for the fuzz targets of telemetry: what must hold of any row, whatever the input was.
#pragma once

#include "core/telemetry.h"
#include "fuzz/record_checks.h"
#include "parsers/utf8.h"

#include <string>

namespace weir::fuzz {

// Resource. Asserts the contract of core/telemetry.h, and keeps a digest to compare readings by.
class TelemetryChecks final : public TelemetryReader {
  public:
    explicit TelemetryChecks(const TelemetryLimits& limits) : limits_(limits) {}

    ~TelemetryChecks() override { WEIR_ASSERT(begun_); }

    void begin(const TelemetryHeader& header) override {
        WEIR_ASSERT(!begun_);
        begun_ = true;
        for (const std::string_view text :
             {header.node_id, header.subscription, header.encoding_path, header.model_version}) {
            WEIR_ASSERT(is_valid_utf8(text));
            add(text);
        }
        named = !header.encoding_path.empty();
    }

    void row(const TelemetryRow& row) override {
        WEIR_ASSERT(begun_ && named);
        ++rows;
        WEIR_ASSERT(row.keys.size() + row.content.size() < limits_.row_fields_max);
        check_nodes(row.keys, 1);
        check_nodes(row.content, 1);
        add(row.timestamp_ms + (row.deleted ? 1 : 0));
    }

    void defect(TelemetryDefect defect, std::uint64_t count) override {
        WEIR_ASSERT(begun_ && count > 0);
        WEIR_ASSERT(static_cast<std::size_t>(defect) < telemetry_defect_count);
        ++defects;
    }

    std::uint64_t digest = 1469598103934665603U;
    std::size_t rows = 0;
    std::size_t defects = 0;
    bool named = false;  // has a path, without which there are no rows

  private:
    void check_nodes(TelemetryNodes nodes, std::size_t depth) {
        WEIR_ASSERT(nodes.empty() || depth <= limits_.depth_max);
        for (std::size_t at = 0; at < nodes.size(); at += nodes[at].size) {
            const TelemetryNode& node = nodes[at];
            WEIR_ASSERT(node.size >= 1 && node.size <= nodes.size() - at);
            WEIR_ASSERT(node.size == 1 || node.kind == TelemetryKind::container);
            WEIR_ASSERT(is_valid_utf8(node.name));
            WEIR_ASSERT(node.kind != TelemetryKind::text || is_valid_utf8(node.text));
            add(node.name);
            add(node.text);
            add(node.bits + node.timestamp_ms + static_cast<std::uint64_t>(node.kind));
            check_nodes(telemetry_children(nodes, at), depth + 1);
        }
    }

    void add(std::uint64_t number) { digest = (digest ^ number) * 1099511628211U; }

    void add(std::string_view text) {
        for (const char c : text) {
            add(static_cast<unsigned char>(c));
        }
        add(text.size());
    }

    const TelemetryLimits limits_;
    bool begun_ = false;
};

}  // namespace weir::fuzz
