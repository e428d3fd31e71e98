// DeadLetterDb: the SQLite file of dead letters, as weir writes it and as `weir dead-letters` reads
// and empties it, at the same time if need be.
#pragma once

#include "core/result.h"
#include "core/time.h"
#include "pipeline/loki_decoder.h"
#include "pipeline/sqlite.h"
#include "sinks/dead_letter.h"
#include "sinks/dead_letter_status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace weir {

// Value. A letter as it is kept.
struct StoredLetter {
    std::int64_t id = 0;  // never given twice
    Timestamp at;         // when it was refused the first time
    std::string endpoint;
    std::string tenant;  // empty: the endpoint's
    std::string reason;
    std::string answer;
    std::string labels;
    LokiEntry entry;
};

// Value. Which letters are meant: those for which all that is set is true.
struct LetterSelection {
    std::string endpoint;
    std::string reason;
    Timestamp before;  // refused before it; 0: at any time
    std::vector<std::int64_t> ids;
    std::int64_t last_id = 0;  // and none behind it; 0: no end
};

// Resource. One connection to the file; one thread at a time. No transaction stays open between two
// calls, so that nobody waits for whoever thinks about what it has read.
class DeadLetterDb {
  public:
    enum class Access : std::uint8_t {
        create,    // makes folder and file if need be, and the tables in an empty file
        existing,  // the file is as it is
    };

    struct Opened;

    // `full_sync` makes each write survive the loss of power.
    [[nodiscard]] static Opened open(const std::string& path, Access access,
                                     bool full_sync = false);

    // Writes the letters in one transaction and returns how many are kept. One that is there
    // already counts as kept; one that would make the file larger than `bytes_max` is left out.
    [[nodiscard]] Result<std::size_t> insert(std::span<const DeadLetter> letters,
                                             std::size_t bytes_max);

    // The next letters of the selection behind the id, by id: at most `letters_max`, and no more
    // after those that exceed 4 MiB of lines.
    [[nodiscard]] Result<std::vector<StoredLetter>> read(const LetterSelection& selection,
                                                         std::int64_t after_id,
                                                         std::size_t letters_max);
    // The ids only.
    [[nodiscard]] Result<std::vector<std::int64_t>> find(const LetterSelection& selection,
                                                         std::int64_t after_id,
                                                         std::size_t letters_max);
    // Of the newest letter; 0 when there is none.
    [[nodiscard]] Result<std::int64_t> last_id();
    // Returns how many there were.
    [[nodiscard]] Result<std::uint64_t> remove(std::span<const std::int64_t> ids);
    // Gives letters a new reason and the server's new words.
    [[nodiscard]] Result<void> refused_again(std::span<const std::int64_t> ids,
                                             std::string_view reason, std::string_view answer);
    [[nodiscard]] Result<LetterCounts> counts();
    // Of the file, without its free pages and without what waits in the write-ahead log.
    [[nodiscard]] Result<std::uint64_t> bytes();
    // Cuts free pages off the file, a few at a time.
    [[nodiscard]] Result<void> give_back();
    // Writes what waits in the write-ahead log into the file, as far as nobody is in the way.
    [[nodiscard]] Result<void> carry_over();

    // Whether a call failed because the file is not what it should be.
    [[nodiscard]] bool is_damaged() const { return damaged_; }

  private:
    explicit DeadLetterDb(SqliteDb db) : db_(std::move(db)) {}

    [[nodiscard]] Result<void> set_up(Access access, bool full_sync);
    [[nodiscard]] Result<void> create_tables();
    [[nodiscard]] Result<bool> insert_one(const DeadLetter& letter, std::size_t bytes_max);
    [[nodiscard]] Result<std::int64_t> number_of(SqliteStatement& statement);
    // Remembers damage before anything else is asked of the connection.
    [[nodiscard]] Error noted(Error error);

    SqliteDb db_;
    SqliteStatement insert_;
    SqliteStatement known_;
    SqliteStatement pages_;
    SqliteStatement free_pages_;
    bool damaged_ = false;
};

// Value. A connection, or what kept it from being made.
struct DeadLetterDb::Opened {
    Result<DeadLetterDb> db;
    bool damaged = false;  // the file is not what it should be, and may be set aside
};

// The metadata as it is kept: [["name","value"],...], with repeats and in order.
[[nodiscard]] std::string metadata_to_json(const std::vector<LokiMetadata>& metadata);
[[nodiscard]] Result<std::vector<LokiMetadata>> metadata_from_json(std::string_view json);

}  // namespace weir
