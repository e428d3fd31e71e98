// Names of telemetry: elements of a schema path become words of metric and label names. Pure.
// docs/telemetry.md has the rules for users.
#pragma once

#include "pipeline/telemetry_shape.h"
#include "pipeline/yang_facts.h"

#include <span>
#include <string>
#include <string_view>

namespace weir {

// Appends `text` in snake case, set off by '_' from what is there: "operSt" and "oper-st" are
// "oper_st", "rmonIfHCIn" is "rmon_if_hc_in". What is no letter or digit of ASCII becomes '_'; none
// is doubled, first or last. Appends nothing if there is nothing left.
void append_snake_case(std::string_view text, std::string& out);
[[nodiscard]] std::string snake_case(std::string_view text);

// "openconfig-if-ethernet:ethernet" is "ethernet". A colon later than in a module's name stays.
[[nodiscard]] std::string_view without_module(std::string_view element);

// The word that an element of a path gives: without "-items", "-list", "TABLE_" and "ROW_".
[[nodiscard]] std::string_view name_word(std::string_view element);

// True for "interfaces" and "interface", "policies" and "policy", "addresses" and "address".
[[nodiscard]] bool is_plural_of(std::string_view plural, std::string_view singular);

// The elements of a path that say nothing in a name: state, ROW_..., attributes and the like.
[[nodiscard]] bool is_silent_element(std::string_view element);

// The name of a leaf, or of the container at `elements` if `leaf` is empty; without a suffix. The
// elements are all those below the module, outermost first. For `full` each of them is in it, and
// the module too.
[[nodiscard]] std::string telemetry_name(const TelemetryRoot& root,
                                         std::span<const std::string_view> elements,
                                         std::string_view leaf, bool full);

// Adds what the kind demands: _total, _timestamp_seconds in place of _time, the unit of a gauge.
void add_name_suffix(LeafKind kind, std::string_view unit, std::string& name);

// A word in snake case as the name of a label: with "exported_" in front where Prometheus would not
// take it or weir uses it; "exported_" and nothing for none.
[[nodiscard]] std::string label_name(std::string_view word);

// True for names that Prometheus or weir uses: __*, job, instance, le, quantile.
[[nodiscard]] bool is_reserved_label(std::string_view name);

}  // namespace weir
