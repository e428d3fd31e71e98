// Taking over what an earlier process left, whatever it was and whatever the disk does meanwhile.
#include "tests/pipeline/spool_fixture.h"

#include <cstring>
#include <fstream>
#include <sqlite3.h>
#include <sstream>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir {
namespace {

class SpoolStartTest : public SpoolLogTest {
  protected:
    static IntakeLedger accepted(std::uint64_t frames) {
        return {.received = frames, .accepted = frames};
    }

    void append_counted(const IntakeLedger& counted) {
        auto batch = make_batch(++appended_, 3);
        batch->intake["in"] = counted;
        ASSERT_EQ(log_->append(std::move(batch)), AppendVerdict::accepted);
    }

    // Runs `life` in a process of its own, which ends with SIGKILL after it.
    template <typename Life>
    static void in_a_life_that_is_killed(Life life) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            life();
            kill(getpid(), SIGKILL);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }

    // Makes a database of the statements in a file of tests/data.
    static void make_database(const std::string& sql_file, const std::string& path) {
        std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/tests/data/" + sql_file);
        std::ostringstream sql;
        sql << file.rdbuf();
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(db, sql.str().c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
            << sqlite3_errmsg(db);
        sqlite3_close(db);
    }

    void run_sql(const std::string& path, const char* sql) {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK)
            << sqlite3_errmsg(db);
        sqlite3_close(db);
    }
};

TEST_F(SpoolStartTest, WhatListenersCountedSurvivesAnOrderlyEnd) {
    open();
    append_counted(accepted(3));
    append_counted({.received = 5, .accepted = 3, .held = 1, .rejected = {{"overload", 1}}});
    log_->note_intake({{"in", {.received = 2, .dropped = {{"rule", 2}}}}, {"other", accepted(1)}});
    log_.reset();
    open();
    const IntakeAccount& earlier = log_->earlier_intake();
    const IntakeLedger& in = earlier.at("in");
    EXPECT_EQ(in.received, 10U);
    EXPECT_EQ(in.accepted, 6U);
    EXPECT_EQ(in.rejected.at("overload"), 1U);
    EXPECT_EQ(in.dropped.at("rule"), 2U);
    EXPECT_EQ(in.dropped.at("process_ended"), 1U);  // was held, and by nobody now
    EXPECT_EQ(in.held, 0U);
    EXPECT_TRUE(in.balances());
    EXPECT_EQ(earlier.at("other").accepted, 1U);
}

TEST_F(SpoolStartTest, WhatWasCountedCommitsWithItsBatch) {
    for (int life = 0; life < 5; ++life) {
        in_a_life_that_is_killed([this] {
            open();
            for (int i = 0; i < 50; ++i) {
                append_counted(accepted(3));
            }
            static_cast<void>(wait_until_written());
        });
    }
    open();
    const DeliveryLedger ledger = cursors_[0]->ledger();
    EXPECT_EQ(ledger.appended, 5U * 50U * 3U);
    EXPECT_EQ(log_->earlier_intake().at("in").accepted, ledger.appended);
    EXPECT_TRUE(log_->earlier_intake().at("in").balances());
}

TEST_F(SpoolStartTest, ASpoolOfVersionOneIsTakenOver) {
    fs::create_directories(options_.directory);
    const std::string segment = "logs-00000000000000000001-00000000000000000000";
    make_database("spool_v1/meta.sql", options_.directory + "/meta.db");
    make_database("spool_v1/" + segment + ".sql", options_.directory + "/" + segment + ".db");
    open({"near", "far"});
    EXPECT_EQ(events_.details(EventId::spool_damaged), "");
    append_counted(accepted(3));
    for (LogCursor* cursor : cursors_) {
        std::uint64_t records = 0;
        while (const BatchPtr batch = cursor->take()) {
            EXPECT_GT(batch->largest_stream_bytes + batch->records, 0U);
            records += batch->records;
            cursor->settle(*batch, {.delivered = batch->records});
        }
        EXPECT_EQ(records, 12U + 3U);
        EXPECT_EQ(cursor->ledger().delivered, 15U);
        EXPECT_TRUE(cursor->ledger().balances());
    }
    log_.reset();
    open({"near", "far"});
    EXPECT_EQ(cursors_[0]->ledger().delivered, 15U);
    EXPECT_EQ(log_->earlier_intake().at("in").accepted, 3U);
}

TEST_F(SpoolStartTest, ALaterVersionIsRefusedAndLeftAlone) {
    open();
    append(1);
    log_.reset();
    run_sql(options_.directory + "/meta.db", "PRAGMA user_version=1000");
    const Result<std::unique_ptr<SpoolLog>> refused = SpoolLog::open(options_, clock_, events_);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("later version"), std::string::npos);
    EXPECT_FALSE(fs::exists(options_.directory + "/meta.db.damaged"));
}

// A small file system of its own, if this process may mount one.
class FullDiskTest : public SpoolStartTest {
  protected:
    void SetUp() override {
        fs::create_directories(options_.directory);
        if (mount("tmpfs", options_.directory.c_str(), "tmpfs", 0, "size=4m") != 0) {
            GTEST_SKIP() << "may not mount a tmpfs: " << std::strerror(errno);
        }
        mounted_ = true;
    }

    void TearDown() override {
        log_.reset();
        if (mounted_) {
            EXPECT_EQ(umount(options_.directory.c_str()), 0);
        }
    }

    [[nodiscard]] std::string ballast() const { return options_.directory + "/ballast"; }

    void fill_disk() const { std::ofstream(ballast()) << std::string(8U << 20U, 'x'); }

  private:
    bool mounted_ = false;
};

TEST_F(FullDiskTest, ANewSpoolBeginsInMemoryAndMovesToDiskWhenThereIsRoom) {
    fill_disk();
    open();
    append_counted(accepted(3));
    append_counted(accepted(3));
    EXPECT_TRUE(wait_for([](const SpoolStatus& status) { return !status.healthy; }));
    EXPECT_NE(events_.details(EventId::spool_failed), "");
    const BatchPtr first = cursors_[0]->take();
    ASSERT_NE(first, nullptr);
    cursors_[0]->settle(*first, {.delivered = 3});
    fs::remove(ballast());
    EXPECT_TRUE(wait_for([](const SpoolStatus& status) { return status.healthy; }));
    EXPECT_TRUE(wait_until_written());
    EXPECT_NE(events_.details(EventId::spool_recovered), "");
    log_.reset();
    open();
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(2, 2));
    EXPECT_EQ(cursors_[0]->ledger().delivered, 6U);
    EXPECT_EQ(log_->earlier_intake().at("in").accepted, 6U);
}

TEST_F(FullDiskTest, ABacklogIsDeliveredFromADiskThatIsFull) {
    open();
    append(5, 3, 100'000);
    log_.reset();
    fill_disk();
    open();
    append(2);
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(1, 7));
    EXPECT_TRUE(cursors_[0]->ledger().balances());
    EXPECT_EQ(cursors_[0]->ledger().delivered, 21U);
}

TEST_F(FullDiskTest, ABacklogOfAKilledProcessIsDeliveredFromADiskThatIsFull) {
    in_a_life_that_is_killed([this] {
        open();
        append(5, 3, 100'000);
        static_cast<void>(wait_until_written());
    });
    fill_disk();
    open();
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(1, 5));
    EXPECT_TRUE(cursors_[0]->ledger().balances());
}

}  // namespace
}  // namespace weir
