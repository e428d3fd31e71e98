#include "app/config_load.h"

#include "app/config_checks.h"
#include "app/config_reader.h"
#include "app/sha256.h"
#include "app/yaml_tree.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace weir {

namespace {

ListenerLimits mdt_limits() {
    ListenerLimits limits;
    limits.message_bytes_max = 16UL * 1024 * 1024;
    limits.oversize_drop = true;
    limits.connections_max = 2000;
    limits.idle_timeout = std::chrono::hours{24};  // on-change subscriptions are silent for long
    return limits;
}

std::vector<ListenerConfig> default_listeners() {
    constexpr std::uint16_t syslog_port = 5514;  // 514 needs a capability
    constexpr std::uint16_t nutanix_port = 1515;
    constexpr std::uint16_t mdt_port = 57000;
    return {{.name = "syslog-udp", .transport = Transport::udp, .port = syslog_port},
            {.name = "syslog-tcp", .transport = Transport::tcp, .port = syslog_port},
            {.name = "nutanix",
             .transport = Transport::udp,
             .port = nutanix_port,
             .dialect = Dialect::nutanix},
            {.name = "mdt",
             .protocol = Protocol::mdt,
             .transport = Transport::tcp,
             .port = mdt_port,
             .limits = mdt_limits()}};
}

// Telemetry comes in larger messages, over connections that stay, and at its own pace.
void fill_in_mdt(const ConfigLines& lines, const std::string& path, ListenerLimits& limits) {
    const ListenerLimits usual = mdt_limits();
    if (!lines.contains(path + "message_bytes_max")) {
        limits.message_bytes_max = usual.message_bytes_max;
    }
    if (!lines.contains(path + "idle_timeout")) {
        limits.idle_timeout = usual.idle_timeout;
    }
    if (!lines.contains(path + "connections_max")) {
        limits.connections_max = usual.connections_max;
    }
    limits.oversize_drop = true;
}

// What follows from what was not written.
void fill_in(ReadConfig& read) {
    Config& config = read.config;
    if (!read.lines.contains("listeners")) {
        config.listeners = default_listeners();
    }
    if (config.loki.empty()) {
        config.file.enabled = true;
    }
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        ListenerConfig& listener = config.listeners[i];
        const std::string limits = fmt::format("listeners[{}].limits.", i);
        if (listener.protocol == Protocol::mdt) {
            fill_in_mdt(read.lines, limits, listener.limits);
        }
    }
    for (RuleConfig& rule : config.rules) {
        if (rule.action == RuleAction::redact && rule.target.empty()) {
            rule.target = "line";
        }
    }
}

}  // namespace

ConfigOutcome load_config(std::string_view text, std::string path,
                          const ConfigLoadOptions& options) {
    ConfigProblems problems;
    const tl::expected<YamlTree, YamlProblem> tree = YamlTree::parse(text);
    if (!tree) {
        problems.error(tree.error().line, "", tree.error().message);
        return {std::nullopt, problems.take()};
    }
    ReadConfig read = read_config(*tree, options.environment, problems);
    fill_in(read);
    check_config(read, problems);
    if (options.check_files) {
        check_files(read, problems);
    }
    if (problems.has_errors()) {
        return {std::nullopt, problems.take()};
    }
    read.config.path = std::move(path);
    read.config.sha256 = sha256_hex(text);
    return {std::move(read.config), problems.take()};
}

ConfigOutcome load_config_file(const std::string& path, const ConfigLoadOptions& options) {
    std::ifstream file(path, std::ios::binary);
    std::string text(yaml_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad()) {
        return {
            std::nullopt,
            {{0, "", fmt::format("can not be read: {}", std::strerror(errno)), Severity::error}}};
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return load_config(text, path, options);
}

Config default_config() {
    Config config;
    config.listeners = default_listeners();
    config.file.enabled = true;
    return config;
}

}  // namespace weir
