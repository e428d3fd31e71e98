#include "sinks/rotating_files.h"

#include "sinks/dead_letter_file.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <csignal>
#include <sys/resource.h>

namespace weir::test {
namespace {

// Limits the size of every file that this process writes, as a full disk would: the write that
// crosses it is cut short, the next one fails.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }

    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

    ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};

struct RotatingFilesTest : testing::Test {
    TempDir dir;
    ManualClock clock{Timestamp{1'700'000'000'000'000'000}};
    RotatingFilesOptions options{dir.path(), 100, 1000, false};

    static void write(RotatingFiles& files, std::string_view lines) {
        const Result<void> written = files.write(lines);
        ASSERT_TRUE(written) << written.error().message;
        EXPECT_TRUE(lines.empty());
    }
};

std::string line_of(std::size_t bytes, char letter) {
    return std::string(bytes - 1, letter) + '\n';
}

TEST_F(RotatingFilesTest, WritesAreSeenAtOnce) {
    RotatingFiles files(options, clock);
    write(files, "one\n");
    EXPECT_EQ(read_file(dir.file("weir.ndjson")), "one\n");
    write(files, "two\n");
    EXPECT_EQ(read_file(dir.file("weir.ndjson")), "one\ntwo\n");
    EXPECT_EQ(files.status().files, 1U);
    EXPECT_EQ(files.status().bytes, 8U);
}

TEST_F(RotatingFilesTest, RotatesBetweenLines) {
    RotatingFiles files(options, clock);
    write(files, line_of(60, 'a'));
    write(files, line_of(60, 'b') + line_of(60, 'c'));
    EXPECT_EQ(read_file(dir.file("weir-2023-11-14T221320.000000000Z.ndjson")), line_of(60, 'a'));
    // The clock stands still, yet no file is overwritten.
    EXPECT_EQ(read_file(dir.file("weir-2023-11-14T221320.000000000Z-1.ndjson")), line_of(60, 'b'));
    EXPECT_EQ(read_file(dir.file("weir.ndjson")), line_of(60, 'c'));
    EXPECT_EQ(files.status().files, 3U);
    EXPECT_EQ(files.status().bytes, 180U);
}

TEST_F(RotatingFilesTest, ALineLargerThanAFileIsWrittenWhole) {
    RotatingFiles files(options, clock);
    write(files, line_of(20, 'a') + line_of(300, 'b') + line_of(20, 'c'));
    EXPECT_EQ(read_file(dir.file("weir.ndjson")), line_of(20, 'c'));
    EXPECT_EQ(read_file(dir.file("weir-2023-11-14T221320.000000000Z-1.ndjson")), line_of(300, 'b'));
}

TEST_F(RotatingFilesTest, TheOldestGoForRoom) {
    write_file(dir.file("not-ours.ndjson"), std::string(5000, 'x'));
    RotatingFiles files(options, clock);
    for (int i = 0; i < 30; ++i) {
        clock.advance_ns(ns_per_s);
        write(files, line_of(90, static_cast<char>('A' + i)));
        EXPECT_LE(files.status().bytes, 1000U);
    }
    EXPECT_EQ(files.status().files, 11U);
    EXPECT_EQ(files.status().deleted, 19U);
    EXPECT_EQ(read_file(dir.file(dir.names()[1])), line_of(90, static_cast<char>('A' + 19)));
    EXPECT_TRUE(std::filesystem::exists(dir.file("not-ours.ndjson")));
}

TEST_F(RotatingFilesTest, ATornLastLineOfAnEarlierRunIsPutAside) {
    write_file(dir.file("weir.ndjson"), "{\"line\":\"to");
    RotatingFiles files(options, clock);
    write(files, "new\n");
    EXPECT_EQ(read_file(dir.file("weir.ndjson")), "new\n");
    EXPECT_EQ(read_file(dir.file("weir-2023-11-14T221320.000000000Z.ndjson")), "{\"line\":\"to");
}

TEST_F(RotatingFilesTest, CompressesWhatIsPutAside) {
    options.zstd = true;
    write_file(dir.file("weir-2020-01-01T000000.000000000Z.ndjson.zst.tmp"), "left by a crash");
    RotatingFiles files(options, clock);
    write(files, line_of(90, 'a'));
    write(files, line_of(90, 'b'));
    EXPECT_EQ(files.side_error(), "");
    const std::vector<std::string> expected{"weir-2023-11-14T221320.000000000Z.ndjson.zst",
                                            "weir.ndjson"};
    EXPECT_EQ(dir.names(), expected);
    const std::string packed = read_file(dir.file(expected[0]));
    std::string lines(1000, '\0');
    const std::size_t size =
        ZSTD_decompress(lines.data(), lines.size(), packed.data(), packed.size());
    ASSERT_EQ(ZSTD_isError(size), 0U);
    EXPECT_EQ(lines.substr(0, size), line_of(90, 'a'));
}

TEST_F(RotatingFilesTest, ADeletedFileIsNotWrittenTo) {
    RotatingFiles files(options, clock);
    write(files, "one\n");
    std::filesystem::remove_all(dir.path());
    write(files, "two\n");
    EXPECT_EQ(read_file(dir.file("weir.ndjson")), "two\n");
}

TEST_F(RotatingFilesTest, AfterAFullDiskItGoesOnWhereItStopped) {
    RotatingFiles files(options, clock);
    const std::string lines = line_of(30, 'a') + line_of(30, 'b');
    std::string_view rest = lines;
    {
        const FileSizeLimit full(40);
        const Result<void> written = files.write(rest);
        ASSERT_FALSE(written);
        EXPECT_NE(written.error().message.find("weir.ndjson: File too large"), std::string::npos);
        EXPECT_EQ(rest.size(), 20U);
    }
    ASSERT_TRUE(files.write(rest));
    EXPECT_EQ(read_file(dir.file("weir.ndjson")), lines);
}

TEST_F(RotatingFilesTest, AnUnusableDirectoryIsNamed) {
    write_file(dir.file("file"), "");
    options.directory = dir.file("file");
    RotatingFiles files(options, clock);
    std::string_view lines = "x\n";
    const Result<void> written = files.write(lines);
    ASSERT_FALSE(written);
    EXPECT_NE(written.error().message.find(dir.file("file")), std::string::npos);
    EXPECT_EQ(lines, "x\n");
}

struct DeadLetterFileTest : testing::Test {
    TempDir dir;
    std::string path = dir.file("sub/dead-letters.ndjson");
    LokiEntry entry{{1'700'000'000'000'000'000}, "line", {{"k", "v"}}};
    DeadLetter letter{"loki",         "edge", Reason::line_too_long,      "400 max entry size",
                      R"({job="a"})", entry,  {1'700'000'001'000'000'000}};
};

TEST_F(DeadLetterFileTest, SaysWhatWhyAndInWhichWords) {
    DeadLetterFile file({path, 10'000});
    ASSERT_TRUE(file.write(letter));
    EXPECT_EQ(read_file(path),
              R"({"at":"2023-11-14T22:13:21.000000000Z","endpoint":"loki","tenant":"edge",)"
              R"("reason":"line_too_long","answer":"400 max entry size",)"
              R"("timestamp":"2023-11-14T22:13:20.000000000Z","labels":{"job":"a"},)"
              R"("metadata":{"k":"v"},"line":"line"})"
              "\n");
}

TEST_F(DeadLetterFileTest, IsBoundedUntilSomebodyEmptiesIt) {
    DeadLetterFile file({path, 600});
    EXPECT_TRUE(file.write(letter));
    EXPECT_TRUE(file.write(letter));
    EXPECT_FALSE(file.write(letter));
    EXPECT_LE(std::filesystem::file_size(path), 600U);
    std::filesystem::rename(path, path + ".taken");
    EXPECT_TRUE(file.write(letter));
    std::filesystem::resize_file(path, 0);
    EXPECT_TRUE(file.write(letter));
    EXPECT_TRUE(file.write(letter));
}

TEST_F(DeadLetterFileTest, AFullDiskLeavesNoHalfLetter) {
    DeadLetterFile file({path, 10'000});
    ASSERT_TRUE(file.write(letter));
    const std::string before = read_file(path);
    {
        const FileSizeLimit full(before.size() + 10);
        EXPECT_FALSE(file.write(letter));
    }
    EXPECT_EQ(read_file(path), before);
}

}  // namespace
}  // namespace weir::test
