// What a reader of telemetry was told, as text: one line for the header, each row and each defect.
#pragma once

#include "core/telemetry.h"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace weir {

inline std::string dump_node(TelemetryNodes nodes, std::size_t at);

inline std::string dump_nodes(TelemetryNodes nodes) {
    std::string text;
    for (std::size_t at = 0; at < nodes.size(); at += nodes[at].size) {
        text += (at > 0 ? " " : "") + dump_node(nodes, at);
    }
    return text;
}

// name=5u, name=-5i, name=1.5f, name=true, name="text", name=[bytes], name{children}
inline std::string dump_node(TelemetryNodes nodes, std::size_t at) {
    const TelemetryNode& node = nodes[at];
    std::string text(node.name);
    text += node.timestamp_ms > 0 ? fmt::format("@{}", node.timestamp_ms) : "";
    text += node.deleted ? "!" : "";
    switch (node.kind) {
        case TelemetryKind::container:
            return text + "{" + dump_nodes(telemetry_children(nodes, at)) + "}";
        case TelemetryKind::u64:
            return text + fmt::format("={}u", node.bits);
        case TelemetryKind::i64:
            return text + fmt::format("={}i", node.as_i64());
        case TelemetryKind::f64:
            return text + fmt::format("={}f", node.as_f64());
        case TelemetryKind::boolean:
            return text + (node.bits != 0 ? "=true" : "=false");
        case TelemetryKind::text:
            return text + fmt::format("=\"{}\"", node.text);
        case TelemetryKind::bytes:
            return text + fmt::format("=[{}]", node.text);
    }
    return text;
}

inline std::string dump_header(const TelemetryHeader& header) {
    constexpr std::string_view encodings[] = {"kvgpb", "json", "compact_gpb"};
    return fmt::format("{} node={} sub={} path={} version={} collection={} {}-{} at={}",
                       encodings[static_cast<std::size_t>(header.encoding)], header.node_id,
                       header.subscription, header.encoding_path, header.model_version,
                       header.collection_id, header.collection_start_ms, header.collection_end_ms,
                       header.msg_timestamp_ms);
}

inline std::string dump_row(const TelemetryRow& row) {
    return fmt::format("{}{}keys{{{}}} content{{{}}}", row.deleted ? "deleted " : "",
                       row.timestamp_ms > 0 ? fmt::format("@{} ", row.timestamp_ms) : "",
                       dump_nodes(row.keys), dump_nodes(row.content));
}

// Value.
struct TelemetryDumped {
    std::vector<std::string> headers;
    std::vector<std::string> rows;
    std::vector<std::string> defects;
};

// Resource. Records one message, or several.
class TelemetryDump final : public TelemetryReader, public TelemetryDumped {
  public:
    void begin(const TelemetryHeader& header) override { headers.push_back(dump_header(header)); }

    void row(const TelemetryRow& row) override { rows.push_back(dump_row(row)); }

    void defect(TelemetryDefect defect, std::uint64_t count) override {
        defects.push_back(fmt::format("{}:{}", telemetry_defect_name(defect), count));
    }
};

}  // namespace weir
