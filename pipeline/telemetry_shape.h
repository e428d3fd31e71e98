// Which family of models a row of telemetry is of, told by its structure, and the place in the
// schema at which its content begins. Pure.
#pragma once

#include "core/telemetry.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class TelemetryFamily : std::uint8_t {
    yang,   // of any vendor: "<module>:<element>/..."
    dme,    // NX-OS objects: classes with attributes, each named by its dn
    show,   // NX-OS `show ...`: TABLE_x and ROW_x
    other,  // NX-OS paths that are neither: "microburst"
};

// One element of an encoding path with a key in brackets: interface[name='eth1/1'].
struct TelemetryPathKey {
    std::size_t element = 0;  // its place
    std::string name;
    std::string value;

    friend bool operator==(const TelemetryPathKey&, const TelemetryPathKey&) = default;
};

// Value. What an encoding path says.
struct TelemetryRoot {
    TelemetryFamily family = TelemetryFamily::other;
    std::string module;                 // "openconfig-interfaces"; empty unless yang
    std::vector<std::string> elements;  // without modules and keys; of show: words of the command
    std::vector<TelemetryPathKey> keys;
};

// True if the path begins with a module: "<name>:", before any '/', '[' or blank. A dn may hold
// colons further on.
[[nodiscard]] bool has_module(std::string_view encoding_path);

// Of a row with that path. Looks at no more than its first nodes.
[[nodiscard]] TelemetryFamily telemetry_family(std::string_view encoding_path,
                                               TelemetryNodes content);

// Reads a path; more elements than `elements_max` are cut.
[[nodiscard]] TelemetryRoot read_encoding_path(std::string_view encoding_path,
                                               TelemetryFamily family,
                                               std::size_t elements_max = 32);

// True if `keys` holds but the path itself, as NX-OS sends it: no key.
[[nodiscard]] bool is_path_key(const TelemetryNode& key, std::string_view encoding_path);

// True for EVENT-LIST: the row says what happened, not how things are.
[[nodiscard]] bool is_event_path(std::string_view encoding_path);

}  // namespace weir
