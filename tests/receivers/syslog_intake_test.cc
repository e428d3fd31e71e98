#include "receivers/syslog_intake.h"

#include "pipeline/loki_decoder.h"
#include "pipeline/memory_log.h"
#include "tests/receivers/recorder.h"

#include <gtest/gtest.h>

#include <map>

namespace weir {
namespace {

constexpr Timestamp start{1'763'706'000 * ns_per_s};  // 2025-11-21T06:20:00Z

struct SeenEntry {
    std::string labels;
    std::string line;
    std::map<std::string, std::string> metadata;
    Timestamp timestamp;
};

class SyslogIntakeTest : public ::testing::Test {
  protected:
    void open(IntakeSettings settings = {}, std::size_t streams_max = 100,
              ClassifierInput classes = {}) {
        settings.base_labels["job"] = "weir";
        settings.listeners = {{"one", Dialect::any, admission_}, {"two", Dialect::nutanix, {}}};
        settings.classifier = *Classifier::build(std::move(classes));
        settings_ = std::make_unique<Snapshot<IntakeSettings>>(
            std::make_shared<const IntakeSettings>(settings));
        ceiling_ = std::make_unique<StreamCeiling>(streams_max);
        intake_ = std::make_unique<SyslogIntake>(
            SyslogIntake::Parts{*settings_, log_, *ceiling_, clock_, events_, allowances_},
            SyslogIntake::Options{.shard = 1, .listeners_max = 2, .sources_max = 64, .seed = 7});
    }

    void send(const std::string& from, std::string_view text, std::uint32_t listener = 0) {
        intake_->begin_run();
        intake_->take({.bytes = text,
                       .peer = {.address = *IpAddress::parse(from), .port = 514},
                       .received_at = clock_.now()},
                      listener);
    }

    std::vector<SeenEntry> finish() {
        intake_->finish();
        std::vector<SeenEntry> seen;
        while (const BatchPtr batch = cursor_.take()) {
            const Result<LokiPush> decoded = decode_loki_push(batch->body);
            EXPECT_TRUE(decoded);
            for (const LokiStream& stream : decoded->streams) {
                for (const LokiEntry& entry : stream.entries) {
                    SeenEntry copy{.labels = std::string(stream.labels),
                                   .line = std::string(entry.line),
                                   .timestamp = entry.timestamp};
                    for (const auto& pair : entry.metadata) {
                        copy.metadata.emplace(pair.name, pair.value);
                    }
                    seen.push_back(std::move(copy));
                }
            }
            cursor_.settle(*batch, {.delivered = batch->records});
        }
        IntakeLedger ledger;
        for (std::uint32_t i = 0; i < 2; ++i) {
            IntakeLedger one;
            one.add(intake_->counters(i));
            EXPECT_TRUE(one.balances()) << "listener " << i;
            EXPECT_EQ(one.held, 0U) << "listener " << i;
            ledger.add(intake_->counters(i));
        }
        EXPECT_EQ(ledger.accepted, seen.size());
        return seen;
    }

    AdmissionRules admission_;  // of listener one
    ManualClock clock_{start};
    EventRecorder events_;
    MemoryLog log_{events_};
    LogCursor& cursor_ = log_.add_cursor("loki", 1 << 24);
    std::unique_ptr<Snapshot<IntakeSettings>> settings_;
    std::unique_ptr<StreamCeiling> ceiling_;
    ListenerAllowances allowances_{2};
    std::unique_ptr<SyslogIntake> intake_;
};

TEST_F(SyslogIntakeTest, ALineKeepsItsBytesAndGainsItsFields) {
    open();
    const std::string line =
        "<189>77: 000073: *Nov 21 05:14:26.975: %SYS-5-CONFIG_I: Configured from console";
    send("10.1.2.3", line);
    const auto seen = finish();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].line, line);
    EXPECT_EQ(seen[0].labels, R"({device="10.1.2.3", job="weir"})");
    const auto& metadata = seen[0].metadata;
    EXPECT_EQ(metadata.at("facility"), "local7");
    EXPECT_EQ(metadata.at("severity"), "notice");
    EXPECT_EQ(metadata.at("app_name"), "SYS");
    EXPECT_EQ(metadata.at("mnemonic"), "CONFIG_I");
    EXPECT_EQ(metadata.at("msg_counter"), "77");
    EXPECT_EQ(metadata.at("source_ip"), "10.1.2.3");
    EXPECT_EQ(metadata.at("listener"), "one");
    EXPECT_EQ(metadata.at("device_timestamp"), "2025-11-21T05:14:26.975");
    EXPECT_NE(metadata.at("defects").find("unsynced_clock"), std::string::npos);
    EXPECT_EQ(seen[0].timestamp.unix_ns / 64, start.unix_ns / 64);
}

TEST_F(SyslogIntakeTest, WhoMayNotSendIsRejectedByName) {
    ClassifierInput allowed;
    allowed.classes.emplace_back();
    allowed.sources.push_back({*Prefix::parse("10.1.0.0/16"), 0});
    admission_.allowed_sources = *Classifier::build(std::move(allowed));
    open();
    send("10.1.2.3", "<13>in");
    send("10.2.2.3", "<13>out");
    EXPECT_EQ(finish().size(), 1U);
    const auto& rejected = intake_->counters(0).rejected;
    EXPECT_EQ(rejected[static_cast<std::size_t>(RejectReason::not_allowed)].value(), 1U);
    EXPECT_EQ(intake_->gauges().sources.value(), 1U);
}

TEST_F(SyslogIntakeTest, ASourceOverItsRateIsRejectedByName) {
    admission_.source_rate = {.per_s = 5};
    open();
    for (int i = 0; i < 20; ++i) {
        send("10.1.2.3", "<13>loud");
    }
    send("10.1.2.4", "<13>quiet");
    EXPECT_EQ(finish().size(), 6U);
    const auto& rejected = intake_->counters(0).rejected;
    EXPECT_EQ(rejected[static_cast<std::size_t>(RejectReason::source_rate)].value(), 15U);
}

TEST_F(SyslogIntakeTest, ARateThatIsReloadedCountsAtOnce) {
    open();
    for (int i = 0; i < 20; ++i) {
        send("10.1.2.3", "<13>free");
    }
    IntakeSettings next = *settings_->read();
    next.listeners[0].admission.rate = {.per_s = 3};
    settings_->publish(std::make_shared<const IntakeSettings>(next));
    for (int i = 0; i < 20; ++i) {
        send("10.1.2.3", "<13>bound");
    }
    EXPECT_EQ(finish().size(), 23U);
    const auto& rejected = intake_->counters(0).rejected;
    EXPECT_EQ(rejected[static_cast<std::size_t>(RejectReason::listener_rate)].value(), 17U);
}

TEST_F(SyslogIntakeTest, BehindATrustedRelayEachHostnameHasItsRate) {
    admission_.source_rate = {.per_s = 5};
    ClassifierInput classes;
    classes.classes.push_back({.trusted_relay = true});
    classes.sources.push_back({*Prefix::parse("10.1.2.3/32"), 0});
    open({}, 100, std::move(classes));
    for (int i = 0; i < 20; ++i) {
        send("10.1.2.3", "<13>Nov 21 06:20:00 loud app: x");
    }
    send("10.1.2.3", "<13>Nov 21 06:20:00 quiet app: x");
    EXPECT_EQ(finish().size(), 6U);
    const auto& dropped = intake_->counters(0).dropped;
    EXPECT_EQ(dropped[static_cast<std::size_t>(DropReason::source_rate)].value(), 15U);
}

TEST_F(SyslogIntakeTest, BytesThatAreNotUtf8AreReplacedAndNamed) {
    open();
    send("10.1.2.3", "<13>caf\xe9 \xff");
    const auto seen = finish();
    EXPECT_EQ(seen[0].line, "<13>caf\xef\xbf\xbd \xef\xbf\xbd");
    EXPECT_NE(seen[0].metadata.at("defects").find("invalid_utf8"), std::string::npos);
    EXPECT_EQ(intake_->counters(0).defects[static_cast<std::size_t>(Defect::invalid_utf8)].value(),
              1U);
}

TEST_F(SyslogIntakeTest, NothingAtAllIsStillARecord) {
    open();
    send("10.1.2.3", "");
    send("10.1.2.3", std::string_view("\0\0", 2));
    EXPECT_EQ(finish().size(), 2U);
}

TEST_F(SyslogIntakeTest, ClassificationLabelsDialectAndTenant) {
    ClassifierInput classes;
    classes.classes.push_back({.labels = {{"dc", "ProdDC"}, {"tenant", "net"}}});
    classes.classes.push_back({.labels = {{"dc", "DR"}}, .dialect = Dialect::raw});
    classes.sources = {{*Prefix::parse("10.10.0.0/16"), 0}, {*Prefix::parse("2001:db8::/32"), 1}};
    open({}, 100, std::move(classes));
    send("10.10.1.1", "<13>Nov 21 06:00:00 h app: x");
    send("2001:db8::9", "<13>Nov 21 06:00:00 h app: x");
    send("192.0.2.1", "<13>Nov 21 06:00:00 h app: x");
    const auto seen = finish();
    std::map<std::string, SeenEntry> by_labels;
    for (const SeenEntry& entry : seen) {
        by_labels[entry.labels] = entry;
    }
    EXPECT_TRUE(
        by_labels.contains(R"({dc="ProdDC", device="10.10.1.1", job="weir", tenant="net"})"));
    const auto& raw = by_labels.at(R"({dc="DR", device="2001:db8::9", job="weir"})");
    EXPECT_FALSE(raw.metadata.contains("hostname"));
    EXPECT_EQ(by_labels.at(R"({device="192.0.2.1", job="weir"})").metadata.at("hostname"), "h");
}

TEST_F(SyslogIntakeTest, BehindATrustedRelayTheHostnameIsTheDevice) {
    ClassifierInput classes;
    classes.classes.push_back({.labels = {{"dc", "relay"}}, .trusted_relay = true});
    classes.classes.push_back({.labels = {{"dc", "east"}}});
    classes.sources = {{*Prefix::parse("10.0.0.1"), 0}};
    classes.hostnames = {{"east-.*", 1}};
    open({}, 100, std::move(classes));
    send("10.0.0.1", "<13>Nov 21 06:00:00 east-sw1 app: x");
    send("10.0.0.1", "<13>Nov 21 06:00:00 west-sw1 app: x");
    send("10.0.0.2", "<13>Nov 21 06:00:00 east-sw1 app: forged");
    const auto seen = finish();
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0].labels, R"({dc="east", device="east-sw1", job="weir"})");
    EXPECT_EQ(seen[1].labels, R"({dc="relay", device="west-sw1", job="weir"})");
    EXPECT_EQ(seen[2].labels, R"({device="10.0.0.2", job="weir"})");
}

