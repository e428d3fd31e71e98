#include "pipeline/spool_log.h"

#include "tests/pipeline/spool_fixture.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <set>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace weir {
namespace {

TEST_F(SpoolLogTest, EndpointsAreIndependentAndGoOnWhereTheyWere) {
    open({"one", "two"});
    append(10);
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(1, 10));
    const BatchPtr first = cursors_[1]->take();
    const BatchPtr second = cursors_[1]->take();
    cursors_[1]->settle(*second, {.dropped = {{"rejected", 3}}});
    log_.reset();  // an orderly end
    open({"one", "two"});
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(11, 10));
    const DeliveryLedger before = cursors_[1]->ledger();
    EXPECT_EQ(before.appended, 30U);
    EXPECT_EQ(before.queued, 27U);
    EXPECT_EQ(before.dropped.at("rejected"), 3U);
    EXPECT_TRUE(before.balances());
    append(2);
    std::vector<std::uint64_t> expected = numbers(3, 12);
    expected.insert(expected.begin(), 1);
    EXPECT_EQ(deliver_all(*cursors_[1]), expected);
    EXPECT_TRUE(cursors_[1]->ledger().balances());
    EXPECT_EQ(cursors_[1]->ledger().queued, 0U);
}

TEST_F(SpoolLogTest, WhatEveryEndpointHasHadLeavesTheDisk) {
    open({"one", "two"});
    append(100, 3, 100'000);  // ten segments
    ASSERT_TRUE(wait_until_written());
    EXPECT_GT(segment_files().size(), 5U);
    deliver_all(*cursors_[0]);
    EXPECT_GT(log_->status().segments, 5U);
    deliver_all(*cursors_[1]);
    EXPECT_TRUE(wait_for([](const SpoolStatus& status) { return status.segments <= 1; }));
    EXPECT_LE(segment_files().size(), 1U);
}

TEST_F(SpoolLogTest, ABacklogIsReadFromDiskAndDoesNotStayInMemory) {
    options_.memory_bytes_max = 4ULL << 20U;
    open();
    for (int i = 0; i < 20; ++i) {
        append(10, 3, 100'000);
        ASSERT_TRUE(wait_until_written());
    }
    EXPECT_LE(log_->status().memory_bytes, 3ULL << 20U);
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(1, 200));
    EXPECT_EQ(log_->status().memory_bytes, 0U);
}

TEST_F(SpoolLogTest, AFullSpoolDropsTheOldestAndCountsThem) {
    options_.bytes_max = 5ULL << 20U;
    open({"one", "two"});
    append(10, 3, 100'000);
    deliver_all(*cursors_[0]);
    const BatchPtr out = cursors_[1]->take();
    for (int i = 0; i < 9; ++i) {
        append(10, 3, 100'000);
        ASSERT_TRUE(wait_until_written());
    }
    EXPECT_LE(log_->status().bytes, options_.bytes_max);
    for (LogCursor* cursor : cursors_) {
        const DeliveryLedger ledger = cursor->ledger();
        EXPECT_TRUE(ledger.balances());
        EXPECT_GT(ledger.dropped.at("spool_full"), 0U);
        EXPECT_EQ(ledger.appended, 300U);
    }
    // What was out when it was dropped is still the endpoint's to end.
    cursors_[1]->settle(*out, {.delivered = 3});
    EXPECT_TRUE(cursors_[1]->ledger().balances());
    const std::vector<std::uint64_t> left = deliver_all(*cursors_[1]);
    EXPECT_EQ(left, numbers(left.front(), 100));
    EXPECT_EQ(cursors_[1]->ledger().dropped.at("spool_full"), (left.front() - 2) * 3);
    EXPECT_NE(events_.details(EventId::spool_full), "");
}

TEST_F(SpoolLogTest, DropNewestRefuses) {
    options_.bytes_max = 2ULL << 20U;
    options_.drop_newest = true;
    open();
    std::uint64_t taken = 0;
    while (log_->append(make_batch(taken + 1, 1, 100'000)) == AppendVerdict::accepted) {
        ++taken;
        ASSERT_LT(taken, 30U);
    }
    EXPECT_GT(taken, 15U);
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(1, taken));
    EXPECT_TRUE(cursors_[0]->ledger().balances());
}

TEST_F(SpoolLogTest, ANewEndpointBeginsAtTheEndAndAnOldOneComesBack) {
    open({"one"});
    append(5);
    log_.reset();
    open({"two"});
    EXPECT_EQ(log_->status().abandoned.at("one"), 15U);
    append(5);
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(6, 10));
    log_.reset();
    open({"one", "two"});
    EXPECT_TRUE(log_->status().abandoned.empty());
    // Nothing was kept for its sake, and it says so.
    deliver_all(*cursors_[0]);
    const DeliveryLedger ledger = cursors_[0]->ledger();
    EXPECT_TRUE(ledger.balances());
    EXPECT_EQ(ledger.appended, 30U);
    EXPECT_EQ(ledger.queued, 0U);
}

TEST_F(SpoolLogTest, ASecondWeirIsRefused) {
    open();
    const auto second = SpoolLog::open(options_, clock_, events_);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("another weir uses it"), std::string::npos);
}

// Damage of every kind: nothing that can be read is lost, what cannot is counted, and starting
// never fails.
TEST_F(SpoolLogTest, DamageCostsOnlyWhatItHit) {
    enum class Damage { flip, truncate_half, empty, not_a_database, gone };
    for (const Damage damage : {Damage::flip, Damage::truncate_half, Damage::empty,
                                Damage::not_a_database, Damage::gone}) {
        for (const std::size_t which : {0U, 2U, 4U}) {
            log_.reset();
            fs::remove_all(options_.directory);
            appended_ = 0;
            open();
            append(50, 3, 100'000);
            ASSERT_TRUE(wait_until_written());
            log_.reset();
            const std::vector<fs::path> files = segment_files();
            ASSERT_EQ(files.size(), 5U);
            const fs::path file = files[which];
            switch (damage) {
                case Damage::flip: {
                    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
                    stream.seekp(static_cast<std::streamoff>(fs::file_size(file) / 2));
                    stream.write("damage", 6);
                    break;
                }
                case Damage::truncate_half:
                    fs::resize_file(file, fs::file_size(file) / 2);
                    break;
                case Damage::empty:
                    fs::resize_file(file, 0);
                    break;
                case Damage::not_a_database:
                    std::ofstream(file, std::ios::trunc) << std::string(300'000, '?');
                    break;
                case Damage::gone:
                    fs::remove(file);
                    break;
            }
            const auto name = ::testing::Message()
                              << "damage " << static_cast<int>(damage) << " of file " << which;
            SCOPED_TRACE(name.GetString());
            open();
            append(5, 3, 1000);
            const std::vector<std::uint64_t> delivered = deliver_all(*cursors_[0]);
            EXPECT_TRUE(std::is_sorted(delivered.begin(), delivered.end()));
            EXPECT_GE(delivered.size(), 55U - 11U);
            EXPECT_LT(delivered.size(), 55U);
            const DeliveryLedger ledger = cursors_[0]->ledger();
            EXPECT_TRUE(ledger.balances());
            EXPECT_EQ(ledger.queued, 0U);
            EXPECT_EQ(ledger.delivered, delivered.size() * 3);
            EXPECT_EQ(ledger.appended, 55U * 3);
        }
    }
}

TEST_F(SpoolLogTest, ADamagedAccountMeansDeliveringAgain) {
    open();
    append(20);
    ASSERT_TRUE(wait_until_written());
    for (int i = 0; i < 10; ++i) {
        const BatchPtr batch = cursors_[0]->take();
        cursors_[0]->settle(*batch, {.delivered = 3});
    }
    log_.reset();
    std::ofstream(options_.directory + "/meta.db", std::ios::trunc) << std::string(9000, '?');
    open();
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(1, 20));
    EXPECT_TRUE(cursors_[0]->ledger().balances());
    EXPECT_TRUE(fs::exists(options_.directory + "/meta.db.damaged"));
}

// A small file system of its own, if this process may mount one.
TEST_F(SpoolLogTest, AFullDiskCostsNothingWhileMemoryHoldsAndHealsByItself) {
    fs::create_directories(options_.directory);
    if (mount("tmpfs", options_.directory.c_str(), "tmpfs", 0, "size=6m") != 0) {
        GTEST_SKIP() << "may not mount a tmpfs: " << std::strerror(errno);
    }
    const std::string ballast = options_.directory + "/ballast";
    open();
    append(2, 3, 100'000);
    ASSERT_TRUE(wait_until_written());
    {
        std::ofstream file(ballast);
        file << std::string(8U << 20U, 'x');
    }
    append(30, 3, 100'000);
    EXPECT_TRUE(wait_for([](const SpoolStatus& status) { return !status.healthy; }));
    // Endpoints get everything meanwhile.
    std::vector<std::uint64_t> delivered;
    for (int i = 0; i < 20; ++i) {
        const BatchPtr batch = cursors_[0]->take();
        ASSERT_NE(batch, nullptr);
        delivered.push_back(batch->id);
        cursors_[0]->settle(*batch, {.delivered = 3});
    }
    EXPECT_EQ(log_->status().unwritten_batches, 12U);  // what has ended is not needed any more
    fs::remove(ballast);
    for (int i = 0; i < 400 && !log_->status().healthy; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(log_->status().healthy);
    EXPECT_TRUE(wait_until_written());
    log_.reset();
    open();
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(21, 32));
    EXPECT_TRUE(cursors_[0]->ledger().balances());
    log_.reset();
    EXPECT_EQ(umount(options_.directory.c_str()), 0);
}

TEST_F(SpoolLogTest, WhenTheDiskTakesNothingAndMemoryIsFullTheOldestAreDroppedByName) {
    options_.memory_bytes_max = 1ULL << 20U;
    options_.free_bytes_min = UINT64_MAX / 2;  // no disk has that
    open();
    append(1, 3, 100'000);
    ASSERT_TRUE(wait_for([](const SpoolStatus& status) { return !status.healthy; }));
    append(29, 3, 100'000);
    EXPECT_LE(log_->status().unwritten_bytes, options_.memory_bytes_max);
    EXPECT_NE(events_.details(EventId::spool_failed), "");
    const std::vector<std::uint64_t> left = deliver_all(*cursors_[0]);
    ASSERT_FALSE(left.empty());
    EXPECT_EQ(left, numbers(left.front(), 30));
    const DeliveryLedger ledger = cursors_[0]->ledger();
    EXPECT_TRUE(ledger.balances());
    EXPECT_EQ(ledger.dropped.at("spool_unavailable"), (left.front() - 1) * 3);
}

TEST_F(SpoolLogTest, LiveBatchesCanBeTakenBeforeTheBacklog) {
    open();
    append(3000, 1, 1000);
    ASSERT_TRUE(wait_until_written());
    cursors_[0]->begin_live();
    EXPECT_EQ(cursors_[0]->take_live(), nullptr);
    append(3);
    for (std::uint64_t number = 3001; number <= 3003; ++number) {
        const BatchPtr live = cursors_[0]->take_live();
        ASSERT_NE(live, nullptr);
        EXPECT_EQ(live->id, number);
        cursors_[0]->settle(*live, {.delivered = 3});
    }
    EXPECT_EQ(cursors_[0]->take_live(), nullptr);
    EXPECT_EQ(cursors_[0]->ledger().queued, 3000U);
    log_.reset();
    open();
    EXPECT_EQ(deliver_all(*cursors_[0]), numbers(1, 3000));
    EXPECT_TRUE(cursors_[0]->ledger().balances());
    EXPECT_EQ(cursors_[0]->ledger().delivered, 3009U);
}

// What is gone beside what has ended is counted once.
TEST_F(SpoolLogTest, AMissingFileCostsOnlyWhatHadNotEnded) {
    options_.segment_bytes_max = 100'000;
    open();
    append(30, 3, 10'000);
    ASSERT_TRUE(wait_until_written());
    std::vector<BatchPtr> out;
    for (int i = 0; i < 20; ++i) {
        out.push_back(cursors_[0]->take());
    }
    cursors_[0]->settle(*out[4], {.delivered = 3});
    cursors_[0]->settle(*out[11], {.delivered = 3});
    log_.reset();
    fs::remove(segment_files()[0]);
    fs::remove(segment_files()[0]);
    open();
    const std::vector<std::uint64_t> left = deliver_all(*cursors_[0]);
    const DeliveryLedger ledger = cursors_[0]->ledger();
    EXPECT_TRUE(ledger.balances());
    EXPECT_EQ(ledger.queued, 0U);
    EXPECT_EQ(ledger.delivered, (left.size() + 2) * 3);
    EXPECT_EQ(ledger.dropped.at("spool_lost"), (30 - left.size() - 2) * 3);
}

// What the killed process tells the one that looks after it.
struct Witness {
    std::uint64_t durable;  // batches up to here were on disk when it was last told
    std::uint64_t appended;
    bool settled[2][4096];
};

class SpoolKillTest : public SpoolLogTest {
  protected:
    // Appends, takes and settles at random until it kills itself.
    void live(Witness& witness, unsigned life) {
        open(two_endpoints);
        appended_ = witness.appended;
        std::mt19937 engine(life);
        const auto random = [&engine] { return static_cast<unsigned>(engine()); };
        std::vector<BatchPtr> out[2];
        for (int step = 0; step < 150; ++step) {
            const unsigned action = random() % 12;
            const std::size_t which = random() % 2;
            if (action < 4 && appended_ < 4000) {
                append(1, 1 + random() % 20, 100 + random() % 20'000);
                witness.appended = appended_;
            } else if (action < 7) {
                BatchPtr batch = action == 5 ? cursors_[which]->take_live() : nullptr;
                batch = batch ? std::move(batch) : cursors_[which]->take();
                if (batch) {
                    out[which].push_back(std::move(batch));
                }
                if (action == 6 && random() % 4 == 0) {
                    cursors_[which]->begin_live();
                }
            } else if (action < 10 && !out[which].empty()) {
                const std::size_t i = random() % out[which].size();
                const BatchPtr batch = out[which][i];
                witness.settled[which][batch->id] = true;
                cursors_[which]->settle(*batch, {.delivered = batch->records});
                out[which].erase(out[which].begin() + static_cast<std::ptrdiff_t>(i));
            } else if (action == 10) {
                if (wait_until_written()) {
                    witness.durable = appended_;
                }
            } else {
                std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
            }
        }
        kill(getpid(), SIGKILL);
    }

    // Whether everything on disk that was not settled is given to an endpoint; `which`, of two.
    std::set<std::uint64_t> look(const Witness& witness, std::size_t which) {
        EXPECT_TRUE(cursors_[which]->ledger().balances());
        std::set<std::uint64_t> given;
        while (const BatchPtr batch = cursors_[which]->take()) {
            EXPECT_TRUE(is_the_same(*batch)) << "number " << batch->id;
            given.insert(batch->id);
        }
        for (std::uint64_t number = 1; number <= witness.durable; ++number) {
            EXPECT_TRUE(given.contains(number) || witness.settled[which][number])
                << "batch " << number << " is lost to " << which;
        }
        return given;
    }

    const std::vector<std::string> two_endpoints = {"one", "two"};
};

// A random life that ends with SIGKILL, several times over the same directory.
TEST_F(SpoolKillTest, NothingOnDiskIsLost) {
    void* shared =
        mmap(nullptr, sizeof(Witness), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(shared, MAP_FAILED);
    auto* witness = static_cast<Witness*>(shared);  // all zeros
    options_.segment_bytes_max = 100'000;
    for (unsigned life = 0; life < 20; ++life) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            live(*witness, life);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "life " << life;

        SCOPED_TRACE(::testing::Message() << "life " << life);
        open(two_endpoints);
        const std::set<std::uint64_t> given[2] = {look(*witness, 0), look(*witness, 1)};
        // What never reached the disk may be missing; a number behind the head is given again.
        const std::uint64_t head = log_->status().head;
        for (std::size_t which = 0; which < 2; ++which) {
            for (std::uint64_t number = witness->durable + 1; number <= head; ++number) {
                witness->settled[which][number] |= !given[which].contains(number);
            }
            for (std::uint64_t number = head + 1; number < 4096; ++number) {
                witness->settled[which][number] = false;
            }
        }
        witness->appended = head;
        witness->durable = head;
        log_.reset();
    }
    munmap(shared, sizeof(Witness));
}

}  // namespace
}  // namespace weir
