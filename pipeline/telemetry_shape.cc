#include "pipeline/telemetry_shape.h"

#include <algorithm>
#include <cctype>

namespace weir {

namespace {

// So many nodes tell the shape: a few anonymous ones and `children` stand before it.
constexpr std::size_t nodes_looked_at = 16;

bool is_module_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

// An argument of a command, which would make a name for every port: "ethernet1/1", "100", "vrf1".
bool is_argument(std::string_view word) {
    if (word.find('/') != std::string_view::npos ||
        std::isdigit(static_cast<unsigned char>(word.front())) != 0) {
        return true;
    }
    constexpr std::string_view numbered[] = {"ethernet", "eth", "vlan", "loopback", "lo",
                                             "mgmt",     "po",  "nve",  "tunnel"};
    return std::any_of(std::begin(numbered), std::end(numbered), [&](std::string_view prefix) {
        return word.size() > prefix.size() && word.starts_with(prefix) &&
               std::isdigit(static_cast<unsigned char>(word[prefix.size()])) != 0;
    });
}

void read_command(std::string_view path, std::size_t elements_max, TelemetryRoot& root) {
    while (!path.empty() && root.elements.size() < elements_max) {
        const std::size_t end = std::min(path.find(' '), path.size());
        const std::string_view word = path.substr(0, end);
        if (word == "|") {
            return;
        }
        if (!word.empty() && word != "show" && !is_argument(word)) {
            root.elements.emplace_back(word);
        }
        path.remove_prefix(std::min(end + 1, path.size()));
    }
}

// The end of an element: a slash that is in no brackets.
std::size_t element_end(std::string_view path) {
    int brackets = 0;
    for (std::size_t at = 0; at < path.size(); ++at) {
        brackets += path[at] == '[' ? 1 : 0;
        brackets -= path[at] == ']' && brackets > 0 ? 1 : 0;
        if (path[at] == '/' && brackets == 0) {
            return at;
        }
    }
    return path.size();
}

std::string_view without_prefix(std::string_view element) {
    const std::size_t colon = element.find(':');
    return colon == std::string_view::npos ? element : element.substr(colon + 1);
}

// "[name='eth1/1'][index=2]"; a wildcard is no key.
void read_keys(std::string_view text, std::size_t element, TelemetryRoot& root) {
    constexpr std::size_t keys_max = 16;
    while (text.starts_with('[') && root.keys.size() < keys_max) {
        const std::size_t equals = text.find('=');
        const std::size_t end = text.find(']');
        if (equals == std::string_view::npos || end == std::string_view::npos || equals > end) {
            return;
        }
        std::string_view value = text.substr(equals + 1, end - equals - 1);
        if (value.size() >= 2 && (value.front() == '\'' || value.front() == '"')) {
            value = value.substr(1, value.size() - 2);
        }
        if (value != "*" && !value.empty()) {
            const std::string_view name = without_prefix(text.substr(1, equals - 1));
            root.keys.push_back({element, std::string(name), std::string(value)});
        }
        text.remove_prefix(end + 1);
    }
}

void read_elements(std::string_view path, std::size_t elements_max, TelemetryRoot& root) {
    while (!path.empty() && root.elements.size() < elements_max) {
        const std::size_t end = element_end(path);
        const std::string_view element = path.substr(0, end);
        const std::size_t bracket = std::min(element.find('['), element.size());
        const std::string_view name = without_prefix(element.substr(0, bracket));
        if (!name.empty()) {
            read_keys(element.substr(bracket), root.elements.size(), root);
            root.elements.emplace_back(name);
        }
        path.remove_prefix(std::min(end + 1, path.size()));
    }
}

std::string_view without_slash(std::string_view path) {
    while (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    return path;
}

}  // namespace

bool has_module(std::string_view encoding_path) {
    encoding_path = without_slash(encoding_path);
    const auto end =
        std::find_if_not(encoding_path.begin(), encoding_path.end(), is_module_character);
    return end != encoding_path.begin() && end != encoding_path.end() && *end == ':';
}

bool is_event_path(std::string_view encoding_path) {
    return encoding_path == "EVENT-LIST";
}

TelemetryFamily telemetry_family(std::string_view encoding_path, TelemetryNodes content) {
    if (has_module(encoding_path)) {
        return TelemetryFamily::yang;
    }
    const std::size_t end = std::min(content.size(), nodes_looked_at);
    for (std::size_t at = 0; at < end; ++at) {
        if (content[at].name == "attributes" || content[at].name == "imdata") {
            return TelemetryFamily::dme;
        }
        if (content[at].name.starts_with("TABLE_")) {
            return TelemetryFamily::show;
        }
    }
    if (encoding_path.starts_with("show ")) {
        return TelemetryFamily::show;
    }
    const bool objects = encoding_path == "sys" || encoding_path.starts_with("sys/");
    return objects || is_event_path(encoding_path) ? TelemetryFamily::dme : TelemetryFamily::other;
}

TelemetryRoot read_encoding_path(std::string_view encoding_path, TelemetryFamily family,
                                 std::size_t elements_max) {
    TelemetryRoot root{.family = family};
    std::string_view path = without_slash(encoding_path);
    switch (family) {
        case TelemetryFamily::yang: {
            const std::size_t colon = path.find(':');
            root.module = path.substr(0, colon);
            path.remove_prefix(std::min(colon, path.size() - 1) + 1);
            read_elements(path, elements_max, root);
            break;
        }
        case TelemetryFamily::show:
            read_command(path, elements_max, root);
            break;
        case TelemetryFamily::other:
            read_elements(path, elements_max, root);
            break;
        case TelemetryFamily::dme:  // objects are named by their class, wherever they stand
            break;
    }
    return root;
}

bool is_path_key(const TelemetryNode& key, std::string_view encoding_path) {
    return key.name == encoding_path &&
           (key.text == encoding_path || key.kind != TelemetryKind::text);
}

}  // namespace weir
