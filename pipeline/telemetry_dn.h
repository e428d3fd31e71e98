// Distinguished names of NX-OS objects: "sys/intf/phys-[eth1/11]/phys" says that it is about the
// interface eth1/11. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace weir {

// Value that borrows from the name. What one relative name (RN) with a value says.
struct DnPart {
    std::string_view type;   // "phys", "peer", "dom"
    std::string_view value;  // "eth1/11"
    bool interface = false;  // the value names an interface
};

// Value that borrows. The parts of a dn that have a value, in order.
struct DnParts {
    static constexpr std::size_t parts_max = 16;
    std::array<DnPart, parts_max> parts;
    std::size_t count = 0;
    // False: brackets that do not close, or more parts than that. Then the dn itself is the label.
    bool valid = true;

    [[nodiscard]] std::span<const DnPart> all() const { return {parts.data(), count}; }
};

// "type-[value]" and "type-value"; a value in brackets may hold any character, brackets in pairs.
[[nodiscard]] DnParts read_dn(std::string_view dn);

}  // namespace weir
