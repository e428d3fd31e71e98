#include "sinks/loki_answer.h"

#include "core/labels.h"
#include "pipeline/loki_decoder.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace weir {

namespace {

struct Needle {
    std::string_view text;  // lower case
    ComplaintKind kind;
};

// In order of preference at one position. "entry too far behind" also says "oldest acceptable
// timestamp", so the cutoff is read by that phrase and not by kind.
constexpr std::array needles{
    Needle{"couldn't parse labels", ComplaintKind::labels_unparsable},
    Needle{"error parsing labels", ComplaintKind::stream_unparsable},
    Needle{"max entry size", ComplaintKind::line_too_long},
    Needle{"timestamp too old", ComplaintKind::too_old},
    Needle{"timestamp too new", ComplaintKind::too_new},
    Needle{"entry too far behind", ComplaintKind::too_far_behind},
    Needle{"label names; limit", ComplaintKind::label_names_too_many},
    Needle{"label name too long", ComplaintKind::label_name_too_long},
    Needle{"label value too long", ComplaintKind::label_value_too_long},
    Needle{"duplicate label name", ComplaintKind::label_duplicate},
    Needle{"missing required labels", ComplaintKind::label_missing},
    Needle{"at least one label pair is required", ComplaintKind::labels_empty},
    Needle{"includes structured metadata, but this feature is disallowed",
           ComplaintKind::metadata_disallowed},
    Needle{"structured metadata too large", ComplaintKind::metadata_too_large},
    Needle{"too many structured metadata labels", ComplaintKind::metadata_too_many},
    Needle{"at least one valid stream is required", ComplaintKind::nothing_valid},
    Needle{"per stream rate limit exceeded", ComplaintKind::stream_rate_limited},
    Needle{"maximum active stream limit exceeded", ComplaintKind::stream_limit},
    Needle{"ingestion rate limit exceeded", ComplaintKind::rate_limited},
    Needle{"message larger than max", ComplaintKind::message_too_large},
    Needle{"resourceexhausted", ComplaintKind::exhausted},
    Needle{"ingestion blocked for user", ComplaintKind::blocked},
    Needle{"snappy: corrupt input", ComplaintKind::undecodable},
    Needle{"s2: corrupt input", ComplaintKind::undecodable},
    Needle{"proto: ", ComplaintKind::undecodable},
    Needle{"unexpected eof", ComplaintKind::undecodable},
};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return out;
}

// The end of a label set that starts at the front with '{': just behind its '}', 0 when it does not
// close. Quotes hide braces.
std::size_t label_set_bytes(std::string_view text) {
    bool quoted = false;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (quoted && text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && text[i] == '}') {
            return i + 1;
        }
    }
    return 0;
}

// Loki quotes the name or value it complains of once more behind the stream: how much of `text`,
// which follows the label set, is that and the words before it; 0 when there is none.
std::size_t quoted_again_bytes(std::string_view labels, std::string_view text) {
    static constexpr std::array<std::string_view, 3> phrases{"' has label name too long: '",
                                                             "' has label value too long: '",
                                                             "' has duplicate label name: '"};
    const auto* const phrase =
        std::find_if(phrases.begin(), phrases.end(),
                     [text](std::string_view known) { return text.starts_with(known); });
    if (phrase == phrases.end()) {
        return 0;
    }
    const Result<Labels> read = parse_loki_labels(labels);
    const std::string_view quoted = text.substr(phrase->size());
    std::size_t longest = 0;
    for (const auto& [name, value] : read.value_or(Labels{})) {
        for (const std::string_view part : {std::string_view(name), std::string_view(value)}) {
            longest = std::max(longest, quoted.starts_with(part) ? part.size() : 0);
        }
    }
    return phrase->size() + longest;
}

// Label sets hold text that devices choose, which must not pass for Loki's own words: each is
// replaced by `{}` and handed out by the position of its brace.
struct MaskedBody {
    std::string text;
    std::vector<std::pair<std::size_t, std::string_view>> sets;
};

MaskedBody mask_label_sets(std::string_view body) {
    MaskedBody masked;
    // Each unclosed brace costs one scan to the end, so few of them are looked at.
    int unclosed_left = 16;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] == '{' && unclosed_left > 0) {
            const std::size_t length = label_set_bytes(body.substr(i));
            if (length > 0) {
                masked.sets.emplace_back(masked.text.size(), body.substr(i, length));
                masked.text += "{}";
                i += length - 1;
                const std::string_view labels = masked.sets.back().second;
                const std::string_view rest = body.substr(i + 1);
                if (const std::size_t again = quoted_again_bytes(labels, rest); again > 0) {
                    masked.text += rest.substr(0, rest.find(": '") + 3);
                    i += again;
                }
                continue;
            }
            --unclosed_left;
        }
        masked.text += body[i];
    }
    return masked;
}

std::optional<std::uint64_t> read_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data()) {
        return std::nullopt;
    }
    return value;
}

std::string_view after(std::string_view text, std::string_view phrase) {
    const std::size_t at = text.find(phrase);
    return at == std::string_view::npos ? std::string_view() : text.substr(at + phrase.size());
}

template <typename T, typename Better>
void keep_better(std::optional<T>& kept, const std::optional<T>& found, Better better) {
    if (found && (!kept || better(*found, *kept))) {
        kept = found;
    }
}

