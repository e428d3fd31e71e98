#include "pipeline/spool_meta.h"

#include "core/crash_point.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace weir {

namespace {

constexpr std::int64_t version = 2;

// In one transaction: a process that is killed meanwhile must not leave half of it.
constexpr const char* schema =
    "BEGIN; CREATE TABLE head(number INTEGER NOT NULL, position INTEGER NOT NULL);"
    "CREATE TABLE books(endpoint TEXT PRIMARY KEY, frontier INTEGER NOT NULL,"
    " frontier_position INTEGER NOT NULL, appended INTEGER NOT NULL, delivered INTEGER NOT NULL);"
    "CREATE TABLE ended(endpoint TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " begin_position INTEGER NOT NULL, end_position INTEGER NOT NULL);"
    "CREATE TABLE outcomes(endpoint TEXT NOT NULL, dead_lettered INTEGER NOT NULL,"
    " reason TEXT NOT NULL, records INTEGER NOT NULL);"
    "PRAGMA user_version=1; COMMIT;";

// From 1 to 2. Made with the first save: a full disk must not keep a start from reading.
constexpr const char* upgrade_to_2 =
    "CREATE TABLE intake(listener TEXT NOT NULL, term TEXT NOT NULL, reason TEXT NOT NULL,"
    " frames INTEGER NOT NULL);"
    "ALTER TABLE books ADD COLUMN given_up_out INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version=2;";

// Value. A connection, or what kept it from being made.
struct Opened {
    Result<SqliteDb> db;
    bool damaged = false;
};

Opened open_as(SqliteDb::Mode mode, const std::string& path, bool full_sync) {
    Opened opened{.db = SqliteDb::open(path, mode)};
    if (!opened.db) {
        return opened;
    }
    SqliteDb& db = *opened.db;
    const char* setup = full_sync ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                  : "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;";
    const Result<void> prepared = db.run(setup);
    const Result<std::int64_t> found = db.number("PRAGMA user_version");
    const Result<std::int64_t> tables = db.number("SELECT count(*) FROM sqlite_schema");
    if (!prepared || !found || !tables) {
        opened.damaged = db.is_damaged();
        opened.db = tl::unexpected(!prepared ? prepared.error()
                                   : !found  ? found.error()
                                             : tables.error());
        return opened;
    }
    if (*found > version) {
        opened.db =
            fail(fmt::format("{} was written by a later version of weir ({}, this one "
                             "reads up to {})",
                             path, *found, version));
        return opened;
    }
    if (*tables == 0) {
        if (const Result<void> made = db.run(schema); !made) {
            opened.db = tl::unexpected(made.error());
        }
    }
    return opened;
}

Opened open_once(const std::string& path, bool full_sync) {
    Opened opened = open_as(SqliteDb::Mode::create, path, full_sync);
    if (!opened.db && !opened.damaged) {
        Opened alone = open_as(SqliteDb::Mode::exclusive, path, full_sync);
        if (alone.db) {
            return alone;
        }
    }
    return opened;
}

bool is_version_1(SqliteDb& db) {
    const Result<std::int64_t> found = db.number("PRAGMA user_version");
    return found && *found == 1;
}

void set_aside(const std::string& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::rename(path + suffix, path + ".damaged" + suffix, ignored);
    }
}

// Calls `row` for every row of the query.
template <typename Row>
Result<void> for_each_row(SqliteDb& db, std::string_view sql, Row row) {
    Result<SqliteStatement> select = db.prepare(sql);
    if (!select) {
        return tl::unexpected(select.error());
    }
    for (;;) {
        const Result<bool> more = select->step();
        if (!more) {
            return tl::unexpected(more.error());
        }
        if (!*more) {
            return {};
        }
        row(*select);
    }
}

}  // namespace

Result<SpoolMetaFile> SpoolMetaFile::open(const std::string& path, bool full_sync) {
    Opened opened = open_once(path, full_sync);
    const bool damaged = !opened.db && opened.damaged;
    if (damaged) {
        set_aside(path);
        opened = open_once(path, full_sync);
    }
    if (!opened.db) {
        return tl::unexpected(opened.db.error());
    }
    SpoolMetaFile file(std::move(*opened.db));
    file.was_damaged_ = damaged;
    return file;
}

Result<SpoolMetaFile> SpoolMetaFile::look(const std::string& path) {
    Result<SqliteDb> db = SqliteDb::open(path, SqliteDb::Mode::read_only);
    if (!db) {
        return tl::unexpected(db.error());
    }
    return SpoolMetaFile(std::move(*db));
}

Result<SpoolMeta> SpoolMetaFile::load() {
    SpoolMeta meta;
    const Result<void> head =
        for_each_row(db_, "SELECT number, position FROM head", [&meta](const SqliteStatement& row) {
            meta.is_new = false;
            meta.head = row.natural(0);
            meta.head_position = row.natural(1);
        });
    const Result<void> books = for_each_row(
        db_,
        is_version_1(db_)
            ? "SELECT endpoint, frontier, frontier_position, appended, delivered, 0 FROM books"
            : "SELECT endpoint, frontier, frontier_position, appended, delivered, given_up_out"
              " FROM books",
        [&meta](const SqliteStatement& row) {
            SpoolBook::State& book = meta.books[std::string(row.blob(0))];
            book.frontier = row.natural(1);
            book.frontier_position = row.natural(2);
            book.appended = row.natural(3);
            book.ends.delivered = row.natural(4);
            book.given_up_out = row.natural(5);
        });
    for (const Result<void>& step :
         {head, books, load_spans(meta), load_outcomes(meta), load_intake(meta)}) {
        if (!step) {
            return tl::unexpected(step.error());
        }
    }
    return meta;
}

