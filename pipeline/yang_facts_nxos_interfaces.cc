// NX-OS, DME and native YANG: interfaces of all kinds. Containers of the native YANG are named
// after the relative name of the object that they hold, so that a row here serves both.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

// What any object may have.
constexpr YangLeaves any_object[] = {
    {"dn rn status childAction monPolDn uid ownerTag ownerKey persistentOnReload", identifier},
    {"modTs createTs clearTs lcOwn configIssues", text},
    {"adminSt operSt", some_state()},
    {"descr", info},
};

constexpr YangLeaves counters_hc[] = {
    {"octets", counter("bytes")},
    {"ucastPkts multicastPkts broadcastPkts", counter()},
    {"clearTs", text},
};

constexpr YangLeaves counters[] = {
    {"octets", counter("bytes")},
    {"ucastPkts multicastPkts broadcastPkts nUcastPkts", counter()},
    {"discards errors unknownProtos unknownEtype noBuffer", counter()},
    {"octetRate", gauge("bytes_per_second")},
    {"packetRate", gauge("packets_per_second")},
    {"rateInterval", gauge("seconds")},
    {"qLen", gauge()},
    {"clearTs", text},
};

constexpr YangLeaves ether_stats[] = {
    {"octets", counter("bytes")},
    {"pkts broadcastPkts multicastPkts oversizePkts undersizePkts giantPkts", counter()},
    {"stormSupressedPkts cRCAlignErrors stompedCRCAlignErrors collisions dropEvents", counter()},
    {"fragments jabbers rXNoErrors tXNoErrors", counter()},
    {"overrun underrun ignored watchdog ifdowndrop", counter()},
    {"pkts64Octets pkts65to127Octets pkts128to255Octets pkts256to511Octets", counter()},
    {"pkts512to1023Octets pkts1024to1518Octets pkts1519to1548Octets", counter()},
    {"rxOversizePkts rxPkts64Octets rxPkts65to127Octets rxPkts128to255Octets", counter()},
    {"rxPkts256to511Octets rxPkts512to1023Octets rxPkts1024to1518Octets", counter()},
    {"rxPkts1519to1548Octets", counter()},
    {"txOversizePkts txPkts64Octets txPkts65to127Octets txPkts128to255Octets", counter()},
    {"txPkts256to511Octets txPkts512to1023Octets txPkts1024to1518Octets", counter()},
    {"txPkts1519to1548Octets", counter()},
    {"clearTs", text},
};

constexpr YangLeaves dot1d[] = {
    {"basePortDelayExceededDiscards basePortMtuExceededDiscards", counter()},
    {"tpPortInFrames tpPortOutFrames portInDiscards", counter()},
    {"clearTs", text},
};

constexpr YangLeaves dot3_stats[] = {
    {"alignmentErrors carrierSenseErrors controlInUnknownOpcodes", counter()},
    {"deferredTransmissions excessiveCollisions fCSErrors frameTooLongs", counter()},
    {"inPauseFrames outPauseFrames internalMacReceiveErrors", counter()},
    {"internalMacTransmitErrors lateCollisions multipleCollisionFrames", counter()},
    {"singleCollisionFrames sQETTestErrors symbolErrors", counter()},
    {"lostCarrierErrors noCarrierErrors inputdribble babble runts", counter()},
    {"clearTs", text},
};

constexpr YangLeaves ip_in[] = {
    {"receives hdrErrors forwDatagrams discards", counter()},
};

// Settings of a port.
constexpr YangLeaves port[] = {
    {"id", identifier},
    {"adminSt", state<"up", "down">()},
    {"descr mode layer speed medium name duplex autoNeg FECMode", info},
    {"mtu", gauge("bytes")},
    {"bw", gauge("bits_per_second", 1000)},
    {"delay linkDebounce inhBw", gauge()},
    {"switchingSt snmpTrapSt beacon", some_state()},
    {"accessVlan nativeVlan trunkVlans usage portT routerMac userCfgdFlags", text},
    {"ethpmCfgFailedBmp ethpmCfgFailedTs ethpmCfgState controllerId", text},
};

// What became of it.
constexpr YangLeaves port_state[] = {
    {"operSt", state<"unknown", "down", "up", "link-up">()},
    {"lastLinkStChg", time_text},
    {"resetCtr", counter()},
    {"operDuplex", state<"auto", "full", "half">()},
    {"operSpeed operMode operFecMode bundleIndex operPhyLayer", info},
    {"operMtu", gauge("bytes")},
    {"numOfSI", gauge()},
    {"operStQual operStQualCode operErrDisQual operBitset operVlans allowedVlans", text},
    {"accessVlan cfgAccessVlan nativeVlan cfgNativeVlan backplaneMac operRouterMac", text},
    {"currErrIndex hwBdId hwResourceId iod bundleBupId encap intfT media", identifier},
    {"diags errDisTimerRunning errVlans errVlanStatusHt lastErrors usage", text},
    {"operDceMode operMdix operModeDetail operPhyEnSt operFlowCtrl operEEEState", text},
    {"operEEERxWkTime operEEETxWkTime portCfgWaitFlags primaryVlan siList", text},
};

