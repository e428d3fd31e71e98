// A thin owner of SQLite connections and statements, for the spool and the dead letters. Every
// failure is a Result, because a disk may be full, read-only, slow or damaged at any time.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace weir {

// Resource. A prepared statement; must not outlive its database. One thread at a time.
class SqliteStatement {
  public:
    // Parameters count from 1, columns from 0, as in SQLite. Text and bytes are borrowed until the
    // next reset.
    SqliteStatement& bind(int parameter, std::int64_t value);

    // SQLite has signed integers only: below 2^63.
    SqliteStatement& bind(int parameter, std::uint64_t value) {
        return bind(parameter, static_cast<std::int64_t>(value));
    }

    SqliteStatement& bind(int parameter, std::string_view text);
    SqliteStatement& bind_blob(int parameter, std::string_view bytes);

    // True: there is a row. False: done, and the statement is reset. A failed bind is told here.
    [[nodiscard]] Result<bool> step();
    // Runs a statement that gives no row.
    [[nodiscard]] Result<void> run();
    void reset();

    [[nodiscard]] std::int64_t integer(int column) const;

    [[nodiscard]] std::uint64_t natural(int column) const {
        return static_cast<std::uint64_t>(integer(column));
    }

    // Text or bytes, valid until the next step or reset.
    [[nodiscard]] std::string_view blob(int column) const;

  private:
    friend class SqliteDb;

    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    bool bound_ = true;
};

// Resource. One connection. One thread at a time; other connections, of other threads too, may use
// the same file meanwhile.
class SqliteDb {
  public:
    enum class Mode : std::uint8_t {
        read_write,
        create,
        read_only,
        immutable,  // nobody writes the file any more: neither locks nor companion files are needed
        exclusive,  // as create, for one connection only, which keeps its index in memory: opens
                    // where a full disk has no room for a companion file
    };

    [[nodiscard]] static Result<SqliteDb> open(const std::string& path, Mode mode);

    // Statements separated by semicolons, without results.
    [[nodiscard]] Result<void> run(const char* sql);
    [[nodiscard]] Result<SqliteStatement> prepare(std::string_view sql);
    // The one number that a query gives; 0 for none.
    [[nodiscard]] Result<std::int64_t> number(std::string_view sql);

    // Rows that the last INSERT, UPDATE or DELETE changed, without those of triggers.
    [[nodiscard]] std::uint64_t changes() const;

    // Whether the last failure of this connection says that the file is not what it should be, and
    // not that memory, descriptors, locks or space were short.
    [[nodiscard]] bool is_damaged() const;

  private:
    [[nodiscard]] Error error(std::string_view doing) const;

    struct Close {
        void operator()(sqlite3* db) const;
    };

    std::unique_ptr<sqlite3, Close> db_;
};

// Resource. BEGIN IMMEDIATE; rolled back unless committed.
class SqliteTransaction {
  public:
    [[nodiscard]] static Result<SqliteTransaction> begin(SqliteDb& db);
    ~SqliteTransaction();

    SqliteTransaction(SqliteTransaction&& other) noexcept
        : db_(std::exchange(other.db_, nullptr)) {}

    SqliteTransaction& operator=(SqliteTransaction&&) = delete;

    [[nodiscard]] Result<void> commit();

  private:
    explicit SqliteTransaction(SqliteDb& db) : db_(&db) {}

    SqliteDb* db_;
};

}  // namespace weir
