// Nanoseconds per line of the parser chain over the corpus of real devices, single thread, and of
// the steps around it. The corpus case reports the median and the slowest line besides the mean.
//
//   cmake --preset bench && ninja -C build/bench syslog_bench && build/bench/bench/syslog_bench
#include "parsers/framing.h"
#include "parsers/syslog.h"
#include "parsers/syslog_structured_data.h"
#include "parsers/syslog_timestamp.h"
#include "parsers/utf8.h"

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <time.h>
#include <vector>

namespace weir {
namespace {

const std::vector<std::string>& corpus() {
    static const std::vector<std::string> lines = [] {
        std::vector<std::string> read;
        std::ifstream file(WEIR_SOURCE_DIR "/tests/data/syslog.ndjson");
        simdjson::dom::parser parser;
        std::string line;
        while (std::getline(file, line)) {
            std::string_view raw;
            if (parser.parse(line)["raw"].get(raw) == simdjson::SUCCESS) {
                read.emplace_back(raw);
            }
        }
        if (read.empty()) {
            std::cerr << "tests/data/syslog.ndjson is missing\n";
            std::exit(1);
        }
        return read;
    }();
    return lines;
}

// Processor time of this thread, so that other work on the machine does not count.
double thread_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Nanoseconds of one line, over enough rounds to outweigh the clock.
double line_ns(const std::string& line) {
    constexpr int rounds = 2000;
    Record record;
    const double start = thread_ns();
    for (int round = 0; round < rounds; ++round) {
        parse_syslog(line, Dialect::any, record);
        benchmark::DoNotOptimize(record);
    }
    return (thread_ns() - start) / rounds;
}

void syslog_corpus(benchmark::State& state) {
    const std::vector<std::string>& lines = corpus();
    Record record;
    std::size_t bytes = 0;
    for (auto _ : state) {
        for (const std::string& line : lines) {
            parse_syslog(line, Dialect::any, record);
            benchmark::DoNotOptimize(record);
            bytes += line.size();
        }
    }
    std::vector<double> times;
    for (const std::string& line : lines) {
        times.push_back(line_ns(line));
    }
    std::sort(times.begin(), times.end());
    state.counters["median_ns_per_line"] = times[times.size() / 2];
    state.counters["p90_ns_per_line"] = times[times.size() * 9 / 10];
    state.counters["max_ns_per_line"] = times.back();
    const auto items = state.iterations() * static_cast<std::int64_t>(lines.size());
    state.SetItemsProcessed(items);
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

BENCHMARK(syslog_corpus);

void parse_line(benchmark::State& state, const char* line) {
    const std::string_view text(line);
    Record record;
    for (auto _ : state) {
        parse_syslog(text, Dialect::any, record);
        benchmark::DoNotOptimize(record);
    }
}

BENCHMARK_CAPTURE(parse_line, rfc3164,
                  "<34>Oct 11 22:14:15 mymachine sshd[4711]: Accepted publickey for root");
BENCHMARK_CAPTURE(parse_line, rfc5424,
                  "<165>1 2003-10-11T22:14:15.003Z host.example.com evntslog 12 ID47 "
                  "[exampleSDID@32473 iut=\"3\" eventSource=\"App\"] An application event");
BENCHMARK_CAPTURE(parse_line, cisco,
                  "<189>77: sw1: 000073: *Jan  1 2006 23:14:26.975 CEST: %SYS-5-CONFIG_I: "
                  "Configured from console by console");
BENCHMARK_CAPTURE(parse_line, asa,
                  "<166>Jan 28 2022 10:00:00 fw1 : %ASA-6-302013: Built inbound TCP connection");
BENCHMARK_CAPTURE(parse_line, iso,
                  "<134>2022-04-28T16:44:53.123456+02:00 cvm-1 audispd[32696]: type=SYSCALL");
BENCHMARK_CAPTURE(parse_line, text, "This is a message without any header at all!");

void syslog_timestamp(benchmark::State& state) {
    for (auto _ : state) {
        DeviceTime time;
        const TimeScan scan = scan_device_time("Oct 11 22:14:15 x", ZoneNames::known, time);
        benchmark::DoNotOptimize(scan);
        benchmark::DoNotOptimize(time);
    }
}

BENCHMARK(syslog_timestamp);

void syslog_structured_data(benchmark::State& state) {
    for (auto _ : state) {
        const StructuredDataScan scan =
            scan_structured_data(R"([a@32473 iut="3" eventSource="App" eventID="1011"] x)");
        benchmark::DoNotOptimize(scan);
    }
}

BENCHMARK(syslog_structured_data);

void utf8(benchmark::State& state) {
    const std::string line(static_cast<std::size_t>(state.range(0)), 'x');
    for (auto _ : state) {
        benchmark::DoNotOptimize(is_valid_utf8(line));
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK(utf8)->Arg(120)->Arg(1400);

// A full read of many small frames, octet-counted or not.
void framing(benchmark::State& state) {
    std::string stream;
    for (const std::string& line : corpus()) {
        if (line.find('\n') != std::string::npos) {
            continue;
        }
        stream += state.range(0) == 0 ? line + '\n' : std::to_string(line.size()) + ' ' + line;
    }
    std::int64_t frames = 0;
    for (auto _ : state) {
        Framer framer({.mode = state.range(0) == 0 ? FramingMode::lf : FramingMode::octet});
        std::string_view rest = stream;
        while (!rest.empty()) {
            const FramingStep step = framer.next(rest, true);
            rest.remove_prefix(step.consumed);
            frames += step.has_frame ? 1 : 0;
        }
    }
    state.SetItemsProcessed(frames);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}

BENCHMARK(framing)->Arg(0)->Arg(1);

}  // namespace
}  // namespace weir
