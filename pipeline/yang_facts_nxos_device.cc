// NX-OS, DME and native YANG: the device itself, routing, neighbours, VLANs.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr YangLeaves cpu[] = {
    {"id", identifier},
    {"user kernel idle nice irq softirq iowait wait total", percent()},
};

constexpr YangLeaves cpu_history[] = {
    {"durationname type", identifier},
    {"usage usageAvg usageMax usageMin", percent()},
};

constexpr YangLeaves load[] = {
    {"loadAverage1m loadAverage5m loadAverage15m", gauge()},
    {"runProc totalProc", gauge()},
};

constexpr YangLeaves memory[] = {
    {"total used free usedPercent", gauge()},
    {"memstatus", some_state()},
};

constexpr YangLeaves cpu_usage[] = {
    {"userPercent kernelPercent idlePercent", percent()},
};

constexpr YangLeaves memory_usage[] = {
    {"memTotal memUsed memFree", gauge()},
};

constexpr YangLeaves version[] = {
    {"nxosVersion biosVersion nxosImageFile", info},
    {"kernelUptime", text},
};

constexpr YangLeaves chassis[] = {
    {"id", identifier},
    {"model ser vendor rev hwVer role", info},
    {"operSt", some_state()},
};

constexpr YangLeaves power_supply[] = {
    {"id", identifier},
    {"operSt fanOpSt", some_state()},
    {"model ser vendor rev hwVer fanDirection", info},
    {"cap", gauge("watts")},
};

constexpr YangLeaves fan[] = {
    {"id", identifier},
    {"operSt", some_state()},
    {"model ser vendor rev hwVer dir fanName", info},
    {"speedInRpm", gauge("rpm")},
    {"speedInPercent", percent()},
};

constexpr YangLeaves sensor[] = {
    {"id", identifier},
    {"operSt", some_state()},
    {"model vendor type", info},
    {"tempValue majorThresh minorThresh", gauge("celsius")},
};

constexpr YangLeaves bgp_peer[] = {
    {"addr", identifier},
    {"asn name srcIf peerImp", info},
};

constexpr YangLeaves bgp_peer_entry[] = {
    {"addr", identifier},
    {"operSt", state<"unspecified", "illegal", "shut", "idle", "connect", "active", "open-sent",
                     "open-confirm", "established", "closing", "error", "unknown">()},
    {"connEst connDrop connAttempts", counter()},
    {"holdIntvl kaIntvl maxConnRetryIntvl", gauge("seconds")},
    {"lastFlapTs updateElapsedTs", time_text},
    {"rtrId type", info},
    {"localIp localPort remotePort flags stReason shutStReason shutStQual passwdSet advCap", text},
};

constexpr YangLeaves bgp_peer_stats[] = {
    {"byteRecvd byteSent", counter("bytes")},
    {"byteInRecvQ byteInSendQ", gauge("bytes")},
    {"capRcvd capSent kaRcvd kaSent msgRcvd msgSent notifRcvd notifSent", counter()},
    {"openRcvd openSent routeRefreshRcvd routeRefreshSent updateRcvd updateSent", counter()},
    {"connectRetryTs", text},
};

constexpr YangLeaves bgp_peer_af[] = {
    {"type", identifier},
    {"acceptedPaths pfxSent pfxSaved tblVer lastTblVer peerTblVer", gauge()},
    {"memAccPaths", gauge("bytes")},
    {"withDrawn treatedAsWithdraw pfxFlushed", counter()},
    {"tblSt", some_state()},
    {"flags", text},
};

constexpr YangLeaves ospf_adjacency[] = {
    {"id", identifier},
    {"operSt", some_state()},
    {"peerIp area", info},
    {"dd flags", text},
};

constexpr YangLeaves lldp_neighbor[] = {
    {"id", identifier},
    {"sysName portIdV portDesc chassisIdV mgmtIp capability", info},
    {"sysDesc enCap portIdT chassisIdT mgmtId mgmtPortMac portVlan", text},
    {"ttl", gauge("seconds")},
};

constexpr YangLeaves cdp_neighbor[] = {
    {"index", identifier},
    {"devId portId platId sysName nativeVlan", info},
    {"cap ver sysObjIdV sysLoc vtpDom", text},
};

