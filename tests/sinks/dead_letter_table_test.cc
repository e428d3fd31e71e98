#include "sinks/dead_letter_table.h"

#include "sinks/dead_letter_db.h"
#include "tests/support/event_recorder.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace weir::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr Timestamp logged_at{1'700'000'000 * ns_per_s};
constexpr Timestamp refused_at{1'700'000'001 * ns_per_s};
const std::string labels = R"({device="sw1", job="a"})";

struct DeadLetterTableTest : testing::Test {
    [[nodiscard]] std::unique_ptr<DeadLetterTable> open_table() {
        auto table = std::make_unique<DeadLetterTable>(options, clock, events);
        table->open();
        return table;
    }

    [[nodiscard]] static DeadLetter letter(const LokiEntry& entry,
                                           std::string_view endpoint = "near") {
        return {endpoint, "edge",    Reason::label_value_too_long, "400 too long", labels,
                entry,    refused_at};
    }

    // Writes lines of their own, numbered from `first`, as one batch; returns how many were kept.
    static std::size_t write_lines(DeadLetterTable& table, int first, int count,
                                   std::size_t line_bytes = 100) {
        std::vector<LokiEntry> entries;
        for (int i = first; i < first + count; ++i) {
            std::string line = "line " + std::to_string(i) + " ";
            line.resize(std::max(line.size(), line_bytes), 'x');
            entries.push_back({{logged_at.unix_ns + i}, std::move(line), {}});
        }
        std::vector<DeadLetter> letters;
        letters.reserve(entries.size());
        for (const LokiEntry& entry : entries) {
            letters.push_back(letter(entry));
        }
        return table.write(letters);
    }

    [[nodiscard]] DeadLetterDb look() const {
        DeadLetterDb::Opened opened =
            DeadLetterDb::open(options.path, DeadLetterDb::Access::existing);
        EXPECT_TRUE(opened.db) << opened.db.error().message;
        return std::move(*opened.db);
    }

    [[nodiscard]] std::vector<StoredLetter> stored() const {
        DeadLetterDb db = look();
        std::vector<StoredLetter> all;
        for (;;) {
            const Result<std::vector<StoredLetter>> some =
                db.read({}, all.empty() ? 0 : all.back().id, 100);
            EXPECT_TRUE(some) << some.error().message;
            if (!some || some->empty()) {
                return all;
            }
            all.insert(all.end(), some->begin(), some->end());
        }
    }

    TempDir dir;
    ManualClock clock{refused_at};
    EventRecorder events;
    DeadLetterTableOptions options{.path = dir.file("sub/letters.db"), .bytes_max = 1 << 20};
};

TEST_F(DeadLetterTableTest, KeepsAllThereIsToSayAboutARecord) {
    const LokiEntry entry{logged_at,
                          std::string("a \"line\"\x00 with \\ and \xc3\xa9", 23),
                          {{"k", "2"}, {"a", "\n\x01"}, {"k", "1"}}};
    EXPECT_EQ(open_table()->write({{letter(entry)}}), 1U);
    const std::vector<StoredLetter> letters = stored();
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].at, refused_at);
    EXPECT_EQ(letters[0].endpoint, "near");
    EXPECT_EQ(letters[0].tenant, "edge");
    EXPECT_EQ(letters[0].reason, "label_value_too_long");
    EXPECT_EQ(letters[0].answer, "400 too long");
    EXPECT_EQ(letters[0].labels, labels);
    EXPECT_EQ(letters[0].entry, entry);
}

TEST_F(DeadLetterTableTest, OthersThanTheOwnerAndItsGroupCannotReadIt) {
    const auto table = open_table();
    EXPECT_EQ(write_lines(*table, 0, 1), 1U);
    for (const char* suffix : {"", "-wal", "-shm"}) {
        struct stat found = {};
        ASSERT_EQ(::stat((options.path + suffix).c_str(), &found), 0) << suffix;
        EXPECT_EQ(found.st_mode & 0137U, 0U) << suffix;
    }
}

TEST_F(DeadLetterTableTest, ARecordRefusedAgainIsOneLetter) {
    const auto table = open_table();
    EXPECT_EQ(write_lines(*table, 0, 3), 3U);
    clock.advance_ns(ns_per_s);
    EXPECT_EQ(write_lines(*table, 1, 4), 4U);
    EXPECT_EQ(stored().size(), 5U);
    EXPECT_THAT(table->status().letters,
                ElementsAre(Pair(Pair("near", "label_value_too_long"), 5)));
    EXPECT_EQ(table->status().refused, 0U);
}

