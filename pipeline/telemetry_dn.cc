#include "pipeline/telemetry_dn.h"

#include <algorithm>
#include <iterator>

namespace weir {

namespace {

// RNs whose value is an interface, of the classes that hold one.
bool names_interface(std::string_view type) {
    constexpr std::string_view types[] = {"phys", "aggr",    "if",   "svi",     "lb",
                                          "mgmt", "encrtd",  "intf", "tunnel",  "nve",
                                          "po",   "subIntf", "fcot", "loopback"};
    return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

// The end of the RN at the front: a slash that is in no brackets; npos if brackets do not close.
std::size_t rn_end(std::string_view dn) {
    std::size_t depth = 0;
    for (std::size_t at = 0; at < dn.size(); ++at) {
        if (dn[at] == '[') {
            ++depth;
        } else if (dn[at] == ']') {
            if (depth == 0) {
                return std::string_view::npos;
            }
            --depth;
        } else if (dn[at] == '/' && depth == 0) {
            return at;
        }
    }
    return depth == 0 ? dn.size() : std::string_view::npos;
}

// "phys-[eth1/1]", "dom-default"; nothing for "intf".
bool read_rn(std::string_view rn, DnPart& part) {
    const std::size_t bracket = rn.find("-[");
    const std::size_t dash = bracket != std::string_view::npos ? bracket : rn.find('-');
    if (dash == std::string_view::npos || dash == 0 || dash + 1 == rn.size()) {
        return false;
    }
    part.type = rn.substr(0, dash);
    part.value = rn.substr(dash + 1);
    if (bracket != std::string_view::npos) {
        if (!part.value.ends_with(']')) {
            return false;
        }
        part.value = part.value.substr(1, part.value.size() - 2);
    }
    part.interface = bracket != std::string_view::npos && names_interface(part.type);
    return !part.value.empty();
}

}  // namespace

DnParts read_dn(std::string_view dn) {
    DnParts read;
    if (dn.empty()) {
        read.valid = false;
    }
    while (!dn.empty()) {
        const std::size_t end = rn_end(dn);
        DnPart part;
        if (end == std::string_view::npos) {
            read.valid = false;
            break;
        }
        if (read_rn(dn.substr(0, end), part)) {
            if (read.count == DnParts::parts_max) {
                read.valid = false;
                break;
            }
            read.parts[read.count] = part;
            ++read.count;
        }
        dn.remove_prefix(std::min(end + 1, dn.size()));
    }
    if (!read.valid) {
        read.count = 0;
    }
    return read;
}

}  // namespace weir