constexpr YangLeaves vlan[] = {
    {"id", identifier},
    {"adminSt operSt bdState", some_state()},
    {"name fabEncap accEncap", info},
    {"pcTag hwId", identifier},
};

constexpr YangLeaves vpc[] = {
    {"id", identifier},
    {"localOperSt remoteOperSt compatSt peerSt", some_state()},
};

constexpr YangLeaves nve_peer[] = {
    {"peerIp mac", identifier},
    {"state", some_state()},
};

// Of no model: a path of its own.
constexpr YangLeaves microburst[] = {
    {"peak threshold", gauge("bytes")},
    {"startTs endTs start end", text},
};

constexpr YangNode nodes[] = {
    {"nxos_dme:procSysCpuSummary|Cisco-NX-OS-device:*/syscpusummary-items", {}, cpu},
    {"nxos_dme:procSysCpu|Cisco-NX-OS-device:*/SysCpu-list", words<"id">, cpu},
    {"nxos_dme:procSysCpuHistory|Cisco-NX-OS-device:*/SysCpuHistory-list", words<"durationname">,
     cpu_history},
    {"nxos_dme:procSysLoad|Cisco-NX-OS-device:*/sysload-items", {}, load},
    {"nxos_dme:procSysMem|nxos_dme:procSysMemUsed|nxos_dme:procSysMemFree|"
     "nxos_dme:procSysMemUsage|Cisco-NX-OS-device:*/sysmem-items",
     {},
     memory},
    {"nxos_dme:pieCpuUsage", {}, cpu_usage},
    {"nxos_dme:pieMemoryUsage", {}, memory_usage},
    {"nxos_dme:sysmgrShowVersion", {}, version},
    {"nxos_dme:eqptCh|nxos_dme:eqptSupC|nxos_dme:eqptLC|nxos_dme:eqptFC|nxos_dme:eqptSysC",
     words<"id">, chassis},
    {"nxos_dme:eqptPsu|Cisco-NX-OS-device:*/psu-items", {}, power_supply},
    {"nxos_dme:eqptFt|nxos_dme:eqptFan|Cisco-NX-OS-device:*/ft-items|"
     "Cisco-NX-OS-device:*/Fan-list",
     words<"id">, fan},
    {"nxos_dme:eqptSensor|Cisco-NX-OS-device:*/Sensor-list", words<"id">, sensor},
    {"nxos_dme:bgpPeer|Cisco-NX-OS-device:*/Peer-list", words<"addr">, bgp_peer},
    {"nxos_dme:bgpPeerEntry|Cisco-NX-OS-device:*/PeerEntry-list", words<"addr">, bgp_peer_entry},
    {"nxos_dme:bgpPeerEntryStats|Cisco-NX-OS-device:*/peerstats-items", {}, bgp_peer_stats},
    {"nxos_dme:bgpPeerAfEntry|Cisco-NX-OS-device:*/PeerAfEntry-list", words<"type">, bgp_peer_af},
    {"nxos_dme:ospfAdjEp|Cisco-NX-OS-device:*/AdjEp-list", words<"id">, ospf_adjacency},
    {"nxos_dme:lldpAdjEp", words<"id">, lldp_neighbor},
    {"nxos_dme:cdpAdjEp", words<"index">, cdp_neighbor},
    {"nxos_dme:l2BD|nxos_dme:vlanCktEp|Cisco-NX-OS-device:*/BD-list", {}, vlan},
    {"nxos_dme:vpcDom|nxos_dme:vpcIf", words<"id">, vpc},
    {"nxos_dme:nvoDyPeer|nxos_dme:nvoPeer", {}, nve_peer},
    {"nxos:*/microburst", words<"interfaceName", "queue">, microburst},
    {"Cisco-NX-OS-device:*/Inst-list|Cisco-NX-OS-device:*/Dom-list", words<"name">},
};

}  // namespace

constinit const YangTable yang_nxos_device = {
    .title = "NX-OS device and routing, DME and native YANG",
    .source = "NX-OS DME model, payloads of 9.3 and 10.x, Cisco-NX-OS-device",
    .nodes = nodes,
};

}  // namespace weir
