// Cost of a sample: of a known series, of a new one, and of one that a limit refused; with writing
// and compressing the batches.
#include "pipeline/series_table.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace weir {
namespace {

struct Given {
    std::string interface;
    std::vector<MetricLabel> labels;
    std::uint64_t hash = 0;
};

// Interfaces of devices, thirty families each, as counters of interfaces come.
class Table {
  public:
    explicit Table(std::size_t rows, SeriesLimits limits = {.series_max = 1'000'000,
                                                            .series_per_device_max = 1'000'000})
        : table_({.limits = limits, .listeners = 1, .seed = 9}, families_,
                 [this](std::unique_ptr<Batch> batch, const FrameCounts&) {
                     bytes_ += batch == nullptr ? 0 : batch->body.size();
                     return AppendVerdict::accepted;
                 }),
          rows_(rows) {
        for (std::size_t i = 0; i < families; ++i) {
            of_.push_back(families_.intern({.name = "cisco_iosxr_infra_statistics_interface_latest_"
                                                    "generic_counters_" +
                                                    std::to_string(i) + "_total",
                                            .type = MetricType::counter}));
        }
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            rows_[i].interface = "HundredGigE0/0/0/" + std::to_string(i);
            rows_[i].labels = {{"cluster", "edge-east"},
                               {"device", "edge-router-01"},
                               {"interface", rows_[i].interface},
                               {"job", "weir"}};
            rows_[i].hash = metric_labels_hash(rows_[i].labels, 9);
        }
    }

    // Every series once, a message for each row.
    void pass() {
        now_ms_ += 10'000;
        const SeriesTable::DeviceId device = table_.device("edge-router-01");
        for (const Given& row : rows_) {
            table_.begin(device, table_.feed(device, "path", 0, now_ms_ * ns_per_ms),
                         now_ms_ * ns_per_ms, {now_ms_ * ns_per_ms});
            for (const MetricFamily* family : of_) {
                table_.sample({.family = family,
                               .labels = row.labels,
                               .labels_hash = row.hash,
                               .value = static_cast<double>(now_ms_),
                               .timestamp_ms = now_ms_});
            }
            table_.end_frame(0);
        }
    }

    void report(benchmark::State& state) {
        const auto samples = static_cast<double>(rows_.size() * families);
        state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(samples));
        state.counters["series"] = static_cast<double>(table_.counts().series);
        state.counters["MiB"] = static_cast<double>(table_.memory_bytes()) / 1024 / 1024;
        state.counters["B/sample"] =
            static_cast<double>(bytes_) / static_cast<double>(table_.counts().appended);
    }

    void tick() { table_.tick(now_ms_ * ns_per_ms, {now_ms_ * ns_per_ms}); }

  private:
    static constexpr std::size_t families = 30;

    std::uint64_t bytes_ = 0;
    MetricFamilies families_;
    std::vector<const MetricFamily*> of_;
    SeriesTable table_;
    std::vector<Given> rows_;
    std::int64_t now_ms_ = 1'795'000'000'000;
};

void known_series(benchmark::State& state) {
    Table table(static_cast<std::size_t>(state.range(0)) / 30);
    table.pass();
    for (auto _ : state) {
        table.pass();
    }
    table.report(state);
}

void new_series(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        auto table = std::make_unique<Table>(static_cast<std::size_t>(state.range(0)) / 30);
        state.ResumeTiming();
        table->pass();
        state.PauseTiming();
        table->report(state);
        table.reset();
        state.ResumeTiming();
    }
}

void refused_series(benchmark::State& state) {
    Table table(static_cast<std::size_t>(state.range(0)) / 30, {.series_max = 30});
    table.pass();
    for (auto _ : state) {
        table.pass();
    }
    table.report(state);
}

// One tick looks at 4096 series.
void sweep(benchmark::State& state) {
    Table table(static_cast<std::size_t>(state.range(0)) / 30);
    table.pass();
    for (auto _ : state) {
        table.tick();
    }
}

BENCHMARK(known_series)->Arg(3'000)->Arg(100'000)->Arg(500'000)->Unit(benchmark::kMillisecond);
BENCHMARK(new_series)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(refused_series)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(sweep)->Arg(100'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
