#include "app/build_parts.h"

#include "app/build_telemetry.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <unistd.h>

namespace weir {

namespace {

std::int64_t as_ns(std::chrono::milliseconds duration) {
    return std::chrono::nanoseconds(duration).count();
}

// Zones by name, each read from its file once.
class Zones {
  public:
    Result<ZonePtr> get(const std::string& name, int line) {
        const auto [place, is_new] = known_.try_emplace(name);
        if (is_new && !name.empty()) {
            const Result<ZonePtr> zone = load_zone(name);
            if (!zone) {
                return fail(fmt::format("line {}: zone: {}", line, zone.error().message));
            }
            place->second = *zone;
        }
        return place->second;
    }

  private:
    std::map<std::string, ZonePtr> known_ = {{"", nullptr}};
};

Result<std::shared_ptr<const Classifier>> make_classifier(const Config& config) {
    ClassifierInput input;
    Zones zones;
    for (const ClassificationRule& rule : config.classification) {
        const Result<ZonePtr> zone = zones.get(rule.zone, rule.line);
        if (!zone) {
            return tl::unexpected(zone.error());
        }
        const auto index = static_cast<std::uint32_t>(input.classes.size());
        input.classes.push_back({.labels = rule.labels,
                                 .dialect = rule.dialect,
                                 .zone = *zone,
                                 .trusted_relay = rule.trusted_relay,
                                 .line = rule.line});
        for (const Prefix& prefix : rule.sources) {
            input.sources.push_back({prefix, index});
        }
    }
    for (const HostnameRule& rule : config.hostnames) {
        const Result<ZonePtr> zone = zones.get(rule.zone, rule.line);
        if (!zone) {
            return tl::unexpected(zone.error());
        }
        const auto index = static_cast<std::uint32_t>(input.classes.size());
        input.classes.push_back({.labels = rule.labels, .zone = *zone, .line = rule.line});
        input.hostnames.push_back({rule.match, index});
    }
    return Classifier::build(std::move(input));
}

// Every label that a stream may carry before rules: what `match` of a rule may name.
std::set<std::string, std::less<>> known_labels(const Config& config, const Labels& base) {
    std::set<std::string, std::less<>> names = {"device"};
    const auto add = [&names](const Labels& labels) {
        for (const auto& [name, value] : labels) {
            names.insert(name);
        }
    };
    add(base);
    for (const ClassificationRule& rule : config.classification) {
        add(rule.labels);
    }
    for (const HostnameRule& rule : config.hostnames) {
        add(rule.labels);
    }
    return names;
}

RuleSpec::Action rule_action(RuleAction action) {
    switch (action) {
        case RuleAction::drop:
            return RuleSpec::Action::drop;
        case RuleAction::keep:
            return RuleSpec::Action::keep;
        case RuleAction::redact:
            return RuleSpec::Action::redact;
        case RuleAction::sample:
            return RuleSpec::Action::sample;
        case RuleAction::set_label:
            return RuleSpec::Action::set_label;
        case RuleAction::set_metadata:
            return RuleSpec::Action::set_metadata;
    }
    return RuleSpec::Action::keep;
}

Result<std::shared_ptr<const RuleSet>> make_rules(const Config& config, const Labels& base) {
    std::vector<RuleSpec> specs;
    for (const RuleConfig& rule : config.rules) {
        specs.push_back({.name = rule.name,
                         .action = rule_action(rule.action),
                         .match = {rule.match.begin(), rule.match.end()},
                         .target = rule.target,
                         .pattern = rule.pattern,
                         .value = rule.value,
                         .one_in = rule.one_in,
                         .line = rule.line});
    }
    return RuleSet::compile(specs, known_labels(config, base));
}

// Null for an empty list.
Result<std::shared_ptr<const Classifier>> make_source_set(const std::vector<Prefix>& prefixes) {
    if (prefixes.empty()) {
        return std::shared_ptr<const Classifier>();
    }
    ClassifierInput input;
    input.classes.emplace_back();
    const std::set<Prefix> distinct(prefixes.begin(), prefixes.end());
    for (const Prefix& prefix : distinct) {
        input.sources.push_back({prefix, 0});
    }
    return Classifier::build(std::move(input));
}

Result<ListenerProfile> make_profile(const ListenerConfig& listener) {
    Result<std::shared_ptr<const Classifier>> allowed = make_source_set(listener.allowed_sources);
    if (!allowed) {
        return tl::unexpected(allowed.error());
    }
    Result<std::shared_ptr<const Classifier>> proxies =
        make_source_set(listener.proxy_protocol_from);
    if (!proxies) {
        return tl::unexpected(proxies.error());
    }
    const ListenerLimits& limits = listener.limits;
    return ListenerProfile{.name = listener.name,
                           .dialect = listener.dialect,
                           .admission = {.allowed_sources = std::move(*allowed),
                                         .rate = {limits.messages_per_s, limits.messages_burst},
                                         .source_rate = {limits.messages_per_s_per_source,
                                                         limits.messages_burst_per_source},
                                         .is_stream = listener.transport != Transport::udp},
                           .proxies = std::move(*proxies)};
}

}  // namespace

Result<std::shared_ptr<const IntakeSettings>> make_intake_settings(const Config& config,
                                                                   std::size_t threads) {
    auto settings = std::make_shared<IntakeSettings>();
    settings->base_labels = {{"job", "weir"},
                             {"service_name", "syslog"},
                             {"source_type", "syslog"},
                             {"cluster", config.cluster}};
    for (const auto& [name, value] : config.labels) {
        settings->base_labels[name] = value;
    }
    for (const ListenerConfig& listener : config.listeners) {
        Result<ListenerProfile> profile = make_profile(listener);
        if (!profile) {
            return tl::unexpected(profile.error());
        }
        settings->listeners.push_back(std::move(*profile));
    }
    Result<std::shared_ptr<const Classifier>> classifier = make_classifier(config);
    if (!classifier) {
        return tl::unexpected(classifier.error());
    }
    settings->classifier = std::move(*classifier);
    Result<std::shared_ptr<const RuleSet>> rules = make_rules(config, settings->base_labels);
    if (!rules) {
        return tl::unexpected(rules.error());
    }
    settings->rules = std::move(*rules);
    settings->device_timestamp = config.logs.timestamp == TimestampSource::device;
    settings->timestamp_skew_max_ns = as_ns(config.logs.timestamp_skew_max);
    settings->line_is_msg = config.logs.line == LineSource::msg;
    settings->line_bytes_max = config.logs.line_bytes_max;
    settings->batch.bytes_max = config.logs.batch.bytes_max;
    settings->batch.records_max = static_cast<std::uint32_t>(config.logs.batch.records_max);
    settings->batch.age_max_ns = as_ns(config.logs.batch.age_max);
    settings->silent_after_ns = as_ns(config.source_silent_after);
    settings->reassemble = config.reassembly.enabled;
    settings->reassembly.bytes_max = config.reassembly.bytes_max;
    settings->reassembly.timeout_ns = as_ns(config.reassembly.timeout);
    Result<MdtSettings> mdt = make_mdt_settings(config, threads);
    if (!mdt) {
        return tl::unexpected(mdt.error());
    }
    settings->mdt = std::move(*mdt);
    return std::shared_ptr<const IntakeSettings>(std::move(settings));
}

UdpLimits make_udp_limits(const ListenerLimits& limits) {
    return {.message_bytes_max = limits.message_bytes_max,
            .oversize_drop = limits.oversize_drop,
            .coalesce_ns = as_ns(limits.coalesce_max)};
}

void set_shared_limits(StreamShared& shared, const ListenerLimits& limits) {
    shared.connections.set_max(limits.connections_max);
    shared.handshakes.set_max(limits.handshakes_max);
    shared.session_bytes.set_max(limits.session_bytes_max);
}

StreamLimits make_stream_limits(const ListenerLimits& limits) {
    return {.message_bytes_max = limits.message_bytes_max,
            .oversize = limits.oversize_drop ? Oversize::drop : Oversize::truncate,
            .connections_per_source_max = limits.connections_per_source_max,
            .idle_timeout_ns = as_ns(limits.idle_timeout),
            .handshake_timeout_ns = as_ns(limits.handshake_timeout),
            .coalesce_ns = as_ns(limits.coalesce_max)};
}

namespace {

// Tells the replay streams of several replicas apart; in Kubernetes it is the pod's name.
std::string host_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "1";
}

constexpr std::string_view push_path = "/loki/api/v1/push";

constexpr std::string_view mimir_push_path = "/api/v1/push";

constexpr std::string_view query_path = "/loki/api/v1/query_range";

// A URL without a path is the server's; Loki and Mimir take pushes, and Loki questions, in one
// place.
std::string url_with_path(const std::string& url, std::string_view path) {
    const std::size_t scheme = url.find("://");
    const std::size_t slash = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
    if (slash == std::string::npos) {
        return url + std::string(path);
    }
    return slash + 1 == url.size() ? url.substr(0, slash) + std::string(path) : url;
}

// Towards the endpoint, whatever is asked of it.
HttpClientOptions make_http_options(const HttpEndpointConfig& endpoint) {
    HttpClientOptions http;
    http.basic_user = endpoint.basic_user;
    http.basic_password_file = endpoint.basic_password_file;
    http.bearer_token_file = endpoint.bearer_token_file;
    http.tls_ca = endpoint.tls_ca;
    http.tls_certificate = endpoint.tls_certificate;
    http.tls_key = endpoint.tls_key;
    http.tls_server_name = endpoint.tls_server_name;
    http.connect_timeout = endpoint.connect_timeout;
    http.request_timeout = endpoint.request_timeout;
    return http;
}

// A question that takes longer is no answer; a line must be decided on soon after its timeout.
constexpr std::chrono::milliseconds query_timeout_max{10'000};
constexpr std::size_t query_response_bytes_max = 256UL * 1024;

}  // namespace

SpoolOptions make_spool_options(const SpoolConfig& spool) {
    SpoolOptions options{.directory = spool.directory,
                         .bytes_max = spool.bytes_max,
                         .segment_bytes_max = spool.segment_bytes_max,
                         .free_bytes_min = spool.free_bytes_min,
                         .memory_bytes_max = spool.memory_bytes_max,
                         .drop_newest = spool.drop_newest,
                         .full_sync = spool.full_sync};
    // So that the oldest of a small spool are not most of it.
    options.segment_bytes_max = std::min(options.segment_bytes_max, options.bytes_max / 8);
    return options;
}

SpoolOptions make_metrics_spool_options(const SpoolConfig& spool) {
    SpoolConfig metrics = spool;
    metrics.directory = spool.directory + "/" + std::string(metrics_spool_folder);
    metrics.bytes_max = spool.metrics_bytes_max;
    metrics.memory_bytes_max = spool.metrics_memory_bytes_max;
    return make_spool_options(metrics);
}

std::shared_ptr<const MimirEndpointOptions> make_mimir_options(const HttpEndpointConfig& endpoint) {
    auto options = std::make_shared<MimirEndpointOptions>();
    options->name = endpoint.name;
    options->http = make_http_options(endpoint);
    options->http.url = url_with_path(endpoint.url, mimir_push_path);
    options->tenant = endpoint.tenant;
    options->backoff_min = endpoint.backoff_min;
    options->backoff_max = endpoint.backoff_max;
    options->hold_probe_interval = endpoint.hold_probe_interval;
    options->requests_in_flight_max = endpoint.requests_in_flight_max;
    options->version_2 = endpoint.remote_write_2;
    return options;
}

std::shared_ptr<const LokiEndpointOptions> make_loki_options(const HttpEndpointConfig& endpoint,
                                                             const LogsConfig& logs) {
    auto options = std::make_shared<LokiEndpointOptions>();
    options->name = endpoint.name;
    options->http = make_http_options(endpoint);
    options->http.url = url_with_path(endpoint.url, push_path);
    options->tenant = endpoint.tenant;
    options->replay_value = host_name();
    options->backoff_min = endpoint.backoff_min;
    options->backoff_max = endpoint.backoff_max;
    options->hold_probe_interval = endpoint.hold_probe_interval;
    options->requests_in_flight_max = endpoint.requests_in_flight_max;
    options->replay_after = endpoint.replay_after;
    options->catch_up_stream_bytes_per_s = endpoint.catch_up_stream_bytes_per_s;
    // A batch may be as old as that without anybody being behind.
    options->catch_up_after += logs.batch.age_max;
    return options;
}

std::string query_url(const HttpEndpointConfig& endpoint) {
    if (!endpoint.query_url.empty()) {
        return url_with_path(endpoint.query_url, query_path);
    }
    std::string url = url_with_path(endpoint.url, push_path);
    if (!url.ends_with(push_path)) {
        return {};
    }
    url.resize(url.size() - push_path.size());
    return url + std::string(query_path);
}

LokiCanarySettings make_canary_settings(const Config& config) {
    LokiCanarySettings settings{.interval = config.canary.interval,
                                .timeout = config.canary.timeout};
    settings.labels = {{"replica", host_name()}};
    for (const auto& [name, value] : config.labels) {
        settings.labels[name] = value;
    }
    settings.labels["job"] = canary_job;
    settings.labels["service_name"] = canary_job;
    settings.labels["source_type"] = "canary";
    settings.labels["cluster"] = config.cluster;
    if (!config.canary.tenant.empty()) {
        settings.labels["tenant"] = config.canary.tenant;
    }
    if (const auto tenant = settings.labels.find("tenant"); tenant != settings.labels.end()) {
        settings.tenant = tenant->second;
    }
    for (const HttpEndpointConfig& endpoint : config.loki) {
        if (!endpoint.canary) {
            continue;
        }
        HttpClientOptions http = make_http_options(endpoint);
        http.url = query_url(endpoint);
        if (!endpoint.query_basic_user.empty() || !endpoint.query_bearer_token_file.empty()) {
            http.basic_user = endpoint.query_basic_user;
            http.basic_password_file = endpoint.query_basic_password_file;
            http.bearer_token_file = endpoint.query_bearer_token_file;
        }
        http.request_timeout = std::min(http.request_timeout, query_timeout_max);
        http.response_bytes_max = query_response_bytes_max;
        http.idle_connections_max = 1;
        settings.endpoints.push_back(
            {.name = endpoint.name, .tenant = endpoint.tenant, .http = std::move(http)});
    }
    return settings;
}

FileSinkOptions make_file_options(const FileSinkConfig& file) {
    FileSinkOptions options;
    options.files.directory = file.directory;
    options.files.file_bytes_max = file.file_bytes_max;
    options.files.total_bytes_max = file.total_bytes_max;
    options.files.zstd = file.zstd;
    return options;
}

std::string rule_action_name(RuleAction action) {
    constexpr std::array<const char*, 6> names = {"drop",   "keep",      "redact",
                                                  "sample", "set_label", "set_metadata"};
    return names[static_cast<std::size_t>(action)];
}

std::string transport_name(Transport transport) {
    switch (transport) {
        case Transport::udp:
            return "udp";
        case Transport::tcp:
            return "tcp";
        case Transport::tls:
            return "tls";
    }
    return {};
}

}  // namespace weir
