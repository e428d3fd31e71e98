// The spool after a kill at a named point: nothing that was on disk is lost, no alarm is false and
// no file is left over. Needs a build with WEIR_CRASH_POINTS.
#include "core/crash_point.h"
#include "pipeline/spool_log.h"
#include "tests/support/event_recorder.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace weir {
namespace {

namespace fs = std::filesystem;

#ifdef WEIR_CRASH_POINTS

constexpr std::uint32_t records_each = 3;

class SpoolCrashTest : public ::testing::Test {
  protected:
    SpoolCrashTest() { options_.directory = directory_.path() + "/spool"; }

    void open() {
        log_.reset();
        Result<std::unique_ptr<SpoolLog>> opened = SpoolLog::open(options_, clock_, events_);
        ASSERT_TRUE(opened) << opened.error().message;
        log_ = std::move(*opened);
        cursor_ = &log_->add_cursor("loki");
    }

    void append(std::size_t count, std::size_t bytes) {
        for (std::size_t i = 0; i < count; ++i) {
            auto batch = std::make_unique<Batch>();
            batch->records = records_each;
            batch->body = std::string(bytes, 'x');
            ASSERT_EQ(log_->append(std::move(batch)), AppendVerdict::accepted);
        }
    }

    bool wait_for(const std::function<bool(const SpoolStatus&)>& done) {
        for (int i = 0; i < 2000 && !done(log_->status()); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return done(log_->status());
    }

    // In a process of its own, which `life` or the end of the log at `point` kills.
    void killed_at(const std::string& point, const std::function<void()>& life) {
        EXPECT_EXIT(
            {
                ASSERT_TRUE(arm_crash_point(point));
                life();
                std::this_thread::sleep_for(std::chrono::seconds(20));
                std::exit(0);
            },
            testing::KilledBySignal(SIGKILL), "crash point " + point);
    }

    std::set<std::uint64_t> deliver_all() {
        std::set<std::uint64_t> given;
        while (const BatchPtr batch = cursor_->take()) {
            EXPECT_TRUE(given.insert(batch->id).second) << batch->id << " came twice";
            cursor_->settle(*batch, {.delivered = batch->records});
        }
        return given;
    }

    // A whole life: what was left and one more are delivered, and nothing is left behind.
    void expect_delivered(std::uint64_t on_disk) {
        open();
        log_->start();
        append(1, 10);
        const std::set<std::uint64_t> given = deliver_all();
        EXPECT_EQ(given.size(), on_disk + 1);
        const DeliveryLedger ledger = cursor_->ledger();
        EXPECT_TRUE(ledger.balances());
        EXPECT_EQ(ledger.appended, (on_disk + 1) * records_each);
        EXPECT_EQ(ledger.delivered, ledger.appended);
        EXPECT_TRUE(ledger.dropped.empty());
        EXPECT_EQ(events_.details(EventId::spool_damaged), "");
        EXPECT_TRUE(wait_for([](const SpoolStatus& status) {
            return status.unwritten_batches == 0 && status.segments == 1;
        }));
        log_.reset();
        open();  // the last one is empty, or has been passed
        log_->start();
        EXPECT_TRUE(wait_for([](const SpoolStatus& status) { return status.segments == 0; }));
        log_.reset();
        EXPECT_EQ(files(), (std::set<std::string>{"lock", "meta.db"}));
    }

    std::set<std::string> files() {
        std::set<std::string> names;
        for (const auto& entry : fs::directory_iterator(options_.directory)) {
            names.insert(entry.path().filename().string());
        }
        return names;
    }

    test::TempDir directory_;
    SpoolOptions options_{.bytes_max = 1ULL << 30U,
                          .segment_bytes_max = 100'000,
                          .free_bytes_min = 0,
                          .memory_bytes_max = 64ULL << 20U};
    SystemClock clock_;
    EventRecorder events_;
    std::unique_ptr<SpoolLog> log_;
    LogCursor* cursor_ = nullptr;
};

TEST_F(SpoolCrashTest, AnEndpointOfTheFirstLifeIsNotNewInTheSecond) {
    killed_at("commit_after:1", [this] {
        open();
        log_->start();
        append(5, 1000);
    });
    expect_delivered(5);
}

TEST_F(SpoolCrashTest, WhatWasWrittenBeforeANewSegmentCountsThoughNothingToldOfIt) {
    // Two segments in one round, before meta.db hears of the first.
    killed_at("segment_created:2", [this] {
        open();
        log_->start();
        append(2, 100'000);
    });
    expect_delivered(1);
}

TEST_F(SpoolCrashTest, AHalfMadeSegmentIsEmptyAndNotDamaged) {
    for (const char* point : {"segment_opened:2", "segment_created:2"}) {
        SCOPED_TRACE(point);
        killed_at(point, [this] {
            open();
            log_->start();
            append(2, 100'000);
        });
        expect_delivered(1);
        fs::remove_all(options_.directory);
    }
}

TEST_F(SpoolCrashTest, NoPartOfASegmentIsLeftBehind) {
    // A segment with a write-ahead log, as a killed process leaves it, goes half.
    killed_at("commit_after:1", [this] {
        open();
        log_->start();
        append(1, 1000);
    });
    killed_at("segment_unlink_main:1", [this] {
        open();
        log_->start();
        deliver_all();
    });
    open();
    log_.reset();
    EXPECT_EQ(files(), (std::set<std::string>{"lock", "meta.db"}));
}

TEST_F(SpoolCrashTest, ANewAccountInWhichNothingWasSavedYetIsStillNew) {
    killed_at("commit_after:1", [this] {
        open();
        log_->start();
        append(5, 1000);
    });
    for (const char* file : {"/meta.db", "/meta.db-wal", "/meta.db-shm"}) {
        fs::remove(options_.directory + file);
    }
    killed_at("meta_before:1", [this] {
        open();
        log_->start();
    });
    expect_delivered(5);
}

TEST_F(SpoolCrashTest, EveryPointOfTheFirstMetaSave) {
    for (const char* point : {"meta_before:1", "meta_after:1", "meta_before:2", "meta_after:2"}) {
        SCOPED_TRACE(point);
        killed_at(point, [this] {
            open();
            log_->start();
            append(5, 1000);
        });
        open();
        log_->start();
        const std::uint64_t left = deliver_all().size();
        EXPECT_TRUE(left == 0 || left == 5) << left;
        EXPECT_TRUE(cursor_->ledger().balances());
        log_.reset();
        fs::remove_all(options_.directory);
    }
}

#endif

}  // namespace
}  // namespace weir
