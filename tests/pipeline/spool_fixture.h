// A spool in a directory of the test's own, and batches that can be told from each other.
#pragma once

#include "pipeline/spool_log.h"
#include "tests/support/event_recorder.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace weir {

namespace fs = std::filesystem;

inline std::string body_of(std::uint64_t number, std::size_t bytes) {
    std::mt19937_64 random(number);
    std::string body(bytes, '\0');
    for (char& byte : body) {
        byte = static_cast<char>(random());
    }
    return body;
}

inline std::unique_ptr<Batch> make_batch(std::uint64_t number, std::uint32_t records,
                                         std::size_t bytes = 1000) {
    auto batch = std::make_unique<Batch>();
    batch->records = records;
    batch->tenant = number % 2 == 0 ? "even" : "";
    batch->oldest.unix_ns = static_cast<std::int64_t>(number) * 1000;
    batch->body = body_of(number, bytes);
    return batch;
}

inline bool is_the_same(const Batch& batch) {
    return batch.body == body_of(batch.id, batch.body.size()) &&
           batch.oldest.unix_ns == static_cast<std::int64_t>(batch.id) * 1000 &&
           batch.tenant == (batch.id % 2 == 0 ? "even" : "");
}

class SpoolLogTest : public ::testing::Test {
  protected:
    SpoolLogTest() { options_.directory = directory_.path() + "/spool"; }

    void open(const std::vector<std::string>& endpoints = {"loki"}) {
        Result<std::unique_ptr<SpoolLog>> opened = SpoolLog::open(options_, clock_, events_);
        ASSERT_TRUE(opened) << opened.error().message;
        log_ = std::move(*opened);
        cursors_.clear();
        for (const std::string& endpoint : endpoints) {
            cursors_.push_back(&log_->add_cursor(endpoint));
        }
        log_->start();
    }

    void append(std::uint64_t count, std::uint32_t records = 3, std::size_t bytes = 1000) {
        for (std::uint64_t i = 0; i < count; ++i) {
            ASSERT_EQ(log_->append(make_batch(++appended_, records, bytes)),
                      AppendVerdict::accepted);
        }
    }

    bool wait_for(const std::function<bool(const SpoolStatus&)>& done) {
        for (int i = 0; i < 2000 && !done(log_->status()); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return done(log_->status());
    }

    bool wait_until_written() {
        return wait_for([](const SpoolStatus& status) { return status.unwritten_batches == 0; });
    }

    // Takes and settles everything; the numbers in order.
    std::vector<std::uint64_t> deliver_all(LogCursor& cursor) {
        std::vector<std::uint64_t> numbers;
        while (const BatchPtr batch = cursor.take()) {
            EXPECT_TRUE(is_the_same(*batch)) << batch->id;
            numbers.push_back(batch->id);
            cursor.settle(*batch, {.delivered = batch->records});
        }
        return numbers;
    }

    std::vector<fs::path> segment_files() {
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(options_.directory)) {
            if (SegmentName::parse(entry.path().filename().string())) {
                files.push_back(entry.path());
            }
        }
        std::sort(files.begin(), files.end());
        return files;
    }

    static std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
        std::vector<std::uint64_t> all;
        for (std::uint64_t number = first; number <= last; ++number) {
            all.push_back(number);
        }
        return all;
    }

    test::TempDir directory_;
    SpoolOptions options_{.bytes_max = 1ULL << 30U,
                          .segment_bytes_max = 1ULL << 20U,
                          .free_bytes_min = 0,
                          .memory_bytes_max = 64ULL << 20U};
    SystemClock clock_;
    EventRecorder events_;
    std::unique_ptr<SpoolLog> log_;
    std::vector<LogCursor*> cursors_;
    std::uint64_t appended_ = 0;
};

}  // namespace weir
