// Fields a second from the bytes of a message to flat nodes, single thread, for messages of 48
// interfaces in each shape; and what making them costs, which bounds what `weir send mdt` can send.
//
//   cmake --preset bench && ninja -C build/bench mdt_decode_bench
//   build/bench/bench/mdt_decode_bench
#include "app/mdt_generator.h"
#include "parsers/mdt_message.h"

#include <benchmark/benchmark.h>

#include <string>

namespace weir {
namespace {

// Looks at every node, as a mapper does.
class Looker final : public TelemetryReader {
  public:
    void begin(const TelemetryHeader& header) override { seen += header.collection_id; }

    void row(const TelemetryRow& row) override {
        for (const TelemetryNodes nodes : {row.keys, row.content}) {
            for (const TelemetryNode& node : nodes) {
                fields += node.kind != TelemetryKind::container ? 1U : 0U;
                seen += node.bits + node.name.size();
            }
        }
    }

    void defect(TelemetryDefect /*defect*/, std::uint64_t count) override { defects += count; }

    std::uint64_t fields = 0;
    std::uint64_t seen = 0;
    std::uint64_t defects = 0;
};

MdtGenerator generator_of(const benchmark::State& state) {
    return MdtGenerator({.shape = static_cast<MdtShape>(state.range(0)),
                         .encoding = static_cast<TelemetryEncoding>(state.range(1))});
}

void label(benchmark::State& state) {
    state.SetLabel(std::string(mdt_shape_name(static_cast<MdtShape>(state.range(0)))) +
                   (state.range(1) == 0 ? " kvgpb" : " json"));
}

void rate(benchmark::State& state, std::uint64_t fields, std::uint64_t bytes) {
    state.counters["fields"] =
        benchmark::Counter(static_cast<double>(fields), benchmark::Counter::kIsRate);
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
    state.counters["B/message"] =
        static_cast<double>(bytes) / static_cast<double>(state.iterations());
    label(state);
}

void decode(benchmark::State& state) {
    std::string message;
    static_cast<void>(generator_of(state).generate(1, 1, 1'700'000'000'000, message));
    MdtScratch scratch;
    Looker looker;
    std::uint64_t bytes = 0;
    for (auto _ : state) {
        read_mdt(message, MdtBody::any, {}, scratch, looker);
        bytes += message.size();
        benchmark::DoNotOptimize(looker.seen);
    }
    if (looker.defects > 0) {
        state.SkipWithError("the message has defects");
    }
    rate(state, looker.fields, bytes);
}

void generate(benchmark::State& state) {
    const MdtGenerator generator = generator_of(state);
    std::string message;
    std::uint64_t round = 0;
    std::uint64_t fields = 0;
    std::uint64_t bytes = 0;
    for (auto _ : state) {
        const MdtGenerated made = generator.generate(1, ++round, 1'700'000'000'000, message);
        fields += made.leaves;
        bytes += message.size();
    }
    rate(state, fields, bytes);
}

void shapes(benchmark::internal::Benchmark* each) {
    for (const MdtShape shape : {MdtShape::xr, MdtShape::xe, MdtShape::nxos_dme,
                                 MdtShape::nxos_show, MdtShape::openconfig}) {
        for (const TelemetryEncoding encoding :
             {TelemetryEncoding::kvgpb, TelemetryEncoding::json}) {
            each->Args({static_cast<std::int64_t>(shape), static_cast<std::int64_t>(encoding)});
        }
    }
}

BENCHMARK(decode)->Apply(shapes);
BENCHMARK(generate)->Apply(shapes);

}  // namespace
}  // namespace weir
