#include "sinks/dead_letter_db.h"

#include "core/json.h"

#include <fmt/format.h>
#include <openssl/sha.h>
#include <simdjson.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>

namespace weir {

namespace {

constexpr std::int64_t version = 1;
constexpr std::int64_t our_application_id = 0x77656972;  // "weir"
constexpr std::size_t page_bytes = 4096;
// What an insert may add beside the row itself: halves of split pages, two indexes.
constexpr std::size_t insert_pages_max = 4;
constexpr std::size_t read_bytes_max = 4UL * 1024 * 1024;
constexpr std::size_t content_hash_bytes = 16;

// Once the tables are there a page size or the kind of vacuum cannot be changed any more.
constexpr const char* file_setup =
    "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
    // A delivery thread waits; the commands' transactions take milliseconds.
    "PRAGMA busy_timeout=1000; PRAGMA journal_size_limit=1048576;";
constexpr const char* normal_sync = "PRAGMA synchronous=NORMAL";

constexpr const char* schema =
    "CREATE TABLE letters(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
    " endpoint TEXT NOT NULL, tenant TEXT NOT NULL, reason TEXT NOT NULL, answer TEXT NOT NULL,"
    " labels TEXT NOT NULL, timestamp INTEGER NOT NULL, line TEXT NOT NULL,"
    " metadata TEXT NOT NULL, content BLOB NOT NULL, UNIQUE(endpoint, content));"
    // Counted along, since a count of the rows reads all of them; whoever deletes, by hand too.
    "CREATE TABLE counts(endpoint TEXT NOT NULL, reason TEXT NOT NULL, letters INTEGER NOT NULL,"
    " PRIMARY KEY(endpoint, reason)) WITHOUT ROWID;"
    "CREATE TRIGGER letter_in AFTER INSERT ON letters BEGIN"
    " INSERT OR IGNORE INTO counts VALUES(NEW.endpoint, NEW.reason, 0);"
    " UPDATE counts SET letters=letters+1 WHERE endpoint=NEW.endpoint AND reason=NEW.reason; END;"
    "CREATE TRIGGER letter_out AFTER DELETE ON letters BEGIN"
    " UPDATE counts SET letters=letters-1 WHERE endpoint=OLD.endpoint AND reason=OLD.reason;"
    " DELETE FROM counts WHERE letters=0; END;"
    "CREATE TRIGGER letter_moved AFTER UPDATE OF reason ON letters BEGIN"
    " INSERT OR IGNORE INTO counts VALUES(NEW.endpoint, NEW.reason, 0);"
    " UPDATE counts SET letters=letters+1 WHERE endpoint=NEW.endpoint AND reason=NEW.reason;"
    " UPDATE counts SET letters=letters-1 WHERE endpoint=OLD.endpoint AND reason=OLD.reason;"
    " DELETE FROM counts WHERE letters=0; END;"
    "PRAGMA application_id=0x77656972; PRAGMA user_version=1;";

// ?1 is the id behind which to begin; the rest is the selection.
constexpr std::string_view selected =
    " FROM letters WHERE id>?1 AND (?2='' OR endpoint=?2) AND (?3='' OR reason=?3)"
    " AND (?4=0 OR at<?4) AND (?5='[]' OR id IN (SELECT value FROM json_each(?5)))"
    " AND (?7=0 OR id<=?7) ORDER BY id LIMIT ?6";

Result<void> make_file(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    if (!folder.empty()) {
        std::filesystem::create_directories(folder, error);
    }
    // SQLite gives its other files the mode of this one; what is in it was logged by somebody.
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd >= 0) {
        ::close(fd);
        return {};
    }
    const int code = errno;
    if (code == EEXIST) {
        return {};
    }
    return fail(error ? folder.string() + ": " + error.message()
                      : std::generic_category().message(code));
}

void append_sized(std::string_view text, std::string& out) {
    out += std::to_string(text.size());
    out += ':';
    out += text;
}

// Of all that Loki tells entries apart by. Cryptographic, so that no device can make a line that
// passes for another.
std::array<unsigned char, SHA256_DIGEST_LENGTH> content_hash(const DeadLetter& letter,
                                                             const std::string& metadata) {
    std::string content = std::to_string(letter.entry.timestamp.unix_ns) + ':';
    for (const std::string_view part :
         {letter.tenant, letter.labels, std::string_view(letter.entry.line),
          std::string_view(metadata)}) {
        append_sized(part, content);
    }
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), hash.data());
    return hash;
}

std::string ids_to_json(const std::vector<std::int64_t>& ids) {
    return fmt::format("[{}]", fmt::join(ids, ","));
}

std::string text_of(const SqliteStatement& row, int column) {
    return std::string(row.blob(column));
}