TEST_F(SyslogIntakeTest, PastTheCeilingTheDeviceLabelCollapses) {
    open({}, 2);
    for (int i = 1; i <= 40; ++i) {
        send("10.1.0." + std::to_string(i), "<13>x");
    }
    send("10.1.0.1", "<13>again");
    std::map<std::string, int> labels;
    bool all_have_source = true;
    for (const SeenEntry& entry : finish()) {
        ++labels[entry.labels];
        all_have_source = all_have_source && entry.metadata.contains("source_ip");
    }
    EXPECT_LE(labels.size(), 2U + overflow_streams);
    EXPECT_EQ(labels.at(R"({device="10.1.0.1", job="weir"})"), 2);
    EXPECT_TRUE(all_have_source);
    EXPECT_FALSE(events_.details(EventId::streams_collapsed).empty());
}

TEST_F(SyslogIntakeTest, IdleStreamsGiveTheirPlaceBack) {
    open({.batch = {.stream_idle_ns = ns_per_s}}, 2);
    send("10.1.0.1", "<13>x");
    send("10.1.0.2", "<13>x");
    EXPECT_EQ(ceiling_->active(), 2U);
    clock_.advance_ns(10 * ns_per_s);
    intake_->tick();  // closes the batch
    clock_.advance_ns(10 * ns_per_s);
    intake_->tick();
    EXPECT_EQ(ceiling_->active(), 0U);
    finish();
}

