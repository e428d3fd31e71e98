#include "core/labels.h"

#include <fmt/format.h>

#include <iterator>

namespace weir {

namespace {

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

void append_quoted(std::string_view value, std::string& out) {
    out += '"';
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (c == '\r') {
            out += "\\r";
        } else if (byte < 0x20 || byte == 0x7f) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    out += '"';
}

}  // namespace

bool is_valid_label_name(std::string_view name) {
    if (name.empty() || name.size() > label_name_bytes_max || !is_name_start(name.front())) {
        return false;
    }
    for (const char c : name) {
        if (!is_name_start(c) && !(c >= '0' && c <= '9')) {
            return false;
        }
    }
    return true;
}

bool is_valid_tenant(std::string_view tenant) {
    if (tenant.empty() || tenant.size() > tenant_bytes_max || tenant == "." || tenant == "..") {
        return false;
    }
    for (const char c : tenant) {
        if (!is_name_start(c) && !(c >= '0' && c <= '9') &&
            std::string_view("!-.*'()").find(c) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

std::string to_loki_labels(const Labels& labels) {
    std::string text = "{";
    for (const auto& [name, value] : labels) {
        if (text.size() > 1) {
            text += ", ";
        }
        text += name;
        text += '=';
        append_quoted(value, text);
    }
    text += '}';
    return text;
}

}  // namespace weir