Result<StoredLetter> letter_of(const SqliteStatement& row) {
    Result<std::vector<LokiMetadata>> metadata = metadata_from_json(row.blob(9));
    if (!metadata) {
        return fail(fmt::format("letter {}: {}", row.integer(0), metadata.error().message));
    }
    return StoredLetter{
        .id = row.integer(0),
        .at = {row.integer(1)},
        .endpoint = text_of(row, 2),
        .tenant = text_of(row, 3),
        .reason = text_of(row, 4),
        .answer = text_of(row, 5),
        .labels = text_of(row, 6),
        .entry = {{row.integer(7)}, text_of(row, 8), std::move(*metadata)},
    };
}

void bind_selection(const LetterSelection& selection, const std::string& ids, std::int64_t after_id,
                    std::size_t letters_max, SqliteStatement& statement) {
    statement.bind(1, after_id)
        .bind(2, std::string_view(selection.endpoint))
        .bind(3, std::string_view(selection.reason))
        .bind(4, selection.before.unix_ns)
        .bind(5, std::string_view(ids))
        .bind(6, std::uint64_t{letters_max})
        .bind(7, selection.last_id);
}

}  // namespace

std::string metadata_to_json(const std::vector<LokiMetadata>& metadata) {
    std::string json = "[";
    for (const LokiMetadata& pair : metadata) {
        json += json.size() > 1 ? ",[" : "[";
        append_json_string(pair.name, json);
        json += ',';
        append_json_string(pair.value, json);
        json += ']';
    }
    return json + ']';
}

Result<std::vector<LokiMetadata>> metadata_from_json(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::array pairs;
    if (parser.parse(simdjson::padded_string(json)).get(pairs) != simdjson::SUCCESS) {
        return fail("its metadata is not a JSON array");
    }
    std::vector<LokiMetadata> metadata;
    for (const simdjson::dom::element pair : pairs) {
        std::string_view name;
        std::string_view value;
        if (pair.at(0).get(name) != simdjson::SUCCESS ||
            pair.at(1).get(value) != simdjson::SUCCESS) {
            return fail("its metadata is not made of pairs of strings");
        }
        metadata.push_back({std::string(name), std::string(value)});
    }
    return metadata;
}

Error DeadLetterDb::noted(Error error) {
    damaged_ = damaged_ || db_.is_damaged();
    return error;
}

DeadLetterDb::Opened DeadLetterDb::open(const std::string& path, Access access, bool full_sync) {
    const auto refused = [&path](const Error& error, bool damaged) {
        return Opened{fail(fmt::format("{}: {}", path, error.message)), damaged};
    };
    if (access == Access::create) {
        if (const Result<void> made = make_file(path); !made) {
            return refused(made.error(), false);
        }
    }
    Result<SqliteDb> sqlite = SqliteDb::open(path, SqliteDb::Mode::read_write);
    if (!sqlite) {
        return refused(sqlite.error(), false);
    }
    DeadLetterDb db(std::move(*sqlite));
    if (const Result<void> ready = db.set_up(access, full_sync); !ready) {
        return refused(ready.error(), db.damaged_);
    }
    return {std::move(db)};
}

Result<void> DeadLetterDb::set_up(Access access, bool full_sync) {
    const Result<std::int64_t> found = db_.number("PRAGMA user_version");
    if (!found) {
        return tl::unexpected(noted(found.error()));
    }
    const Result<std::int64_t> application = db_.number("PRAGMA application_id");
    const Result<std::int64_t> tables = db_.number("SELECT count(*) FROM sqlite_schema");
    if (!application || !tables) {
        return tl::unexpected(noted(!application ? application.error() : tables.error()));
    }
    const bool empty = *tables == 0 && *application == 0;
    if (!empty && *application != our_application_id) {
        return fail("is a database of something else; dead_letters.path needs a file of its own");
    }
    if (*found > version) {
        return fail(
            fmt::format("was written by a later version of weir ({}, this one reads up to "
                        "{}); use that one, or move the file away",
                        *found, version));
    }
    if (empty && access != Access::create) {
        return fail("is empty");
    }
    if (access == Access::create) {
        if (const Result<void> made = db_.run(file_setup); !made) {
            return tl::unexpected(noted(made.error()));
        }
    }
    if (empty) {
        if (const Result<void> made = create_tables(); !made) {
            return made;
        }
    }
    const Result<void> sync = db_.run(full_sync ? "PRAGMA synchronous=FULL" : normal_sync);
    if (!sync) {
        return tl::unexpected(noted(sync.error()));
    }
    const std::pair<SqliteStatement*, std::string_view> statements[] = {
        {&insert_,
         "INSERT INTO letters(at,endpoint,tenant,reason,answer,labels,timestamp,line,metadata,"
         "content) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10) ON CONFLICT(endpoint,content) DO "
         "NOTHING"},
        {&known_, "SELECT count(*) FROM letters WHERE endpoint=?1 AND content=?2"},
        {&pages_, "PRAGMA page_count"},
        {&free_pages_, "PRAGMA freelist_count"}};
    for (const auto& [statement, sql] : statements) {
        Result<SqliteStatement> prepared = db_.prepare(sql);
        if (!prepared) {
            return tl::unexpected(noted(prepared.error()));
        }
        *statement = std::move(*prepared);
    }
    return {};
}

