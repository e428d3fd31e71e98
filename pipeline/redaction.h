// Redaction: replaces what a pattern finds, in the line and in every view into it at once, so that
// a secret taken out of the line does not survive in the metadata. Part of pipeline/rules.
#pragma once

#include "pipeline/rule_field.h"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace weir {

// A line with more matches, or that grows beyond this, is cut after the last replacement: what was
// not looked at may hold a secret.
inline constexpr std::size_t redactions_max = 1000;
inline constexpr std::size_t redacted_bytes_max = 1024 * 1024;

// Appends `replacement` to `out` with \0..\9 standing for `groups` (those beyond `count` are
// empty) and \\ for a backslash.
void append_rewrite(std::string_view replacement, const std::string_view* groups, std::size_t count,
                    std::string& out);

// Resource. Buffers of one thread, reused from record to record; what a redaction writes lives here
// until the next reset().
class Redactor {
  public:
    // Forgets what was written for the former record.
    void reset() { texts_used_ = 0; }

    // Replaces every match of `pattern` in `*target`, a view into `input` (its line or a field of
    // its record). A target inside the line is rewritten there, and every view into the line moves
    // along: parts of it that were replaced show the replacement. A redaction of the line itself is
    // done to the record's texts that lie elsewhere too. Returns whether anything was found.
    bool redact(const re2::RE2& pattern, std::string_view replacement, std::string_view& target,
                RuleInput& input);

    // The same for a string of the caller's.
    bool redact(const re2::RE2& pattern, std::string_view replacement, std::string& text);

  private:
    // A replaced stretch, in offsets of the old and of the new text.
    struct Stretch {
        std::size_t old_begin;
        std::size_t old_end;
        std::size_t new_begin;
        std::size_t new_end;
    };

    bool find_all(const re2::RE2& pattern, std::string_view replacement, std::string_view text,
                  std::size_t from, std::size_t to, std::string& out);
    [[nodiscard]] std::string_view moved(std::string_view view, std::string_view from,
                                         std::string_view to) const;
    bool redact_view(const re2::RE2& pattern, std::string_view replacement, std::string_view& text);
    std::string& spare();

    std::vector<Stretch> stretches_;
    std::deque<std::string> texts_;  // a deque, so that views into the first ones stay
    std::size_t texts_used_ = 0;
};

}  // namespace weir
