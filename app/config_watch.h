// Notices that the configuration file has changed, by asking each second. Asking sees what inotify
// misses: a ConfigMap's `..data` link swapped two folders up, files on network and overlay mounts.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>

namespace weir {

// Value. What one file was at the last look.
class FileWatch {
  public:
    // `sha256` is of the content that the caller has already, as Config::sha256 is; empty for none.
    FileWatch(std::string path, std::string sha256);

    // True once for each new content, when two looks in a row found the same: a file that is being
    // written is not reported, and a second write within one tick of the file system's clock is not
    // missed. A file that is away or unreadable has not changed. Blocks on the file when it
    // differs.
    [[nodiscard]] bool poll();

  private:
    // Device, inode, size, and modification and status change times.
    using Signature = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t,
                                 std::int64_t, std::int64_t, std::int64_t>;

    std::string path_;
    std::string known_sha256_;    // last reported
    std::string pending_sha256_;  // seen by the last look, which differed
    Signature settled_{};         // what the file was when its content was last read and known
};

// Resource. Polls on an executor; everything happens there, the callback too.
class ConfigWatcher {
  public:
    struct Options {
        std::string path;
        std::string sha256;  // of the running configuration
        std::chrono::milliseconds interval{1000};
    };

    ConfigWatcher(boost::asio::any_io_executor executor, Options options,
                  std::function<void()> on_change);
    ConfigWatcher(const ConfigWatcher&) = delete;
    ConfigWatcher& operator=(const ConfigWatcher&) = delete;
    ~ConfigWatcher();

    void start();
    // No callback after this returns, if called on the executor's thread.
    void stop();

  private:
    struct State;

    static void wait(const std::shared_ptr<State>& state);

    std::shared_ptr<State> state_;  // shared with the wait that a stop may leave behind
};

}  // namespace weir
