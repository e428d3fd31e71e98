#include "parsers/syslog_tag.h"

#include "parsers/syslog_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace weir {

namespace {

using namespace syslog_text;

constexpr std::size_t tag_bytes_max = 128;
constexpr std::size_t proc_id_bytes_max = 64;

constexpr std::array<std::string_view, 18> level_words = {
    "emerg", "emergency", "panic",         "alert",   "crit",   "critical",
    "err",   "error",     "warn",          "warning", "notice", "info",
    "debug", "fatal",     "informational", "trace",   "severe", "verbose"};

// Keys that begin "Key: value" bodies (iDRAC, Windows agents).
constexpr std::array<std::string_view, 11> key_words = {
    "severity", "category", "message", "level", "description", "reason",
    "date",     "time",     "cef",     "leef",  "note"};

// First words of messages that devices send without a hostname.
constexpr std::array<std::string_view, 41> sentence_words = {"accepted",
                                                             "access",
                                                             "account",
                                                             "admin",
                                                             "an",
                                                             "application",
                                                             "attempt",
                                                             "authentication",
                                                             "cannot",
                                                             "client",
                                                             "closed",
                                                             "command",
                                                             "configuration",
                                                             "connected",
                                                             "connection",
                                                             "could",
                                                             "disconnected",
                                                             "failed",
                                                             "failure",
                                                             "final",
                                                             "interface",
                                                             "invalid",
                                                             "last",
                                                             "link",
                                                             "login",
                                                             "logout",
                                                             "message",
                                                             "mswineventlog",
                                                             "new",
                                                             "no",
                                                             "port",
                                                             "process",
                                                             "received",
                                                             "session",
                                                             "started",
                                                             "starting",
                                                             "system",
                                                             "the",
                                                             "this",
                                                             "unable",
                                                             "user"};

// For each initial, which of the words begin with it.
template <std::size_t count>
constexpr std::array<std::uint64_t, 26> by_initial(
    const std::array<std::string_view, count>& words) {
    static_assert(count <= 64);
    std::array<std::uint64_t, 26> table{};
    for (std::size_t i = 0; i < count; ++i) {
        table[static_cast<std::size_t>(words[i][0] - 'a')] |= std::uint64_t{1} << i;
    }
    return table;
}

constexpr auto level_initials = by_initial(level_words);
constexpr auto key_initials = by_initial(key_words);
constexpr auto sentence_initials = by_initial(sentence_words);

template <std::size_t count>
bool is_among(std::string_view word, const std::array<std::string_view, count>& words,
              const std::array<std::uint64_t, 26>& initials) {
    if (word.size() < 2 || word.size() > 14 || !is_letter(word[0])) {
        return false;
    }
    std::uint64_t candidates = initials[static_cast<std::size_t>(lower_case(word[0]) - 'a')];
    for (; candidates != 0; candidates &= candidates - 1) {
        const auto index = static_cast<std::size_t>(std::countr_zero(candidates));
        if (equals_ignoring_case(word, words[index])) {
            return true;
        }
    }
    return false;
}

bool has_letter(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return is_letter(c); });
}

bool ends_tag(std::string_view text, std::size_t at) {
    return at >= text.size() || is_blank(text[at]);
}

bool is_tag_name(std::string_view name) {
    return has_letter(name) && name[0] != '-' && !is_among(name, key_words, key_initials) &&
           !is_among(name, level_words, level_initials);
}

// "[pid]" at text[at]. The length of it, 0 when it is none.
std::size_t proc_id_length(std::string_view text, std::size_t at) {
    const std::string_view inside = text.substr(at + 1, proc_id_bytes_max + 1);
    std::size_t length = 0;
    while (length < inside.size() && inside[length] != ']' && inside[length] != '[' &&
           !is_blank(inside[length])) {
        ++length;
    }
    return length < inside.size() && inside[length] == ']' && length > 0 ? length + 2 : 0;
}

