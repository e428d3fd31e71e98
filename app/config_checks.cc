#include "app/config_checks.h"

#include "app/admin_access.h"
#include "app/config_checks_common.h"
#include "app/find_by_name.h"
#include "app/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <span>

namespace weir {

namespace {

// Limits that mean nothing for datagrams.
constexpr std::array<std::string_view, 6> stream_limits = {
    "connections_max", "connections_per_source_max", "handshakes_max", "handshake_timeout",
    "idle_timeout",    "session_bytes_max"};

// Settings of a listener that belong to one protocol.
constexpr std::array<std::string_view, 3> syslog_settings = {"dialect", "oversize",
                                                             "handshakes_max"};
constexpr std::array<std::string_view, 3> mdt_settings = {"framing", "connection_age_max",
                                                          "grpc_bytes_max"};

template <std::size_t Size>
bool contains(const std::array<std::string_view, Size>& keys, std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool limit_applies(Transport transport, std::string_view key) {
    if (key == "handshakes_max") {
        return transport == Transport::tls;
    }
    return transport != Transport::udp || !contains(stream_limits, key);
}

void check_listener_tls(const ReadConfig& read, const ListenerConfig& listener,
                        const std::string& path, ConfigProblems& problems) {
    const std::string tls = path + ".tls";
    const bool tls_beside_clear = listener.protocol == Protocol::mdt &&
                                  listener.transport == Transport::tcp &&
                                  listener.framing != MdtFraming::tcp;
    if (listener.transport != Transport::tls && !(tls_beside_clear && is_written(read, tls))) {
        if (is_written(read, tls)) {
            problems.error(line_of(read.lines, tls), tls,
                           "belongs to a listener with transport: tls");
        }
        return;
    }
    if (!is_written(read, tls + ".certificate")) {
        problems.error(line_of(read.lines, tls), tls + ".certificate",
                       "is required for transport: tls");
    }
    if (!is_written(read, tls + ".key")) {
        problems.error(line_of(read.lines, tls), tls + ".key", "is required for transport: tls");
    }
}

void check_listener_limits(const ReadConfig& read, const ListenerConfig& listener,
                           const std::string& path, ConfigProblems& problems) {
    for (const std::string_view rate : {"messages_per_s", "messages_per_s_per_source"}) {
        const std::string burst = fmt::format("{}.limits.messages_burst{}", path, rate.substr(14));
        const std::string limit = fmt::format("{}.limits.{}", path, rate);
        if (is_written(read, burst) && !is_written(read, limit)) {
            problems.error(line_of(read.lines, burst), burst, fmt::format("needs {}", rate));
        }
    }
    if (listener.limits.session_bytes_max < listener.limits.message_bytes_max) {
        const std::string limit = path + ".limits.session_bytes_max";
        problems.error(line_of(read.lines, limit), limit,
                       "must hold at least one message of message_bytes_max");
    }
    for (const std::string_view key : stream_limits) {
        const std::string limit = fmt::format("{}.limits.{}", path, key);
        if (!limit_applies(listener.transport, key) && is_written(read, limit)) {
            problems.warning(line_of(read.lines, limit), limit,
                             fmt::format("does nothing with transport: {}",
                                         listener.transport == Transport::udp ? "udp" : "tcp"));
        }
    }
    const bool mdt = listener.protocol == Protocol::mdt;
    const std::span<const std::string_view> foreign =
        mdt ? std::span<const std::string_view>(syslog_settings) : mdt_settings;
    for (const std::string_view key : foreign) {
        for (const std::string_view group : {"", "limits."}) {
            const std::string setting = fmt::format("{}.{}{}", path, group, key);
            if (is_written(read, setting)) {
                problems.error(
                    line_of(read.lines, setting), setting,
                    fmt::format("means nothing with protocol: {}", mdt ? "mdt" : "syslog"));
            }
        }
    }
    if (mdt && listener.framing == MdtFraming::tcp && listener.transport == Transport::tls) {
        problems.error(line_of(read.lines, path + ".framing"), path + ".framing",
                       "tcp has no TLS; over tls it is gRPC");
    }
}

void check_addresses(const ReadConfig& read, ConfigProblems& problems) {
    // (udp?, address, port) to what is bound there; tcp and tls share the TCP ports.
    std::map<std::tuple<bool, IpAddress, std::uint16_t>, std::string> bound;
    const AdminConfig& admin = read.config.admin;
    bound.emplace(std::tuple{false, admin.address, admin.port}, "the admin server");
    for (std::size_t i = 0; i < read.config.listeners.size(); ++i) {
        const ListenerConfig& listener = read.config.listeners[i];
        const std::string path = fmt::format("listeners[{}].address", i);
        const int line = line_of(read.lines, path);
        const std::string holder =
            line > 0 ? fmt::format("listener \"{}\" in line {}", listener.name, line)
                     : fmt::format("default listener \"{}\"", listener.name);
        if (listener.port == 0) {
            continue;  // already refused
        }
        const auto [first, is_new] = bound.emplace(
            std::tuple{listener.transport == Transport::udp, listener.address, listener.port},
            holder);
        if (!is_new) {
            problems.error(line, path, fmt::format("is the address of {} as well", first->second));
        }
    }
}

std::string_view host_of(std::string_view url) {
    const std::size_t start = url.find("://");
    const std::string_view rest = url.substr(start + 3);
    return rest.substr(0, rest.find_first_of("/?"));
}

bool is_loopback(std::string_view host) {
    return host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
}

void check_endpoint(const ReadConfig& read, const HttpEndpointConfig& endpoint,
                    const std::string& path, ConfigProblems& problems) {
    const auto at = [&](std::string_view key) { return fmt::format("{}.{}", path, key); };
    const auto error = [&](std::string_view key, std::string message) {
        problems.error(line_of(read.lines, at(key)), at(key), std::move(message));
    };
    const bool https = !endpoint.url.starts_with("http://");  // empty: already refused
    const bool asks_https = endpoint.query_url.starts_with("https://");
    const bool basic = is_written(read, at("basic"));
    const bool bearer = is_written(read, at("bearer_token_file"));
    const bool certificate = is_written(read, at("tls.certificate"));
    if (basic &&
        (!is_written(read, at("basic.user")) || !is_written(read, at("basic.password_file")))) {
        error("basic", "needs both user and password_file");
    }
    if (basic && bearer) {
        error("bearer_token_file", "and basic exclude each other");
    }
    if (certificate != is_written(read, at("tls.key"))) {
        error("tls", "needs certificate and key together");
    }
    if (!https && !asks_https && is_written(read, at("tls"))) {
        error("tls", "belongs to an https:// URL");
    }
    if (endpoint.backoff_min > endpoint.backoff_max) {
        error("backoff_min", "is longer than backoff_max");
    }
    if (!https && (basic || bearer) && !is_loopback(host_of(endpoint.url))) {
        problems.warning(line_of(read.lines, at("url")), at("url"),
                         "sends credentials without TLS");
    }
    const bool has_query_credentials = basic || bearer || is_written(read, at("query_basic")) ||
                                       is_written(read, at("query_bearer_token_file"));
    const bool asks_plainly = endpoint.query_url.starts_with("http://");
    if (asks_plainly && has_query_credentials && !is_loopback(host_of(endpoint.query_url))) {
        problems.warning(line_of(read.lines, at("query_url")), at("query_url"),
                         "sends credentials without TLS");
    }
}

// Those of one list, whose batches are of at most so many bytes.
void check_endpoints(const ReadConfig& read, std::string_view list,
                     const std::vector<HttpEndpointConfig>& endpoints, std::size_t batch_bytes_max,
                     ConfigProblems& problems) {
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const std::string path = fmt::format("{}[{}]", list, i);
        const auto error = [&](std::string_view key, std::string message) {
            const std::string at = fmt::format("{}.{}", path, key);
            problems.error(line_of(read.lines, at), at, std::move(message));
        };
        check_endpoint(read, endpoints[i], path, problems);
        if (read.config.file.enabled && endpoints[i].name == "file") {
            error("name", "\"file\" is the name of the file sink");
        }
        if (batch_bytes_max > endpoints[i].queue_bytes_max / 4) {
            error("queue_bytes_max",
                  fmt::format("must hold at least four batches of {}.batch.bytes_max",
                              list == "loki" ? "logs" : "metrics"));
        }
    }
}

}  // namespace

bool setting_applies(const ListenerConfig& listener, std::string_view key) {
    const bool mdt = listener.protocol == Protocol::mdt;
    return limit_applies(listener.transport, key) &&
           !(mdt ? contains(syslog_settings, key) : contains(mdt_settings, key));
}

int line_of(const ConfigLines& lines, std::string_view path) {
    while (true) {
        if (const auto found = lines.find(path); found != lines.end()) {
            return found->second;
        }
        const std::size_t end = path.find_last_of(".[");
        if (end == std::string_view::npos) {
            return 0;
        }
        path = path.substr(0, end);
    }
}

void check_listeners(const ReadConfig& read, ConfigProblems& problems) {
    const std::vector<ListenerConfig>& listeners = read.config.listeners;
    check_names(read, "listeners", listeners, problems);
    check_addresses(read, problems);
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        const std::string path = fmt::format("listeners[{}]", i);
        check_listener_tls(read, listeners[i], path, problems);
        check_listener_limits(read, listeners[i], path, problems);
    }
}