Result<void> SpoolMetaFile::load_spans(SpoolMeta& meta) {
    return for_each_row(
        db_, "SELECT endpoint, first, last, begin_position, end_position FROM ended",
        [&meta](const SqliteStatement& row) {
            meta.books[std::string(row.blob(0))].ended[row.natural(1)] = {
                .last = row.natural(2), .begin = row.natural(3), .end = row.natural(4)};
        });
}

Result<void> SpoolMetaFile::load_outcomes(SpoolMeta& meta) {
    return for_each_row(db_, "SELECT endpoint, dead_lettered, reason, records FROM outcomes",
                        [&meta](const SqliteStatement& row) {
                            Outcome& ends = meta.books[std::string(row.blob(0))].ends;
                            auto& counts = row.integer(1) != 0 ? ends.dead_lettered : ends.dropped;
                            counts[std::string(row.blob(2))] = row.natural(3);
                        });
}

Result<void> SpoolMetaFile::load_intake(SpoolMeta& meta) {
    if (is_version_1(db_)) {
        return {};
    }
    return for_each_row(
        db_, "SELECT listener, term, reason, frames FROM intake",
        [&meta](const SqliteStatement& row) {
            IntakeLedger& ledger = meta.intake[std::string(row.blob(0))];
            static_cast<void>(ledger.add_term(row.blob(1), row.blob(2), row.natural(3)));
        });
}

Result<void> SpoolMetaFile::save(const SpoolMeta& meta) {
    Result<SqliteTransaction> transaction = SqliteTransaction::begin(db_);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    if (is_version_1(db_)) {
        if (Result<void> upgraded = db_.run(upgrade_to_2); !upgraded) {
            return upgraded;
        }
    }
    if (Result<void> cleared =
            db_.run("DELETE FROM head; DELETE FROM ended; DELETE FROM outcomes; DELETE FROM books");
        !cleared) {
        return cleared;
    }
    if (Result<void> counted = save_intake(meta.intake); !counted) {
        return counted;
    }
    Result<SqliteStatement> head = db_.prepare("INSERT INTO head VALUES(?1,?2)");
    if (!head) {
        return tl::unexpected(head.error());
    }
    head->bind(1, meta.head).bind(2, meta.head_position);
    if (Result<void> saved = head->run(); !saved) {
        return saved;
    }
    for (const auto& [name, book] : meta.books) {
        if (Result<void> saved = save_book(name, book); !saved) {
            return saved;
        }
    }
    crash_point(CrashPoint::meta_before);
    Result<void> committed = transaction->commit();
    crash_point(CrashPoint::meta_after);
    return committed;
}

Result<void> SpoolMetaFile::save_intake(const IntakeAccount& intake) {
    if (Result<void> cleared = db_.run("DELETE FROM intake"); !cleared) {
        return cleared;
    }
    Result<SqliteStatement> row = db_.prepare("INSERT INTO intake VALUES(?1,?2,?3,?4)");
    if (!row) {
        return tl::unexpected(row.error());
    }
    Result<void> saved;
    for (const auto& [listener, ledger] : intake) {
        const std::string_view name = listener;
        ledger.each([&](std::string_view term, std::string_view reason, std::uint64_t frames) {
            row->bind(1, name).bind(2, term).bind(3, reason).bind(4, frames);
            if (Result<void> inserted = row->run(); !inserted) {
                saved = inserted;
            }
        });
    }
    return saved;
}

Result<void> SpoolMetaFile::save_book(const std::string& name, const SpoolBook::State& book) {
    Result<SqliteStatement> row = db_.prepare("INSERT INTO books VALUES(?1,?2,?3,?4,?5,?6)");
    Result<SqliteStatement> span = db_.prepare("INSERT INTO ended VALUES(?1,?2,?3,?4,?5)");
    Result<SqliteStatement> outcome = db_.prepare("INSERT INTO outcomes VALUES(?1,?2,?3,?4)");
    for (const Result<SqliteStatement>* statement : {&row, &span, &outcome}) {
        if (!*statement) {
            return tl::unexpected(statement->error());
        }
    }
    const std::string_view endpoint = name;
    row->bind(1, endpoint)
        .bind(2, book.frontier)
        .bind(3, book.frontier_position)
        .bind(4, book.appended)
        .bind(5, book.ends.delivered)
        .bind(6, book.given_up_out);
    if (Result<void> saved = row->run(); !saved) {
        return saved;
    }
    for (const auto& [first, ended] : book.ended) {
        span->bind(1, endpoint)
            .bind(2, first)
            .bind(3, ended.last)
            .bind(4, ended.begin)
            .bind(5, ended.end);
        if (Result<void> saved = span->run(); !saved) {
            return saved;
        }
    }
    for (const bool dead_lettered : {false, true}) {
        for (const auto& [reason, records] :
             dead_lettered ? book.ends.dead_lettered : book.ends.dropped) {
            outcome->bind(1, endpoint)
                .bind(2, std::int64_t{dead_lettered})
                .bind(3, std::string_view(reason))
                .bind(4, records);
            if (Result<void> saved = outcome->run(); !saved) {
                return saved;
            }
        }
    }
    return {};
}

}  // namespace weir
