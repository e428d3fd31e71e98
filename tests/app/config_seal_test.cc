#include "app/config_seal.h"

#include "app/config_load.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(SealedChanges, NamesWhatNeedsARestart) {
    const Config running = default_config();
    EXPECT_EQ(sealed_changes(running, running), std::vector<std::string>{});
    Config next = running;
    next.cluster = "other";
    next.listeners[1].port = 6514;
    next.listeners.erase(next.listeners.begin());
    next.listeners.push_back({.name = "new"});
    next.loki.push_back({.name = "a"});
    next.admin.port = 1;
    next.file.enabled = false;
    next.file.zstd = true;
    EXPECT_EQ(sealed_changes(running, next),
              (std::vector<std::string>{"cluster", "file.compress", "admin.address",
                                        "listeners[syslog-udp]", "listeners[syslog-tcp].address",
                                        "listeners[new]", "file"}));
}

TEST(SealedChanges, DoesNotNameWhatReloads) {
    const Config running = default_config();
    Config next = running;
    next.labels["a"] = "b";
    next.classification.push_back({.sources = {*Prefix::parse("10.0.0.0/8")}});
    next.rules.push_back({.name = "r"});
    next.logs.line = LineSource::msg;
    next.listeners[0].limits.message_bytes_max = 1000;
    next.listeners[0].dialect = Dialect::cisco;
    next.drain_timeout = std::chrono::seconds{1};
    EXPECT_EQ(sealed_changes(running, next), std::vector<std::string>{});
}

Config tls_config() {
    Config config = default_config();
    config.listeners.push_back({.name = "tls",
                                .transport = Transport::tls,
                                .port = 6514,
                                .tls = {.certificate = "c", .key = "k"}});
    config.loki.push_back({.name = "a", .url = "http://a"});
    config.loki.push_back({.name = "b", .url = "http://b"});
    return config;
}

TEST(KeepSealed, TakesWhatReloadsAndKeepsTheRest) {
    const Config running = tls_config();
    Config next = running;
    next.cluster = "other";
    next.admin.port = 1;
    next.labels["a"] = "b";
    next.listeners[4].port = 1;
    next.listeners[4].tls.certificate = "new";
    next.listeners[4].limits.connections_max = 7;
    next.listeners[4].limits.receive_buffer_bytes = 1;
    next.loki[1].url = "http://new";
    next.loki[1].queue_bytes_max = 1;
    keep_sealed(running, next);
    EXPECT_EQ(next.cluster, "weir");
    EXPECT_EQ(next.admin.port, 12345);
    EXPECT_EQ(next.labels["a"], "b");
    EXPECT_EQ(next.listeners[4].port, 6514);
    EXPECT_EQ(next.listeners[4].tls.certificate, "new");
    EXPECT_EQ(next.listeners[4].limits.connections_max, 7U);
    EXPECT_EQ(next.listeners[4].limits.receive_buffer_bytes, 8U * 1024 * 1024);
    EXPECT_EQ(next.loki[1].url, "http://new");
    EXPECT_EQ(next.loki[1].queue_bytes_max, 256U * 1024 * 1024);
    EXPECT_EQ(sealed_changes(running, next), std::vector<std::string>{});
}

TEST(KeepSealed, KeepsTheSetAndTheOrderOfListeners) {
    const Config running = tls_config();
    Config next = running;
    std::swap(next.loki[0], next.loki[1]);
    next.loki.push_back({.name = "c"});
    next.listeners.erase(next.listeners.begin());
    keep_sealed(running, next);
    ASSERT_EQ(next.loki.size(), 3U);  // endpoints come and go
    EXPECT_EQ(next.loki[0].name, "b");
    EXPECT_EQ(next.loki[2].name, "c");
    ASSERT_EQ(next.listeners.size(), 5U);
    EXPECT_EQ(next.listeners[0].name, "syslog-udp");
}

TEST(KeepSealed, AListenerOfAnotherTransportStaysAltogether) {
    const Config running = tls_config();
    Config next = running;
    next.listeners[4].transport = Transport::tcp;
    next.listeners[4].tls = {};
    next.listeners[4].limits.connections_max = 7;
    EXPECT_EQ(sealed_changes(running, next), std::vector<std::string>{"listeners[tls].transport"});
    keep_sealed(running, next);
    EXPECT_EQ(next.listeners[4].transport, Transport::tls);
    EXPECT_EQ(next.listeners[4].tls.certificate, "c");
    EXPECT_EQ(next.listeners[4].limits.connections_max, 1000U);
}

}  // namespace
}  // namespace weir