void check_classification(const ReadConfig& read, ConfigProblems& problems) {
    std::vector<const SourceLine*> sources;
    sources.reserve(read.sources.size());
    for (const SourceLine& source : read.sources) {
        sources.push_back(&source);
    }
    std::stable_sort(sources.begin(), sources.end(), [](const SourceLine* a, const SourceLine* b) {
        return a->prefix < b->prefix;
    });
    for (std::size_t i = 1; i < sources.size(); ++i) {
        const SourceLine& first = *sources[i - 1];
        const SourceLine& again = *sources[i];
        if (first.prefix == again.prefix) {
            problems.error(
                again.line, fmt::format("classification[{}].sources[{}]", again.entry, again.item),
                fmt::format("{} stands in line {} as well", again.prefix.to_string(), first.line));
        }
    }
    std::set<std::string_view> common(own_label_names.begin(), own_label_names.end());
    for (const auto& [name, value] : read.config.labels) {
        common.insert(name);
    }
    for (const RuleConfig& rule : read.config.rules) {
        if (rule.action == RuleAction::set_label) {
            common.insert(rule.target);
        }
    }
    const auto check_count = [&](const Labels& labels, int line, const std::string& path) {
        std::set<std::string_view> names = common;
        for (const auto& [name, value] : labels) {
            names.insert(name);
        }
        names.erase("service_name");
        if (names.size() > label_names_max) {
            problems.error(line, path,
                           fmt::format("a stream would have {} labels, {} of them weir's own; Loki "
                                       "takes {}",
                                       names.size(), own_label_names.size(), label_names_max));
        }
        return names.size() <= label_names_max;
    };
    if (!check_count({}, line_of(read.lines, "labels"), "labels")) {
        return;
    }
    for (const ClassificationRule& rule : read.config.classification) {
        check_count(rule.labels, rule.line, "classification");
    }
    for (const HostnameRule& rule : read.config.hostnames) {
        check_count(rule.labels, rule.line, "classification");
    }
}

