#include "app/dead_letters_command.h"

#include "app/config_load.h"
#include "app/dead_letters_place.h"
#include "app/event_log.h"
#include "core/json.h"
#include "core/text.h"
#include "sinks/ndjson.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <ostream>

namespace weir {

namespace {

constexpr std::size_t table_letters = 100;  // unless told otherwise
constexpr std::size_t read_letters = 500;   // in one transaction
constexpr std::size_t line_start_bytes = 60;

int cannot_read(const Error& error, std::ostream& messages) {
    messages << "weir: " << error.message << '\n';
    return 1;
}

std::string device_of(const std::string& labels) {
    const Result<Labels> parsed = parse_loki_labels(labels);
    return parsed && parsed->contains("device") ? parsed->find("device")->second : "-";
}

void print_row(const StoredLetter& letter, std::ostream& out) {
    const std::string_view start = cut_text(letter.entry.line, line_start_bytes);
    out << fmt::format("{:>6}  {}  {:<12}  {:<22}  {:<20}  {}{}\n", letter.id,
                       to_rfc3339(letter.at, 0), printable(letter.endpoint),
                       printable(letter.reason), printable(device_of(letter.labels)),
                       printable(start), start.size() < letter.entry.line.size() ? "..." : "");
}

void append_member(std::string_view name, std::string_view value, std::string& out) {
    append_json_string(name, out);
    out += ':';
    append_json_string(value, out);
    out += ',';
}

void print_json(const StoredLetter& letter, std::ostream& out) {
    std::string line = fmt::format("{{\"id\":{},", letter.id);
    append_member("at", to_rfc3339(letter.at), line);
    append_member("endpoint", letter.endpoint, line);
    append_member("tenant", letter.tenant, line);
    append_member("reason", letter.reason, line);
    append_member("answer", letter.answer, line);
    append_entry_members(letter.entry, labels_json(letter.labels), line);
    out << line << "}\n";
}

void print_summary(const LetterCounts& counts, const LetterSelection& selection,
                   std::uint64_t bytes, std::ostream& out) {
    std::uint64_t sum = 0;
    for (const auto& [key, letters] : counts) {
        const auto& [endpoint, reason] = key;
        if ((selection.endpoint.empty() || selection.endpoint == endpoint) &&
            (selection.reason.empty() || selection.reason == reason)) {
            out << fmt::format("{}: {} {}\n", printable(endpoint), letters, printable(reason));
            sum += letters;
        }
    }
    out << fmt::format("{} letters, {} bytes\n", sum, bytes);
}

void print_letter(const StoredLetter& letter, std::ostream& out) {
    const auto field = [&out](std::string_view name, std::string_view value) {
        out << fmt::format("{:<10} {}\n", name, value);
    };
    field("id", std::to_string(letter.id));
    field("at", to_rfc3339(letter.at));
    field("endpoint", printable(letter.endpoint));
    field("tenant", letter.tenant.empty() ? "(the endpoint's)" : printable(letter.tenant));
    field("reason", printable(letter.reason));
    field("answer", printable(letter.answer));
    field("labels", printable(letter.labels));
    field("timestamp", to_rfc3339(letter.entry.timestamp));
    for (const LokiMetadata& pair : letter.entry.metadata) {
        field("metadata", fmt::format("{} = {}", printable(pair.name), printable(pair.value)));
    }
    field("line", letter.entry.line);
}

bool selects_nothing(const LetterSelection& selection) {
    return selection.endpoint.empty() && selection.reason.empty() &&
           selection.before.unix_ns == 0 && selection.ids.empty();
}

}  // namespace

OpenedPlace open_place(const DeadLettersPlace& place, std::ostream& out, std::ostream& messages) {
    OpenedPlace opened;
    std::string path = place.file;
    if (!place.config_file.empty()) {
        ConfigOutcome outcome = load_config_file(place.config_file, {});
        for (const ConfigProblem& problem : outcome.problems) {
            messages << to_string(problem, place.config_file) << '\n';
        }
        if (!outcome.config) {
            return opened;
        }
        opened.config = std::move(outcome.config);
        path = path.empty() ? opened.config->dead_letters.path : path;
    }
    if (path.empty()) {
        messages << "weir: --config or --file must say where the letters are\n";
        opened.exit_status = 2;
        return opened;
    }
    if (!std::filesystem::exists(path)) {
        const bool named = !place.file.empty();
        (named ? messages : out) << path
                                 << (named ? ": there is no such file\n" : ": no dead letters\n");
        opened.exit_status = named ? 1 : 0;
        return opened;
    }
    DeadLetterDb::Opened db = DeadLetterDb::open(path, DeadLetterDb::Access::existing);
    if (!db.db) {
        opened.exit_status = cannot_read(db.db.error(), messages);
        return opened;
    }
    opened.db.emplace(std::move(*db.db));
    return opened;
}

bool all_are_there(const LetterSelection& selection, DeadLetterDb& db, std::ostream& messages) {
    bool all = true;
    for (const std::int64_t id : selection.ids) {
        const Result<std::vector<std::int64_t>> found = db.find({.ids = {id}}, 0, 1);
        if (found && found->empty()) {
            messages << "weir: there is no letter " << id << '\n';
            all = false;
        }
    }
    return all;
}

int run_dead_letters_list(const DeadLettersListOptions& options, std::ostream& out,
                          std::ostream& messages) {
    OpenedPlace place = open_place(options.place, out, messages);
    if (!place.db) {
        return place.exit_status;
    }
    const std::size_t asked = options.letters_max.value_or(options.json ? 0 : table_letters);
    std::size_t left = asked == 0 ? SIZE_MAX : asked;
    std::int64_t last = 0;
    while (left > 0) {
        const Result<std::vector<StoredLetter>> letters =
            place.db->read(options.selection, last, std::min(left, read_letters));
        if (!letters) {
            return cannot_read(letters.error(), messages);
        }
        if (letters->empty()) {
            break;
        }
        for (const StoredLetter& letter : *letters) {
            options.json ? print_json(letter, out) : print_row(letter, out);
        }
        last = letters->back().id;
        left -= letters->size();
    }
    if (options.json) {
        return 0;
    }
    const Result<std::vector<std::int64_t>> more = place.db->find(options.selection, last, 1);
    const Result<LetterCounts> counts = place.db->counts();
    const Result<std::uint64_t> bytes = place.db->bytes();
    if (!more || !counts || !bytes) {
        return cannot_read(!more     ? more.error()
                           : !counts ? counts.error()
                                     : bytes.error(),
                           messages);
    }
    if (!more->empty()) {
        out << "...\n";
    }
    print_summary(*counts, options.selection, *bytes, out);
    return 0;
}

int run_dead_letters_show(const DeadLettersPlace& place, const LetterSelection& selection,
                          std::ostream& out, std::ostream& messages) {
    OpenedPlace opened = open_place(place, out, messages);
    if (!opened.db) {
        return selection.ids.empty() ? opened.exit_status : std::max(opened.exit_status, 1);
    }
    bool first = true;
    for (const std::int64_t id : selection.ids) {
        const Result<std::vector<StoredLetter>> letters = opened.db->read({.ids = {id}}, 0, 1);
        if (!letters) {
            return cannot_read(letters.error(), messages);
        }
        for (const StoredLetter& letter : *letters) {
            out << (first ? "" : "\n");
            first = false;
            print_letter(letter, out);
        }
    }
    return all_are_there(selection, *opened.db, messages) ? 0 : 1;
}

int run_dead_letters_purge(const DeadLettersPurgeOptions& options, std::ostream& out,
                           std::ostream& messages) {
    if (options.all != selects_nothing(options.selection)) {
        messages << (options.all ? "weir: --all removes every letter; leave it, or the rest, out\n"
                                 : "weir: say which letters: --endpoint, --reason, --before, ids, "
                                   "or --all\n");
        return 2;
    }
    OpenedPlace place = open_place(options.place, out, messages);
    if (!place.db) {
        return place.exit_status;
    }
    const bool all_there = all_are_there(options.selection, *place.db, messages);
    const Result<std::int64_t> last_id = place.db->last_id();
    if (!last_id) {
        return cannot_read(last_id.error(), messages);
    }
    // What comes meanwhile stays, and weir never waits for long.
    LetterSelection selection = options.selection;
    selection.last_id = *last_id;
    std::uint64_t removed = 0;
    for (std::int64_t last = 0;;) {
        const Result<std::vector<std::int64_t>> ids = place.db->find(selection, last, read_letters);
        if (!ids) {
            return cannot_read(ids.error(), messages);
        }
        if (ids->empty()) {
            break;
        }
        const Result<std::uint64_t> done = place.db->remove(*ids);
        if (!done) {
            out << removed << " letters removed\n";
            return cannot_read(done.error(), messages);
        }
        removed += *done;
        last = ids->back();
    }
    out << removed << " letters removed\n";
    if (const Result<void> given = place.db->give_back(); !given) {
        return cannot_read(given.error(), messages);
    }
    return all_there ? 0 : 1;
}

}  // namespace weir