constexpr YangLeaves aggregate[] = {
    {"id", identifier},
    {"adminSt", state<"up", "down">()},
    {"descr pcMode mode layer speed medium duplex autoNeg name", info},
    {"mtu", gauge("bytes")},
    {"bw", gauge("bits_per_second", 1000)},
    {"minLinks maxLinks delay", gauge()},
    {"accessVlan nativeVlan trunkVlans usage routerMac userCfgdFlags", text},
};

// Loopbacks, SVIs, sub-interfaces, tunnels, the management port.
constexpr YangLeaves logical[] = {
    {"id", identifier},
    {"adminSt", state<"up", "down">()},
    {"operSt", state<"unknown", "down", "up", "link-up">()},
    {"descr mode speed medium", info},
    {"mtu", gauge("bytes")},
    {"bw", gauge("bits_per_second", 1000)},
    {"vlanId delay", gauge()},
    {"encap operStQual routerMac mac", text},
};

constexpr YangLeaves transceiver[] = {
    {"typeName guiName guiPN guiRev guiSN guiCiscoPID guiCiscoPN vendorName", info},
    {"isFcotPresent", some_state()},
    {"actualType connType description diagMonType fcotNum flags state type", text},
};

constexpr YangLeaves transceiver_sensor[] = {
    {"id sensorId", identifier},
    {"type unit", info},
    {"value highAlarm lowAlarm highWarning lowWarning", gauge()},
    {"alert", some_state()},
};

constexpr YangLeaves queue[] = {
    {"cmapName", identifier},
    {"txBytes dropBytes randDropBytes", counter("bytes")},
    {"txPackets dropPackets randDropPackets randEcnMarkedPackets", counter()},
    {"pfcRxPpp pfcTxPpp", counter()},
    {"ucCurrQueueDepth mcCurrQueueDepth", gauge("bytes")},
};

constexpr YangNode nodes[] = {
    {"nxos_dme:*|Cisco-NX-OS-device:*", {}, any_object},
    {"nxos_dme:rmonIfHCIn|nxos_dme:rmonIfHCOut|Cisco-NX-OS-device:*/dbgIfHCIn-items|"
     "Cisco-NX-OS-device:*/dbgIfHCOut-items",
     {},
     counters_hc},
    {"nxos_dme:rmonIfIn|nxos_dme:rmonIfOut|Cisco-NX-OS-device:*/dbgIfIn-items|"
     "Cisco-NX-OS-device:*/dbgIfOut-items",
     {},
     counters},
    {"nxos_dme:rmonEtherStats|Cisco-NX-OS-device:*/dbgEtherStats-items", {}, ether_stats},
    {"nxos_dme:rmonDot1d|Cisco-NX-OS-device:*/dbgDot1d-items", {}, dot1d},
    {"nxos_dme:rmonDot3Stats|Cisco-NX-OS-device:*/dbgDot3Stats-items", {}, dot3_stats},
    {"nxos_dme:rmonIpIn|Cisco-NX-OS-device:*/dbgIpIn-items", {}, ip_in},
    {"nxos_dme:l1PhysIf|Cisco-NX-OS-device:*/PhysIf-list", words<"id">, port},
    {"nxos_dme:ethpmPhysIf|Cisco-NX-OS-device:*/phys-items|Cisco-NX-OS-device:*/mgmt-items",
     {},
     port_state},
    {"nxos_dme:ethpmAggrIf|Cisco-NX-OS-device:*/aggrif-items", {}, port_state},
    {"nxos_dme:pcAggrIf|Cisco-NX-OS-device:*/AggrIf-list", words<"id">, aggregate},
    {"nxos_dme:sviIf|nxos_dme:l3LbRtdIf|nxos_dme:l3EncRtdIf|nxos_dme:mgmtMgmtIf|"
     "nxos_dme:tunnelIf|Cisco-NX-OS-device:*/If-list|Cisco-NX-OS-device:*/LbRtdIf-list|"
     "Cisco-NX-OS-device:*/EncRtdIf-list|Cisco-NX-OS-device:*/MgmtIf-list",
     words<"id">, logical},
    {"nxos_dme:ethpmFcot|Cisco-NX-OS-device:*/fcot-items", {}, transceiver},
    {"nxos_dme:ethpmFcotSensor", {}, transceiver_sensor},
    {"nxos_dme:ipqosQueuingStats|Cisco-NX-OS-device:*/QueuingStats-list", words<"cmapName">, queue},
};

}  // namespace

constinit const YangTable yang_nxos_interfaces = {
    .title = "NX-OS interfaces, DME and native YANG",
    .source = "NX-OS DME model, payloads of 9.3 and 10.x, Cisco-NX-OS-device",
    .nodes = nodes,
};

}  // namespace weir
