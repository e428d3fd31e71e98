#include "pipeline/sqlite.h"

#include <fmt/format.h>

#include <sqlite3.h>

namespace weir {

namespace {

constexpr int busy_timeout_ms = 2000;  // another connection of ours is checkpointing

int flags_of(SqliteDb::Mode mode) {
    switch (mode) {
        case SqliteDb::Mode::read_only:
            return SQLITE_OPEN_READONLY;
        case SqliteDb::Mode::immutable:
            return SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
        case SqliteDb::Mode::read_write:
            return SQLITE_OPEN_READWRITE;
        case SqliteDb::Mode::create:
        case SqliteDb::Mode::exclusive:
            break;
    }
    return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
}

std::string immutable_uri(const std::string& path) {
    std::string uri = "file:";
    for (const char c : path) {
        const bool reserved = c == '?' || c == '#' || c == '%';
        uri += reserved ? fmt::format("%{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
    }
    return uri + "?immutable=1";
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

SqliteStatement& SqliteStatement::bind(int parameter, std::int64_t value) {
    bound_ = sqlite3_bind_int64(statement_.get(), parameter, value) == SQLITE_OK && bound_;
    return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, std::string_view text) {
    // A null pointer would bind NULL.
    const char* data = text.data() == nullptr ? "" : text.data();
    bound_ = sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_STATIC,
                                 SQLITE_UTF8) == SQLITE_OK &&
             bound_;
    return *this;
}

SqliteStatement& SqliteStatement::bind_blob(int parameter, std::string_view bytes) {
    const char* data = bytes.data() == nullptr ? "" : bytes.data();
    bound_ = sqlite3_bind_blob64(statement_.get(), parameter, data, bytes.size(), SQLITE_STATIC) ==
                 SQLITE_OK &&
             bound_;
    return *this;
}

Result<bool> SqliteStatement::step() {
    const int code = bound_ ? sqlite3_step(statement_.get()) : SQLITE_MISUSE;
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code == SQLITE_DONE) {
        reset();
        return false;
    }
    const Error error{sqlite3_errmsg(sqlite3_db_handle(statement_.get()))};
    reset();
    return tl::unexpected(error);
}

Result<void> SqliteStatement::run() {
    const Result<bool> stepped = step();
    if (!stepped) {
        return tl::unexpected(stepped.error());
    }
    reset();
    return {};
}

void SqliteStatement::reset() {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
    bound_ = true;
}

std::int64_t SqliteStatement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::blob(int column) const {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    if (data == nullptr) {
        return {};
    }
    return {static_cast<const char*>(data),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void SqliteDb::Close::operator()(sqlite3* db) const {
    sqlite3_close_v2(db);
}

Result<SqliteDb> SqliteDb::open(const std::string& path, Mode mode) {
    sqlite3* raw = nullptr;
    const std::string name = mode == Mode::immutable ? immutable_uri(path) : path;
    const int code =
        sqlite3_open_v2(name.c_str(), &raw, flags_of(mode) | SQLITE_OPEN_NOMUTEX, nullptr);
    SqliteDb db;
    db.db_.reset(raw);
    if (code != SQLITE_OK) {
        return tl::unexpected(raw == nullptr ? Error{"out of memory"} : db.error("open"));
    }
    sqlite3_busy_timeout(raw, busy_timeout_ms);
    if (mode == Mode::exclusive) {
        if (const Result<void> alone = db.run("PRAGMA locking_mode=EXCLUSIVE"); !alone) {
            return tl::unexpected(alone.error());
        }
    }
    return db;
}

Result<void> SqliteDb::run(const char* sql) {
    if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        return tl::unexpected(error(sql));
    }
    return {};
}

Result<SqliteStatement> SqliteDb::prepare(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    SqliteStatement statement;
    statement.statement_.reset(raw);
    if (code != SQLITE_OK) {
        return tl::unexpected(error(sql));
    }
    return statement;
}

Result<std::int64_t> SqliteDb::number(std::string_view sql) {
    Result<SqliteStatement> statement = prepare(sql);
    if (!statement) {
        return tl::unexpected(statement.error());
    }
    const Result<bool> row = statement->step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    return *row ? statement->integer(0) : 0;
}

std::uint64_t SqliteDb::changes() const {
    return static_cast<std::uint64_t>(sqlite3_changes64(db_.get()));
}

bool SqliteDb::is_damaged() const {
    const int code = sqlite3_extended_errcode(db_.get());
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_ERROR:  // a table is missing
            return true;
        case SQLITE_IOERR:
            return code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ ||
                   code == SQLITE_IOERR_DATA || code == SQLITE_IOERR_CORRUPTFS;
        default:
            return false;
    }
}

Error SqliteDb::error(std::string_view doing) const {
    return {fmt::format("{}: {}", doing, sqlite3_errmsg(db_.get()))};
}

Result<SqliteTransaction> SqliteTransaction::begin(SqliteDb& db) {
    if (const Result<void> begun = db.run("BEGIN IMMEDIATE"); !begun) {
        return tl::unexpected(begun.error());
    }
    return SqliteTransaction(db);
}

SqliteTransaction::~SqliteTransaction() {
    if (db_ != nullptr) {
        static_cast<void>(db_->run("ROLLBACK"));
    }
}

Result<void> SqliteTransaction::commit() {
    if (const Result<void> committed = db_->run("COMMIT"); !committed) {
        return committed;  // rolled back at the end
    }
    db_ = nullptr;
    return {};
}

}  // namespace weir
