// A program of its own, because it replaces operator new and pthread_mutex_lock for the whole
// process: in steady state a UDP message costs no allocation and no lock, from the socket to the
// open batch. Not built with sanitizers, which replace the same functions.
#include "pipeline/memory_log.h"
#include "receivers/syslog_intake.h"
#include "receivers/udp_listener.h"
#include "tests/support/event_recorder.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>
#include <pthread.h>
#include <sys/socket.h>

namespace {

std::atomic<std::uint64_t> allocations{0};
std::atomic<std::uint64_t> locks{0};

void* counted_allocation(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    void* memory = std::malloc(size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

}  // namespace

void* operator new(std::size_t size) {
    return counted_allocation(size);
}

void* operator new[](std::size_t size) {
    return counted_allocation(size);
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete[](void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    using Lock = int (*)(pthread_mutex_t*);
    static const auto real = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
    locks.fetch_add(1, std::memory_order_relaxed);
    return real(mutex);
}

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
    const std::uint64_t allocations_before = allocations.load();
    const std::uint64_t locks_before = locks.load();
    for (int i = 0; i < 20; ++i) {
        pass(lines);
    }
    EXPECT_EQ(intake_->counters(0).received.value() - received, 20 * lines.size());
    EXPECT_EQ(allocations.load() - allocations_before, 0U);
    EXPECT_EQ(locks.load() - locks_before, 0U);
    EXPECT_EQ(intake_->counters(0).held.value(), 21 * lines.size());
}

TEST_F(SteadyStateTest, ABatchCostsAHandfulOfBoth) {
    const std::vector<std::string> lines = corpus_lines();
    pass(lines);
    intake_->finish();
    cursor_.settle(*cursor_.take(), {.delivered = lines.size()});
    pass(lines);
    const std::uint64_t allocations_before = allocations.load();
    const std::uint64_t locks_before = locks.load();
    intake_->finish();
    EXPECT_GT(allocations.load() - allocations_before, 0U);
    EXPECT_LT(allocations.load() - allocations_before, 20U);
    EXPECT_GT(locks.load() - locks_before, 0U);
    EXPECT_LT(locks.load() - locks_before, 20U);
}

}  // namespace
}  // namespace weir
