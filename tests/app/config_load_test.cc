#include "app/config_load.h"

#include "app/config_seal.h"
#include "tests/app/config_support.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::seconds;

Config loaded(const std::string& text, const std::map<std::string, std::string>& variables = {}) {
    ConfigOutcome outcome = load_config(text, "f", with_variables(variables));
    EXPECT_EQ(problems_of(outcome), "");
    return outcome.config.value_or(Config{});
}

TEST(ConfigLoad, EmptyTextIsTheDefault) {
    const Config config = loaded("# nothing\n");
    EXPECT_EQ(sealed_changes(config, default_config()), std::vector<std::string>{});
    ASSERT_EQ(config.listeners.size(), 4U);
    EXPECT_EQ(config.listeners[0].name, "syslog-udp");
    EXPECT_EQ(config.listeners[0].transport, Transport::udp);
    EXPECT_EQ(config.listeners[0].address.to_string(), "::");
    EXPECT_EQ(config.listeners[0].port, 5514);
    EXPECT_EQ(config.listeners[1].transport, Transport::tcp);
    EXPECT_EQ(config.listeners[2].port, 1515);
    EXPECT_EQ(config.listeners[2].dialect, Dialect::nutanix);
    EXPECT_EQ(config.listeners[3].protocol, Protocol::mdt);
    EXPECT_EQ(config.listeners[3].port, 57000);
    EXPECT_EQ(config.listeners[3].limits.message_bytes_max, 16UL * 1024 * 1024);
    EXPECT_TRUE(config.file.enabled);
    EXPECT_EQ(config.file.directory, "weir-data");
    EXPECT_EQ(config.admin.address.to_string(), "127.0.0.1");
    EXPECT_EQ(config.admin.port, 12345);
}

TEST(ConfigLoad, TelemetryHasLimitsOfItsOwnUnlessTheyAreWritten) {
    const Config config = loaded(
        "listeners:\n"
        "  - {name: a, protocol: mdt, transport: tcp, address: \"[::]:57000\"}\n"
        "  - name: b\n"
        "    protocol: mdt\n"
        "    transport: tcp\n"
        "    address: \"[::]:57001\"\n"
        "    limits: {message_bytes_max: 1MiB, idle_timeout: 5m, connections_max: 3}\n"
        "  - {name: c, transport: tcp, address: \"[::]:5514\"}\n");
    ASSERT_EQ(config.listeners.size(), 3U);
    EXPECT_EQ(config.listeners[0].limits.message_bytes_max, 16UL * 1024 * 1024);
    EXPECT_EQ(config.listeners[0].limits.idle_timeout, std::chrono::hours{24});
    EXPECT_EQ(config.listeners[1].limits.message_bytes_max, 1024UL * 1024);
    EXPECT_EQ(config.listeners[1].limits.idle_timeout, std::chrono::minutes{5});
    EXPECT_EQ(config.listeners[1].limits.connections_max, 3U);
    EXPECT_EQ(config.listeners[2].limits.message_bytes_max, 64UL * 1024);
}

constexpr const char* whole_example = R"(cluster: edge-east
labels: {dc: ${DC_LABEL}}
listeners:
  - {name: syslog-udp, protocol: syslog, transport: udp, address: "[::]:5514"}
  - {name: nutanix,    protocol: syslog, transport: udp, address: "[::]:1515", dialect: nutanix}
  - name: syslog-tls
    protocol: syslog
    transport: tls
    address: "[::]:6514"
    tls: {certificate: /etc/weir/tls/tls.crt, key: /etc/weir/tls/tls.key, client_ca: /etc/ca.crt}
    limits: {connections_max: 2000, message_bytes_max: 32KiB, oversize: drop, idle_timeout: 90s}
classification:
  - {sources: [10.10.0.0/16, "2001:db8:10::/48"], labels: {dc: ProdDC, site: east}}
  - {sources: [10.20.0.0/16], labels: {dc: DRDC}, zone: Europe/Berlin, trusted_relay: true}
  - {hostname: "sw-.*", labels: {role: switch}, zone: "+02:00"}
loki:
  - {name: local,  url: "${LOKI_WRITE_URL_LOCAL}"}
  - {name: remote, url: "${LOKI_WRITE_URL_REMOTE:-http://remote:3100}", request_timeout: 10s}
)";

