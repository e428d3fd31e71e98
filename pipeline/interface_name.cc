#include "pipeline/interface_name.h"

#include <algorithm>
#include <cstddef>

namespace weir {

namespace {

// A port type as devices spell it out, and how it may be cut short.
struct PortType {
    std::string_view spelling;
    std::size_t letters_min;  // that a short form has
    // How many numbers follow a short form: where two families spell out one short form
    // differently, the count tells them apart ("Te0/0/0/1" is IOS-XR's, "Te1/0/1" IOS-XE's).
    std::size_t numbers_min = 1;
    std::size_t numbers_max = 8;
    bool has_nodes = false;  // words may stand among the numbers: "0/RP0/CPU0/0"
};

// Of types that begin alike the first one takes the short form. Where only the case tells NX-OS
// ("port-channel") and IOS ("Port-channel") apart, NX-OS comes first: its telemetry has short
// forms, that of IOS-XE and IOS-XR spells names out.
constexpr PortType port_types[] = {
    {"Ethernet", 2},
    {"GigabitEthernet", 2},
    {"TenGigE", 2, 4, 6},
    {"TenGigabitEthernet", 2, 1, 3},
    {"TwoGigabitEthernet", 2},
    {"TwentyFiveGigE", 3},
    {"TwoHundredGigE", 4},
    {"FiveGigabitEthernet", 2},
    {"FiftyGigE", 3},
    {"FortyGigE", 2, 4, 6},
    {"FortyGigabitEthernet", 2, 1, 3},
    {"FourHundredGigE", 3},
    {"FastEthernet", 2},
    {"HundredGigE", 2},
    {"HundredGigabitEthernet", 9},
    {"EightHundredGigE", 2},
    {"AppGigabitEthernet", 2},
    {"port-channel", 2},
    {"Port-channel", 2},
    {"Bundle-Ether", 2},
    {"loopback", 2},
    {"Loopback", 2},
    {"Vlan", 2},
    {"mgmt", 2, 1, 1},
    {"MgmtEth", 2, 2, 6, true},
    {"Tunnel", 2},
    {"tunnel-te", 8},
    {"tunnel-ip", 8},
    {"tunnel-mte", 8},
    {"nve", 2},
    {"Null", 2},
    {"BDI", 2},
    {"BVI", 2},
    {"Serial", 2},
    {"Cellular", 2},
    {"Dialer", 2},
    {"Virtual-Access", 2},
    {"Virtual-Template", 9},
    {"VirtualPortGroup", 8},
    {"Optics", 2},
    {"CoherentDSP", 2},
    {"PW-Ether", 2},
    {"Capwap", 2},
    {"LISP", 2},
    {"vfc", 2},
    {"fc", 2},
    {"san-port-channel", 5},
    {"sup-eth", 4},
};

// Short forms that are no beginning of what they stand for.
struct ShortForm {
    std::string_view letters;
    std::string_view spelling;
};

constexpr ShortForm short_forms[] = {
    {"BE", "Bundle-Ether"},     {"TF", "TwentyFiveGigE"},
    {"FH", "FourHundredGigE"},  {"TH", "TwoHundredGigE"},
    {"EH", "EightHundredGigE"}, {"tt", "tunnel-te"},
    {"ti", "tunnel-ip"},        {"tm", "tunnel-mte"},
    {"Vt", "Virtual-Template"}, {"VPG", "VirtualPortGroup"},
    {"FiftyGig", "FiftyGigE"},  {"TwentyFiveGigabitEthernet", "TwentyFiveGigE"},
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

bool begins(std::string_view whole, std::string_view beginning) {
    return whole.size() >= beginning.size() && same(whole.substr(0, beginning.size()), beginning);
}

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

// What stands after the letters: "1/0/24", "0/RP0/CPU0/0", "1/1.100", "0/0/0/1:2".
struct Place {
    bool good = false;
    bool has_nodes = false;
    std::size_t numbers = 0;  // before a sub-interface's
};

Place read_place(std::string_view text) {
    Place place;
    bool open = true;  // a number must come next
    bool in_sub_interface = false;
    for (const char c : text) {
        if (is_digit(c)) {
            place.numbers += open && !in_sub_interface ? 1 : 0;
            open = false;
        } else if (c == '/' || c == '.' || c == ':') {
            if (open) {
                return {};
            }
            in_sub_interface = in_sub_interface || c != '/';
            open = true;
        } else if (is_letter(c) && place.numbers > 0 && !in_sub_interface) {
            place.has_nodes = true;
        } else {
            return {};
        }
    }
    place.good = !open;
    return place;
}

bool may_stand(const PortType& type, const Place& place) {
    return type.has_nodes || !place.has_nodes;
}

// Empty when the letters are of no type.
std::string_view spell_out(std::string_view letters, const Place& place) {
    for (const PortType& type : port_types) {
        if (type.spelling == letters && may_stand(type, place)) {
            return type.spelling;
        }
    }
    for (const PortType& type : port_types) {
        if (same(type.spelling, letters) && may_stand(type, place)) {
            return type.spelling;
        }
    }
    for (const ShortForm& form : short_forms) {
        if (same(form.letters, letters) && !place.has_nodes) {
            return form.spelling;
        }
    }
    for (const PortType& type : port_types) {
        if (letters.size() >= type.letters_min && begins(type.spelling, letters) &&
            place.numbers >= type.numbers_min && place.numbers <= type.numbers_max &&
            may_stand(type, place)) {
            return type.spelling;
        }
    }
    return {};
}

}  // namespace

void normalise_interface(std::string_view name, std::string& out) {
    out.clear();
    const std::string_view whole = without_blanks(name);
    const std::size_t split = static_cast<std::size_t>(
        std::find_if(whole.begin(), whole.end(), is_digit) - whole.begin());
    const std::string_view numbers = whole.substr(split);
    const Place place = read_place(numbers);
    const std::string_view letters = without_blanks(whole.substr(0, split));
    const std::string_view spelling =
        place.good && !letters.empty() ? spell_out(letters, place) : std::string_view();
    if (spelling.empty()) {
        out.append(name);
        return;
    }
    out.append(spelling);
    out.append(numbers);
}

}  // namespace weir
