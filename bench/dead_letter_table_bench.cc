// What a delivery thread pays for dead letters: a poison batch in one call, and one record at a
// time, as it is when requests are halved until the bad record is alone.
#include "sinks/dead_letter_table.h"

#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>
#include <vector>

namespace weir {
namespace {

class NoEvents final : public EventSink {
  public:
    void emit(const Event& /*event*/) override {}
};

void write(benchmark::State& state) {
    const std::string path = std::filesystem::temp_directory_path() / "weir-dead-letters-bench.db";
    std::filesystem::remove(path);
    const SystemClock clock;
    NoEvents events;
    DeadLetterTable table({.path = path, .bytes_max = std::size_t{64} << 30U}, clock, events);
    std::vector<LokiEntry> entries(static_cast<std::size_t>(state.range(0)));
    std::int64_t next_ns = 1;
    std::size_t kept = 0;
    for (auto _ : state) {
        std::vector<DeadLetter> letters;
        letters.reserve(entries.size());
        for (LokiEntry& entry : entries) {
            entry = {{next_ns++}, std::string(200, 'x'), {{"source_ip", "192.0.2.1"}}};
            letters.push_back({"loki", "", Reason::label_value_too_long, "400 too long",
                               R"({device="sw1", job="a"})", entry, clock.now()});
        }
        kept += table.write(letters);
    }
    state.counters["letters"] =
        benchmark::Counter(static_cast<double>(kept), benchmark::Counter::kIsRate);
    std::filesystem::remove(path);
}

BENCHMARK(write)->ArgName("letters")->Arg(1)->Arg(100)->Arg(5000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
