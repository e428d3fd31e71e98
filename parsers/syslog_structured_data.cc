#include "parsers/syslog_structured_data.h"

#include "parsers/syslog_text.h"

namespace weir {

namespace {

using namespace syslog_text;

bool ends_name(char c) {
    return is_blank(c) || c == '=' || c == ']' || c == '"' || c == '[' ||
           static_cast<unsigned char>(c) < ' ';
}

std::string_view take_name(std::string_view& rest) {
    std::size_t length = 0;
    while (length < rest.size() && !ends_name(rest[length])) {
        ++length;
    }
    const std::string_view name = rest.substr(0, length);
    rest.remove_prefix(length);
    return name;
}

// The quoted value at the start of `rest`, its opening quote already taken. False when it never
// closes.
bool take_quoted(std::string_view& rest, std::string_view& value, bool& strict) {
    std::size_t at = 0;
    while (at < rest.size() && rest[at] != '"') {
        if (rest[at] == '\\' && at + 1 < rest.size()) {
            ++at;
        } else if (rest[at] == ']') {
            strict = false;
        }
        ++at;
    }
    if (at >= rest.size()) {
        return false;
    }
    value = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    return true;
}

bool take_param(std::string_view& rest, SdParam& param, bool& strict) {
    param.name = take_name(rest);
    if (param.name.empty()) {
        return false;
    }
    const std::string_view equals = skip_blanks(rest);
    strict = strict && equals.size() == rest.size();
    if (first(equals) != '=') {
        return false;
    }
    rest = after(equals, 1);
    const std::string_view value = skip_blanks(rest);
    strict = strict && value.size() == rest.size();
    rest = value;
    if (first(rest) == '"') {
        rest.remove_prefix(1);
        return take_quoted(rest, param.raw_value, strict);
    }
    strict = false;
    param.raw_value = take_name(rest);
    return true;
}

// One element without its '['; leaves `rest` behind its ']'.
bool take_element(std::string_view& rest, SdElement& element, bool& strict) {
    const std::string_view inside = skip_blanks(rest);
    strict = strict && inside.size() == rest.size();
    rest = inside;
    element.id = take_name(rest);
    if (element.id.empty()) {
        return false;
    }
    const std::string_view params = rest;
    while (true) {
        const std::size_t before = rest.size();
        rest = skip_blanks(rest);
        const std::size_t blanks = before - rest.size();
        if (first(rest) == ']') {
            strict = strict && blanks == 0;
            element.params = params.substr(0, params.size() - rest.size());
            rest.remove_prefix(1);
            return true;
        }
        strict = strict && blanks == 1;
        SdParam param;
        if (blanks == 0 || !take_param(rest, param, strict)) {
            return false;
        }
    }
}

}  // namespace

StructuredDataScan scan_structured_data(std::string_view text) {
    StructuredDataScan scan;
    std::string_view rest = text;
    while (first(rest) == '[') {
        std::string_view at = after(rest, 1);
        SdElement element;
        bool strict = scan.strict;
        if (!take_element(at, element, strict)) {
            break;
        }
        scan.strict = strict;
        rest = at;
        scan.length = text.size() - rest.size();
    }
    return scan;
}

bool next_sd_element(std::string_view& structured_data, SdElement& element) {
    if (first(structured_data) != '[') {
        return false;
    }
    structured_data.remove_prefix(1);
    bool strict = true;
    return take_element(structured_data, element, strict);
}

bool next_sd_param(std::string_view& params, SdParam& param) {
    params = skip_blanks(params);
    bool strict = true;
    return !params.empty() && take_param(params, param, strict);
}

void append_sd_value(std::string_view raw_value, std::string& out) {
    for (std::size_t i = 0; i < raw_value.size(); ++i) {
        const char c = raw_value[i];
        if (c == '\\' && i + 1 < raw_value.size()) {
            const char escaped = raw_value[i + 1];
            if (escaped == '"' || escaped == '\\' || escaped == ']') {
                out += escaped;
                ++i;
                continue;
            }
        }
        out += c;
    }
}

}  // namespace weir
