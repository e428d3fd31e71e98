// What published models say of the leaves and lists that devices stream: the keys of a list, and
// whether a leaf is a counter, a state, a time or a text, and in what unit. Facts only; the tables
// are in yang_facts_*.cc.
//
// A schema path is "<module>:<element>/<element>/...", without module prefixes further on and
// without keys: "openconfig-interfaces:interfaces/interface/state/counters/in-octets". Of NX-OS:
// "nxos_dme:<class>/<attribute>", "nxos_show:show <command>/<column>" for columns and
// "nxos_show:show <command>/TABLE_x" for keys, whatever the table is nested in, and for its native
// YANG "Cisco-NX-OS-device:System/...". Paths of other kinds are below "nxos:".
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

enum class LeafKind : std::uint8_t {
    unknown,
    counter,      // only rises, but for a restart
    gauge,        // a number
    state,        // one of few words, `states` if they are all known
    timestamp_s,  // seconds since 1970
    timestamp_ms,
    timestamp_us,
    timestamp_ns,
    timestamp_text,  // a date and time, RFC 3339 or ISO 8601
    text,            // nothing to measure
    info,            // text worth an _info label
    identifier,      // a key, a sequence number, a name of the row itself
};

// Value that borrows from the tables.
struct LeafFact {
    LeafKind kind = LeafKind::unknown;
    std::string_view unit = {};  // Prometheus's base unit; empty: none or not known
    double scale = 1;            // what is sent times this is in `unit`
    std::span<const std::string_view> states = {};
    // All ones means "there is no value" here (uint32, uint64).
    bool all_ones_is_none = false;
    std::string_view help = {};
};

// The keys of the list at a schema path; empty when it is not in the table.
[[nodiscard]] std::span<const std::string_view> yang_list_keys(std::string_view list_path);

// The leaf at a schema path; null when it is not in the table.
[[nodiscard]] const LeafFact* yang_leaf(std::string_view leaf_path);

// By the leaf's name alone, from a fixed list of names and endings that mean the same in every
// model ("in-octets", "*-packets", "oper-status", "last-change"); null for others.
[[nodiscard]] const LeafFact* yang_leaf_by_name(std::string_view leaf);

}  // namespace weir
