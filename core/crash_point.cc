#include "core/crash_point.h"

#ifdef WEIR_CRASH_POINTS

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <unistd.h>

namespace weir {

namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(CrashPoint::end)> names = {
    "append",
    "segment_opened",
    "segment_created",
    "commit_before",
    "commit_after",
    "send",
    "acknowledged",
    "settled",
    "meta_before",
    "meta_after",
    "segment_unlink_before",
    "segment_unlink_main",
    "segment_unlink_after",
};

static_assert(!names.back().empty(), "a point without a name");

struct Armed {
    CrashPoint point = CrashPoint::end;
    std::uint64_t hit = 0;
    std::atomic<std::uint64_t> hits{0};
};

// The one mutable global, in builds for testing only: points lie where nothing is handed down.
Armed& armed() {
    static Armed once;
    return once;
}

}  // namespace

void crash_point(CrashPoint point) {
    Armed& wanted = armed();
    if (wanted.point != point || ++wanted.hits != wanted.hit) {
        return;
    }
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    // Not through the event log: nothing may happen between these words and the end.
    dprintf(STDERR_FILENO, "crash point %s:%llu at %lld.%09ld\n",
            names.at(static_cast<std::size_t>(point)).data(),
            static_cast<unsigned long long>(wanted.hit), static_cast<long long>(now.tv_sec),
            now.tv_nsec);
    kill(getpid(), SIGKILL);
    for (;;) {
        pause();  // the signal is on its way
    }
}

Result<void> arm_crash_point(std::string_view at) {
    const std::size_t colon = std::min(at.find(':'), at.size());
    const std::string_view name = at.substr(0, colon);
    const auto* const found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        return fail(fmt::format("there is no crash point \"{}\"; there are {}", name,
                                fmt::join(names, ", ")));
    }
    const std::string_view digits = at.substr(std::min(colon + 1, at.size()));
    std::uint64_t hit = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), hit);
    if (error != std::errc() || end != digits.data() + digits.size() || hit == 0) {
        return fail(fmt::format("\"{}\" does not say which hit; write it as in {}:1", at, name));
    }
    armed().point = static_cast<CrashPoint>(found - names.begin());
    armed().hit = hit;
    armed().hits = 0;
    return {};
}

}  // namespace weir

#endif
