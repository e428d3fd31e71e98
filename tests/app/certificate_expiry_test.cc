// Who is told that a certificate ends, and what becomes of the machine when certificates change.
#include "app/certificate_expiry.h"

#include "app/status.h"
#include "app/topology.h"
#include "tests/support/temp_dir.h"
#include "tests/support/certificates.h"
#include "tests/support/event_recorder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace weir {
namespace {

constexpr std::int64_t day_ns = 24 * 3600 * ns_per_s;

TEST(CertificateExpiry, IsToldFourteenDaysBeforeAndWhenItHasHappened) {
    const Timestamp not_after{1'795'000'000 * ns_per_s};
    const std::vector<CertificateStatus> held = {
        {"listener", "in", {"client_ca", "/CN=ca", not_after}}};
    const auto told_at = [&](std::int64_t before_ns) {
        EventRecorder events;
        tell_expiring(held, {not_after.unix_ns - before_ns}, events);
        return events.details(EventId::certificate_expiring) + "|" +
               events.details(EventId::certificate_expired);
    };
    EXPECT_EQ(told_at(14 * day_ns + 1), "|");
    EXPECT_EQ(told_at(14 * day_ns),
              "client_ca /CN=ca of listener in expires on 2026-11-18T11:06:40Z, in 14 days\n|");
    EXPECT_EQ(told_at(0),
              "client_ca /CN=ca of listener in expires on 2026-11-18T11:06:40Z, in 0 days\n|");
    EXPECT_EQ(told_at(-1),
              "|client_ca /CN=ca of listener in expired on 2026-11-18T11:06:40Z\n");
}

TEST(CertificateExpiry, TheMetricIsTheFirstToExpireOfAKind) {
    Status status;
    status.certificates = {{"listener", "in", {"client_ca", "/CN=late", {9 * ns_per_s}}},
                           {"listener", "in", {"client_ca", "/CN=soon", {7 * ns_per_s}}},
                           {"listener", "in", {"certificate", "/CN=leaf", {8 * ns_per_s}}},
                           {"endpoint", "in", {"certificate", "/CN=client", {5 * ns_per_s}}}};
    const std::string text = to_prometheus(status);
    const std::string name = "weir_tls_certificate_expiry_timestamp_seconds";
    EXPECT_NE(text.find(name + "{listener=\"in\",kind=\"client_ca\"} 7\n"), text.npos) << text;
    EXPECT_NE(text.find(name + "{listener=\"in\",kind=\"certificate\"} 8\n"), text.npos) << text;
    EXPECT_NE(text.find("weir_endpoint_certificate_expiry_timestamp_seconds{endpoint=\"in\"} 5\n"),
              text.npos)
        << text;
    EXPECT_EQ(text.find("} 9\n"), text.npos) << text;
}

class MachineWithTls : public testing::Test {
  protected:
    void SetUp() override {
        copy("server.crt", certificates_.certificate("server"));
        copy("server.key", certificates_.key("server"));
        copy("ca.crt", certificates_.certificate("ca"));
        Config config;
        config.ingest_threads = 1;
        config.file.enabled = true;
        config.file.directory = folder_.file("data");
        config.dead_letters.path = folder_.file("dead-letters.db");
        ListenerConfig listener{.name = "in", .transport = Transport::tls};
        listener.address = *IpAddress::parse("127.0.0.1");
        listener.tls = {folder_.file("server.crt"), folder_.file("server.key"),
                        folder_.file("ca.crt")};
        config.listeners = {listener};
        Result<std::unique_ptr<Topology>> built = Topology::build(config, clock_, events_);
        ASSERT_TRUE(built) << built.error().message;
        machine_ = std::move(*built);
        machine_->start();
    }

    void TearDown() override {
        if (machine_) {
            EXPECT_TRUE(machine_->drain());
        }
    }

    void copy(const std::string& name, const std::string& from) {
        std::filesystem::copy_file(from, folder_.file(name),
                                   std::filesystem::copy_options::overwrite_existing);
    }

    [[nodiscard]] std::vector<std::string> subjects() const {
        std::vector<std::string> found;
        for (const CertificateStatus& held : machine_->certificates()) {
            found.push_back(held.role + " " + held.name + " " + held.certificate.kind +
                            held.certificate.subject);
        }
        return found;
    }

    TestCertificates certificates_;
    test::TempDir folder_;
    SystemClock clock_;
    EventLog events_{clock_};
    std::unique_ptr<Topology> machine_;
};

TEST_F(MachineWithTls, HoldsWhatWasLoadedAndKeepsItWhenANewFileIsBroken) {
    const std::vector<std::string> first = {"listener in certificate/CN=localhost",
                                            "listener in client_ca/CN=ca"};
    EXPECT_EQ(subjects(), first);
    copy("ca.crt", certificates_.certificate("stranger-ca"));
    machine_->reload_certificates();
    const std::vector<std::string> second = {"listener in certificate/CN=localhost",
                                             "listener in client_ca/CN=stranger-ca"};
    EXPECT_EQ(subjects(), second);
    EXPECT_EQ(events_.counts().at("tls_reloaded"), 1U);
    std::ofstream(folder_.file("ca.crt"), std::ios::trunc) << "-----BEGIN CERTIFICATE-----\n";
    machine_->reload_certificates();
    EXPECT_EQ(subjects(), second);
    EXPECT_EQ(events_.counts().at("tls_reload_failed"), 1U);
    std::filesystem::remove(folder_.file("server.key"));
    machine_->reload_certificates();
    EXPECT_EQ(subjects(), second);
    EXPECT_EQ(events_.counts().at("tls_reload_failed"), 2U);
}

}  // namespace
}  // namespace weir