void check_outputs(const ReadConfig& read, ConfigProblems& problems) {
    const Config& config = read.config;
    check_names(read, "loki", config.loki, problems);
    check_names(read, "mimir", config.mimir, problems);
    check_endpoints(read, "loki", config.loki, config.logs.batch.bytes_max, problems);
    check_endpoints(read, "mimir", config.mimir, config.metrics.batch.bytes_max, problems);
    for (std::size_t i = 0; i < config.mimir.size(); ++i) {
        const HttpEndpointConfig* loki = find_by_name(config.loki, config.mimir[i].name);
        if (loki != nullptr && !loki->name.empty()) {
            const std::string path = fmt::format("mimir[{}].name", i);
            problems.error(line_of(read.lines, path), path,
                           fmt::format("\"{}\" is the name of a loki as well", loki->name));
        }
    }
    const std::chrono::milliseconds repeat_after = config.metrics.repeat_after;
    if (repeat_after.count() != 0 && repeat_after < std::chrono::seconds(10)) {
        problems.error(line_of(read.lines, "metrics.repeat_after"), "metrics.repeat_after",
                       "must be 0ms, for never, or at least 10s");
    }
    if (config.logs.line_bytes_max > config.logs.batch.bytes_max) {
        problems.error(line_of(read.lines, "logs.line_bytes_max"), "logs.line_bytes_max",
                       "is larger than logs.batch.bytes_max");
    }
    if (config.file.enabled && config.file.file_bytes_max > config.file.total_bytes_max) {
        problems.error(line_of(read.lines, "file.file_bytes_max"), "file.file_bytes_max",
                       "is larger than file.total_bytes_max");
    }
}

