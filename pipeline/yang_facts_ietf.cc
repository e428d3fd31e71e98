// IETF models that Cisco devices stream: interfaces (RFC 8343, and RFC 7223 before it).
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr YangLeaves interface_state[] = {
    {"name", identifier},
    {"type description phys-address", info},
    {"admin-status", state<"up", "down", "testing">()},
    {"oper-status",
     state<"up", "down", "testing", "unknown", "dormant", "not-present", "lower-layer-down">()},
    {"last-change", time_text},
    {"enabled if-index", gauge()},
    {"link-up-down-trap-enable", state<"enabled", "disabled">()},
    {"speed", gauge("bits_per_second")},
    {"higher-layer-if lower-layer-if", text},
};

constexpr YangLeaves statistics[] = {
    {"discontinuity-time", time_text},
    {"in-octets out-octets", counter("bytes")},
    {"in-unicast-pkts in-broadcast-pkts in-multicast-pkts", counter()},
    {"in-discards in-errors in-unknown-protos", counter()},
    {"out-unicast-pkts out-broadcast-pkts out-multicast-pkts", counter()},
    {"out-discards out-errors", counter()},
};

constexpr YangNode nodes[] = {
    {"ietf-interfaces:interfaces-state/interface|ietf-interfaces:interfaces/interface",
     words<"name">, interface_state},
    {"ietf-interfaces:interfaces-state/interface/statistics|"
     "ietf-interfaces:interfaces/interface/statistics",
     {},
     statistics},
};

}  // namespace

constinit const YangTable yang_ietf = {
    .title = "IETF interfaces",
    .source = "ietf-interfaces",
    .nodes = nodes,
};

}  // namespace weir
