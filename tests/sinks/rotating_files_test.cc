#include "sinks/rotating_files.h"

#include "tests/support/file_size_limit.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>
#include <zstd.h>

namespace weir::test {
namespace {

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

}  // namespace
}  // namespace weir::test
