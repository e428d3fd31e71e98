#include "core/defects.h"

#include "core/assert.h"

#include <bit>

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

// All names and their commas fit.
constexpr bool fits() {
    std::size_t size = 0;
    for (const std::string_view name : names) {
        size += name.size() + 1;
    }
    return size <= std::tuple_size_v<DefectsText>;
}

static_assert(fits());

}  // namespace

std::string_view defect_name(Defect defect) {
    const auto index = static_cast<std::size_t>(defect);
    WEIR_ASSERT(index < names.size());
    return names[index];
}

std::string Defects::to_string() const {
    DefectsText text;
    return std::string(write(text));
}

std::string_view Defects::write(DefectsText& text) const {
    std::size_t size = 0;
    for (std::uint32_t left = bits_; left != 0; left &= left - 1) {
        const std::string_view name = names[static_cast<std::size_t>(std::countr_zero(left))];
        if (size > 0) {
            text[size++] = ',';
        }
        size += name.copy(text.data() + size, name.size());
    }
    return {text.data(), size};
}

}  // namespace weir