Tag tag_with_proc_id(std::string_view text, std::size_t at) {
    const std::size_t length = proc_id_length(text, at);
    if (length == 0) {
        return {};
    }
    const std::string_view name = text.substr(0, at);
    const std::string_view proc_id = text.substr(at + 1, length - 2);
    std::size_t end = at + length;
    if (end < text.size() && text[end] == ':') {
        ++end;
    } else if (text.substr(end, 3) == " : ") {
        end += 2;
    } else if (!ends_tag(text, end) || !all_of_class(proc_id, digit)) {
        return {};
    }
    return has_letter(name) ? Tag{name, proc_id, end} : Tag{};
}

// "ASM:text" and "LOGGER:OID": without a blank behind the colon only upper-case names are tags,
// because "key:value", MAC and IPv6 addresses look the same.
Tag tag_without_blank(std::string_view text, std::size_t colon) {
    const std::string_view name = text.substr(0, colon);
    const bool plain =
        all_of_class(name, upper | digit) || std::all_of(name.begin(), name.end(), [](char c) {
            return is(c, upper | digit) || c == '_' || c == '-';
        });
    const char behind = text[colon + 1];
    if (name.size() < 3 || !plain || !is_letter(name[0]) || behind == '/' || behind == '\\' ||
        (is_digit(behind) && name.size() < 4) || !is_tag_name(name) ||
        is_address_literal(text.substr(0, word_length(text, 64)))) {
        return {};
    }
    return {name, {}, colon + 1};
}

}  // namespace

bool is_level_word(std::string_view word) {
    return is_among(word, level_words, level_initials);
}

bool is_address_literal(std::string_view word) {
    std::size_t dots = 0;
    std::size_t colons = 0;
    std::size_t digits = 0;
    for (const char c : word) {
        if (c == '.') {
            ++dots;
        } else if (c == ':') {
            ++colons;
        } else if (is_digit(c)) {
            ++digits;
        } else if (lower_case(c) < 'a' || lower_case(c) > 'f') {
            return false;
        }
    }
    return (dots == 3 && colons == 0 && digits + dots == word.size() && digits >= 4) || colons >= 2;
}

bool is_hostname(std::string_view word) {
    if (word.empty() || word.size() > 255) {
        return false;
    }
    if (const std::size_t interface = word.find('%'); interface != std::string_view::npos) {
        // "fe80::1%eth0"
        return is_address_literal(word.substr(0, interface)) &&
               all_of_class(after(word, interface + 1), tag_char);
    }
    if (!all_of_class(word, host_char)) {
        return false;
    }
    // "::1" begins with a colon, systemd's "_gateway" with a line; nothing else with a mark.
    const bool named = word[0] == '_' && word.size() > 1 && is_letter(word[1]);
    if (!named && !is(word[0], digit | upper | lower) && !is_address_literal(word)) {
        return false;
    }
    return !is_among(word, sentence_words, sentence_initials) &&
           !is_among(word, level_words, level_initials);
}

Tag scan_tag(std::string_view text) {
    text = text.substr(0, tag_bytes_max + proc_id_bytes_max + 4);
    std::size_t colon = 0;  // the first ':' with text right behind it
    std::size_t at = 0;
    while (at < text.size() && at <= tag_bytes_max) {
        const char c = text[at];
        if (is(c, tag_char)) {
            ++at;
        } else if (c == ':') {
            if (ends_tag(text, at + 1)) {
                const std::string_view name = text.substr(0, at);
                return is_tag_name(name) && !is_address_literal(name) ? Tag{name, {}, at + 1}
                                                                      : Tag{};
            }
            if (colon == 0) {
                colon = at;
            }
            ++at;
        } else if (c == '[' && at > 0 && text[at - 1] != ':') {
            const Tag tag = tag_with_proc_id(text, at);
            if (tag.length > 0 || colon == 0) {
                return tag;
            }
            break;
        } else {
            break;
        }
    }
    return colon > 0 ? tag_without_blank(text, colon) : Tag{};
}

}  // namespace weir
