#include "app/config_watch.h"

#include "app/sha256.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace weir {
namespace {

namespace fs = std::filesystem;

class ConfigWatchTest : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::path(testing::TempDir()) /
                  ("weir_watch_" +
                   std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        file_ = folder_ / "weir.yaml";
    }

    void TearDown() override { fs::remove_all(folder_); }

    static void write(const fs::path& path, const std::string& text) {
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }

    // Looks often enough for a change to settle; how often it was reported.
    static int reports(FileWatch& watch) {
        int count = 0;
        for (int i = 0; i < 4; ++i) {
            count += watch.poll() ? 1 : 0;
        }
        return count;
    }

    fs::path folder_;
    fs::path file_;
};

TEST_F(ConfigWatchTest, SaysNothingOfTheContentThatRuns) {
    write(file_, "a");
    FileWatch watch(file_, sha256_hex("a"));
    EXPECT_EQ(reports(watch), 0);
    write(file_, "a");  // touched, not changed
    EXPECT_EQ(reports(watch), 0);
}

TEST_F(ConfigWatchTest, ReportsNewContentOnceWhenItHasSettled) {
    write(file_, "a");
    FileWatch watch(file_, sha256_hex("a"));
    EXPECT_EQ(reports(watch), 0);
    write(file_, "half");
    EXPECT_FALSE(watch.poll());
    write(file_, "half and half");
    EXPECT_FALSE(watch.poll());
    EXPECT_TRUE(watch.poll());
    EXPECT_EQ(reports(watch), 0);
}

TEST_F(ConfigWatchTest, ReportsAChangeFromBeforeTheFirstLook) {
    write(file_, "b");
    FileWatch watch(file_, sha256_hex("a"));
    EXPECT_EQ(reports(watch), 1);
}

TEST_F(ConfigWatchTest, SeesASecondWriteOfTheSameSizeAndTime) {
    write(file_, "aaa");
    FileWatch watch(file_, sha256_hex("aaa"));
    write(file_, "bbb");
    EXPECT_FALSE(watch.poll());
    const auto time = fs::last_write_time(file_);
    write(file_, "ccc");
    fs::last_write_time(file_, time);
    EXPECT_FALSE(watch.poll());
    EXPECT_TRUE(watch.poll());
}

TEST_F(ConfigWatchTest, AFileThatIsAwayHasNotChanged) {
    write(file_, "a");
    FileWatch watch(file_, sha256_hex("a"));
    fs::remove(file_);
    EXPECT_EQ(reports(watch), 0);
    write(file_, "a");
    EXPECT_EQ(reports(watch), 0);
    fs::rename(file_, folder_ / "old");
    write(folder_ / "new", "b");
    fs::rename(folder_ / "new", file_);
    EXPECT_EQ(reports(watch), 1);
}

// What the kubelet does: weir.yaml -> ..data/weir.yaml, ..data -> a folder of one version, and a
// change renames a new ..data link over the old one.
TEST_F(ConfigWatchTest, SeesTheSwapOfAConfigMap) {
    write(folder_ / "..v1" / "weir.yaml", "one");
    fs::create_directory_symlink("..v1", folder_ / "..data");
    fs::create_symlink("..data/weir.yaml", file_);
    FileWatch watch(file_, sha256_hex("one"));
    EXPECT_EQ(reports(watch), 0);

    write(folder_ / "..v2" / "weir.yaml", "two");
    fs::create_directory_symlink("..v2", folder_ / "..data_tmp");
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
    fs::remove_all(folder_ / "..v1");
    EXPECT_EQ(reports(watch), 1);

    write(folder_ / "..v3" / "weir.yaml", "two");  // another file of the map has changed
    fs::create_directory_symlink("..v3", folder_ / "..data_tmp");
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
    EXPECT_EQ(reports(watch), 0);
}

TEST_F(ConfigWatchTest, CallsBackOnTheExecutorUntilStopped) {
    write(file_, "a");
    boost::asio::io_context context;
    int calls = 0;
    ConfigWatcher watcher(
        context.get_executor(),
        {.path = file_, .sha256 = sha256_hex("old"), .interval = std::chrono::milliseconds{1}},
        [&] {
            ++calls;
            if (calls == 1) {
                write(file_, "b");
            } else {
                watcher.stop();
            }
        });
    watcher.start();
    context.run();  // ends, because stop() leaves nothing to wait for
    EXPECT_EQ(calls, 2);
}

TEST_F(ConfigWatchTest, MayBeDestroyedWhileItWaits) {
    write(file_, "a");
    boost::asio::io_context context;
    int calls = 0;
    {
        ConfigWatcher watcher(context.get_executor(), {.path = file_}, [&] { ++calls; });
        watcher.start();
    }
    context.run();
    EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace weir
