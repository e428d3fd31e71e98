// How the tables of yang_facts_*.cc are written: nodes of models, each with its keys, if it is a
// list, and the leaves right below it. Facts only; no reader but yang_facts.cc and its tests.
#pragma once

#include "pipeline/yang_facts.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Value that borrows. One leaf, or several of which the same is true.
struct YangLeaves {
    std::string_view names;  // separated by single blanks
    LeafFact fact;
};

// Value that borrows. A container or list.
struct YangNode {
    // A schema path, or several that are alike, separated by '|'. "*" between the colon and the
    // last element stands for any elements: what is said of that last element holds wherever it is.
    // A path that begins with '/' is below each of the last node that begins with a module.
    std::string_view paths;
    std::span<const std::string_view> keys = {};  // of a list
    std::span<const YangLeaves> leaves = {};
};

// Value that borrows. What is known of related models, and where it was read.
struct YangTable {
    std::string_view title;
    std::string_view source;
    std::span<const YangNode> nodes;
};

// Value. A node under one of its paths, written out.
struct YangPlace {
    std::string path;
    const YangNode* node = nullptr;
};

// All tables, in the order in which the documentation has them.
[[nodiscard]] std::span<const YangTable* const> yang_tables();
[[nodiscard]] std::vector<YangPlace> yang_places(const YangTable& table);

extern const YangTable yang_openconfig;
extern const YangTable yang_openconfig_platform;
extern const YangTable yang_openconfig_network;
extern const YangTable yang_ietf;
extern const YangTable yang_iosxe;
extern const YangTable yang_iosxe_device;
extern const YangTable yang_iosxe_network;
extern const YangTable yang_iosxr;
extern const YangTable yang_iosxr_network;
extern const YangTable yang_nxos_interfaces;
extern const YangTable yang_nxos_device;
extern const YangTable yang_nxos_show;

// What the rows are written with.
namespace yang {

// A word among the arguments of a template, so that lists of words can stand inside a row.
template <std::size_t size>
struct Word {
    std::array<char, size> text{};

    // Not explicit: a literal is to become one.
    constexpr Word(const char (&word)[size]) {  // NOLINT(google-explicit-constructor)
        std::copy_n(word, size, text.begin());
    }
};

template <Word... list>
inline constexpr std::array<std::string_view, sizeof...(list)> words = {
    std::string_view(list.text.data(), list.text.size() - 1)...};

constexpr LeafFact counter(std::string_view unit = {}, double scale = 1) {
    return {.kind = LeafKind::counter, .unit = unit, .scale = scale};
}

constexpr LeafFact gauge(std::string_view unit = {}, double scale = 1) {
    return {.kind = LeafKind::gauge, .unit = unit, .scale = scale};
}

// A number that is absent when all its bits are ones.
constexpr LeafFact gauge_or_none(std::string_view unit = {}, double scale = 1) {
    return {.kind = LeafKind::gauge, .unit = unit, .scale = scale, .all_ones_is_none = true};
}

constexpr LeafFact percent() {
    return gauge("ratio", 0.01);
}

template <Word... list>
constexpr LeafFact state() {
    return {.kind = LeafKind::state, .states = words<list...>};
}

// Words that are not all known, or differ between releases.
constexpr LeafFact some_state() {
    return {.kind = LeafKind::state};
}

constexpr LeafFact of(LeafKind kind) {
    return {.kind = kind};
}

inline constexpr LeafFact time_text = of(LeafKind::timestamp_text);
inline constexpr LeafFact time_s = of(LeafKind::timestamp_s);
inline constexpr LeafFact time_ms = of(LeafKind::timestamp_ms);
inline constexpr LeafFact time_us = of(LeafKind::timestamp_us);
inline constexpr LeafFact time_ns = of(LeafKind::timestamp_ns);
inline constexpr LeafFact text = of(LeafKind::text);
inline constexpr LeafFact info = of(LeafKind::info);
inline constexpr LeafFact identifier = of(LeafKind::identifier);

}  // namespace yang

}  // namespace weir
