#include "pipeline/yang_facts.h"

#include "pipeline/network_interface.h"
#include "pipeline/yang_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace weir {
namespace {

std::vector<std::string> split(std::string_view list, char separator) {
    std::vector<std::string> parts;
    std::istringstream in{std::string(list)};
    for (std::string part; std::getline(in, part, separator);) {
        parts.push_back(part);
    }
    return parts;
}

bool is_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
    });
}

LeafKind kind_of(std::string_view path) {
    const LeafFact* leaf = yang_leaf(path);
    return leaf == nullptr ? LeafKind::unknown : leaf->kind;
}

LeafKind kind_by_name(std::string_view name) {
    const LeafFact* leaf = yang_leaf_by_name(name);
    return leaf == nullptr ? LeafKind::unknown : leaf->kind;
}

// Every node of every table.
template <typename Check>
void for_each_node(Check check) {
    for (const YangTable* table : yang_tables()) {
        for (const YangNode& node : table->nodes) {
            SCOPED_TRACE(std::string(node.paths));
            check(node);
        }
    }
}

TEST(YangTables, PathsAreWellFormedAndGivenOnce) {
    std::set<std::string> seen;
    for (const YangTable* table : yang_tables()) {
        for (const YangPlace& place : yang_places(*table)) {
            const std::string& path = place.path;
            EXPECT_TRUE(seen.insert(path).second) << path << " is in the tables twice";
            const std::size_t colon = path.find(':');
            ASSERT_NE(colon, std::string::npos) << path;
            EXPECT_TRUE(is_name(path.substr(0, colon))) << path;
            EXPECT_NE(path.back(), '/') << path;
            EXPECT_EQ(path.find("//"), std::string::npos) << path;
            EXPECT_EQ(path.find(':', colon + 1), std::string::npos) << path;
        }
    }
}

TEST(YangTables, EveryNodeSaysSomething) {
    for_each_node([](const YangNode& node) {
        // A node of neither is a place for others to be below.
        EXPECT_TRUE(!node.keys.empty() || !node.leaves.empty() || !node.paths.starts_with('/'));
        for (const std::string_view key : node.keys) {
            EXPECT_TRUE(is_name(key)) << key;
        }
    });
}

TEST(YangTables, LeavesAreNamedOnceAndWholly) {
    for_each_node([](const YangNode& node) {
        std::set<std::string> seen;
        for (const YangLeaves& leaves : node.leaves) {
            ASSERT_FALSE(leaves.names.empty());
            for (const std::string& name : split(leaves.names, ' ')) {
                EXPECT_TRUE(is_name(name)) << name;
                EXPECT_TRUE(seen.insert(name).second) << name << " is in the node twice";
            }
            const LeafFact& fact = leaves.fact;
            EXPECT_NE(fact.kind, LeafKind::unknown) << leaves.names;
            EXPECT_NE(fact.scale, 0) << leaves.names;
            if (fact.kind != LeafKind::state) {
                EXPECT_TRUE(fact.states.empty()) << leaves.names;
            }
            const std::set<std::string_view> states(fact.states.begin(), fact.states.end());
            EXPECT_EQ(states.size(), fact.states.size()) << leaves.names;
            EXPECT_EQ(states.count(""), 0u) << leaves.names;
            if (fact.kind != LeafKind::counter && fact.kind != LeafKind::gauge) {
                EXPECT_TRUE(fact.unit.empty()) << leaves.names;
            }
        }
    });
}

// Base units only, so that no two series of one quantity differ in scale.
TEST(YangTables, UnitsAreBaseUnits) {
    const std::set<std::string_view> units = {"",
                                              "bytes",
                                              "seconds",
                                              "ratio",
                                              "celsius",
                                              "volts",
                                              "amperes",
                                              "watts",
                                              "hertz",
                                              "meters",
                                              "bits_per_second",
                                              "bytes_per_second",
                                              "dbm",
                                              "rpm",
                                              "ohms",
                                              "packets_per_second"};
    for_each_node([&](const YangNode& node) {
        for (const YangLeaves& leaves : node.leaves) {
            EXPECT_TRUE(units.count(leaves.fact.unit) == 1) << leaves.fact.unit;
        }
    });
}

// Names become snake_case; two leaves of one node must not become one metric.
std::string metric_part(std::string_view name) {
    std::string part;
    for (const char c : name) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0) {
            part += part.empty() || part.back() == '_' ? "" : "_";
            part += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else {
            part += c == '-' || c == '.' ? '_' : c;
        }
    }
    return part;
}

