// Label sets: the few, bounded names and values that make a Loki stream or a series.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace weir {

// Value. Sorted by name, as Loki and Prometheus want them.
using Labels = std::map<std::string, std::string, std::less<>>;

inline constexpr std::size_t label_name_bytes_max = 1024;  // Loki max_label_name_length
inline constexpr std::size_t tenant_bytes_max = 150;
inline constexpr std::size_t label_value_bytes_max = 2048;  // Loki max_label_value_length

// `[a-zA-Z_][a-zA-Z0-9_]*`, at most label_name_bytes_max long.
[[nodiscard]] bool is_valid_label_name(std::string_view name);

// What may stand in X-Scope-OrgID: 1 to 150 letters, digits and !-_.*'(), neither "." nor "..".
[[nodiscard]] bool is_valid_tenant(std::string_view tenant);

// `{a="b", c="d"}` with backslash, quote and control characters escaped as Go's strconv.Quote does.
[[nodiscard]] std::string to_loki_labels(const Labels& labels);

}  // namespace weir