// Another process may do the same at the same moment.
Result<void> DeadLetterDb::create_tables() {
    Result<SqliteTransaction> transaction = SqliteTransaction::begin(db_);
    if (!transaction) {
        return tl::unexpected(noted(transaction.error()));
    }
    const Result<std::int64_t> tables = db_.number("SELECT count(*) FROM sqlite_schema");
    if (!tables) {
        return tl::unexpected(noted(tables.error()));
    }
    if (*tables == 0) {
        if (const Result<void> made = db_.run(schema); !made) {
            return tl::unexpected(noted(made.error()));
        }
    }
    return transaction->commit();
}

Result<std::int64_t> DeadLetterDb::number_of(SqliteStatement& statement) {
    const Result<bool> row = statement.step();
    if (!row) {
        return tl::unexpected(noted(row.error()));
    }
    const std::int64_t number = *row ? statement.integer(0) : 0;
    statement.reset();
    return number;
}

Result<std::uint64_t> DeadLetterDb::bytes() {
    const Result<std::int64_t> pages = number_of(pages_);
    const Result<std::int64_t> free = number_of(free_pages_);
    if (!pages || !free) {
        return tl::unexpected(!pages ? pages.error() : free.error());
    }
    return static_cast<std::uint64_t>(*pages - *free) * page_bytes;
}

Result<bool> DeadLetterDb::insert_one(const DeadLetter& letter, std::size_t bytes_max) {
    const Result<std::uint64_t> used = bytes();
    if (!used) {
        return tl::unexpected(used.error());
    }
    const std::string metadata = metadata_to_json(letter.entry.metadata);
    const auto hash = content_hash(letter, metadata);
    const std::string_view content(reinterpret_cast<const char*>(hash.data()), content_hash_bytes);
    const std::size_t row_bytes = letter.server_text.size() + letter.labels.size() +
                                  letter.entry.line.size() + metadata.size() +
                                  insert_pages_max * page_bytes;
    if (*used > bytes_max || row_bytes > bytes_max - *used) {
        // Repeated after a kill it may be there all the same.
        known_.bind(1, letter.endpoint).bind_blob(2, content);
        const Result<std::int64_t> known = number_of(known_);
        return known.map([](std::int64_t letters) { return letters > 0; });
    }
    insert_.bind(1, letter.at.unix_ns)
        .bind(2, letter.endpoint)
        .bind(3, letter.tenant)
        .bind(4, reason_name(letter.reason))
        .bind(5, letter.server_text)
        .bind(6, letter.labels)
        .bind(7, letter.entry.timestamp.unix_ns)
        .bind(8, std::string_view(letter.entry.line))
        .bind(9, std::string_view(metadata))
        .bind_blob(10, content);
    if (const Result<void> inserted = insert_.run(); !inserted) {
        return tl::unexpected(noted(inserted.error()));
    }
    return true;
}

Result<std::size_t> DeadLetterDb::insert(std::span<const DeadLetter> letters,
                                         std::size_t bytes_max) {
    Result<SqliteTransaction> transaction = SqliteTransaction::begin(db_);
    if (!transaction) {
        return tl::unexpected(noted(transaction.error()));
    }
    std::size_t kept = 0;
    for (const DeadLetter& letter : letters) {
        const Result<bool> one = insert_one(letter, bytes_max);
        if (!one) {
            return tl::unexpected(one.error());
        }
        kept += *one ? 1U : 0U;
    }
    if (const Result<void> committed = transaction->commit(); !committed) {
        return tl::unexpected(noted(committed.error()));
    }
    return kept;
}

