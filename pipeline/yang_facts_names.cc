// What a leaf is by its name alone: names and endings that mean the same in every model.
#include "pipeline/yang_facts.h"
#include "pipeline/yang_table.h"

#include <algorithm>

namespace weir {

namespace {

using yang::counter;
using yang::gauge;
using yang::gauge_or_none;
using yang::identifier;
using yang::info;
using yang::some_state;
using yang::time_text;

constexpr YangLeaves by_name[] = {
    // states
    {"oper-status admin-status oper-state admin-state operSt adminSt line-state if-state",
     some_state()},
    {"connection-state session-state link-state port-state neighbor-state adjacency-state",
     some_state()},
    {"bgp-state isis-state ospf-state vrrp-state hsrp-state redundancy-state", some_state()},
    {"parent-interface-state lineproto-state stp-state role-state oper-mode", some_state()},
    {"duplex duplex-mode negotiated-duplex-mode operDuplex", some_state()},
    // times
    {"last-change last-clear discontinuity-time last-state-change boot-time start-time", time_text},
    {"created-time last-change-time last-reset-time last-established lastLinkStChg", time_text},
    {"current-datetime boot-datetime last-modified modTs createTs clearTs", time_text},
    // counters whose names end like no other
    {"num-flaps num-resets carrier-transitions resets crc-align-errors", counter()},
    {"packets-sent-and-received total-packets total-octets", counter()},
    // numbers
    {"uptime up-time system-uptime", gauge()},
    {"seconds-since-packet-received seconds-since-packet-sent", gauge_or_none("seconds")},
    {"seconds-since-last-clear-counters", gauge_or_none("seconds")},
    {"mtu speed bandwidth ifindex if-index", gauge()},
    // text worth a label
    {"description alias if-alias software-version hardware-version firmware-version", info},
    {"serial-no serial-number part-no part-number mfg-name vendor model-name", info},
    {"phys-address mac-address hardware-type interface-type", info},
    // neither
    {"dn rn childAction subscriptionId collection-id", identifier},
};

struct NameEnding {
    std::string_view text;
    LeafFact fact;
};

// The endings of counters, and what else ends alike everywhere. The longest that fits is meant, so
// longer ones come first.
constexpr NameEnding endings[] = {
    {"-octets", counter("bytes")}, {"Octets", counter("bytes")}, {"-packets", counter()},
    {"-pkts", counter()},          {"Packets", counter()},       {"Pkts", counter()},
    {"-errors", counter()},        {"Errors", counter()},        {"-discards", counter()},
    {"Discards", counter()},       {"-drops", counter()},        {"Drops", counter()},
    {"-transitions", counter()},   {"-flaps", counter()},        {"-retransmits", counter()},
    {"-overruns", counter()},      {"-underruns", counter()},    {"-collisions", counter()},
    {"-frames", counter()},
};

constexpr NameEnding beginnings[] = {
    {"packets-", counter()},
    {"bytes-", counter("bytes")},
    {"seconds-since-", gauge_or_none("seconds")},
};

// With one of these parts a name speaks of a setting, a rate or a level: never a counter.
constexpr std::string_view levels[] = {
    "rate",  "max",  "min",   "avg",      "average",   "peak",    "limit",  "threshold", "percent",
    "per",   "size", "free",  "used",     "allocated", "current", "queued", "available", "depth",
    "total", "load", "ratio", "interval", "maximum",   "minimum", "in-use", "pending"};

bool has_part(std::string_view name, std::string_view part) {
    for (std::size_t at = name.find(part); at != std::string_view::npos;
         at = name.find(part, at + 1)) {
        const std::size_t end = at + part.size();
        if ((at == 0 || name[at - 1] == '-') && (end == name.size() || name[end] == '-')) {
            return true;
        }
    }
    return false;
}

bool is_level(std::string_view name) {
    return std::any_of(std::begin(levels), std::end(levels),
                       [&](std::string_view part) { return has_part(name, part); });
}

bool has_word(std::string_view list, std::string_view word) {
    for (std::size_t at = list.find(word); at != std::string_view::npos;
         at = list.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) {
            return true;
        }
    }
    return false;
}

}  // namespace

const LeafFact* yang_leaf_by_name(std::string_view leaf) {
    if (leaf.empty() || leaf.find(' ') != std::string_view::npos) {
        return nullptr;
    }
    for (const YangLeaves& leaves : by_name) {
        if (has_word(leaves.names, leaf)) {
            return &leaves.fact;
        }
    }
    for (const NameEnding& beginning : beginnings) {
        const bool counts = beginning.fact.kind == LeafKind::counter;
        if (leaf.starts_with(beginning.text) && leaf.size() > beginning.text.size() &&
            !(counts && is_level(leaf))) {
            return &beginning.fact;
        }
    }
    for (const NameEnding& ending : endings) {
        if (leaf.ends_with(ending.text) && leaf.size() > ending.text.size() && !is_level(leaf)) {
            return &ending.fact;
        }
    }
    return nullptr;
}

}  // namespace weir
