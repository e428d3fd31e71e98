// Words of a BSD header: the tag ("sshd[123]:"), the hostname, level words. No state, no guessing
// over more than the words at hand.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

// Value that borrows. RFC 3164's TAG with its optional process id.
struct Tag {
    std::string_view name;     // without data when there is no tag
    std::string_view proc_id;  // without data when there is none
    std::size_t length = 0;    // bytes of the tag with ':' or ']', without the blanks that follow
};

// Reads a tag at the start of `text`. It must end in ':' or "[pid]"; a bare word is no tag. Words
// that begin an ordinary sentence or a key-value body ("Severity:", "error:", "CEF:0|") are not.
[[nodiscard]] Tag scan_tag(std::string_view text);

// True when `word` can be a hostname or an address: its characters fit, and it is neither a level
// word nor a word that begins an English message ("User", "Connection").
[[nodiscard]] bool is_hostname(std::string_view word);

// True for an IPv4 or IPv6 address literal, loosely: only its characters are looked at.
[[nodiscard]] bool is_address_literal(std::string_view word);

// True for "notice", "WARN", "crit"...
[[nodiscard]] bool is_level_word(std::string_view word);

}  // namespace weir