TEST_F(SyslogIntakeTest, DeviceTimestampWithinTheSkewBound) {
    open({.device_timestamp = true, .timestamp_skew_max_ns = 300 * ns_per_s});
    send("10.1.2.3", "<13>1 2025-11-21T06:19:00.5Z h a - - - near");
    send("10.1.2.3", "<13>1 2025-11-21T09:19:00.5Z h a - - - far");
    const auto seen = finish();
    EXPECT_EQ(seen[0].timestamp.unix_ns / ns_per_ms, start.unix_ns / ns_per_ms - 59'500);
    EXPECT_EQ(seen[1].timestamp.unix_ns / ns_per_s, start.unix_ns / ns_per_s);
    EXPECT_EQ(seen[1].metadata.at("defects"), "timestamp_skewed");
    EXPECT_EQ(seen[1].metadata.at("device_timestamp"), "2025-11-21T09:19:00.5Z");
}

TEST_F(SyslogIntakeTest, LineCanBeTheMessage) {
    open({.line_is_msg = true});
    send("10.1.2.3", "<13>1 2025-11-21T06:19:00Z h a - - - only this");
    EXPECT_EQ(finish()[0].line, "only this");
}

TEST_F(SyslogIntakeTest, CounterGapsAreLossInTheNetwork) {
    open();
    for (const int counter : {1, 2, 5}) {
        send("10.1.2.3", "<189>" + std::to_string(counter) + ": Nov 21 05:14:26: %SYS-5-X: y");
    }
    finish();
    EXPECT_EQ(intake_->counters(0).counter_gap_lost.value(), 2U);
}

TEST_F(SyslogIntakeTest, IsePartsBecomeOneRecord) {
    open();
    const std::string head = "<181>Nov 21 06:00:00 ise CISE_Passed_Authentications 0000000042 3 ";
    send("10.1.2.3", head + "1 second, ");
    send("10.1.2.3", "<13>between");
    send("10.1.2.3", head + "0 first, ");
    EXPECT_EQ(intake_->counters(0).held.value(), 3U);
    send("10.1.2.3", head + "2 third");
    const auto seen = finish();
    ASSERT_EQ(seen.size(), 2U);
    const SeenEntry& joined = seen[0].line == "<13>between" ? seen[1] : seen[0];
    EXPECT_EQ(joined.line, head + "0 first, second, third");
    EXPECT_EQ(joined.metadata.at("app_name"), "CISE_Passed_Authentications");
    EXPECT_EQ(joined.metadata.at("defects"), "no_year,merged_parts");
    EXPECT_EQ(intake_->counters(0).merged.value(), 2U);
}

TEST_F(SyslogIntakeTest, ACompletedMessageDoesNotWaitForTheTick) {
    open({.batch = {.records_max = 1}});
    const std::string head = "<181>Nov 21 06:00:00 ise CISE_Passed_Authentications 0000000044 2 ";
    send("10.1.2.3", head + "0 first, ");
    send("10.1.2.3", head + "1 second");
    EXPECT_EQ(intake_->counters(0).accepted.value(), 1U);
    finish();
}

TEST_F(SyslogIntakeTest, TextThatCannotBeATenantStaysWithItsDevice) {
    IntakeSettings settings;
    settings.rules = *RuleSet::compile({{.name = "t",
                                         .action = RuleSpec::Action::set_label,
                                         .match = {{"line", "tenant=(.*)"}},
                                         .target = "tenant",
                                         .value = "\\1"}},
                                       {"job", "device"});
    open(std::move(settings));
    send("10.1.2.3", "<13>tenant=net");
    send("10.1.2.3", "<13>tenant=a b\x01");
    const auto seen = finish();
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].labels, R"({device="10.1.2.3", job="weir", tenant="net"})");
    EXPECT_EQ(seen[1].labels, R"({device="10.1.2.3", job="weir"})");
}

