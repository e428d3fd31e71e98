#include "sinks/file_sink.h"

#include "tests/sinks/endpoint_harness.h"
#include "tests/support/temp_dir.h"

#include <algorithm>

namespace weir::test {
namespace {

struct FileSinkTest : testing::Test {
    TempDir dir;
    SystemClock clock;
    KeptEvents events;
    MemoryLog log{events};
    LogCursor& cursor = log.add_cursor("file", 64UL * 1024 * 1024);
    FileSinkOptions options;
    std::unique_ptr<FileSink> sink;

    void start() {
        options.files.directory = dir.path();
        options.backoff_min = std::chrono::milliseconds(2);
        options.backoff_max = std::chrono::milliseconds(10);
        sink = std::make_unique<FileSink>(cursor, clock, events, options);
        sink->start();
    }

    void append(std::vector<std::string> lines) {
        LokiPush push;
        push.streams.push_back({R"({job="syslog"})", {}});
        for (std::string& line : lines) {
            push.streams[0].entries.push_back({clock.now(), std::move(line), {{"app", "x"}}});
        }
        ASSERT_EQ(log.append(to_batch(push, clock.now())), AppendVerdict::accepted);
    }

    [[nodiscard]] std::string current() const { return read_file(dir.file("weir.ndjson")); }
};

TEST_F(FileSinkTest, WritesEachRecordPromptly) {
    start();
    append({"one", "two"});
    ASSERT_TRUE(eventually([&] { return cursor.ledger().delivered == 2; }));
    const std::string lines = current();
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
    EXPECT_NE(lines.find(R"("line":"one"})"), std::string::npos);
    const EndpointStatus status = sink->status();
    EXPECT_EQ(status.kind, "file");
    EXPECT_EQ(status.url, dir.path());
    EXPECT_EQ(status.sent_records, 2U);
    EXPECT_EQ(status.sent_bytes, lines.size());
    EXPECT_EQ(status.files, 1U);
    EXPECT_EQ(status.files_bytes, lines.size());
}

TEST_F(FileSinkTest, LargeBatchesAreWrittenWhole) {
    start();
    append(std::vector<std::string>(2000, std::string(1000, 'x')));
    ASSERT_TRUE(eventually([&] { return cursor.ledger().delivered == 2000; }));
    const std::string lines = current();
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2000);
}

TEST_F(FileSinkTest, HoldsWhileItCannotWriteAndLosesNothing) {
    const std::string blocked = dir.file("logs");
    write_file(blocked, "in the way");
    options.files.directory = blocked;
    options.backoff_min = std::chrono::milliseconds(2);
    options.backoff_max = std::chrono::milliseconds(10);
    sink = std::make_unique<FileSink>(cursor, clock, events, options);
    sink->start();
    append({"kept"});
    ASSERT_TRUE(eventually([&] { return sink->status().state == EndpointState::hold; }));
    ASSERT_TRUE(eventually([&] { return sink->status().retries.at("write_failed") > 2; }));
    EXPECT_EQ(sink->status().state_reason, Reason::write_failed);
    EXPECT_NE(sink->status().last_error.find(blocked), std::string::npos);
    EXPECT_EQ(cursor.ledger().queued, 1U);
    EXPECT_EQ(events.events().size(), 1U);  // once, not at every try
    std::filesystem::remove(blocked);
    ASSERT_TRUE(eventually([&] { return cursor.ledger().delivered == 1; }));
    EXPECT_EQ(sink->status().state, EndpointState::ok);
    EXPECT_NE(read_file(blocked + "/weir.ndjson").find("kept"), std::string::npos);
}

TEST_F(FileSinkTest, StopsAtTheDeadlineWhileItCannotWrite) {
    write_file(dir.file("logs"), "in the way");
    options.files.directory = dir.file("logs");
    sink = std::make_unique<FileSink>(cursor, clock, events, options);
    sink->start();
    append({"kept"});
    ASSERT_TRUE(eventually([&] { return sink->status().state == EndpointState::hold; }));
    const auto begin = std::chrono::steady_clock::now();
    sink->stop(std::chrono::milliseconds(50));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    EXPECT_EQ(cursor.ledger().queued, 1U);
    EXPECT_TRUE(cursor.ledger().balances());
}

TEST_F(FileSinkTest, ABatchThatCannotBeReadIsCountedAsDropped) {
    start();
    auto batch = std::make_unique<Batch>();
    batch->body = "no snappy";
    batch->records = 3;
    ASSERT_EQ(log.append(std::move(batch)), AppendVerdict::accepted);
    append({"after it"});
    ASSERT_TRUE(eventually([&] { return cursor.ledger().delivered == 1; }));
    EXPECT_EQ(cursor.ledger().dropped.at("batch_unreadable"), 3U);
    EXPECT_TRUE(cursor.ledger().balances());
}

TEST_F(FileSinkTest, RotatesAndDeletesWithinTheBound) {
    options.files.file_bytes_max = 4096;
    options.files.total_bytes_max = 16'384;
    start();
    for (int i = 0; i < 100; ++i) {
        append({std::string(500, 'x')});
    }
    ASSERT_TRUE(eventually([&] { return cursor.ledger().delivered == 100; }));
    const EndpointStatus status = sink->status();
    EXPECT_LE(status.files_bytes, 16'384U);
    EXPECT_GT(status.files_deleted, 5U);
    EXPECT_EQ(status.files, dir.names().size());
}

}  // namespace
}  // namespace weir::test
