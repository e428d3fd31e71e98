#include "core/defects.h"

#include "core/assert.h"

#include <array>

namespace weir {

namespace {

constexpr std::array<std::string_view, defect_count> names = {"no_pri",
                                                              "bad_pri",
                                                              "no_timestamp",
                                                              "bad_timestamp",
                                                              "no_year",
                                                              "unsynced_clock",
                                                              "no_hostname",
                                                              "header_incomplete",
                                                              "structured_data_malformed",
                                                              "empty_message",
                                                              "invalid_utf8",
                                                              "nul_bytes",
                                                              "truncated",
                                                              "oversize_dropped",
                                                              "bad_octet_count",
                                                              "unterminated_frame",
                                                              "parts_missing",
                                                              "parts_duplicate",
                                                              "timestamp_skewed",
                                                              "merged_parts"};

}  // namespace

std::string_view defect_name(Defect defect) {
    const auto index = static_cast<std::size_t>(defect);
    WEIR_ASSERT(index < names.size());
    return names[index];
}

std::string Defects::to_string() const {
    std::string text;
    for (int i = 0; i < defect_count; ++i) {
        const auto defect = static_cast<Defect>(i);
        if (has(defect)) {
            text += text.empty() ? "" : ",";
            text += defect_name(defect);
        }
    }
    return text;
}

}  // namespace weir
