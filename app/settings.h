// The one table of settings. Reading, checking, defaults, the JSON Schema, docs/configuration.md
// and `weir check --print` all come from it; app/config.h holds the values and their defaults.
#pragma once

#include "app/config.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir {

enum class SettingType : std::uint8_t {
    group,     // a mapping of further settings
    list,      // a list of mappings, each with the settings below `path[]`
    text,      // any text, one line
    name,      // letters, digits, '.', '_' and '-', at most 63
    integer,   // a whole number without a unit
    size,      // bytes, with a unit
    duration,  // milliseconds, with a unit
    boolean,   // true or false
    choice,    // one of `choices`
    address,   // IP address and port, "[::]:5514"
    prefixes,  // list of addresses and prefixes
    texts,     // list of text
    labels,    // mapping of label name to text
    pattern,   // RE2
    patterns,  // mapping of field name to RE2
    path,      // file or folder
    url,       // http:// or https://
    tenant,    // what Loki and Mimir accept in X-Scope-OrgID
    zone,      // IANA time zone or UTC offset
};

using Patterns = std::map<std::string, std::string>;

// Value. One entry of `classification:` as written; it becomes a ClassificationRule or, with
// `hostname`, a HostnameRule.
struct ClassificationEntry {
    std::vector<Prefix> sources;
    std::string hostname;
    Labels labels;
    std::optional<Dialect> dialect;
    std::string zone;
    bool trusted_relay = false;
};

// Value that borrows: the object that a setting is a part of.
using SettingOwner = std::variant<Config*, ListenerConfig*, ClassificationEntry*, RuleConfig*,
                                  MetricRuleConfig*, HttpEndpointConfig*>;

// Value that borrows: an address and its port are two fields but one setting.
struct EndpointSlot {
    IpAddress* address;
    std::uint16_t* port;
};

// Value that borrows: where the value of a setting lives. For type `choice` a bool's index is 0 for
// false; an enumeration's is its number.
using SettingSlot =
    std::variant<std::string*, std::size_t*, std::chrono::milliseconds*, bool*, EndpointSlot,
                 Labels*, Patterns*, std::vector<Prefix>*, std::vector<std::string>*, Protocol*,
                 Transport*, MdtFraming*, Dialect*, std::optional<Dialect>*, RuleAction*,
                 MetricAction*, TimestampSource*, LineSource*>;

// Value. One row.
struct Setting {
    std::string_view path;  // "listeners[].limits.idle_timeout"
    SettingType type = SettingType::group;
    SettingSlot (*slot)(const SettingOwner& owner) = nullptr;  // null for group and list
    // Inclusive bounds of an integer, of bytes, of milliseconds, or of the number of entries.
    std::uint64_t min = 0;
    std::uint64_t max = std::numeric_limits<std::int64_t>::max();
    std::span<const std::string_view> choices = {};
    bool required = false;
    bool reloadable = false;  // false: a change needs a restart. Means nothing for group and list
    std::string_view about;   // one sentence
};

// The rows, each group and list before what is in it.
[[nodiscard]] std::span<const Setting> settings();

// The last part of a path: "idle_timeout".
[[nodiscard]] std::string_view setting_key(const Setting& setting);

// The rows directly below a scope, in table order. A scope is "" (the file), a group's path, or a
// list's path with "[]". Empty for an unknown scope.
[[nodiscard]] std::span<const Setting* const> settings_in(std::string_view scope);

// The scope of what is in a group or list.
[[nodiscard]] std::string inner_scope(const Setting& setting);

// A setting's value in an object that nobody has changed, as text; empty for none.
[[nodiscard]] std::string default_text(const Setting& setting);

// Names that weir alone puts on streams. Names that begin with "__" are reserved as well.
inline constexpr std::array<std::string_view, 3> reserved_label_names = {"cluster", "device",
                                                                         "replay"};
// Names that a stream always has, or must have room for. service_name is one more, which Loki does
// not count.
inline constexpr std::array<std::string_view, 5> own_label_names = {"cluster", "device", "job",
                                                                    "replay", "source_type"};
// Loki's max_label_names_per_series.
inline constexpr std::size_t label_names_max = 15;

}  // namespace weir