TEST_F(DeadLetterTableTest, EndpointTenantLabelsTimeAndMetadataMakeAnotherLetter) {
    const auto table = open_table();
    const LokiEntry entry{logged_at, "line", {{"k", "v"}}};
    const LokiEntry later{{logged_at.unix_ns + 1}, "line", {{"k", "v"}}};
    const LokiEntry other_metadata{logged_at, "line", {{"k", "w"}}};
    DeadLetter other_tenant = letter(entry);
    other_tenant.tenant = "other";
    DeadLetter other_labels = letter(entry);
    other_labels.labels = R"({job="b"})";
    DeadLetter other_words = letter(entry);
    other_words.server_text = "400 the same in other words";
    EXPECT_EQ(table->write({{letter(entry), letter(entry, "far"), letter(later),
                             letter(other_metadata), other_tenant, other_labels, other_words}}),
              7U);
    EXPECT_EQ(stored().size(), 6U);
}

TEST_F(DeadLetterTableTest, IsBoundedUntilSomebodyTakesFromIt) {
    options.bytes_max = 256 * 1024;
    const auto table = open_table();
    const std::size_t kept = write_lines(*table, 0, 1000, 1000);
    EXPECT_GT(kept, 100U);
    EXPECT_LT(kept, 256U);
    EXPECT_EQ(write_lines(*table, 1000, 10, 1000), 0U);
    DeadLetterStatus status = table->status();
    EXPECT_TRUE(status.full);
    EXPECT_TRUE(status.healthy);
    EXPECT_EQ(status.refused, 1010 - kept);
    EXPECT_LE(status.bytes, status.bytes_max);
    EXPECT_EQ(events.count(EventId::dead_letters_full), 1U);
    // What is there already is kept, room or not.
    EXPECT_EQ(write_lines(*table, 0, 1, 1000), 1U);
    {
        DeadLetterDb db = look();
        const auto ids = db.find({}, 0, 100);
        ASSERT_TRUE(ids);
        EXPECT_EQ(db.remove(*ids).value_or(0), 100U);
        ASSERT_TRUE(db.give_back());
    }
    status = table->status();
    EXPECT_FALSE(status.full);
    EXPECT_EQ(status.letters.begin()->second, kept - 100);
    EXPECT_EQ(write_lines(*table, 2000, 50, 1000), 50U);
    EXPECT_LE(std::filesystem::file_size(options.path), options.bytes_max);
}

TEST_F(DeadLetterTableTest, SpaceGoesBackToTheFileSystem) {
    const auto table = open_table();
    ASSERT_GT(write_lines(*table, 0, 5000), 1000U);
    DeadLetterDb db = look();
    ASSERT_TRUE(db.give_back());
    const auto before = std::filesystem::file_size(options.path);
    const auto ids = db.find({}, 0, 100'000);
    ASSERT_TRUE(ids && db.remove(*ids) && db.give_back());
    EXPECT_LT(std::filesystem::file_size(options.path), before / 10);
    EXPECT_TRUE(table->status().letters.empty());
}

TEST_F(DeadLetterTableTest, ThreadsAndProcessesWriteAndTakeAtOnce) {
    options.bytes_max = 16 << 20;
    const auto one = open_table();
    const auto other = open_table();
    std::atomic<std::size_t> kept{0};
    std::atomic<bool> writing{true};
    std::uint64_t removed = 0;
    std::thread taker([&] {
        DeadLetterDb db = look();
        while (writing || removed == 0) {
            const auto ids = db.find({}, 0, 7);
            ASSERT_TRUE(ids);
            const Result<std::uint64_t> done = db.remove(*ids);
            ASSERT_TRUE(done) << done.error().message;
            removed += *done;
        }
    });
    std::vector<std::thread> writers;
    for (int thread = 0; thread < 4; ++thread) {
        writers.emplace_back([&, thread] {
            DeadLetterTable& table = thread % 2 == 0 ? *one : *other;
            for (int round = 0; round < 50; ++round) {
                kept += write_lines(table, (thread * 50 + round) * 20, 20);
            }
        });
    }
    for (std::thread& writer : writers) {
        writer.join();
    }
    writing = false;
    taker.join();
    EXPECT_EQ(kept, 4000U);
    EXPECT_GT(removed, 0U);
    EXPECT_EQ(stored().size(), 4000 - removed);
    EXPECT_EQ(events.count(EventId::dead_letters_failed), 0U);
}

TEST_F(DeadLetterTableTest, WhoeverHoldsTheFileCostsLettersAndNotTime) {
    const auto table = open_table();
    Result<SqliteDb> somebody = SqliteDb::open(options.path, SqliteDb::Mode::read_write);
    ASSERT_TRUE(somebody && somebody->run("BEGIN IMMEDIATE"));
    EXPECT_EQ(write_lines(*table, 0, 1), 0U);
    EXPECT_FALSE(table->status().healthy);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(write_lines(*table, 1, 1), 0U);  // at once
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(500));
    ASSERT_TRUE(somebody->run("ROLLBACK"));
    clock.advance_ns(2 * ns_per_s);
    EXPECT_EQ(write_lines(*table, 2, 1), 1U);
    EXPECT_EQ(table->status().refused, 2U);
    EXPECT_EQ(events.count(EventId::dead_letters_failed), 1U);
    EXPECT_EQ(events.count(EventId::dead_letters_recovered), 1U);
    EXPECT_EQ(events.count(EventId::dead_letters_set_aside), 0U);
}

