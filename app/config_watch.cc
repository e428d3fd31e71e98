#include "app/config_watch.h"

#include "app/sha256.h"
#include "app/yaml_tree.h"

#include <fstream>
#include <optional>
#include <sys/stat.h>

namespace weir {

namespace {

std::optional<std::string> digest_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string bytes;
    std::string chunk(64 * 1024, '\0');
    while (file.is_open() && bytes.size() <= yaml_bytes_max) {
        file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        bytes.append(chunk, 0, static_cast<std::size_t>(file.gcount()));
        if (!file) {
            break;
        }
    }
    if (!file.is_open() || file.bad()) {
        return std::nullopt;
    }
    return sha256_hex(bytes);
}

}  // namespace

FileWatch::FileWatch(std::string path, std::string sha256)
    : path_(std::move(path)), known_sha256_(std::move(sha256)) {}

bool FileWatch::poll() {
    struct stat status {};

    if (stat(path_.c_str(), &status) != 0) {
        pending_sha256_.clear();
        return false;
    }
    const Signature signature{status.st_dev,         status.st_ino,          status.st_size,
                              status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                              status.st_ctim.tv_nsec};
    if (signature == settled_) {
        return false;
    }
    const std::optional<std::string> digest = digest_of_file(path_);
    if (!digest) {
        pending_sha256_.clear();
        return false;
    }
    if (*digest != pending_sha256_) {
        pending_sha256_ = *digest;
        return false;
    }
    settled_ = signature;
    if (*digest == known_sha256_) {
        return false;
    }
    known_sha256_ = *digest;
    return true;
}

struct ConfigWatcher::State {
    State(boost::asio::any_io_executor executor, Options options, std::function<void()> callback)
        : timer(std::move(executor)),
          interval(options.interval),
          watch(std::move(options.path), std::move(options.sha256)),
          on_change(std::move(callback)) {}

    boost::asio::steady_timer timer;
    std::chrono::milliseconds interval;
    FileWatch watch;
    std::function<void()> on_change;
    bool running = false;
};

ConfigWatcher::ConfigWatcher(boost::asio::any_io_executor executor, Options options,
                             std::function<void()> on_change)
    : state_(
          std::make_shared<State>(std::move(executor), std::move(options), std::move(on_change))) {}

ConfigWatcher::~ConfigWatcher() {
    stop();
}

void ConfigWatcher::start() {
    if (!state_->running) {
        state_->running = true;
        wait(state_);
    }
}

void ConfigWatcher::stop() {
    state_->running = false;
    state_->timer.cancel();
}

void ConfigWatcher::wait(const std::shared_ptr<State>& state) {
    state->timer.expires_after(state->interval);
    state->timer.async_wait([state](const boost::system::error_code& error) {
        if (error || !state->running) {
            return;
        }
        if (state->watch.poll()) {
            state->on_change();
        }
        if (state->running) {
            wait(state);
        }
    });
}

}  // namespace weir