void check_spool(const ReadConfig& read, ConfigProblems& problems) {
    constexpr std::uint64_t segments_max = 1U << 18U;  // listed at the start
    const std::string path = "spool.segment_bytes_max";
    const SpoolConfig& spool = read.config.spool;
    if (is_written(read, path) && spool.segment_bytes_max > spool.bytes_max / 8) {
        problems.error(line_of(read.lines, path), path,
                       "is larger than an eighth of spool.bytes_max: a full spool drops its oldest "
                       "segment whole");
    }
    if (spool.bytes_max / spool.segment_bytes_max > segments_max) {
        const std::string wrong = is_written(read, path) ? path : "spool.bytes_max";
        problems.error(line_of(read.lines, wrong), wrong,
                       fmt::format("spool.bytes_max would be over {} segments of "
                                   "spool.segment_bytes_max: make them larger",
                                   segments_max));
    }
}

void check_admin(const ReadConfig& read, ConfigProblems& problems) {
    const bool tls = is_written(read, "admin.tls.certificate");
    const bool client_ca = is_written(read, "admin.tls.client_ca");
    if (tls != is_written(read, "admin.tls.key") || (client_ca && !tls)) {
        problems.error(line_of(read.lines, "admin.tls"), "admin.tls",
                       "needs certificate and key together");
    }
    if (read.config.admin.address.is_loopback()) {
        return;
    }
    const int line = line_of(read.lines, "admin.address");
    if (!is_written(read, "admin.token_file") && !client_ca) {
        problems.error(line, "admin.address",
                       "is beyond loopback: set admin.token_file, or admin.tls with client_ca, so "
                       "that not everybody may ask");
    } else if (!tls) {
        problems.warning(line, "admin.address",
                         "is beyond loopback without admin.tls: the token can be read on its way");
    }
}

void check_config(const ReadConfig& read, ConfigProblems& problems) {
    check_listeners(read, problems);
    check_classification(read, problems);
    check_rules(read, problems);
    check_outputs(read, problems);
    check_spool(read, problems);
    check_canary(read, problems);
    check_admin(read, problems);
}

void check_files(const ReadConfig& read, ConfigProblems& problems) {
    const auto check = [&](const std::string& path, const std::string& file) {
        if (!file.empty() && !std::ifstream(file).is_open()) {
            problems.warning(line_of(read.lines, path), path,
                             fmt::format("\"{}\" can not be read from here", file));
        }
    };
    const auto check_tls = [&](const std::string& path, const TlsServerConfig& tls) {
        check(path + "certificate", tls.certificate);
        check(path + "key", tls.key);
        check(path + "client_ca", tls.client_ca);
    };
    for (std::size_t i = 0; i < read.config.listeners.size(); ++i) {
        check_tls(fmt::format("listeners[{}].tls.", i), read.config.listeners[i].tls);
    }
    check_tls("admin.tls.", read.config.admin.tls);
    if (const std::string& file = read.config.admin.token_file; !file.empty()) {
        if (const Result<std::string> token = read_admin_token(file); !token) {
            problems.warning(line_of(read.lines, "admin.token_file"), "admin.token_file",
                             token.error().message);
        }
    }
    const auto check_endpoint_files = [&](std::string_view list,
                                          const std::vector<HttpEndpointConfig>& endpoints) {
        for (std::size_t i = 0; i < endpoints.size(); ++i) {
            const HttpEndpointConfig& endpoint = endpoints[i];
            const std::string path = fmt::format("{}[{}].", list, i);
            check(path + "basic.password_file", endpoint.basic_password_file);
            check(path + "bearer_token_file", endpoint.bearer_token_file);
            check(path + "query_basic.password_file", endpoint.query_basic_password_file);
            check(path + "query_bearer_token_file", endpoint.query_bearer_token_file);
            check(path + "tls.ca", endpoint.tls_ca);
            check(path + "tls.certificate", endpoint.tls_certificate);
            check(path + "tls.key", endpoint.tls_key);
        }
    };
    check_endpoint_files("loki", read.config.loki);
    check_endpoint_files("mimir", read.config.mimir);
}

}  // namespace weir