TEST(YangTables, NoTwoLeavesOfANodeShareAMetric) {
    for_each_node([](const YangNode& node) {
        std::map<std::string, std::string> metrics;
        for (const YangLeaves& leaves : node.leaves) {
            for (const std::string& name : split(leaves.names, ' ')) {
                const auto [entry, is_new] = metrics.emplace(metric_part(name), name);
                EXPECT_TRUE(is_new) << name << " and " << entry->second;
            }
        }
    });
}

TEST(YangTables, EveryPathIsFound) {
    for (const YangTable* table : yang_tables()) {
        for (const auto& [path, node] : yang_places(*table)) {
            if (!node->keys.empty()) {
                EXPECT_EQ(yang_list_keys(path).data(), node->keys.data()) << path;
            }
            for (const YangLeaves& leaves : node->leaves) {
                for (const std::string& name : split(leaves.names, ' ')) {
                    EXPECT_EQ(yang_leaf(path + "/" + name), &leaves.fact) << path << "/" << name;
                }
            }
        }
    }
}

TEST(YangFacts, KeysOfLists) {
    const auto keys = yang_list_keys("openconfig-interfaces:interfaces/interface");
    ASSERT_EQ(keys.size(), 1u);
    EXPECT_EQ(keys[0], "name");
    EXPECT_TRUE(yang_list_keys("openconfig-interfaces:interfaces/interfac").empty());
    EXPECT_TRUE(yang_list_keys("openconfig-interfaces:interfaces/interface/").empty());
    EXPECT_TRUE(yang_list_keys("").empty());
    EXPECT_TRUE(yang_list_keys("no colon").empty());
}

TEST(YangFacts, LeavesByPath) {
    const LeafFact* octets =
        yang_leaf("openconfig-interfaces:interfaces/interface/state/counters/in-octets");
    ASSERT_NE(octets, nullptr);
    EXPECT_EQ(octets->kind, LeafKind::counter);
    EXPECT_EQ(octets->unit, "bytes");
    const LeafFact* status =
        yang_leaf("openconfig-interfaces:interfaces/interface/state/oper-status");
    ASSERT_NE(status, nullptr);
    EXPECT_EQ(status->kind, LeafKind::state);
    EXPECT_EQ(status->states.size(), 7u);
    EXPECT_EQ(kind_of("openconfig-interfaces:interfaces/interface/state/last-change"),
              LeafKind::timestamp_ns);
    const LeafFact* since = yang_leaf(
        "Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/latest/"
        "generic-counters/seconds-since-packet-received");
    ASSERT_NE(since, nullptr);
    EXPECT_TRUE(since->all_ones_is_none);
    EXPECT_EQ(yang_leaf("openconfig-interfaces:interfaces/interface/state/in-octets"), nullptr);
    EXPECT_EQ(yang_leaf(""), nullptr);
    EXPECT_EQ(yang_leaf("/"), nullptr);
    EXPECT_EQ(yang_leaf("in-octets"), nullptr);
    EXPECT_EQ(yang_leaf("x:/in-octets"), nullptr);
}

TEST(YangFacts, WhatHoldsOfAnElementWhereverItIs) {
    EXPECT_EQ(kind_of("nxos_dme:rmonIfHCIn/octets"), LeafKind::counter);
    EXPECT_EQ(kind_of("Cisco-NX-OS-device:System/intf-items/phys-items/PhysIf-list/"
                      "dbgIfHCIn-items/octets"),
              LeafKind::counter);
    EXPECT_EQ(kind_of("nxos_dme:someClass/dn"), LeafKind::identifier);
    EXPECT_EQ(kind_of("nxos_dme:someClass/octets"), LeafKind::unknown);
}

struct NamedKind {
    std::string_view name;
    LeafKind kind;
};

TEST(YangFacts, TablesOfShowCommandsHaveKeysWhereverTheyAre) {
    const auto keys = yang_list_keys("nxos_show:show ip bgp summary/TABLE_neighbor");
    ASSERT_EQ(keys.size(), 1u);
    EXPECT_EQ(keys[0], "neighborid");
    EXPECT_EQ(yang_list_keys("nxos_show:show environment temperature/TABLE_tempinfo").size(), 2u);
    EXPECT_EQ(yang_list_keys("nxos_show:show interface eth1/1/TABLE_interface").size(), 1u);
    EXPECT_TRUE(yang_list_keys("nxos_show:show ip bgp summary").empty());
    EXPECT_EQ(kind_of("nxos_show:show ip bgp summary/msgrecvd"), LeafKind::counter);
    EXPECT_EQ(kind_of("nxos_show:show interface eth1/1/eth_inbytes"), LeafKind::counter);
    // What a command says of a column goes before what all say.
    EXPECT_EQ(yang_leaf("nxos_show:show interface brief/state")->states.size(), 2u);
    EXPECT_TRUE(yang_leaf("nxos_show:show ip bgp summary/state")->states.empty());
}

TEST(YangFacts, LeavesByName) {
    constexpr NamedKind cases[] = {
        {"in-octets", LeafKind::counter},
        {"out-unicast-pkts", LeafKind::counter},
        {"rx-packets", LeafKind::counter},
        {"packets-received", LeafKind::counter},
        {"bytes-sent", LeafKind::counter},
        {"input-errors", LeafKind::counter},
        {"in-discards", LeafKind::counter},
        {"queue-drops", LeafKind::counter},
        {"num-flaps", LeafKind::counter},
        {"carrier-transitions", LeafKind::counter},
        {"forward-transitions", LeafKind::counter},
        {"multicastPkts", LeafKind::counter},
        {"oper-status", LeafKind::state},
        {"admin-status", LeafKind::state},
        {"operSt", LeafKind::state},
        {"last-change", LeafKind::timestamp_text},
        {"discontinuity-time", LeafKind::timestamp_text},
        {"seconds-since-packet-received", LeafKind::gauge},
        {"seconds-since-anything", LeafKind::gauge},
        {"description", LeafKind::info},
        {"dn", LeafKind::identifier},
        // levels, settings and rates
        {"max-packets", LeafKind::unknown},
        {"packets-per-second", LeafKind::unknown},
        {"bytes-per-sec", LeafKind::unknown},
        {"bytes-used", LeafKind::unknown},
        {"bytes-free", LeafKind::unknown},
        {"queue-depth-packets", LeafKind::unknown},
        {"average-errors", LeafKind::unknown},
        {"used-bytes", LeafKind::unknown},
        {"free-octets", LeafKind::unknown},
        // an ending alone, and other names
        {"-octets", LeafKind::unknown},
        {"packets-", LeafKind::unknown},
        {"octets", LeafKind::unknown},
        {"operStQual", LeafKind::unknown},
        {"status", LeafKind::unknown},  // of an object of DME it says something else
        {"temperature", LeafKind::unknown},
        {"", LeafKind::unknown},
        {"oper-status admin-status", LeafKind::unknown},
        {"dn rn", LeafKind::unknown},
    };
    for (const NamedKind& named : cases) {
        EXPECT_EQ(kind_by_name(named.name), named.kind) << named.name;
    }
    EXPECT_TRUE(yang_leaf_by_name("seconds-since-anything")->all_ones_is_none);
    EXPECT_FALSE(yang_leaf_by_name("in-octets")->all_ones_is_none);
}

TEST(NetworkInterface, OneNameForOneThing) {
    constexpr std::string_view received[] = {
        "openconfig-interfaces:interfaces/interface/state/counters/in-octets",
        "Cisco-IOS-XE-interfaces-oper:interfaces/interface/statistics/in-octets",
        "Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/latest/"
        "generic-counters/bytes-received",
        "ietf-interfaces:interfaces-state/interface/statistics/in-octets",
        "nxos_dme:rmonIfHCIn/octets",
        "Cisco-NX-OS-device:System/intf-items/phys-items/PhysIf-list/dbgIfHCIn-items/octets",
    };
    for (const std::string_view path : received) {
        const NetworkInterfaceMetric* metric = network_interface_metric(path);
        ASSERT_NE(metric, nullptr) << path;
        EXPECT_EQ(metric->name, "network_interface_receive_bytes_total") << path;
        EXPECT_EQ(metric->type, MetricType::counter);
        EXPECT_EQ(metric->unit, "bytes");
        EXPECT_EQ(kind_of(path), LeafKind::counter) << path;
    }
    const NetworkInterfaceMetric* status =
        network_interface_metric("Cisco-IOS-XE-interfaces-oper:interfaces/interface/oper-status");
    ASSERT_NE(status, nullptr);
    EXPECT_EQ(status->name, "network_interface_up");
    EXPECT_EQ(status->type, MetricType::gauge);
    ASSERT_EQ(status->true_words.size(), 1u);
    EXPECT_EQ(status->true_words[0], "if-oper-state-ready");
}

TEST(NetworkInterface, OthersAreNotOfTheFamily) {
    for (const std::string_view path :
         {"", "in-octets", "x:in-octets",
          "openconfig-interfaces:interfaces/interface/state/counters/last-clear",
          "openconfig-interfaces:interfaces/interface/subinterfaces/subinterface/state/counters/"
          "in-octets",
          "Cisco-IOS-XE-interfaces-oper:interfaces/interface/statistics/out-octets",
          "nxos_dme:rmonIfIn/octets", "nxos_dme:dbgIfHCIn-items/octets",
          "Cisco-NX-OS-device:System/mydbgIfHCIn-items/octets"}) {
        EXPECT_EQ(network_interface_metric(path), nullptr) << path;
    }
}

}  // namespace
}  // namespace weir
