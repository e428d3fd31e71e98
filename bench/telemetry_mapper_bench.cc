// Fields a second from the bytes of a message to samples, single thread, for messages of 48
// interfaces in each shape: kvGPB and JSON decoded and mapped.
//
//   cmake --preset bench && ninja -C build/bench telemetry_mapper_bench
//   build/bench/bench/telemetry_mapper_bench
#include "app/mdt_generator.h"
#include "parsers/mdt_message.h"
#include "pipeline/telemetry_mapper.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

namespace weir {
namespace {

class Counter final : public MetricSink {
  public:
    void sample(const MetricSample& sample) override {
        ++samples;
        seen += sample.labels_hash;
    }

    void vanish(const MetricSelector& /*gone*/) override {}

    void event(const TelemetryEvent& /*event*/) override {}

    void skip(LeafSkip /*reason*/, std::uint64_t /*leaves*/) override {}

    std::uint64_t samples = 0;
    std::uint64_t seen = 0;
};

class Mapping final : public TelemetryReader {
  public:
    explicit Mapping(bool network_interface)
        : mapper_(families_,
                  std::make_shared<const TelemetryMapping>(
                      TelemetryMapping{.network_interface = network_interface}),
                  1) {}

    void begin(const TelemetryHeader& header) override { header_ = header; }

    void row(const TelemetryRow& row) override {
        constexpr MetricLabel labels[] = {{"dc", "one"}, {"device", "r1"}, {"job", "mdt"}};
        mapper_.map(header_, row, {.labels = labels, .received_ms = 1'700'000'000'000}, sink);
    }

    void defect(TelemetryDefect /*defect*/, std::uint64_t /*count*/) override {}

    [[nodiscard]] std::uint64_t leaves() const { return mapper_.counts().leaves; }

    Counter sink;

  private:
    MetricFamilies families_;
    TelemetryMapper mapper_;
    TelemetryHeader header_;
};

void decode_and_map(benchmark::State& state) {
    const auto shape = static_cast<MdtShape>(state.range(0));
    const auto encoding = static_cast<TelemetryEncoding>(state.range(1));
    std::string message;
    static_cast<void>(MdtGenerator({.shape = shape, .encoding = encoding})
                          .generate(1, 1, 1'700'000'000'000, message));
    MdtScratch scratch;
    Mapping mapping(state.range(2) != 0);
    for (auto _ : state) {
        read_mdt(message, MdtBody::any, {}, scratch, mapping);
        benchmark::DoNotOptimize(mapping.sink.seen);
    }
    state.counters["fields"] =
        benchmark::Counter(static_cast<double>(mapping.leaves()), benchmark::Counter::kIsRate);
    state.counters["samples"] =
        benchmark::Counter(static_cast<double>(mapping.sink.samples), benchmark::Counter::kIsRate);
    state.SetLabel(std::string(mdt_shape_name(shape)) +
                   (encoding == TelemetryEncoding::kvgpb ? " kvgpb" : " json") +
                   (state.range(2) != 0 ? " with network_interface" : ""));
}

void shapes(benchmark::internal::Benchmark* each) {
    for (const MdtShape shape : {MdtShape::xr, MdtShape::xe, MdtShape::nxos_dme,
                                 MdtShape::nxos_show, MdtShape::openconfig}) {
        for (const TelemetryEncoding encoding :
             {TelemetryEncoding::kvgpb, TelemetryEncoding::json}) {
            for (const int network_interface : {0, 1}) {
                each->Args({static_cast<std::int64_t>(shape), static_cast<std::int64_t>(encoding),
                            network_interface});
            }
        }
    }
}

BENCHMARK(decode_and_map)->Apply(shapes);

}  // namespace
}  // namespace weir
