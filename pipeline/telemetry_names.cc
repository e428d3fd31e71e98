#include "pipeline/telemetry_names.h"

#include <algorithm>
#include <cctype>

namespace weir {

namespace {

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// True if a word begins with the capital at `at`: "operSt", "l1Phys", the I of "HCIn". The v of
// "IPv4" belongs to it.
bool begins_word(std::string_view text, std::size_t at) {
    if (!is_upper(text[at]) || at == 0) {
        return false;
    }
    const char before = text[at - 1];
    if (is_lower(before) || is_digit(before)) {
        return true;
    }
    const bool lower_next = at + 1 < text.size() && is_lower(text[at + 1]);
    return is_upper(before) && lower_next && text.substr(at - 1, 3) != "IPv";
}

void strip_end(std::string_view end, std::string_view& text) {
    if (text.size() > end.size() && text.ends_with(end)) {
        text.remove_suffix(end.size());
    }
}

// "cisco_iosxe", "openconfig_interfaces": what all names of a root begin with.
std::string name_prefix(const TelemetryRoot& root, bool full) {
    switch (root.family) {
        case TelemetryFamily::dme:
            return "nxos_dme";
        case TelemetryFamily::show:
            return "nxos_show";
        case TelemetryFamily::other:
            return "nxos";
        case TelemetryFamily::yang:
            break;
    }

    struct Prefix {
        std::string_view module;
        std::string_view name;
    };

    constexpr Prefix prefixes[] = {{"Cisco-IOS-XE-", "cisco_iosxe"},
                                   {"Cisco-IOS-XR-", "cisco_iosxr"},
                                   {"Cisco-NX-OS-device", "nxos"},
                                   {"ietf-", "ietf"}};
    for (const Prefix& prefix : prefixes) {
        if (root.module.starts_with(prefix.module)) {
            std::string name(prefix.name);
            if (full) {
                append_snake_case(std::string_view(root.module).substr(prefix.module.size()), name);
            }
            return name;
        }
    }
    std::string name = snake_case(root.module);
    return name.empty() || is_digit(name.front()) ? "yang_" + name : name;
}

}  // namespace

void append_snake_case(std::string_view text, std::string& out) {
    const std::size_t begin = out.size();
    bool gap = begin > 0 && out.back() != '_';
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (!is_upper(c) && !is_lower(c) && !is_digit(c)) {
            gap = true;
            continue;
        }
        if ((gap || begins_word(text, at)) && !out.empty() && out.back() != '_') {
            out += '_';
        }
        gap = false;
        out += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    }
}

std::string snake_case(std::string_view text) {
    std::string out;
    append_snake_case(text, out);
    return out;
}

std::string_view without_module(std::string_view element) {
    const std::size_t colon = element.find(':');
    if (colon == std::string_view::npos || colon + 1 == element.size()) {
        return element;
    }
    const std::string_view module = element.substr(0, colon);
    const bool name = std::all_of(module.begin(), module.end(), [](char c) {
        return is_upper(c) || is_lower(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
    });
    return name ? element.substr(colon + 1) : element;
}

std::string_view name_word(std::string_view element) {
    strip_end("-items", element);
    strip_end("-list", element);
    for (const std::string_view prefix : {"TABLE_", "ROW_"}) {
        if (element.starts_with(prefix)) {
            element.remove_prefix(prefix.size());
        }
    }
    return element;
}

bool is_plural_of(std::string_view plural, std::string_view singular) {
    if (singular.empty() || plural.size() <= singular.size()) {
        return false;
    }
    if (plural.starts_with(singular)) {
        const std::string_view end = plural.substr(singular.size());
        return end == "s" || end == "es";
    }
    return singular.back() == 'y' && plural.ends_with("ies") &&
           plural.substr(0, plural.size() - 3) == singular.substr(0, singular.size() - 1);
}

bool is_silent_element(std::string_view element) {
    constexpr std::string_view silent[] = {"state",    "content", "keys", "attributes",
                                           "children", "imdata",  "",     "statObjects"};
    return element.starts_with("ROW_") ||
           std::find(std::begin(silent), std::end(silent), element) != std::end(silent);
}

std::string telemetry_name(const TelemetryRoot& root, std::span<const std::string_view> elements,
                           std::string_view leaf, bool full) {
    std::string name = name_prefix(root, full);
    for (std::size_t at = 0; at < elements.size(); ++at) {
        const std::string_view element = elements[at];
        if (full) {
            append_snake_case(element, name);
            continue;
        }
        const bool plural = at + 1 < elements.size() && is_plural_of(element, elements[at + 1]);
        // A table of `show interface brief` that is called interface says nothing new.
        const bool told = root.family == TelemetryFamily::show && element.starts_with("TABLE_") &&
                          std::find(root.elements.begin(), root.elements.end(),
                                    name_word(element)) != root.elements.end();
        const bool again =
            root.family == TelemetryFamily::other &&
            std::find(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(at),
                      element) != elements.begin() + static_cast<std::ptrdiff_t>(at);
        if (!plural && !told && !again && !is_silent_element(element)) {
            append_snake_case(name_word(element), name);
        }
    }
    append_snake_case(leaf, name);
    return name;
}

void add_name_suffix(LeafKind kind, std::string_view unit, std::string& name) {
    std::string_view kept = name;
    switch (kind) {
        case LeafKind::counter:
            strip_end("_total", kept);
            name = std::string(kept) + "_total";
            return;
        case LeafKind::timestamp_s:
        case LeafKind::timestamp_ms:
        case LeafKind::timestamp_us:
        case LeafKind::timestamp_ns:
        case LeafKind::timestamp_text:
            strip_end("_seconds", kept);
            strip_end("_timestamp", kept);
            strip_end("_time", kept);
            strip_end("_ts", kept);
            name = std::string(kept) + "_timestamp_seconds";
            return;
        case LeafKind::info:
            name += "_info";
            return;
        default:
            break;
    }
    if (!unit.empty()) {
        const std::string suffix = "_" + snake_case(unit);
        if (!name.ends_with(suffix)) {
            name += suffix;
        }
    }
}

std::string label_name(std::string_view word) {
    const bool usable = !word.empty() && !is_digit(word.front()) && !is_reserved_label(word);
    return usable ? std::string(word) : "exported_" + std::string(word);
}

bool is_reserved_label(std::string_view name) {
    return name.starts_with("__") || name == "job" || name == "instance" || name == "le" ||
           name == "quantile";
}

}  // namespace weir
