// NX-OS DME: classes of interfaces and of what every class has. The same tables serve its native
// YANG, whose containers are named after them.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

// What any object may have.
constexpr YangLeaves any_object[] = {
    {"dn rn status childAction monPolDn uid ownerTag persistentOnReload", identifier},
    {"modTs createTs clearTs lcOwn", text},
    {"adminSt", state<"up", "down", "enabled", "disabled", "unknown">()},
    {"operSt", state<"up", "down", "enabled", "disabled", "unknown", "link-up">()},
    {"descr", info},
};

constexpr YangLeaves if_hc[] = {
    {"octets", counter("bytes")},
    {"ucastPkts ucastPckts multicastPkts multicastPckts broadcastPkts broadcastPckts", counter()},
    {"clearTs", time_text},
};

constexpr YangLeaves if_in[] = {
    {"octets", counter("bytes")},
    {"ucastPkts multicastPkts broadcastPkts nUcastPkts discards errors unknownProtos", counter()},
    {"noBuffer", counter()},
    {"octetRate packetRate rateInterval qLen", gauge()},
};

constexpr YangNode nodes[] = {
    {"nxos_dme:*", {}, any_object},
    {"nxos_dme:rmonIfHCIn|nxos_dme:rmonIfHCOut|nxos_dme:dbgIfHCIn|nxos_dme:dbgIfHCOut|"
     "Cisco-NX-OS-device:*/dbgIfHCIn-items|Cisco-NX-OS-device:*/dbgIfHCOut-items",
     {},
     if_hc},
    {"nxos_dme:rmonIfIn|nxos_dme:rmonIfOut|nxos_dme:dbgIfIn|nxos_dme:dbgIfOut|"
     "Cisco-NX-OS-device:*/dbgIfIn-items|Cisco-NX-OS-device:*/dbgIfOut-items",
     {},
     if_in},
};

}  // namespace

constinit const YangTable yang_nxos_dme = {
    .title = "NX-OS interfaces (DME and native YANG)",
    .source = "NX-OS DME model, Cisco-NX-OS-device",
    .nodes = nodes,
};

}  // namespace weir
