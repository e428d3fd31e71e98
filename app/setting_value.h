// Text to value and back for one setting of app/settings. Pure but for `zone`, which looks at the
// system's time zone files.
#pragma once

#include "app/settings.h"
#include "core/result.h"

#include <string>
#include <string_view>

namespace weir {

// Reads a scalar of any type except group, list, prefixes, texts, labels and patterns into the
// slot, which is unchanged on failure. The error is a sentence about the text.
[[nodiscard]] Result<void> set_value(const Setting& setting, const SettingSlot& slot,
                                     std::string_view text);

// Checks one entry of a `labels` setting.
[[nodiscard]] Result<void> check_label(std::string_view name, std::string_view value);

// Checks that RE2 takes a pattern.
[[nodiscard]] Result<void> check_pattern(std::string_view pattern);

// The value as set_value reads it, for the types that set_value takes.
[[nodiscard]] std::string value_text(const Setting& setting, const SettingSlot& slot);

// Whether two slots of the same setting hold the same.
[[nodiscard]] bool same_value(const Setting& setting, const SettingSlot& a, const SettingSlot& b);

// Copies a value between two slots of the same setting.
void copy_value(const SettingSlot& from, const SettingSlot& to);

// The candidate nearest to what was written, if near enough to be a typing mistake; else empty.
[[nodiscard]] std::string_view nearest(std::string_view written,
                                       std::span<const std::string_view> candidates);

}  // namespace weir
