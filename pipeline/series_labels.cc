#include "pipeline/series_labels.h"

#include "pipeline/remote_write.h"

#include <protozero/varint.hpp>

#include <algorithm>

namespace weir {

namespace {

// Takes a tag, a length and as many bytes off bytes that we wrote.
std::string_view take_text(std::string_view& wire) {
    const char* at = wire.data() + 1;
    const char* const end = wire.data() + wire.size();
    const auto length = static_cast<std::size_t>(protozero::decode_varint(&at, end));
    const std::string_view text(at, length);
    wire.remove_prefix(static_cast<std::size_t>(at - wire.data()) + length);
    return text;
}

}  // namespace

void append_series_labels(std::string_view name, std::span<const MetricLabel> labels,
                          std::vector<MetricLabel>& scratch, WireBuffer& out) {
    scratch.assign(labels.begin(), labels.end());
    scratch.push_back({.name = "__name__", .value = name});
    std::sort(scratch.begin(), scratch.end(),
              [](const MetricLabel& a, const MetricLabel& b) { return a.name < b.name; });
    for (const MetricLabel& label : scratch) {
        append_series_label(label.name, label.value, out);
    }
}

bool next_series_label(std::string_view& wire, MetricLabel& label) {
    if (wire.empty()) {
        return false;
    }
    std::string_view pair = take_text(wire);
    label.name = take_text(pair);
    label.value = take_text(pair);
    return true;
}

bool has_series_labels(std::string_view wire, std::span<const MetricLabel> wanted) {
    MetricLabel label;
    std::size_t found = 0;
    while (found < wanted.size() && next_series_label(wire, label)) {
        if (label.name == wanted[found].name) {
            if (label.value != wanted[found].value) {
                return false;
            }
            ++found;
        }
    }
    return found == wanted.size();
}

}  // namespace weir
