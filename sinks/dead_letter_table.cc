#include "sinks/dead_letter_table.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <system_error>

namespace weir {

namespace {

constexpr int set_aside_max = 8;
// How every line began that earlier versions kept in place of this table.
constexpr std::string_view ndjson_start = R"({"at":")";

// Only while no connection of this process is open: closing a file gives up the locks on it.
bool holds_ndjson(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, ndjson_start.size()> start{};
    file.read(start.data(), start.size());
    return file && std::string_view(start.data(), start.size()) == ndjson_start;
}

// A name beside the file that nothing has; empty when all are taken.
std::string free_name(const std::string& path) {
    for (int number = 1; number <= set_aside_max; ++number) {
        std::string name = number == 1 ? path : fmt::format("{}.{}", path, number);
        if (!std::filesystem::exists(name)) {
            return name;
        }
    }
    return {};
}

}  // namespace

DeadLetterTable::DeadLetterTable(DeadLetterTableOptions options, const Clock& clock,
                                 EventSink& events)
    : options_(std::move(options)), clock_(clock), events_(events) {
    status_.bytes_max = options_.bytes_max;
}

void DeadLetterTable::open() {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
    static_cast<void>(ready());
    refresh();
}

bool DeadLetterTable::is_still_there() const {
    struct stat by_name = {};
    return ::stat(options_.path.c_str(), &by_name) == 0 && by_name.st_ino == inode_ &&
           by_name.st_dev == device_;
}

// Opens the file, again if it was deleted or moved away: letters must not go where nobody finds
// them.
bool DeadLetterTable::ready() {
    if (db_ && !is_still_there()) {
        // Closing would not do it any more, and whoever has the file wants all of it.
        static_cast<void>(db_->carry_over());
        db_.reset();
    }
    if (!db_ && clock_.monotonic_ns() >= retry_at_ns_) {
        open_file();
    }
    return db_.has_value();
}

void DeadLetterTable::open_file() {
    const auto open_once = [this] {
        return DeadLetterDb::open(options_.path, DeadLetterDb::Access::create, options_.full_sync);
    };
    DeadLetterDb::Opened opened = open_once();
    if (!opened.db && opened.damaged) {
        if (const Result<void> aside = set_aside(); !aside) {
            failed(fmt::format("{}; {}", opened.db.error().message, aside.error().message));
            return;
        }
        opened = open_once();
    }
    if (!opened.db) {
        failed(opened.db.error().message);
        return;
    }
    db_.emplace(std::move(*opened.db));
    struct stat by_name = {};
    if (::stat(options_.path.c_str(), &by_name) != 0) {
        failed(options_.path + ": is gone");
        return;
    }
    device_ = by_name.st_dev;
    inode_ = by_name.st_ino;
    if (!write_failed_) {
        succeeded();
    }
}

// Renames what is in the way. Without an open connection.
Result<void> DeadLetterTable::set_aside() {
    const bool ndjson = holds_ndjson(options_.path);
    const std::string target = free_name(options_.path + (ndjson ? ".ndjson" : ".damaged"));
    if (target.empty()) {
        return fail("and beside it are as many files set aside as there may be");
    }
    std::error_code error;
    std::filesystem::rename(options_.path, target, error);
    if (error) {
        return fail("and it cannot be set aside: " + error.message());
    }
    std::error_code ignored;
    for (const char* suffix : {"-wal", "-shm"}) {
        std::filesystem::rename(options_.path + suffix, target + suffix, ignored);
    }
    events_.emit({EventId::dead_letters_set_aside, options_.path,
                  ndjson ? fmt::format("held the NDJSON of an earlier version, which is {} now; "
                                       "those letters are not in the table and are not replayed",
                                       target)
                         : fmt::format("cannot be read as a table of dead letters; it is {} now, "
                                       "and a new one begins",
                                       target)});
    return {};
}

void DeadLetterTable::failed(const std::string& reason) {
    db_.reset();
    retry_at_ns_ = clock_.monotonic_ns() + std::chrono::nanoseconds(options_.retry_after).count();
    if (!failing_) {
        events_.emit(
            {EventId::dead_letters_failed, options_.path,
             fmt::format("{}; records that an endpoint refuses count as dropped", reason)});
    }
    failing_ = true;
    const std::lock_guard lock(status_mutex_);
    status_.healthy = false;
    status_.last_error = reason;
}

void DeadLetterTable::succeeded() {
    if (failing_) {
        events_.emit({EventId::dead_letters_recovered, options_.path, "letters are kept again"});
    }
    failing_ = false;
    write_failed_ = false;
    const std::lock_guard lock(status_mutex_);
    status_.healthy = true;
}

std::size_t DeadLetterTable::write(std::span<const DeadLetter> letters) {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
    std::size_t kept = 0;
    // Damage may show only now; then the letters go into the new file.
    for (bool again = true; again && ready();) {
        again = false;
        const Result<std::size_t> done = db_->insert(letters, options_.bytes_max);
        if (done) {
            kept = *done;
            succeeded();
            tell_room(kept < letters.size());
            break;
        }
        const bool damaged = db_->is_damaged();
        db_.reset();
        again = damaged && set_aside();
        if (!again) {
            write_failed_ = true;
            failed(fmt::format("{}: {}", options_.path, done.error().message));
        }
    }
    refresh();
    const std::lock_guard status_lock(status_mutex_);
    status_.refused += letters.size() - kept;
    return kept;
}

void DeadLetterTable::tell_room(bool full) {
    bool was_full = false;
    {
        const std::lock_guard lock(status_mutex_);
        was_full = status_.full;
        status_.full = full;
    }
    if (!full) {
        return;
    }
    full_bytes_ = db_->bytes().value_or(0);
    if (!was_full) {
        events_.emit({EventId::dead_letters_full, options_.path,
                      fmt::format("dead_letters.bytes_max of {} bytes is reached; records that an "
                                  "endpoint refuses count as dropped",
                                  options_.bytes_max)});
    }
}

// What it holds now; others may have taken from it.
void DeadLetterTable::refresh() {
    if (!db_) {
        return;
    }
    Result<LetterCounts> letters = db_->counts();
    const Result<std::uint64_t> bytes = db_->bytes();
    const std::lock_guard lock(status_mutex_);
    if (letters && bytes) {
        status_.letters = std::move(*letters);
        status_.bytes = *bytes;
        status_.full = status_.full && *bytes >= full_bytes_;
    }
}

DeadLetterStatus DeadLetterTable::status() {
    if (const std::unique_lock lock(mutex_, std::try_to_lock); lock && wanted_ && ready()) {
        refresh();
    }
    const std::lock_guard lock(status_mutex_);
    return status_;
}

}  // namespace weir