// The numbers and times of one message, whose lower-case text is `text`.
void read_details(std::string_view text, LokiComplaint& complaint) {
    const auto less = [](const auto& a, const auto& b) { return a < b; };
    const auto greater = [](const auto& a, const auto& b) { return a > b; };
    const auto limit = [&](std::string_view phrase) {
        keep_better(complaint.limit, read_number(after(text, phrase)), less);
    };
    const auto cutoff = [&](std::string_view phrase) {
        keep_better(complaint.cutoff, read_time(after(text, phrase)), greater);
    };
    switch (complaint.kind) {
        case ComplaintKind::line_too_long:
            limit("max entry size '");
            break;
        case ComplaintKind::metadata_too_large:
        case ComplaintKind::metadata_too_many:
            limit("limit: '");
            break;
        case ComplaintKind::rate_limited:
            limit("(limit: ");
            break;
        case ComplaintKind::too_old:
            keep_better(complaint.entry_time, read_time(after(text, "timestamp too old: ")),
                        greater);
            cutoff("oldest acceptable timestamp is: ");
            break;
        case ComplaintKind::too_far_behind:
            cutoff("oldest acceptable timestamp is: ");
            break;
        case ComplaintKind::too_new:
            keep_better(complaint.entry_time, read_time(after(text, "timestamp too new: ")), less);
            break;
        case ComplaintKind::blocked:
            cutoff("until '");
            break;
        default:
            break;
    }
}

struct Found {
    std::size_t at = std::string_view::npos;
    const Needle* needle = nullptr;
};

// Where each needle is next; searched again only once the reader has passed it, so that the whole
// body is walked once per needle however many messages it has.
class NeedleFinder {
  public:
    explicit NeedleFinder(std::string_view text) : text_(text) {
        for (std::size_t i = 0; i < needles.size(); ++i) {
            next_[i] = text_.find(needles[i].text);
        }
    }

    // The first needle at or behind `from`.
    [[nodiscard]] Found find(std::size_t from) {
        Found found;
        for (std::size_t i = 0; i < needles.size(); ++i) {
            if (next_[i] != std::string_view::npos && next_[i] < from) {
                next_[i] = text_.find(needles[i].text, from);
            }
            if (next_[i] < found.at) {
                found = {next_[i], &needles[i]};
            }
        }
        return found;
    }

  private:
    std::string_view text_;
    std::array<std::size_t, needles.size()> next_{};
};

LokiComplaint& complaint_of(ComplaintKind kind, std::vector<LokiComplaint>& all) {
    const auto is_it = [kind](const LokiComplaint& complaint) { return complaint.kind == kind; };
    const auto found = std::find_if(all.begin(), all.end(), is_it);
    if (found != all.end()) {
        return *found;
    }
    all.push_back({kind, {}, {}, {}, {}});
    return all.back();
}

void add_stream(std::string_view labels, LokiComplaint& complaint) {
    if (complaint.streams.size() < complaint_streams_max &&
        std::find(complaint.streams.begin(), complaint.streams.end(), labels) ==
            complaint.streams.end()) {
        complaint.streams.emplace_back(labels);
    }
}

// Where the message of the needle at `at` ends, when the next needle is at `next_at`: a group's
// separator lies between them, and the next message's stream is behind it.
std::size_t message_end(std::string_view text, std::size_t at, std::size_t next_at) {
    const std::size_t separator = text.substr(at, next_at - at).rfind("; ");
    return separator == std::string_view::npos ? next_at : at + separator;
}

}  // namespace

std::vector<LokiComplaint> read_complaints(std::string_view body) {
    const MaskedBody masked = mask_label_sets(body);
    const std::string text = lower(masked.text);
    const std::string_view view = text;
    std::vector<LokiComplaint> all;
    NeedleFinder finder(view);
    Found current = finder.find(0);
    std::size_t set = 0;
    while (current.needle != nullptr) {
        const Found next = finder.find(current.at + current.needle->text.size());
        const bool last = next.needle == nullptr;
        const std::size_t end = last ? view.size() : message_end(view, current.at, next.at);
        LokiComplaint& complaint = complaint_of(current.needle->kind, all);
        read_details(view.substr(current.at, end - current.at), complaint);
        for (; set < masked.sets.size() && masked.sets[set].first < end; ++set) {
            add_stream(masked.sets[set].second, complaint);
        }
        current = next;
    }
    if (all.empty() && !body.empty()) {
        LokiComplaint& unknown = complaint_of(ComplaintKind::unknown, all);
        for (const auto& [at, labels] : masked.sets) {
            add_stream(labels, unknown);
        }
    }
    return all;
}

bool same_stream(std::string_view sent_labels, std::string_view named_labels) {
    if (sent_labels == named_labels) {
        return true;
    }
    const Result<Labels> sent = parse_loki_labels(sent_labels);
    const Result<Labels> named = parse_loki_labels(named_labels);
    if (!sent || !named) {
        return false;
    }
    for (const auto& [name, value] : *sent) {
        const auto found = named->find(name);
        if (found == named->end() || found->second != value) {
            return false;
        }
    }
    for (const auto& [name, value] : *named) {
        const bool added_by_loki = name == "service_name" || name.starts_with("__");
        if (!sent->contains(name) && !added_by_loki) {
            return false;
        }
    }
    return true;
}

}  // namespace weir
