// Everything between a frame and a frozen batch, for any bytes: nothing is lost, the batch decodes
// again, its lines are valid UTF-8 and no longer than allowed, and the ledger balances.
#include "core/assert.h"
#include "parsers/utf8.h"
#include "pipeline/loki_decoder.h"
#include "receivers/syslog_intake.h"

#include <cstdint>
#include <string_view>

namespace weir {
namespace {

constexpr std::size_t line_bytes_max = 300;

class BatchChecker final : public Log {
  public:
    [[nodiscard]] AppendVerdict append(std::unique_ptr<Batch> batch) override {
        const Result<LokiPush> push = decode_loki_push(batch->body);
        WEIR_ASSERT(push && push->records() == batch->records);
        for (const LokiStream& stream : push->streams) {
            WEIR_ASSERT(is_valid_utf8(stream.labels));
            for (const LokiEntry& entry : stream.entries) {
                WEIR_ASSERT(is_valid_utf8(entry.line));
                WEIR_ASSERT(entry.line.size() <= line_bytes_max);
                for (const auto& pair : entry.metadata) {
                    WEIR_ASSERT(is_valid_utf8(pair.value) && !pair.value.empty());
                    WEIR_ASSERT(pair.value.size() <= 512);
                }
            }
        }
        records += batch->records;
        return AppendVerdict::accepted;
    }

    [[nodiscard]] LogFill fill() const override { return {}; }

    std::uint64_t records = 0;
};

class NoEvents final : public EventSink {
  public:
    void emit(const Event& /*event*/) override {}
};

// One for all inputs: what a former one left behind must not matter either.
struct Machine {
    Machine() {
        IntakeSettings initial;
        initial.base_labels = {{"job", "weir"}};
        initial.listeners.resize(1);
        initial.line_bytes_max = line_bytes_max;
        initial.classifier = *Classifier::build({});
        settings.publish(std::make_shared<const IntakeSettings>(std::move(initial)));
        intake = std::make_unique<SyslogIntake>(
            SyslogIntake::Parts{settings, log, ceiling, clock, events, allowances},
            SyslogIntake::Options{.listeners_max = 1, .sources_max = 16, .seed = 1});
    }

    Snapshot<IntakeSettings> settings{nullptr};
    BatchChecker log;
    StreamCeiling ceiling{8};
    ManualClock clock{Timestamp{1'763'706'000 * ns_per_s}};
    NoEvents events;
    ListenerAllowances allowances{1};
    std::unique_ptr<SyslogIntake> intake;
};

}  // namespace
}  // namespace weir

// Frames are separated by newlines; the first byte of each chooses its source.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static weir::Machine machine;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    machine.intake->begin_run();
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view frame = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        weir::Peer peer;
        peer.address.bytes[15] = frame.empty() ? 0 : static_cast<std::uint8_t>(frame[0]);
        machine.intake->take({.bytes = frame, .peer = peer, .received_at = machine.clock.now()}, 0);
    }
    machine.clock.advance_ns(weir::ns_per_ms);
    machine.intake->finish();
    weir::IntakeLedger ledger;
    ledger.add(machine.intake->counters(0));
    WEIR_ASSERT(ledger.balances() && ledger.held == 0);
    WEIR_ASSERT(ledger.accepted == machine.log.records);
    return 0;
}
