// Cost of one classification with 100,000 prefixes in the table, over addresses in random order.
#include "pipeline/classifier.h"

#include <benchmark/benchmark.h>

#include <random>

namespace weir {
namespace {

constexpr std::size_t prefix_count = 100'000;

IpAddress random_address(std::mt19937_64& random, bool v4) {
    IpAddress address;
    for (auto& byte : address.bytes) {
        byte = static_cast<std::uint8_t>(random());
    }
    if (v4) {
        address.bytes[0] = 10;
        return IpAddress::from_v4(address.bytes.data());
    }
    address.bytes[0] = 0x20;
    address.bytes[1] = 0x01;
    return address;
}

void classify(benchmark::State& state) {
    const bool v4 = state.range(0) == 4;
    const auto bits = static_cast<int>(state.range(1));
    std::mt19937_64 random(7);
    ClassifierInput input;
    input.classes.resize(1);
    std::vector<IpAddress> addresses;
    while (addresses.size() < prefix_count) {
        const IpAddress address = random_address(random, v4);
        IpAddress network = address;
        for (int bit = bits; bit < 128; ++bit) {
            auto& byte = network.bytes[static_cast<std::size_t>(bit / 8)];
            byte = static_cast<std::uint8_t>(byte & ~(0x80 >> bit % 8));
        }
        addresses.push_back(address);
        input.sources.push_back({{network, bits}, 0});
    }
    std::sort(input.sources.begin(), input.sources.end(),
              [](const auto& a, const auto& b) { return a.prefix < b.prefix; });
    input.sources.erase(
        std::unique(input.sources.begin(), input.sources.end(),
                    [](const auto& a, const auto& b) { return a.prefix == b.prefix; }),
        input.sources.end());
    const auto classifier = Classifier::build(std::move(input)).value();
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(classifier->classify(addresses[i]));
        i = i + 1 == addresses.size() ? 0 : i + 1;
    }
    state.counters["table_bytes"] = static_cast<double>(classifier->memory_bytes());
}

BENCHMARK(classify)
    ->ArgNames({"family", "bits"})
    ->Args({4, 120})
    ->Args({4, 128})
    ->Args({6, 48})
    ->Args({6, 64})
    ->Args({6, 128});

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
