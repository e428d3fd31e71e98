// What the spool costs: for batches of one size, one at a time as at a low rate, and many at once
// as under load. Counters: cpu_s_per_GB of the whole process, write_amplification (bytes handed to
// write calls, over bytes of batches), and the time from append to commit.
#include "pipeline/spool_log.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace weir {
namespace {

using Time = std::chrono::steady_clock;

class NoEvents final : public EventSink {
  public:
    void emit(const Event& /*event*/) override {}
};

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Bytes that this process handed to write calls.
double written_bytes() {
    std::ifstream io("/proc/self/io");
    std::string name;
    double value = 0;
    while (io >> name >> value) {
        if (name == "wchar:") {
            return value;
        }
    }
    return 0;
}

std::string noise(std::size_t bytes) {
    std::mt19937_64 random(1);
    std::string text(bytes, '\0');
    std::generate(text.begin(), text.end(), [&random] { return static_cast<char>(random()); });
    return text;
}

void wait_until_written(const SpoolLog& log) {
    while (log.status().unwritten_batches > 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
}

void append(benchmark::State& state) {
    const auto bytes = static_cast<std::size_t>(state.range(0)) * 1024;
    const auto at_once = static_cast<std::size_t>(state.range(1));
    const std::string directory =
        (std::filesystem::temp_directory_path() / "weir-spool-bench" / std::to_string(getpid()))
            .string();
    const SystemClock clock;
    NoEvents events;
    auto log = SpoolLog::open({.directory = directory, .free_bytes_min = 0}, clock, events);
    if (!log) {
        state.SkipWithError(log.error().message.c_str());
        return;
    }
    LogCursor& cursor = (*log)->add_cursor("loki");
    (*log)->start();
    const std::string body = noise(bytes);
    std::vector<double> commits_ms;
    const double cpu_before = cpu_seconds();
    const double written_before = written_bytes();
    for (auto _ : state) {
        const auto begin = Time::now();
        for (std::size_t i = 0; i < at_once; ++i) {
            auto batch = std::make_unique<Batch>();
            batch->records = 1;
            batch->body = body;
            static_cast<void>((*log)->append(std::move(batch)));
        }
        wait_until_written(**log);
        const std::chrono::duration<double, std::milli> took = Time::now() - begin;
        commits_ms.push_back(took.count());
        while (const BatchPtr batch = cursor.take()) {
            cursor.settle(*batch, {.delivered = 1});
        }
    }
    log->reset();  // with what is left to move from the write-ahead log
    const double total =
        static_cast<double>(state.iterations()) * static_cast<double>(at_once * bytes);
    state.counters["cpu_s_per_GB"] = (cpu_seconds() - cpu_before) / total * 1e9;
    state.counters["write_amplification"] = (written_bytes() - written_before) / total;
    std::sort(commits_ms.begin(), commits_ms.end());
    state.counters["commit_p50_ms"] = commits_ms[commits_ms.size() / 2];
    state.counters["commit_p99_ms"] = commits_ms[commits_ms.size() * 99 / 100];
    std::filesystem::remove_all(directory);
}

BENCHMARK(append)
    ->ArgNames({"KiB", "at_once"})
    ->Args({8, 1})
    ->Args({64, 1})
    ->Args({256, 1})
    ->Args({1024, 1})
    ->Args({256, 16})
    ->Iterations(400)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir
