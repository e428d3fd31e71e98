#include "parsers/ise.h"

#include "parsers/syslog_text.h"

namespace weir {

namespace {

using namespace syslog_text;

// A decimal number and the one blank behind it.
bool take_number(std::string_view& rest, std::size_t digits_max, std::string_view& number) {
    const std::size_t length = span_of(rest, digit, digits_max + 1);
    if (length == 0 || length > digits_max || length >= rest.size() || rest[length] != ' ') {
        return false;
    }
    number = rest.substr(0, length);
    rest.remove_prefix(length + 1);
    return true;
}

std::uint16_t to_number(std::string_view digits) {
    unsigned value = 0;
    for (const char c : digits) {
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return static_cast<std::uint16_t>(value);
}

}  // namespace

IsePart read_ise_part(const Record& record) {
    const std::string_view category = record.app_name;
    if (!category.starts_with("CISE_") && !category.starts_with("CSCOacs_")) {
        return {};
    }
    IsePart part;
    std::string_view rest = record.msg;
    std::string_view total;
    std::string_view index;
    if (!take_number(rest, 20, part.id) || !take_number(rest, 4, total) ||
        !take_number(rest, 4, index)) {
        return {};
    }
    part.total = to_number(total);
    part.index = to_number(index);
    if (part.total == 0 || part.index >= part.total) {
        return {};
    }
    part.present = true;
    part.category = category;
    part.text = rest;
    return part;
}

}  // namespace weir