TEST_F(DeadLetterTableTest, ADamagedFileIsSetAsideAndANewOneBegins) {
    std::filesystem::create_directories(dir.file("sub"));
    for (const char* expected : {".damaged", ".damaged.2"}) {
        write_file(options.path, "this is not what it was " + std::string(5000, '#'));
        const auto table = open_table();
        EXPECT_EQ(write_lines(*table, 0, 3), 3U);
        EXPECT_TRUE(table->status().healthy);
        EXPECT_THAT(read_file(options.path + expected), HasSubstr("this is not"));
    }
    EXPECT_EQ(events.count(EventId::dead_letters_set_aside), 2U);
    EXPECT_EQ(events.count(EventId::dead_letters_failed), 0U);
    EXPECT_EQ(stored().size(), 3U);
}

TEST_F(DeadLetterTableTest, DamageFoundWhileWritingCostsNoLetter) {
    options.bytes_max = 16 << 20;
    ASSERT_EQ(write_lines(*open_table(), 0, 5000), 5000U);
    std::string bytes = read_file(options.path);
    ASSERT_GT(bytes.size(), 100'000U);
    // Everything but the first page, which has the schema.
    std::fill(bytes.begin() + 4096, bytes.end(), '\x7f');
    write_file(options.path, bytes);
    const auto table = open_table();
    EXPECT_EQ(write_lines(*table, 0, 3), 3U);
    EXPECT_EQ(stored().size(), 3U);
    EXPECT_EQ(events.count(EventId::dead_letters_set_aside), 1U);
    EXPECT_TRUE(std::filesystem::exists(options.path + ".damaged"));
}

TEST_F(DeadLetterTableTest, TheNdjsonOfAnEarlierVersionIsKeptByName) {
    std::filesystem::create_directories(dir.file("sub"));
    const std::string ndjson = R"({"at":"2026-11-01T00:00:00Z","endpoint":"near","line":"l"})";
    write_file(options.path, ndjson + "\n");
    const auto table = open_table();
    EXPECT_EQ(write_lines(*table, 0, 3), 3U);
    EXPECT_EQ(read_file(options.path + ".ndjson"), ndjson + "\n");
    EXPECT_THAT(events.details(EventId::dead_letters_set_aside), HasSubstr("NDJSON"));
    EXPECT_THAT(events.details(EventId::dead_letters_set_aside), HasSubstr(".ndjson now"));
}

TEST_F(DeadLetterTableTest, ALaterVersionsFileIsLeftAlone) {
    ASSERT_EQ(write_lines(*open_table(), 0, 3), 3U);
    {
        Result<SqliteDb> later = SqliteDb::open(options.path, SqliteDb::Mode::read_write);
        ASSERT_TRUE(later && later->run("PRAGMA user_version=2"));
    }
    const auto table = open_table();
    EXPECT_EQ(write_lines(*table, 3, 2), 0U);
    EXPECT_THAT(table->status().last_error, HasSubstr("later version of weir (2"));
    EXPECT_EQ(events.count(EventId::dead_letters_failed), 1U);
    EXPECT_EQ(events.count(EventId::dead_letters_set_aside), 0U);
    const auto opened = DeadLetterDb::open(options.path, DeadLetterDb::Access::existing);
    EXPECT_FALSE(opened.db);
    EXPECT_FALSE(opened.damaged);
}

TEST_F(DeadLetterTableTest, AnotherProgramsDatabaseIsLeftAlone) {
    std::filesystem::create_directories(dir.file("sub"));
    {
        Result<SqliteDb> meta = SqliteDb::open(options.path, SqliteDb::Mode::create);
        ASSERT_TRUE(meta && meta->run("CREATE TABLE head(number INTEGER); PRAGMA user_version=1;"));
    }
    const auto table = open_table();
    EXPECT_EQ(write_lines(*table, 0, 2), 0U);
    EXPECT_THAT(table->status().last_error, HasSubstr("a database of something else"));
    EXPECT_THAT(dir.names(), ElementsAre("sub"));
    EXPECT_EQ(events.count(EventId::dead_letters_set_aside), 0U);
}

TEST_F(DeadLetterTableTest, AnUnusablePathIsToldOnceAndTriedAgain) {
    write_file(dir.file("sub"), "a file where a folder should be");
    const auto table = open_table();
    EXPECT_FALSE(table->status().healthy);
    EXPECT_THAT(table->status().last_error, HasSubstr(dir.file("sub")));
    for (int i = 0; i < 3; ++i) {
        clock.advance_ns(2 * ns_per_s);
        EXPECT_EQ(write_lines(*table, 0, 2), 0U);
    }
    EXPECT_EQ(events.count(EventId::dead_letters_failed), 1U);
    EXPECT_EQ(table->status().refused, 6U);
    std::filesystem::remove(dir.file("sub"));
    EXPECT_FALSE(table->status().healthy);  // it is not time yet
    clock.advance_ns(2 * ns_per_s);
    EXPECT_TRUE(table->status().healthy);
    EXPECT_EQ(write_lines(*table, 0, 2), 2U);
    EXPECT_EQ(events.count(EventId::dead_letters_recovered), 1U);
}

TEST_F(DeadLetterTableTest, AFullDiskIsNoDamage) {
    options.bytes_max = 16 << 20;
    const auto table = open_table();
    ASSERT_EQ(write_lines(*table, 0, 10), 10U);
    {
        const FileSizeLimit full(64 * 1024);
        EXPECT_EQ(write_lines(*table, 10, 5000), 0U);
        EXPECT_FALSE(table->status().healthy);
        // That it can be opened does not mean that it can be written.
        clock.advance_ns(2 * ns_per_s);
        EXPECT_FALSE(table->status().healthy);
    }
    clock.advance_ns(2 * ns_per_s);
    EXPECT_EQ(write_lines(*table, 10, 5000), 5000U);
    EXPECT_EQ(stored().size(), 5010U);
    EXPECT_EQ(events.count(EventId::dead_letters_set_aside), 0U);
    EXPECT_EQ(events.count(EventId::dead_letters_recovered), 1U);
}

TEST_F(DeadLetterTableTest, AFileTakenAwayIsReplaced) {
    const auto table = open_table();
    ASSERT_EQ(write_lines(*table, 0, 3), 3U);
    std::filesystem::rename(options.path, dir.file("taken.db"));
    EXPECT_EQ(write_lines(*table, 3, 2), 2U);
    EXPECT_EQ(stored().size(), 2U);
    options.path = dir.file("taken.db");
    EXPECT_EQ(stored().size(), 3U);
}

TEST_F(DeadLetterTableTest, LettersAreSelectedByAllThatIsAsked) {
    const auto table = open_table();
    const LokiEntry first{logged_at, "first", {}};
    const LokiEntry second{logged_at, "second", {}};
    const LokiEntry third{logged_at, "third", {}};
    DeadLetter old = letter(first);
    old.at = {refused_at.unix_ns - ns_per_s};
    DeadLetter other = letter(second, "far");
    other.reason = Reason::line_too_long;
    ASSERT_EQ(table->write({{old, other, letter(third)}}), 3U);
    DeadLetterDb db = look();
    EXPECT_THAT(*db.find({}, 0, 10), ElementsAre(1, 2, 3));
    EXPECT_THAT(*db.find({}, 1, 1), ElementsAre(2));
    EXPECT_THAT(*db.find({.endpoint = "near"}, 0, 10), ElementsAre(1, 3));
    EXPECT_THAT(*db.find({.reason = "line_too_long"}, 0, 10), ElementsAre(2));
    EXPECT_THAT(*db.find({.before = refused_at}, 0, 10), ElementsAre(1));
    EXPECT_THAT(*db.find({.endpoint = "near", .ids = {2, 3, 99}}, 0, 10), ElementsAre(3));
    const std::vector<std::int64_t> ids = {3};
    ASSERT_TRUE(db.refused_again(ids, "too_large", "413 still"));
    EXPECT_EQ(db.read({.ids = ids}, 0, 10)->at(0).answer, "413 still");
    EXPECT_THAT(table->status().letters, ElementsAre(Pair(Pair("far", "line_too_long"), 1),
                                                     Pair(Pair("near", "label_value_too_long"), 1),
                                                     Pair(Pair("near", "too_large"), 1)));
    // Ids are not given again.
    ASSERT_TRUE(db.remove(ids));
    ASSERT_EQ(table->write({{letter(third)}}), 1U);
    EXPECT_THAT(*db.find({}, 0, 10), ElementsAre(1, 2, 4));
}

}  // namespace
}  // namespace weir::test