Result<std::vector<StoredLetter>> DeadLetterDb::read(const LetterSelection& selection,
                                                     std::int64_t after_id,
                                                     std::size_t letters_max) {
    Result<SqliteStatement> select = db_.prepare(fmt::format(
        "SELECT id,at,endpoint,tenant,reason,answer,labels,timestamp,line,metadata{}", selected));
    if (!select) {
        return tl::unexpected(noted(select.error()));
    }
    const std::string ids = ids_to_json(selection.ids);
    bind_selection(selection, ids, after_id, letters_max, *select);
    std::vector<StoredLetter> letters;
    for (std::size_t bytes = 0; bytes < read_bytes_max;) {
        const Result<bool> row = select->step();
        if (!row) {
            return tl::unexpected(noted(row.error()));
        }
        if (!*row) {
            break;
        }
        Result<StoredLetter> letter = letter_of(*select);
        if (!letter) {
            return tl::unexpected(letter.error());
        }
        bytes += letter->entry.line.size();
        letters.push_back(std::move(*letter));
    }
    return letters;
}

Result<std::vector<std::int64_t>> DeadLetterDb::find(const LetterSelection& selection,
                                                     std::int64_t after_id,
                                                     std::size_t letters_max) {
    Result<SqliteStatement> select = db_.prepare(fmt::format("SELECT id{}", selected));
    if (!select) {
        return tl::unexpected(noted(select.error()));
    }
    const std::string ids = ids_to_json(selection.ids);
    bind_selection(selection, ids, after_id, letters_max, *select);
    std::vector<std::int64_t> found;
    for (;;) {
        const Result<bool> row = select->step();
        if (!row) {
            return tl::unexpected(noted(row.error()));
        }
        if (!*row) {
            return found;
        }
        found.push_back(select->integer(0));
    }
}

Result<std::int64_t> DeadLetterDb::last_id() {
    const Result<std::int64_t> last = db_.number("SELECT max(id) FROM letters");
    return last.map_error([this](const Error& error) { return noted(error); });
}

Result<std::uint64_t> DeadLetterDb::remove(std::span<const std::int64_t> ids) {
    Result<SqliteTransaction> transaction = SqliteTransaction::begin(db_);
    if (!transaction) {
        return tl::unexpected(noted(transaction.error()));
    }
    Result<SqliteStatement> statement = db_.prepare("DELETE FROM letters WHERE id=?1");
    if (!statement) {
        return tl::unexpected(noted(statement.error()));
    }
    std::uint64_t removed = 0;
    for (const std::int64_t id : ids) {
        statement->bind(1, id);
        if (const Result<void> done = statement->run(); !done) {
            return tl::unexpected(noted(done.error()));
        }
        removed += db_.changes();
    }
    if (const Result<void> committed = transaction->commit(); !committed) {
        return tl::unexpected(noted(committed.error()));
    }
    return removed;
}

Result<void> DeadLetterDb::refused_again(std::span<const std::int64_t> ids, std::string_view reason,
                                         std::string_view answer) {
    Result<SqliteTransaction> transaction = SqliteTransaction::begin(db_);
    if (!transaction) {
        return tl::unexpected(noted(transaction.error()));
    }
    Result<SqliteStatement> statement =
        db_.prepare("UPDATE letters SET reason=?2, answer=?3 WHERE id=?1");
    if (!statement) {
        return tl::unexpected(noted(statement.error()));
    }
    for (const std::int64_t id : ids) {
        statement->bind(1, id).bind(2, reason).bind(3, answer);
        if (const Result<void> done = statement->run(); !done) {
            return tl::unexpected(noted(done.error()));
        }
    }
    if (const Result<void> committed = transaction->commit(); !committed) {
        return tl::unexpected(noted(committed.error()));
    }
    return {};
}

Result<LetterCounts> DeadLetterDb::counts() {
    Result<SqliteStatement> select = db_.prepare("SELECT endpoint, reason, letters FROM counts");
    if (!select) {
        return tl::unexpected(noted(select.error()));
    }
    LetterCounts counts;
    for (;;) {
        const Result<bool> row = select->step();
        if (!row) {
            return tl::unexpected(noted(row.error()));
        }
        if (!*row) {
            return counts;
        }
        counts[{text_of(*select, 0), text_of(*select, 1)}] = select->natural(2);
    }
}

Result<void> DeadLetterDb::give_back() {
    std::int64_t before = 0;
    for (;;) {
        const Result<std::int64_t> free = number_of(free_pages_);
        if (!free) {
            return tl::unexpected(free.error());
        }
        if (*free == 0 || *free == before) {
            break;
        }
        before = *free;
        if (const Result<void> cut = db_.run("PRAGMA incremental_vacuum(256)"); !cut) {
            return tl::unexpected(noted(cut.error()));
        }
    }
    // The file itself is cut when the log has been carried over; while somebody else reads or
    // writes that happens a little later.
    return carry_over();
}

Result<void> DeadLetterDb::carry_over() {
    if (const Result<void> carried = db_.run("PRAGMA wal_checkpoint(TRUNCATE)"); !carried) {
        return tl::unexpected(noted(carried.error()));
    }
    return {};
}

}  // namespace weir
