// One spelling for one port: "Eth1/1", "eth1/1" and "Ethernet1/1" are "Ethernet1/1", as the
// device's own long form has it.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// Writes the long form into `out`; text that is no interface name comes back unchanged.
void normalise_interface(std::string_view name, std::string& out);

}  // namespace weir
