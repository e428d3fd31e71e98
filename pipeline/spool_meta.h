// SpoolMeta: what the spool keeps beside the batches: how far each endpoint has come, how its
// records ended, and where the log ended.
#pragma once

#include "core/result.h"
#include "pipeline/spool_book.h"
#include "pipeline/sqlite.h"

#include <cstdint>
#include <map>
#include <string>

namespace weir {

// Value.
struct SpoolMeta {
    bool is_new = true;                             // nothing was ever saved in it
    std::uint64_t head = 0;                         // number of the last batch
    std::uint64_t head_position = 0;                // behind it
    std::map<std::string, SpoolBook::State> books;  // by endpoint
    // What the listeners counted until `head` and beside the batches.
    IntakeAccount intake;
};

// Resource. The file meta.db. One thread.
class SpoolMetaFile {
  public:
    // Creates what is not there. A file that cannot be read is set aside beside it, and told by
    // was_damaged(). A file of a later version is refused. Opens what is there on a full disk too.
    [[nodiscard]] static Result<SpoolMetaFile> open(const std::string& path, bool full_sync);

    // Only to load.
    [[nodiscard]] static Result<SpoolMetaFile> look(const std::string& path);

    [[nodiscard]] bool was_damaged() const { return was_damaged_; }

    [[nodiscard]] Result<SpoolMeta> load();
    // All of it or nothing.
    [[nodiscard]] Result<void> save(const SpoolMeta& meta);

  private:
    explicit SpoolMetaFile(SqliteDb db) : db_(std::move(db)) {}

    [[nodiscard]] Result<void> save_book(const std::string& name, const SpoolBook::State& book);
    [[nodiscard]] Result<void> load_spans(SpoolMeta& meta);
    [[nodiscard]] Result<void> load_outcomes(SpoolMeta& meta);
    [[nodiscard]] Result<void> load_intake(SpoolMeta& meta);
    [[nodiscard]] Result<void> save_intake(const IntakeAccount& intake);

    SqliteDb db_;
    bool was_damaged_ = false;
};

}  // namespace weir
