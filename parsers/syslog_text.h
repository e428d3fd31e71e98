// Small text scanning pieces shared by the syslog parsers: character classes by table, and prefixes
// of sized views. Header-only; every function is pure and reads only inside its view.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::syslog_text {

enum CharClass : std::uint8_t {
    digit = 1,
    upper = 2,
    lower = 4,
    blank = 8,           // space and tab
    host_char = 16,      // what a hostname, an address or a MAC is written with
    mnemonic_char = 64,  // what "%FACILITY-SEVERITY-MNEMONIC" is written with
    tag_char = 32,       // what a BSD tag is written with, ':' and '[' left out
};

constexpr std::array<std::uint8_t, 256> make_char_classes() {
    std::array<std::uint8_t, 256> table{};
    const auto add = [&table](std::string_view chars, unsigned bits) {
        for (const char c : chars) {
            auto& entry = table[static_cast<unsigned char>(c)];
            entry = static_cast<std::uint8_t>(entry | bits);
        }
    };
    add("0123456789", digit | host_char | tag_char | mnemonic_char);
    add("ABCDEFGHIJKLMNOPQRSTUVWXYZ", upper | host_char | tag_char | mnemonic_char);
    add("abcdefghijklmnopqrstuvwxyz", lower | host_char | tag_char | mnemonic_char);
    add(" \t", blank);
    add("._-", host_char | tag_char);
    add(":", host_char);
    add("/#+@()~$&", tag_char);
    add("_-.$/", mnemonic_char);
    return table;
}

inline constexpr std::array<std::uint8_t, 256> char_classes = make_char_classes();

[[nodiscard]] constexpr bool is(char c, unsigned classes) {
    return (char_classes[static_cast<unsigned char>(c)] & classes) != 0;
}

[[nodiscard]] constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool is_letter(char c) {
    return is(c, upper | lower);
}

[[nodiscard]] constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

[[nodiscard]] constexpr char lower_case(char c) {
    return is(c, upper) ? static_cast<char>(c + ('a' - 'A')) : c;
}

// Length of the longest prefix made of `classes`, at most `length_max`.
[[nodiscard]] constexpr std::size_t span_of(std::string_view text, unsigned classes,
                                            std::size_t length_max = 255) {
    const std::size_t end = text.size() < length_max ? text.size() : length_max;
    std::size_t length = 0;
    while (length < end && is(text[length], classes)) {
        ++length;
    }
    return length;
}

// Length of the first word: up to a blank, the end, or `length_max`.
[[nodiscard]] constexpr std::size_t word_length(std::string_view text,
                                                std::size_t length_max = 255) {
    const std::size_t end = text.size() < length_max ? text.size() : length_max;
    std::size_t length = 0;
    while (length < end && !is_blank(text[length])) {
        ++length;
    }
    return length;
}

[[nodiscard]] constexpr std::string_view skip_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    return text;
}

[[nodiscard]] constexpr bool all_of_class(std::string_view text, unsigned classes) {
    for (const char c : text) {
        if (!is(c, classes)) {
            return false;
        }
    }
    return !text.empty();
}

// Case-insensitive equality; `lower_cased` is given in lower case.
[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view text,
                                                  std::string_view lower_cased) {
    if (text.size() != lower_cased.size()) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (lower_case(text[i]) != lower_cased[i]) {
            return false;
        }
    }
    return true;
}

// What follows the first `length` bytes.
[[nodiscard]] constexpr std::string_view after(std::string_view text, std::size_t length) {
    text.remove_prefix(length);
    return text;
}

// The first byte, or NUL at the end of the view.
[[nodiscard]] constexpr char first(std::string_view text) {
    return text.empty() ? '\0' : text.front();
}

}  // namespace weir::syslog_text
