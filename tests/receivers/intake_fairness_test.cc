// One source that sends fifty times what 200 others send together, with every endpoint dead and
// with a thread that cannot keep up: the others lose nothing.
#include "pipeline/loki_decoder.h"
#include "pipeline/memory_log.h"
#include "receivers/syslog_intake.h"
#include "tests/support/event_recorder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace weir {
namespace {

constexpr std::size_t lights = 200;
constexpr int heavy_factor = 50;

class IntakeFairnessTest : public ::testing::Test {
  protected:
    IntakeFairnessTest() {
        IntakeSettings settings;
        settings.listeners = {{.name = "udp"}};
        settings.classifier = *Classifier::build({});
        settings.batch.bytes_max = 64 * 1024;
        settings_ = std::make_unique<Snapshot<IntakeSettings>>(
            std::make_shared<const IntakeSettings>(settings));
        intake_ = std::make_unique<SyslogIntake>(
            SyslogIntake::Parts{*settings_, log_, ceiling_, clock_, events_, allowances_},
            SyslogIntake::Options{.listeners_max = 1, .sources_max = 1024, .seed = 3});
    }

    // Text that snappy cannot make much smaller, so that the queue really fills.
    std::string text_of(const std::string& from) {
        std::string text = fmt::format("<13>Nov 21 06:20:00 {} app: ", from);
        for (int i = 0; i < 10; ++i) {
            text += fmt::format("{:016x}", random_());
        }
        return text;
    }

    void send(const std::string& from) {
        const std::string text = text_of(from);
        intake_->take({.bytes = text,
                       .peer = {.address = *IpAddress::parse(from), .port = 514},
                       .received_at = clock_.now()},
                      0);
        ++sent_[from];
    }

    // A second in which every light source sends one message and the heavy one fifty times as much
    // as all of them. `backlog` is what the listener says of its receive queue.
    void run_second(int factor, unsigned backlog) {
        for (std::size_t i = 0; i < lights; ++i) {
            clock_.advance_ns(ns_per_s / static_cast<std::int64_t>(lights));
            intake_->begin_run();
            send(fmt::format("10.0.1.{}", i));
            for (int heavy = 0; heavy < factor; ++heavy) {
                send("10.9.9.9");
            }
            if (backlog > 0) {
                intake_->note_backlog(backlog);
            }
            if (i % 5 == 0) {
                intake_->tick();
            }
        }
    }

    // Lines that are in the log, by source.
    std::map<std::string, std::uint64_t> logged() {
        intake_->finish();
        std::map<std::string, std::uint64_t> lines;
        while (const BatchPtr batch = cursor_.take()) {
            const Result<LokiPush> push = decode_loki_push(batch->body);
            EXPECT_TRUE(push);
            for (const LokiStream& stream : push->streams) {
                for (const LokiEntry& entry : stream.entries) {
                    for (const auto& pair : entry.metadata) {
                        lines[std::string(pair.value)] += pair.name == "source_ip" ? 1U : 0U;
                    }
                }
            }
            cursor_.settle(*batch, {.delivered = batch->records});
        }
        return lines;
    }

    void expect_balanced() {
        IntakeLedger intake;
        intake.add(intake_->counters(0));
        EXPECT_TRUE(intake.balances());
        EXPECT_TRUE(cursor_.ledger().balances());
    }

    void expect_lights_whole() {
        std::map<std::string, std::uint64_t> lines = logged();
        for (const auto& [from, count] : sent_) {
            if (from != "10.9.9.9") {
                EXPECT_EQ(lines[from], count) << from;
            }
        }
        EXPECT_LT(lines["10.9.9.9"], sent_["10.9.9.9"]);
        EXPECT_GT(lines["10.9.9.9"], 0U);
        expect_balanced();
    }

    ManualClock clock_{Timestamp{1'763'706'000 * ns_per_s}};
    EventRecorder events_;
    MemoryLog log_{events_};
    LogCursor& cursor_ = log_.add_cursor("loki", 4 * 1024 * 1024);
    StreamCeiling ceiling_{1000};
    ListenerAllowances allowances_{1};
    std::mt19937_64 random_{42};
    std::map<std::string, std::uint64_t> sent_;
    std::unique_ptr<Snapshot<IntakeSettings>> settings_;
    std::unique_ptr<SyslogIntake> intake_;
};

TEST_F(IntakeFairnessTest, WithEveryEndpointDeadTheHeavySourceMakesRoom) {
    for (int second = 0; second < 12; ++second) {
        run_second(heavy_factor, 0);
    }
    EXPECT_GT(cursor_.ledger().dropped["queue_full"], 10'000U);
    expect_lights_whole();
}

TEST_F(IntakeFairnessTest, AThreadThatCannotKeepUpShedsTheHeavySource) {
    run_second(1, 0);
    for (int second = 0; second < 3; ++second) {
        run_second(heavy_factor, 80);
    }
    const ListenerCounters& counters = intake_->counters(0);
    EXPECT_GT(counters.rejected[static_cast<std::size_t>(RejectReason::overload)].value(), 1000U);
    expect_lights_whole();
}

TEST_F(IntakeFairnessTest, AloneAHeavySourceMayFillTheWholeQueue) {
    for (int i = 0; i < 12'000; ++i) {
        intake_->begin_run();
        send("10.9.9.9");
        clock_.advance_ns(ns_per_ms);
        if (i % 25 == 0) {
            intake_->tick();
        }
    }
    EXPECT_EQ(cursor_.ledger().dropped.count("queue_full"), 0U);
    EXPECT_EQ(logged()["10.9.9.9"], 12'000U);
    expect_balanced();
}

}  // namespace
}  // namespace weir