TEST(ConfigLoad, ReadsListenersAndEndpoints) {
    const Config config =
        loaded(whole_example, {{"DC_LABEL", "east"}, {"LOKI_WRITE_URL_LOCAL", "https://l/x"}});
    EXPECT_EQ(config.cluster, "edge-east");
    EXPECT_EQ(config.labels, (Labels{{"dc", "east"}}));
    ASSERT_EQ(config.listeners.size(), 3U);
    const ListenerConfig& tls = config.listeners[2];
    EXPECT_EQ(tls.transport, Transport::tls);
    EXPECT_EQ(tls.tls.client_ca, "/etc/ca.crt");
    EXPECT_EQ(tls.limits.connections_max, 2000U);
    EXPECT_EQ(tls.limits.message_bytes_max, 32768U);
    EXPECT_TRUE(tls.limits.oversize_drop);
    EXPECT_EQ(tls.limits.idle_timeout, seconds{90});
    EXPECT_EQ(tls.limits.handshake_timeout, seconds{10});
    ASSERT_EQ(config.loki.size(), 2U);
    EXPECT_EQ(config.loki[0].url, "https://l/x");
    EXPECT_EQ(config.loki[1].url, "http://remote:3100");
    EXPECT_EQ(config.loki[1].request_timeout, seconds{10});
    EXPECT_FALSE(config.file.enabled);
}

TEST(ConfigLoad, ReadsWhoMaySendAndHowMuch) {
    const Config config = loaded(
        "listeners:\n"
        "  - {name: a, transport: udp, address: \"[::]:514\", allowed_sources: [10.0.0.0/8],\n"
        "     limits: {messages_per_s: 1000, messages_burst: 5000,\n"
        "              messages_per_s_per_source: 50, messages_burst_per_source: 100}}\n",
        {});
    const ListenerConfig& listener = config.listeners.at(0);
    EXPECT_EQ(listener.allowed_sources, std::vector{*Prefix::parse("10.0.0.0/8")});
    EXPECT_EQ(listener.limits.messages_per_s, 1000U);
    EXPECT_EQ(listener.limits.messages_burst, 5000U);
    EXPECT_EQ(listener.limits.messages_per_s_per_source, 50U);
    EXPECT_EQ(listener.limits.messages_burst_per_source, 100U);
}

TEST(ConfigLoad, ReadsLimitsOfConnections) {
    const Config config = loaded(
        "listeners:\n"
        "  - {name: a, transport: tcp, address: \"[::]:514\", proxy_protocol_from: [10.0.0.1],\n"
        "     limits: {connections_per_source_max: 7, session_bytes_max: 1MiB,\n"
        "              handshake_timeout: 3s}}\n",
        {});
    const ListenerConfig& listener = config.listeners.at(0);
    EXPECT_EQ(listener.proxy_protocol_from, std::vector{*Prefix::parse("10.0.0.1")});
    EXPECT_EQ(listener.limits.connections_per_source_max, 7U);
    EXPECT_EQ(listener.limits.handshakes_max, 256U);
    EXPECT_EQ(listener.limits.session_bytes_max, 1024U * 1024);
    EXPECT_EQ(listener.limits.handshake_timeout, seconds{3});
}

TEST(ConfigLoad, OnePrefixMayStandInTheListsOfSeveralListeners) {
    const Config config = loaded(
        "listeners:\n"
        "  - {name: a, transport: udp, address: \"[::]:514\", allowed_sources: [10.0.0.0/8],\n"
        "     proxy_protocol_from: [10.0.0.0/8]}\n"
        "  - {name: b, transport: tcp, address: \"[::]:514\", allowed_sources: [10.0.0.0/8]}\n"
        "classification: [{sources: [10.0.0.0/8], labels: {dc: x}}]\n",
        {});
    EXPECT_EQ(config.listeners.at(1).allowed_sources, config.listeners.at(0).allowed_sources);
}

TEST(ConfigLoad, ReadsClassification) {
    const Config config =
        loaded(whole_example, {{"DC_LABEL", "east"}, {"LOKI_WRITE_URL_LOCAL", "https://l/x"}});
    ASSERT_EQ(config.classification.size(), 2U);
    EXPECT_EQ(config.classification[0].sources[1].to_string(), "2001:db8:10::/48");
    EXPECT_EQ(config.classification[0].labels, (Labels{{"dc", "ProdDC"}, {"site", "east"}}));
    EXPECT_EQ(config.classification[0].line, 13);
    EXPECT_EQ(config.classification[0].dialect, std::nullopt);
    EXPECT_EQ(config.classification[1].zone, "Europe/Berlin");
    EXPECT_TRUE(config.classification[1].trusted_relay);
    ASSERT_EQ(config.hostnames.size(), 1U);
    EXPECT_EQ(config.hostnames[0].match, "sw-.*");
    EXPECT_EQ(config.hostnames[0].zone, "+02:00");
    EXPECT_EQ(config.hostnames[0].line, 15);
}

}  // namespace
}  // namespace weir
