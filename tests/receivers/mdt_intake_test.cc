#include "receivers/mdt_intake.h"

#include "pipeline/loki_decoder.h"
#include "pipeline/memory_log.h"
#include "pipeline/remote_write.h"
#include "tests/support/event_recorder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace weir {
namespace {

constexpr Timestamp start{1'763'706'000 * ns_per_s};

// An XR message in JSON: counters of one interface, at the clock's time.
std::string message(const std::string& node, std::uint64_t value, Timestamp at,
                    const std::string& interface = "GigabitEthernet0/0/0/1") {
    const std::int64_t ms = at.unix_ns / ns_per_ms;
    return fmt::format(
        R"({{"node_id_str":"{}","subscription_id_str":"s","encoding_path":)"
        R"("Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/latest/)"
        R"(generic-counters","collection_id":"7","msg_timestamp":"{}","data_json":[{{"timestamp":)"
        R"("{}","keys":[{{"interface-name":"{}"}}],"content":{{"packets-received":"{}"}}}}]}})",
        node, ms, ms, interface, value);
}

struct SeenSample {
    std::map<std::string, std::string> labels;
    double value = 0;
};

class MdtIntakeTest : public ::testing::Test {
  protected:
    void open(MdtSettings mdt = {}, ClassifierInput classes = {}) {
        auto settings = std::make_shared<IntakeSettings>();
        mdt.series_labels["job"] = "mdt";
        mdt.stream_labels = {{"job", "weir"}, {"source_type", "mdt"}};
        settings->mdt = std::move(mdt);
        settings->listeners = {{"one", Dialect::any, admission_}};
        settings->classifier = *Classifier::build(std::move(classes));
        settings_ = std::make_unique<Snapshot<IntakeSettings>>(std::move(settings));
        intake_ = std::make_unique<MdtIntake>(
            MdtIntake::Parts{.settings = *settings_,
                             .metrics_log = metrics_,
                             .logs_log = logs_,
                             .ceiling = ceiling_,
                             .clock = clock_,
                             .events = events_,
                             .allowances = allowances_,
                             .kept_ids = kept_ids_},
            MdtIntake::Options{.shard = 3, .listeners_max = 1, .sources_max = 64, .seed = 7});
    }

    void send(std::string_view bytes, const std::string& from = "10.0.0.1",
              std::uint64_t session = 0, std::string_view certificate = {}) {
        const Peer peer{.address = *IpAddress::parse(from), .port = 40000};
        intake_->frame_received(0, bytes.size());
        intake_->take_message({.bytes = bytes, .peer = peer, .received_at = clock_.now()},
                              MdtBody::any,
                              {.id = session, .peer = peer, .certificate_subject = certificate}, 0);
    }

    // What left for the metrics' log, health apart.
    std::vector<SeenSample> finish() {
        intake_->finish();
        std::vector<SeenSample> seen;
        std::uint64_t records = 0;
        while (const BatchPtr batch = metrics_cursor_.take()) {
            const Result<WriteRequest> request = decode_write_request(batch->body);
            EXPECT_TRUE(request);
            records += batch->records;
            for (const WrittenSeries& series : request->series) {
                SeenSample sample;
                for (const MetricLabel& label : series.labels) {
                    sample.labels.emplace(label.name, label.value);
                }
                for (const SeriesSample& one : series.samples) {
                    sample.value = one.value;
                    if (!sample.labels["__name__"].starts_with("telemetry_")) {
                        seen.push_back(sample);
                    }
                }
            }
            metrics_cursor_.settle(*batch, {.delivered = batch->records});
        }
        const MdtCounts counts = intake_->counts();
        std::uint64_t dropped = 0;
        for (const std::uint64_t count : counts.series.dropped) {
            dropped += count;
        }
        EXPECT_EQ(counts.series.given + counts.series.repeated, counts.series.appended + dropped);
        EXPECT_EQ(records, counts.series.appended + counts.series.stale_markers);
        IntakeLedger ledger;
        ledger.add(intake_->counters(0));
        EXPECT_TRUE(ledger.balances());
        EXPECT_EQ(ledger.held, 0U);
        return seen;
    }

    IntakeLedger ledger() {
        IntakeLedger ledger;
        ledger.add(intake_->counters(0));
        return ledger;
    }

    AdmissionRules admission_;
    ManualClock clock_{start};
    EventRecorder events_;
    MemoryLog metrics_{events_};
    MemoryLog logs_{events_};
    LogCursor& metrics_cursor_ = metrics_.add_cursor("metrics", 64UL << 20U);
    LogCursor& logs_cursor_ = logs_.add_cursor("logs", 64UL << 20U);
    StreamCeiling ceiling_{100};
    ListenerAllowances allowances_{1};
    std::atomic<std::uint64_t> kept_ids_{0};
    std::unique_ptr<Snapshot<IntakeSettings>> settings_;
    std::unique_ptr<MdtIntake> intake_;
};

TEST_F(MdtIntakeTest, AMessageBecomesSeriesOfItsDevice) {
    ClassifierInput classes;
    classes.classes.push_back({.labels = {{"dc", "ProdDC"}, {"tenant", "net"}}});
    classes.sources.push_back({*Prefix::parse("10.0.0.0/8"), 0});
    MdtSettings mdt;
    mdt.series_labels = {{"dc", "none"}, {"site", "east"}};
    open(mdt, classes);
    send(message("r1", 42, clock_.now()));
    const std::vector<SeenSample> seen = finish();
    ASSERT_FALSE(seen.empty());
    bool found = false;
    for (const SeenSample& sample : seen) {
        EXPECT_EQ(sample.labels.at("device"), "r1");
        EXPECT_EQ(sample.labels.at("dc"), "ProdDC") << "classification wins over the labels";
        EXPECT_EQ(sample.labels.at("site"), "east");
        EXPECT_EQ(sample.labels.at("job"), "mdt");
        EXPECT_FALSE(sample.labels.contains("tenant"));
        found = found || (sample.labels.at("__name__").ends_with("packets_received_total") &&
                          sample.value == 42);
    }
    EXPECT_TRUE(found);
    EXPECT_EQ(ledger().accepted, 1U);
}

TEST_F(MdtIntakeTest, WithoutANodeIdTheCertificateOrTheAddressStandsIn) {
    open();
    send(message("", 1, clock_.now()), "10.0.0.1", 0, "CN=leaf-7");
    send(message("", 1, clock_.now()), "10.0.0.2");
    std::set<std::string> devices;
    for (const SeenSample& sample : finish()) {
        devices.insert(sample.labels.at("device"));
    }
    EXPECT_EQ(devices, (std::set<std::string>{"CN=leaf-7", "10.0.0.2"}));
}

TEST_F(MdtIntakeTest, OneNodeIdInTwoDatacentresIsTwoDevices) {
    ClassifierInput classes;
    classes.classes.push_back({.labels = {{"dc", "A"}}});
    classes.classes.push_back({.labels = {{"dc", "B"}}});
    classes.sources.push_back({*Prefix::parse("10.1.0.0/16"), 0});
    classes.sources.push_back({*Prefix::parse("10.2.0.0/16"), 1});
    open({}, classes);
    send(message("switch", 1, clock_.now()), "10.1.0.1");
    send(message("switch", 2, clock_.now()), "10.2.0.1");
    EXPECT_EQ(intake_->devices().size(), 2U);
    std::set<std::string> datacentres;
    for (const SeenSample& sample : finish()) {
        datacentres.insert(sample.labels.at("dc"));
    }
    EXPECT_EQ(datacentres, (std::set<std::string>{"A", "B"}));
}

TEST_F(MdtIntakeTest, TwoAddressesThatTakeTurnsAreToldOnce) {
    open();
    for (int i = 0; i < 6; ++i) {
        clock_.advance_ns(ns_per_s);
        send(message("r1", 1, clock_.now()), i % 2 == 0 ? "10.0.0.1" : "10.0.0.2");
    }
    EXPECT_EQ(events_.count(EventId::device_conflict), 1U);
    // A device that moved for good is no conflict.
    send(message("r2", 1, clock_.now()), "10.0.0.3");
    send(message("r2", 1, clock_.now()), "10.0.0.4");
    send(message("r2", 1, clock_.now()), "10.0.0.4");
    EXPECT_EQ(events_.count(EventId::device_conflict), 1U);
}

TEST_F(MdtIntakeTest, WhatCannotBeReadIsDroppedByNameAndKept) {
    open();
    const std::string broken = "\xff\xff\xff\xff garbage";
    send(broken);
    // telemetry_bis: node "n1" and a table of two rows of compact GPB.
    send(
        std::string("\x0a\x02n1\x32\x03"
                    "a:b\x62\x08\x0a\x02\x08\x01\x0a\x02\x08\x02",
                    19));
    static_cast<void>(finish());
    EXPECT_EQ(ledger().dropped["undecodable"], 1U);
    EXPECT_EQ(ledger().dropped["compact_gpb"], 1U);
    const std::vector<KeptMessage> kept = intake_->kept();
    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[0].bytes, broken);
    EXPECT_EQ(kept[0].id, 1U);
    EXPECT_EQ(kept[1].device, "n1");
    EXPECT_NE(kept[1].defects.find("compact_gpb"), std::string::npos) << kept[1].defects;
    EXPECT_EQ(events_.count(EventId::telemetry_defect), 2U);
}

TEST_F(MdtIntakeTest, TheEndOfACollectionIsAcceptedWithoutSamples) {
    open();
    send(R"({"node_id_str":"r1","encoding_path":"a:b","collection_end_time":"1763706000000"})");
    send(R"({"node_id_str":"r1","encoding_path":"a:b","msg_timestamp":"1763706000000"})");
    EXPECT_TRUE(finish().empty());
    EXPECT_EQ(ledger().accepted, 2U);
    EXPECT_TRUE(intake_->kept().empty()) << "a keep-alive has nothing wrong with it";
}

TEST_F(MdtIntakeTest, ADeviceTooManyIsRefusedByName) {
    MdtSettings mdt;
    mdt.devices_max = 1;
    open(mdt);
    send(message("r1", 1, clock_.now()));
    send(message("r2", 1, clock_.now()));
    for (const SeenSample& sample : finish()) {
        EXPECT_EQ(sample.labels.at("device"), "r1");
    }
    EXPECT_EQ(ledger().dropped["devices_max"], 1U);
    EXPECT_EQ(intake_->counts().devices_refused, 1U);
}

TEST_F(MdtIntakeTest, RatesAndSourcesAreAdmittedAsForSyslog) {
    ClassifierInput allowed;
    allowed.classes.emplace_back();
    allowed.sources.push_back({*Prefix::parse("10.0.0.0/24"), 0});
    admission_.allowed_sources = *Classifier::build(std::move(allowed));
    admission_.source_rate = {1, 1};
    open();
    send(message("r1", 1, clock_.now()));
    send(message("r1", 2, clock_.now()));
    send(message("r9", 1, clock_.now()), "192.0.2.1");
    static_cast<void>(finish());
    EXPECT_EQ(ledger().accepted, 1U);
    EXPECT_EQ(ledger().rejected["source_rate"], 1U);
    EXPECT_EQ(ledger().rejected["not_allowed"], 1U);
}

TEST_F(MdtIntakeTest, AfterTheLastSessionTheSeriesGoStale) {
    open();
    const MdtSession session{.id = 9, .peer = {.address = *IpAddress::parse("10.0.0.1")}};
    intake_->session_opened(session, 0);
    send(message("r1", 1, clock_.now()), "10.0.0.1", 9);
    EXPECT_EQ(intake_->devices()[0].sessions, 1U);
    intake_->session_closed(session, 0);
    EXPECT_EQ(intake_->devices()[0].sessions, 0U);
    for (int i = 0; i < 100; ++i) {
        clock_.advance_ns(ns_per_s);
        intake_->tick();
    }
    static_cast<void>(finish());
    EXPECT_GT(intake_->counts().series.stale_markers, 0U);
}

TEST_F(MdtIntakeTest, HealthIsToldOfEveryDevice) {
    open();
    send(message("r1", 1, Timestamp{clock_.now().unix_ns - 2 * ns_per_s}));
    intake_->tick();
    intake_->finish();
    std::map<std::string, double> health;
    while (const BatchPtr batch = metrics_cursor_.take()) {
        const Result<WriteRequest> request = decode_write_request(batch->body);
        for (const WrittenSeries& series : request->series) {
            for (const MetricLabel& label : series.labels) {
                if (label.name == "__name__") {
                    health[std::string(label.value)] = series.samples[0].value;
                }
            }
        }
        metrics_cursor_.settle(*batch, {.delivered = batch->records});
    }
    EXPECT_EQ(health.at("telemetry_device_up"), 1);
    EXPECT_EQ(health.at("telemetry_device_messages_total"), 1);
    EXPECT_EQ(health.at("telemetry_device_clock_skew_seconds"), 2);
    EXPECT_TRUE(health.contains("telemetry_feed_last_message_timestamp_seconds"));
}

TEST_F(MdtIntakeTest, AnEventBecomesALogLineToo) {
    open();
    send(R"({"node_id_str":"n9k","encoding_path":"EVENT-LIST","data_json":[{"keys":)"
         R"({"EVENT-LIST":"EVENT-LIST"},"content":{"children":[{"imdata":{"ethpmPhysIf":)"
         R"({"attributes":{"dn":"sys/intf/phys-[eth1/11]/phys","operSt":"up","status":)"
         R"("modified"}}},"subscriptionId":"18379759394883829764"}]}}]})");
    static_cast<void>(finish());
    const BatchPtr batch = logs_cursor_.take();
    ASSERT_NE(batch, nullptr);
    const Result<LokiPush> push = decode_loki_push(batch->body);
    ASSERT_TRUE(push);
    ASSERT_EQ(push->streams.size(), 1U);
    EXPECT_NE(push->streams[0].labels.find("device=\"n9k\""), std::string::npos);
    EXPECT_NE(push->streams[0].entries[0].line.find("operSt=up"), std::string::npos);
    logs_cursor_.settle(*batch, {.delivered = batch->records});
}

TEST_F(MdtIntakeTest, WhatADeviceSaysOfItselfIsTold) {
    open();
    const MdtSession session{.id = 4, .peer = {.address = *IpAddress::parse("10.0.0.1")}};
    intake_->session_opened(session, 0);
    send(message("r1", 1, clock_.now()), "10.0.0.1", 4);
    intake_->device_error(session, "subscription 5 failed", 0);
    EXPECT_EQ(events_.count(EventId::device_error), 1U);
    EXPECT_EQ(intake_->devices()[0].errors, 1U);
    static_cast<void>(finish());
}

TEST(MdtKept, ForgetsTheOldestForTheLatest) {
    MdtKept kept;
    kept.set_messages_max(2);
    for (std::uint64_t id = 1; id <= 3; ++id) {
        kept.add({.id = id, .bytes = std::string(100'000, 'x'), .size = 100'000});
    }
    ASSERT_EQ(kept.messages().size(), 2U);
    EXPECT_EQ(kept.messages().front().id, 2U);
    EXPECT_EQ(kept.messages().front().bytes.size(), MdtKept::message_bytes_max);
    kept.set_messages_max(0);
    EXPECT_TRUE(kept.messages().empty());
    kept.add({.id = 9});
    EXPECT_TRUE(kept.messages().empty());
}

}  // namespace
}  // namespace weir
