#include "pipeline/redaction.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <functional>

namespace weir {

namespace {

constexpr std::size_t groups_max = 10;  // \0 to \9

bool is_within(std::string_view inner, std::string_view outer) {
    const std::less_equal<const char*> before;
    return inner.data() != nullptr && before(outer.data(), inner.data()) &&
           before(inner.data() + inner.size(), outer.data() + outer.size());
}

// Length of the UTF-8 character that starts `text`, which is not empty.
std::size_t character_bytes(std::string_view text) {
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) {
        ++size;
    }
    return size;
}

}  // namespace

void append_rewrite(std::string_view replacement, const std::string_view* groups, std::size_t count,
                    std::string& out) {
    for (std::size_t i = 0; i < replacement.size(); ++i) {
        if (replacement[i] != '\\' || i + 1 == replacement.size()) {
            out += replacement[i];
            continue;
        }
        const char next = replacement[++i];
        if (next < '0' || next > '9') {
            out += next;
        } else if (const auto group = static_cast<std::size_t>(next - '0'); group < count) {
            out += groups[group];
        }
    }
}

// A buffer that stays in use only once `keep` said so.
std::string& Redactor::spare() {
    if (texts_used_ == texts_.size()) {
        texts_.emplace_back();
    }
    return texts_[texts_used_];
}

// Writes `text` to `out` with what the pattern finds in [from, to) replaced, and notes the
// stretches.
bool Redactor::find_all(const re2::RE2& pattern, std::string_view replacement,
                        std::string_view text, std::size_t from, std::size_t to, std::string& out) {
    stretches_.clear();
    const std::string_view region = text.substr(from, to - from);
    const re2::StringPiece where(region.data(), region.size());
    const std::size_t count =
        std::min(static_cast<std::size_t>(pattern.NumberOfCapturingGroups()) + 1, groups_max);
    // Captures cost more than bounds; only a replacement that uses them pays.
    const std::size_t wanted = replacement.find('\\') == std::string_view::npos ? 1 : count;
    std::array<re2::StringPiece, groups_max> found;
    std::array<std::string_view, groups_max> groups;
    std::size_t copied = 0;
    std::size_t at = 0;
    while (at <= region.size() && pattern.Match(where, at, region.size(), re2::RE2::UNANCHORED,
                                                found.data(), static_cast<int>(wanted))) {
        const auto begin = static_cast<std::size_t>(found[0].data() - region.data());
        const std::size_t end = begin + found[0].size();
        if (begin == end) {
            // Nothing to hide; go on behind the next character.
            at = end < region.size() ? end + character_bytes(region.substr(end)) : end + 1;
            continue;
        }
        if (stretches_.empty()) {
            out.assign(text.substr(0, from));
        }
        out += region.substr(copied, begin - copied);
        for (std::size_t i = 0; i < wanted; ++i) {
            groups[i] = {found[i].data(), found[i].size()};
        }
        const std::size_t new_begin = out.size();
        append_rewrite(replacement, groups.data(), wanted, out);
        const bool stop =
            stretches_.size() + 1 == redactions_max || out.size() > redacted_bytes_max;
        copied = at = stop ? region.size() : end;
        stretches_.push_back({from + begin, from + copied, new_begin, out.size()});
        if (stop) {
            break;
        }
    }
    if (stretches_.empty()) {
        return false;
    }
    out += region.substr(copied);
    out += text.substr(to);
    return true;
}

// Where a view into `from` lies in `to`. An end inside a replaced stretch goes to that end of its
// replacement.
std::string_view Redactor::moved(std::string_view view, std::string_view from,
                                 std::string_view to) const {
    const auto begin = static_cast<std::size_t>(view.data() - from.data());
    const std::size_t end = begin + view.size();
    std::size_t new_begin = begin;
    std::size_t new_end = end;
    for (const Stretch& stretch : stretches_) {
        if (stretch.old_end <= begin) {
            new_begin = begin - stretch.old_end + stretch.new_end;
        } else if (stretch.old_begin < begin) {
            new_begin = stretch.new_begin;
        }
        if (stretch.old_end <= end) {
            new_end = end - stretch.old_end + stretch.new_end;
        } else if (stretch.old_begin < end) {
            new_end = stretch.new_end;
        }
    }
    return to.substr(new_begin, view.empty() ? 0 : new_end - new_begin);
}

bool Redactor::redact_view(const re2::RE2& pattern, std::string_view replacement,
                           std::string_view& text) {
    std::string& out = spare();
    if (!find_all(pattern, replacement, text, 0, text.size(), out)) {
        return false;
    }
    ++texts_used_;
    text = out;
    return true;
}

bool Redactor::redact(const re2::RE2& pattern, std::string_view replacement,
                      std::string_view& target, RuleInput& input) {
    const bool is_line = &target == &input.line;
    const std::string_view wanted = target;
    const std::string_view line = input.line;
    bool any = false;
    if (is_within(wanted, line)) {
        const auto from = static_cast<std::size_t>(wanted.data() - line.data());
        std::string& out = spare();
        if (find_all(pattern, replacement, line, from, from + wanted.size(), out)) {
            ++texts_used_;
            any = true;
            input.line = out;
            input.record->for_each_text([&](std::string_view& text) {
                if (is_within(text, line)) {
                    text = moved(text, line, out);
                }
            });
        }
    }
    // Texts that are no part of the line: all of them with the line, else the target and its like.
    input.record->for_each_text([&](std::string_view& text) {
        const bool same = text.data() == wanted.data() && text.size() == wanted.size();
        if (text.data() != nullptr && (is_line || same) && !is_within(text, line) &&
            !is_within(text, input.line)) {
            any = redact_view(pattern, replacement, text) || any;
        }
    });
    return any;
}

bool Redactor::redact(const re2::RE2& pattern, std::string_view replacement, std::string& text) {
    std::string& out = spare();
    if (!find_all(pattern, replacement, text, 0, text.size(), out)) {
        return false;
    }
    text = out;
    return true;
}

}  // namespace weir
