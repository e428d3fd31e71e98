#include "parsers/framing.h"

#include <algorithm>
#include <cstring>

namespace weir {

namespace {

constexpr std::size_t count_digits_max = 7;  // bounds the count before anything is sized by it
constexpr std::size_t count_bytes_min = 3;   // "<0>" is the shortest message with a PRI
constexpr auto npos = std::string_view::npos;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_separator(char c) {
    return c == '\n' || c == '\r' || c == '\0';
}

enum class Guess : std::uint8_t { no, yes, undecided };

// Does a frame begin here? "<13>", or "123 <".
Guess begins_frame(std::string_view text) {
    std::size_t at = 0;
    if (text.empty()) {
        return Guess::undecided;
    }
    const bool pri = text[0] == '<';
    at += pri ? 1 : 0;
    const std::size_t digits_max = pri ? 3 : count_digits_max;
    std::size_t digits = 0;
    while (at < text.size() && is_digit(text[at]) && digits <= digits_max) {
        ++at;
        ++digits;
    }
    if (digits > digits_max || (!pri && digits > 0 && text[0] == '0')) {
        return Guess::no;
    }
    if (at == text.size()) {
        return Guess::undecided;
    }
    if (digits == 0) {
        return Guess::no;
    }
    if (pri) {
        return text[at] == '>' ? Guess::yes : Guess::no;
    }
    if (text[at] != ' ') {
        return Guess::no;
    }
    ++at;
    return at == text.size() ? Guess::undecided : text[at] == '<' ? Guess::yes : Guess::no;
}

// Value. An LF inside a counted message behind which another frame seems to begin: the sign of a
// count that is too large.
struct Seam {
    std::size_t at = npos;    // of the LF
    std::size_t scanned = 0;  // bytes without such an LF
};

// With `whole`, `text` is all there is, and what is cut off at its end is no frame.
Seam find_seam(std::string_view text, std::size_t from, bool whole) {
    while (true) {
        const std::size_t at = text.find('\n', from);
        if (at == npos) {
            return {npos, text.size()};
        }
        const Guess guess = begins_frame(text.substr(at + 1));
        if (guess == Guess::yes) {
            return {at, at};
        }
        if (guess == Guess::undecided && !whole) {
            return {npos, at};
        }
        from = at + 1;
    }
}

std::string_view without_trailer(std::string_view text) {
    while (!text.empty() && is_separator(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

// Every step that consumes moves the front, and what was searched of it is void.
FramingStep Framer::deliver(FramingStep step) {
    scanned_ = 0;
    step.has_frame = !step.dropped && !step.frame.empty();
    return step;
}

FramingStep Framer::discard(std::string_view buffered) {
    FramingStep step;
    if (discard_counted_bytes_ > 0) {
        step.consumed = static_cast<std::size_t>(
            std::min<std::uint64_t>(discard_counted_bytes_, buffered.size()));
        discard_counted_bytes_ -= step.consumed;
        return step;
    }
    const std::size_t trailer = find_trailer(buffered, 0);
    discard_to_trailer_ = trailer == npos;
    step.consumed = trailer == npos ? buffered.size() : trailer + 1;
    return step;
}

Framer::Count Framer::read_count(std::string_view buffered, bool end_of_stream) const {
    if (options_.mode == FramingMode::lf || options_.mode == FramingMode::nul) {
        return {};
    }
    std::size_t at = 0;
    std::size_t value = 0;
    while (at < buffered.size() && at < count_digits_max && is_digit(buffered[at])) {
        value = value * 10 + static_cast<std::size_t>(buffered[at] - '0');
        ++at;
    }
    if (buffered[0] == '0' || at == 0) {
        return {};
    }
    // A listener pinned to octet counting believes the count alone; otherwise a PRI must follow, or
    // every line that begins with a number would be cut.
    const bool pinned = options_.mode == FramingMode::octet;
    const std::size_t needed = pinned ? at + 1 : at + 2;
    if (buffered.size() < needed) {
        const bool fits = at == buffered.size() || buffered[at] == ' ';
        return {.undecided = fits && !end_of_stream};
    }
    if (buffered[at] != ' ' || (!pinned && buffered[at + 1] != '<')) {
        return {};
    }
    return {.header_bytes = at + 1, .message_bytes = value};
}

FramingStep Framer::next_counted(std::string_view buffered, const Count& count,
                                 bool end_of_stream) {
    const std::string_view behind = buffered.substr(count.header_bytes);
    const bool complete = behind.size() >= count.message_bytes;
    if (!complete && !end_of_stream) {
        return {};
    }
    const std::string_view message = behind.substr(0, count.message_bytes);
    FramingStep step{.octet_counted = true};
    const Seam seam = find_seam(message, 0, true);
    if (seam.at != npos) {
        // Another frame seems to begin inside. The count is right if a frame begins behind it too.
        const std::string_view next = behind.substr(message.size());
        Guess believed = Guess::no;
        if (complete) {
            believed = next.empty() || !is_separator(next[0]) ? begins_frame(next) : Guess::yes;
        }
        if (believed == Guess::undecided && !end_of_stream) {
            return {};
        }
        const bool exact = complete && next.empty();
        if (believed == Guess::no || (believed == Guess::undecided && !exact)) {
            step.frame = without_trailer(message.substr(0, seam.at));
            step.consumed = count.header_bytes + seam.at + 1;
            step.defects.add(Defect::bad_octet_count);
            return deliver(step);
        }
    }
    step.frame = without_trailer(message);
    step.consumed = count.header_bytes + message.size();
    if (complete) {
        behind_count_ = true;
    } else {
        step.defects.add(Defect::unterminated_frame);
    }
    return deliver(step);
}

FramingStep Framer::next_oversize_counted(std::string_view buffered, const Count& count,
                                          bool end_of_stream) {
    const std::string_view behind = buffered.substr(count.header_bytes);
    const std::string_view kept = behind.substr(0, options_.message_bytes_max);
    const bool complete = kept.size() == options_.message_bytes_max;
    // A corrupt count must not swallow megabytes of neighbours, so it is doubted at once.
    const Seam seam = find_seam(kept, std::min(scanned_, kept.size()), complete || end_of_stream);
    FramingStep step{.octet_counted = true};
    if (seam.at != npos) {
        step.frame = without_trailer(kept.substr(0, seam.at));
        step.consumed = count.header_bytes + seam.at + 1;
        step.defects.add(Defect::bad_octet_count);
        return deliver(step);
    }
    if (!complete && !end_of_stream) {
        scanned_ = seam.scanned;
        return {};
    }
    step.consumed = count.header_bytes + kept.size();
    if (!complete) {
        step.frame = without_trailer(kept);
        step.defects.add(Defect::unterminated_frame);
        return deliver(step);
    }
    if (options_.oversize == Oversize::drop) {
        step.dropped = true;
        step.defects.add(Defect::oversize_dropped);
    } else {
        step.frame = kept;
        step.defects.add(Defect::truncated);
    }
    discard_counted_bytes_ = count.message_bytes - kept.size();
    behind_count_ = true;
    return deliver(step);
}

std::size_t Framer::find_trailer(std::string_view text, std::size_t from) const {
    if (options_.mode == FramingMode::lf) {
        return text.find('\n', from);
    }
    if (options_.mode == FramingMode::nul) {
        return text.find('\0', from);
    }
    // Whichever comes first. In blocks, so that a far LF is not searched for at every near NUL.
    constexpr std::size_t block_bytes = 256;
    while (from < text.size()) {
        const std::string_view block = text.substr(from, block_bytes);
        const std::size_t lf = block.find('\n');
        const std::size_t nul = block.substr(0, lf).find('\0');
        if (lf != npos || nul != npos) {
            return from + std::min(lf, nul);
        }
        from += block.size();
    }
    return npos;
}

FramingStep Framer::next_trailed(std::string_view buffered, bool end_of_stream) {
    // CR LF behind the longest message still belongs to its trailer.
    const std::string_view window = buffered.substr(0, options_.message_bytes_max + 2);
    const std::size_t trailer = find_trailer(window, std::min(scanned_, window.size()));
    if (trailer == npos && window.size() < options_.message_bytes_max + 2 && !end_of_stream) {
        scanned_ = window.size();
        return {};
    }
    FramingStep step;
    std::string_view message = window.substr(0, trailer);
    const bool ended = trailer != npos || window.size() == buffered.size();
    if (trailer != npos && !message.empty() && message.back() == '\r') {
        message.remove_suffix(1);
    }
    const bool octet_expected = options_.mode == FramingMode::octet;
    if (behind_count_ || octet_expected) {
        step.defects.add(Defect::bad_octet_count);
    }
    behind_count_ = false;
    if (message.size() > options_.message_bytes_max) {
        message = message.substr(0, options_.message_bytes_max);
        discard_to_trailer_ = trailer == npos;
        step.dropped = options_.oversize == Oversize::drop;
        step.defects.add(step.dropped ? Defect::oversize_dropped : Defect::truncated);
        step.consumed = trailer == npos ? message.size() : trailer + 1;
    } else {
        step.consumed = trailer == npos ? window.size() : trailer + 1;
        if (trailer == npos && ended) {
            step.defects.add(Defect::unterminated_frame);
        }
    }
    step.frame = message;
    return deliver(step);
}

FramingStep Framer::next(std::string_view buffered, bool end_of_stream) {
    if (buffered.empty()) {
        return {};
    }
    if (discard_counted_bytes_ > 0 || discard_to_trailer_) {
        return discard(buffered);
    }
    // Orphans between frames: senders that do not count their LF, empty lines, padding.
    std::size_t orphans = 0;
    while (orphans < buffered.size() && is_separator(buffered[orphans])) {
        ++orphans;
    }
    if (orphans > 0) {
        behind_count_ = false;
        return deliver({.consumed = orphans});
    }
    const Count count = read_count(buffered, end_of_stream);
    if (count.undecided) {
        return {};
    }
    if (count.header_bytes > 0 && count.message_bytes >= count_bytes_min) {
        behind_count_ = false;
        return count.message_bytes > options_.message_bytes_max
                   ? next_oversize_counted(buffered, count, end_of_stream)
                   : next_counted(buffered, count, end_of_stream);
    }
    // Behind a counted message, text that is neither a PRI nor a count shows the count was short.
    behind_count_ = (behind_count_ && buffered[0] != '<') || count.header_bytes > 0;
    return next_trailed(buffered, end_of_stream);
}

}  // namespace weir