TEST_F(SyslogIntakeTest, IsePartsThatStayAloneAreReleasedInTime) {
    open({.reassembly = {.timeout_ns = ns_per_s}});
    send("10.1.2.3", "<181>Nov 21 06:00:00 ise CISE_Failed_Attempts 0000000043 2 0 alone");
    clock_.advance_ns(2 * ns_per_s);
    intake_->tick();
    const auto seen = finish();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_NE(seen[0].metadata.at("defects").find("parts_missing"), std::string::npos);
}

TEST_F(SyslogIntakeTest, ANewConfigurationTakesOverBetweenRuns) {
    open();
    send("10.1.2.3", "<13>old");
    IntakeSettings next = *settings_->read();
    next.base_labels["job"] = "new";
    settings_->publish(std::make_shared<const IntakeSettings>(next));
    send("10.1.2.3", "<13>new");
    const auto seen = finish();
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].labels, R"({device="10.1.2.3", job="weir"})");
    EXPECT_EQ(seen[1].labels, R"({device="10.1.2.3", job="new"})");
}

TEST_F(SyslogIntakeTest, RulesDropLabelRedactAndAreCounted) {
    using Action = RuleSpec::Action;
    IntakeSettings settings;
    settings.rules = *RuleSet::compile(
        {{.name = "noise", .action = Action::drop, .match = {{"mnemonic", "^LINK"}}},
         {.name = "team",
          .action = Action::set_label,
          .match = {{"app_name", "^(sshd)$"}},
          .target = "team",
          .value = "sec-\\1"},
         {.name = "host",
          .action = Action::set_metadata,
          .match = {{"app_name", "."}},
          .target = "hostname",
          .value = "hidden"},
         {.name = "secret",
          .action = Action::redact,
          .target = "line",
          .pattern = "password=\\S+",
          .value = "password=***"}},
        {"job", "device"});
    open(std::move(settings));
    send("10.1.2.3", "<13>1: Nov 21 06:00:00: %IF-3-LINKDOWN: gone");
    send("10.1.2.3", "<13>Nov 21 06:00:00 h sshd[1]: password=hunter2 accepted");
    const auto seen = finish();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].labels, R"({device="10.1.2.3", job="weir", team="sec-sshd"})");
    EXPECT_EQ(seen[0].line, "<13>Nov 21 06:00:00 h sshd[1]: password=*** accepted");
    EXPECT_EQ(seen[0].metadata.at("hostname"), "hidden");
    EXPECT_EQ(intake_->counters(0).dropped[static_cast<std::size_t>(DropReason::rule)].value(), 1U);
    EXPECT_EQ(intake_->rule_tallies()[0]->dropped.value(), 1U);
    EXPECT_EQ(intake_->rule_tallies()[1]->hits.value(), 1U);
}

TEST_F(SyslogIntakeTest, LabelsFromMessagesCannotMakeStreamsWithoutBound) {
    IntakeSettings settings;
    settings.rules = *RuleSet::compile({{.name = "id",
                                         .action = RuleSpec::Action::set_label,
                                         .match = {{"line", "id=(\\d+)"}},
                                         .target = "id",
                                         .value = "\\1"}},
                                       {"job", "device"});
    open(std::move(settings), 4);
    for (int i = 0; i < 200; ++i) {
        send("10.1.2.3", "<13>id=" + std::to_string(i));
    }
    std::map<std::string, int> labels;
    for (const SeenEntry& entry : finish()) {
        ++labels[entry.labels];
    }
    EXPECT_LE(labels.size(), 4U + overflow_streams);
}

TEST_F(SyslogIntakeTest, OverlongLinesAreCutAtACharacter) {
    open({.line_bytes_max = 10});
    send("10.1.2.3", "<13>12345\xc3\xa4\xc3\xa4");  // byte 10 is inside the first a-umlaut
    const auto seen = finish();
    EXPECT_EQ(seen[0].line, "<13>12345");
    EXPECT_NE(seen[0].metadata.at("defects").find("truncated"), std::string::npos);
}

}  // namespace
}  // namespace weir
