// In steady state a UDP message costs no allocation and no lock, from the socket to the open batch.
#include "pipeline/memory_log.h"
#include "receivers/syslog_intake.h"
#include "receivers/udp_listener.h"
#include "tests/steady_state/counting.h"
#include "tests/support/event_recorder.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/socket.h>

namespace weir {
namespace {

// The lines of the corpus, as many datagrams of one source. Parts of multi-part messages are left
// out: holding them is what the reassembly's memory is for.
std::vector<std::string> corpus_lines() {
    std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/tests/data/syslog.ndjson");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        const auto raw = nlohmann::json::parse(line).at("raw").get<std::string>();
        if (raw.find("CISE_") == std::string::npos) {
            lines.push_back(raw);
        }
    }
    return lines;
}

class SteadyStateTest : public ::testing::Test {
  protected:
    SteadyStateTest() {
        IntakeSettings settings;
        settings.base_labels = {{"job", "weir"}, {"cluster", "test"}};
        settings.listeners.resize(1);
        settings.listeners[0].name = "udp";
        settings.listeners[0].admission.rate = {.per_s = 1'000'000};
        settings.listeners[0].admission.source_rate = {.per_s = 1'000'000};
        settings.classifier = *Classifier::build({});
        settings.batch = {.bytes_max = 64 * 1024 * 1024, .records_max = 1'000'000};
        settings_ = std::make_unique<Snapshot<IntakeSettings>>(
            std::make_shared<const IntakeSettings>(settings));
        intake_ = std::make_unique<SyslogIntake>(
            SyslogIntake::Parts{*settings_, log_, ceiling_, clock_, events_, allowances_},
            SyslogIntake::Options{.listeners_max = 1, .sources_max = 1024, .seed = 1});
        Result<SocketGroup> group = open_socket_group({.address = *IpAddress::parse("127.0.0.1"),
                                                       .datagram = true,
                                                       .sockets = 1,
                                                       .receive_buffer_bytes = 1 << 22});
        port_ = group->port;
        listener_ = std::make_unique<UdpListener>(io_, std::move(group->sockets[0]),
                                                  UdpListener::Options{.name = "udp"}, *intake_,
                                                  clock_, events_);
    }

    // Sends every line once from one source and has the listener read them.
    void pass(const std::vector<std::string>& lines) {
        sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(port_)};
        inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
        for (const std::string& line : lines) {
            sendto(sender_.get(), line.data(), line.size(), 0,
                   reinterpret_cast<const sockaddr*>(&to), sizeof to);
        }
        while (!listener_->drain(1)) {
        }
    }

    boost::asio::io_context io_;
    SystemClock clock_;
    EventRecorder events_;
    MemoryLog log_{events_};
    LogCursor& cursor_ = log_.add_cursor("loki", 1 << 30);
    StreamCeiling ceiling_{100};
    ListenerAllowances allowances_{1};
    std::unique_ptr<Snapshot<IntakeSettings>> settings_;
    std::unique_ptr<SyslogIntake> intake_;
    std::unique_ptr<UdpListener> listener_;
    FileDescriptor sender_{socket(AF_INET, SOCK_DGRAM, 0)};
    std::uint16_t port_ = 0;
};

TEST_F(SteadyStateTest, AMessageCostsNoAllocationAndNoLock) {
    const std::vector<std::string> lines = corpus_lines();
    ASSERT_GT(lines.size(), 100U);
    for (int i = 0; i < 40; ++i) {
        pass(lines);
    }
    intake_->finish();  // the batch is out; its arena stays for the next
    pass(lines);        // the streams' first entries in the new batch
    const std::uint64_t received = intake_->counters(0).received.value();
    const std::uint64_t allocations_before = allocation_count();
    const std::uint64_t locks_before = lock_count();
    for (int i = 0; i < 20; ++i) {
        pass(lines);
    }
    EXPECT_EQ(intake_->counters(0).received.value() - received, 20 * lines.size());
    EXPECT_EQ(allocation_count() - allocations_before, 0U);
    EXPECT_EQ(lock_count() - locks_before, 0U);
    EXPECT_EQ(intake_->counters(0).held.value(), 21 * lines.size());
}

TEST_F(SteadyStateTest, ABatchCostsAHandfulOfBoth) {
    const std::vector<std::string> lines = corpus_lines();
    pass(lines);
    intake_->finish();
    cursor_.settle(*cursor_.take(), {.delivered = lines.size()});
    pass(lines);
    const std::uint64_t allocations_before = allocation_count();
    const std::uint64_t locks_before = lock_count();
    intake_->finish();
    EXPECT_GT(allocation_count() - allocations_before, 0U);
    EXPECT_LT(allocation_count() - allocations_before, 20U);
    EXPECT_GT(lock_count() - locks_before, 0U);
    EXPECT_LT(lock_count() - locks_before, 20U);
}

}  // namespace
}  // namespace weir
