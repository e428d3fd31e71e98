// What a message costs in user space between the socket and the log: admission, source table,
// parsing, metadata, the open batch, and its share of snappy. No kernel, no delivery.
#include "receivers/syslog_intake.h"

#include <benchmark/benchmark.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace weir {
namespace {

// Takes batches and forgets them.
class NoLog final : public Log {
  public:
    [[nodiscard]] AppendVerdict append(std::unique_ptr<Batch> batch) override {
        bytes += batch->body.size();
        return AppendVerdict::accepted;
    }

    [[nodiscard]] LogFill fill() const override { return {}; }

    std::size_t bytes = 0;
};

class NoEvents final : public EventSink {
  public:
    void emit(const Event& /*event*/) override {}
};

std::vector<std::string> corpus_lines() {
    std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/tests/data/syslog.ndjson");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back(nlohmann::json::parse(line).at("raw").get<std::string>());
    }
    return lines;
}

// 64 sources, each in a run of a few lines, as datagrams of many devices come.
void intake_corpus(benchmark::State& state) {
    const std::vector<std::string> lines = corpus_lines();
    IntakeSettings settings;
    settings.base_labels = {{"job", "weir"}, {"cluster", "bench"}};
    settings.listeners.resize(1);
    settings.listeners[0].name = "udp";
    settings.classifier = *Classifier::build({});
    const Snapshot<IntakeSettings> snapshot(std::make_shared<const IntakeSettings>(settings));
    const SystemClock clock;
    NoLog log;
    NoEvents events;
    StreamCeiling ceiling(1000);
    ListenerAllowances allowances(1);
    SyslogIntake intake({snapshot, log, ceiling, clock, events, allowances},
                        {.listeners_max = 1, .sources_max = 4096, .seed = 1});
    std::vector<Peer> peers(64);
    for (std::size_t i = 0; i < peers.size(); ++i) {
        const std::array<std::uint8_t, 4> address = {10, 0, 1, static_cast<std::uint8_t>(i)};
        peers[i].address = IpAddress::from_v4(address.data());
    }
    std::size_t next = 0;
    for (auto _ : state) {
        intake.begin_run();
        const Timestamp now = clock.now();
        for (std::size_t i = 0; i < lines.size(); ++i, ++next) {
            intake.take({.bytes = lines[i], .peer = peers[next / 4 % 64], .received_at = now}, 0);
        }
        intake.tick();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(lines.size()));
    benchmark::DoNotOptimize(log.bytes);
}

BENCHMARK(intake_corpus);

}  // namespace
}  // namespace weir
