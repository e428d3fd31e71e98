#include "pipeline/spool_segment.h"

#include "core/crash_point.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <memory>
#include <xxhash.h>

namespace weir {

namespace {

constexpr std::string_view name_begin = "logs-";
constexpr std::string_view name_end = ".db";
constexpr std::size_t number_digits = 20;

// 64 KiB pages cost a third of the CPU of 4 KiB ones for blobs of a megabyte.
constexpr const char* page_setup = "PRAGMA page_size=65536; PRAGMA journal_mode=WAL;";
constexpr const char* connection_setup =
    "PRAGMA cache_size=-1024; PRAGMA wal_autocheckpoint=256; PRAGMA temp_store=MEMORY;";

constexpr const char* schema =
    "BEGIN; CREATE TABLE batches(number INTEGER PRIMARY KEY, position INTEGER NOT NULL,"
    " records INTEGER NOT NULL, shard INTEGER NOT NULL, tenant TEXT NOT NULL,"
    " raw_bytes INTEGER NOT NULL, streams INTEGER NOT NULL, heavy INTEGER NOT NULL,"
    " line_bytes INTEGER NOT NULL, oldest_ns INTEGER NOT NULL, newest_ns INTEGER NOT NULL,"
    " first_received_ns INTEGER NOT NULL, largest_stream_bytes INTEGER NOT NULL,"
    " intake TEXT NOT NULL, xxh3 INTEGER NOT NULL, body BLOB NOT NULL);"
    "PRAGMA user_version=2; COMMIT;";
constexpr std::int64_t version = 2;

constexpr std::string_view columns =
    "number, position, records, shard, tenant, raw_bytes, streams, heavy, line_bytes, oldest_ns,"
    " newest_ns, first_received_ns, largest_stream_bytes, intake, xxh3, body";
// Version 1 knew neither the largest stream nor what was counted.
constexpr std::string_view columns_v1 =
    "number, position, records, shard, tenant, raw_bytes, streams, heavy, line_bytes, oldest_ns,"
    " newest_ns, first_received_ns, raw_bytes, '', xxh3, body";

// Over everything that the row says, so that a flipped bit anywhere is found.
std::int64_t checksum(const Batch& batch, std::uint64_t position, std::string_view intake,
                      std::int64_t row_version) {
    std::string head = fmt::format(
        "{} {} {} {} {} {} {} {} {} {} {} {}", batch.id, position, batch.records, batch.shard,
        batch.tenant, batch.raw_bytes, batch.streams, batch.heavy, batch.line_bytes,
        batch.oldest.unix_ns, batch.newest.unix_ns, batch.first_received.unix_ns);
    if (row_version > 1) {
        head += fmt::format(" {} {}", batch.largest_stream_bytes, intake);
    }
    const XXH64_hash_t seed = XXH3_64bits(head.data(), head.size());
    return static_cast<std::int64_t>(
        XXH3_64bits_withSeed(batch.body.data(), batch.body.size(), seed));
}

std::optional<std::uint64_t> parse_number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.size() != number_digits || error != std::errc() ||
        end != digits.data() + digits.size()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::string SegmentName::to_string() const {
    return fmt::format("{}{:020}-{:020}{}", name_begin, first, position, name_end);
}

std::optional<SegmentName> SegmentName::parse(std::string_view file_name) {
    if (!file_name.starts_with(name_begin) || !file_name.ends_with(name_end) ||
        file_name.size() != name_begin.size() + 2 * number_digits + 1 + name_end.size()) {
        return std::nullopt;
    }
    file_name.remove_prefix(name_begin.size());
    const auto first = parse_number(file_name.substr(0, number_digits));
    const auto position = parse_number(file_name.substr(number_digits + 1, number_digits));
    if (!first || !position) {
        return std::nullopt;
    }
    return SegmentName{.first = *first, .position = *position};
}

Result<SegmentWriter> SegmentWriter::create(const std::string& path, bool full_sync) {
    Result<SqliteDb> db = SqliteDb::open(path, SqliteDb::Mode::create);
    if (!db) {
        return tl::unexpected(db.error());
    }
    const char* sync = full_sync ? "PRAGMA synchronous=FULL;" : "PRAGMA synchronous=NORMAL;";
    for (const char* sql : {page_setup, connection_setup, sync}) {
        if (const Result<void> done = db->run(sql); !done) {
            return tl::unexpected(done.error());
        }
    }
    crash_point(CrashPoint::segment_opened);
    if (const Result<void> made = db->run(schema); !made) {
        return tl::unexpected(made.error());
    }
    Result<SqliteStatement> insert = db->prepare(fmt::format(
        "INSERT INTO batches({}) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)",
        columns));
    if (!insert) {
        return tl::unexpected(insert.error());
    }
    return SegmentWriter(std::move(*db), std::move(*insert));
}

Result<void> SegmentWriter::append(const std::vector<PlacedBatch>& batches) {
    Result<SqliteTransaction> transaction = SqliteTransaction::begin(db_);
    if (!transaction) {
        return tl::unexpected(transaction.error());
    }
    for (const PlacedBatch& placed : batches) {
        const Batch& batch = *placed.batch;
        const std::string intake = to_text(batch.intake);
        insert_.bind(1, batch.id)
            .bind(2, placed.position)
            .bind(3, std::int64_t{batch.records})
            .bind(4, std::int64_t{batch.shard})
            .bind(5, std::string_view(batch.tenant))
            .bind(6, batch.raw_bytes)
            .bind(7, std::int64_t{batch.streams})
            .bind(8, std::int64_t{batch.heavy})
            .bind(9, batch.line_bytes)
            .bind(10, batch.oldest.unix_ns)
            .bind(11, batch.newest.unix_ns)
            .bind(12, batch.first_received.unix_ns)
            .bind(13, batch.largest_stream_bytes)
            .bind(14, std::string_view(intake))
            .bind(15, checksum(batch, placed.position, intake, version))
            .bind_blob(16, batch.body);
        if (const Result<void> inserted = insert_.run(); !inserted) {
            return inserted;
        }
    }
    crash_point(CrashPoint::commit_before);
    Result<void> committed = transaction->commit();
    crash_point(CrashPoint::commit_after);
    return committed;
}

Result<SegmentReader> SegmentReader::open(const std::string& path) {
    // Without a write-ahead log nobody writes it and nobody did when he was killed.
    if (!std::filesystem::exists(path + "-wal")) {
        return open_as(SqliteDb::Mode::immutable, path);
    }
    Result<SegmentReader> reader = open_as(SqliteDb::Mode::read_write, path);
    return reader ? std::move(reader) : open_as(SqliteDb::Mode::exclusive, path);
}

Result<SegmentReader> SegmentReader::open_as(SqliteDb::Mode mode, const std::string& path) {
    SegmentReader reader;
    Result<SqliteDb> db = SqliteDb::open(path, mode);
    if (!db) {
        return tl::unexpected(db.error());
    }
    const Result<void> setup = db->run(connection_setup);
    const Result<std::int64_t> found = db->number("PRAGMA user_version");
    if (found && *found > version) {
        return fail(fmt::format("{} was written by a later version of weir", path));
    }
    reader.version_ = found.value_or(version);
    const std::string_view asked = reader.version_ == 1 ? columns_v1 : columns;
    Result<SqliteStatement> from = db->prepare(
        fmt::format("SELECT {} FROM batches WHERE number >= ?1 ORDER BY number LIMIT 1", asked));
    Result<SqliteStatement> one =
        db->prepare(fmt::format("SELECT {} FROM batches WHERE number = ?1", asked));
    // SQLite reads a file only now.
    if (setup && from && one) {
        reader.db_.emplace(std::move(*db));
        reader.select_from_.emplace(std::move(*from));
        reader.select_one_.emplace(std::move(*one));
    } else if (!db->is_damaged()) {
        return tl::unexpected(!setup ? setup.error() : !from ? from.error() : one.error());
    } else {
        const Result<std::int64_t> tables = db->number("SELECT count(*) FROM sqlite_schema");
        reader.unmade_ = tables && *tables == 0;
    }
    return reader;
}

SegmentReader::Found SegmentReader::find(SqliteStatement& select, std::uint64_t number,
                                         PlacedBatch& placed) {
    select.bind(1, number);
    const Result<bool> row = select.step();
    if (!row) {
        return db_->is_damaged() ? Found::damage : Found::failure;
    }
    if (!*row) {
        return Found::nothing;
    }
    auto batch = std::make_shared<Batch>();
    batch->id = select.natural(0);
    batch->records = static_cast<std::uint32_t>(select.integer(2));
    batch->shard = static_cast<std::uint32_t>(select.integer(3));
    batch->tenant = select.blob(4);
    batch->raw_bytes = select.natural(5);
    batch->streams = static_cast<std::uint32_t>(select.integer(6));
    batch->heavy = select.integer(7) != 0;
    batch->line_bytes = select.natural(8);
    batch->oldest.unix_ns = select.integer(9);
    batch->newest.unix_ns = select.integer(10);
    batch->first_received.unix_ns = select.integer(11);
    batch->largest_stream_bytes = select.natural(12);
    batch->body = select.blob(15);
    placed = {.batch = batch, .position = select.natural(1)};
    const bool sound =
        checksum(*batch, placed.position, select.blob(13), version_) == select.integer(14);
    select.reset();
    return sound ? Found::batch : Found::damage;
}

SegmentRead SegmentReader::read(std::uint64_t number, std::uint64_t last) {
    if (!db_) {
        return {.damaged = true};
    }
    PlacedBatch placed;
    Found found = find(*select_from_, number, placed);
    const bool damaged = found == Found::damage;
    while (found == Found::damage && number <= last) {
        found = find(*select_one_, number, placed);
        ++number;
        if (found == Found::nothing && number <= last) {
            found = Found::damage;  // a hole among what cannot be read
        }
    }
    if (found == Found::failure) {
        return {.damaged = damaged, .failed = true};
    }
    if (found != Found::batch || placed.batch->id > last) {
        return {.damaged = damaged};
    }
    return {.placed = std::move(placed), .damaged = damaged};
}

IntakeAccount SegmentReader::intake_behind(std::uint64_t number) {
    IntakeAccount account;
    if (!db_ || version_ == 1) {
        return account;
    }
    Result<SqliteStatement> select = db_->prepare("SELECT intake FROM batches WHERE number > ?1");
    if (!select) {
        return account;
    }
    select->bind(1, number);
    for (Result<bool> row = select->step(); row && *row; row = select->step()) {
        add_account(account, intake_account_from_text(select->blob(0)));
    }
    return account;
}

std::optional<SegmentReader::Tail> SegmentReader::tail() {
    if (!db_) {
        return std::nullopt;
    }
    Result<SqliteStatement> select =
        db_->prepare("SELECT number, position + records FROM batches ORDER BY number DESC LIMIT 1");
    if (!select) {
        return std::nullopt;
    }
    const Result<bool> row = select->step();
    if (!row) {
        return std::nullopt;
    }
    if (!*row) {
        return Tail{};
    }
    return Tail{.last = select->natural(0), .position = select->natural(1)};
}

}  // namespace weir
