// Cost of finding a source's state: few talkative sources, many sources in random order, and a
// flood of addresses that are never seen again.
#include "pipeline/source_table.h"

#include <benchmark/benchmark.h>

#include <random>

namespace weir {
namespace {

std::vector<IpAddress> random_addresses(std::size_t count) {
    std::mt19937_64 random(7);
    std::vector<IpAddress> addresses(count);
    for (IpAddress& address : addresses) {
        const std::uint64_t bits = random();
        std::array<std::uint8_t, 4> four{};
        for (std::size_t i = 0; i < four.size(); ++i) {
            four[i] = static_cast<std::uint8_t>(bits >> 8 * i);
        }
        address = IpAddress::from_v4(four.data());
    }
    return addresses;
}

void touch(benchmark::State& state) {
    const auto addresses = random_addresses(static_cast<std::size_t>(state.range(0)));
    SourceTable table({.sources_max = 65'536, .seed = 42});
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(table.touch(addresses[i], {1}).source.records);
        i = i + 1 == addresses.size() ? 0 : i + 1;
    }
    state.counters["evictions"] = static_cast<double>(table.evictions());
}

BENCHMARK(touch)->ArgName("sources")->Arg(100)->Arg(10'000)->Arg(60'000)->Arg(4'000'000);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
