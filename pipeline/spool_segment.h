// One segment file of the spool: an SQLite database with the batches of one run of numbers. Its
// name tells its first number and the position before it, so that starting opens hardly any.
#pragma once

#include "core/result.h"
#include "pipeline/batch.h"
#include "pipeline/sqlite.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Value. Positions count records from the beginning of the log.
struct SegmentName {
    std::uint64_t first = 0;     // number of its first batch
    std::uint64_t position = 0;  // records before it

    // "logs-00000000000000000001-00000000000000000000.db"
    [[nodiscard]] std::string to_string() const;
    [[nodiscard]] static std::optional<SegmentName> parse(std::string_view file_name);
};

// Value. A batch and the records before it.
struct PlacedBatch {
    BatchPtr batch;
    std::uint64_t position = 0;
};

// Resource. The end of the log that is written to. One thread.
class SegmentWriter {
  public:
    // The file must not exist. `full_sync`: survives power loss, not only the end of the process.
    [[nodiscard]] static Result<SegmentWriter> create(const std::string& path, bool full_sync);

    // All of them or none.
    [[nodiscard]] Result<void> append(const std::vector<PlacedBatch>& batches);

  private:
    SegmentWriter(SqliteDb db, SqliteStatement insert)
        : db_(std::move(db)), insert_(std::move(insert)) {}

    SqliteDb db_;
    SqliteStatement insert_;
};

// Value. What reading a number gave.
struct SegmentRead {
    // The first readable batch at or behind the number that was asked for; null when there is none.
    PlacedBatch placed;
    bool damaged = false;  // something on the way cannot be read and never will be
    bool failed = false;   // try again later
};

// Resource. One thread.
class SegmentReader {
  public:
    // A failure is one of the environment (no descriptor, no permission), not of the content.
    [[nodiscard]] static Result<SegmentReader> open(const std::string& path);

    // Looks from `number` to `last`. In a damaged file every number is tried on its own.
    [[nodiscard]] SegmentRead read(std::uint64_t number, std::uint64_t last);

    // Value. The end of the file as far as it can be read; zeros when it has no batch.
    struct Tail {
        std::uint64_t last = 0;
        std::uint64_t position = 0;  // behind it
    };

    [[nodiscard]] std::optional<Tail> tail();

    // What was counted with the batches behind `number`, as far as it can be read.
    [[nodiscard]] IntakeAccount intake_behind(std::uint64_t number);

    // Whether there is not even a table: nothing was ever written to it, or all of it is gone.
    [[nodiscard]] bool is_unmade() const { return unmade_; }

  private:
    SegmentReader() = default;

    [[nodiscard]] static Result<SegmentReader> open_as(SqliteDb::Mode mode,
                                                       const std::string& path);

    enum class Found : std::uint8_t { batch, nothing, damage, failure };
    [[nodiscard]] Found find(SqliteStatement& select, std::uint64_t number, PlacedBatch& placed);

    std::int64_t version_ = 0;    // of the schema
    std::optional<SqliteDb> db_;  // none: it is no database at all
    bool unmade_ = false;
    std::optional<SqliteStatement> select_from_;
    std::optional<SqliteStatement> select_one_;
};

}  // namespace weir
