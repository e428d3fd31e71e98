#include "app/build_telemetry.h"

#include <algorithm>
#include <chrono>

namespace weir {

namespace {

std::int64_t as_ns(std::chrono::milliseconds duration) {
    return std::chrono::nanoseconds(duration).count();
}

MetricRuleAction metric_action(MetricAction action) {
    switch (action) {
        case MetricAction::drop:
            return MetricRuleAction::drop;
        case MetricAction::keep:
            return MetricRuleAction::keep;
        case MetricAction::rename:
            return MetricRuleAction::rename;
        case MetricAction::set_label:
            return MetricRuleAction::set_label;
        case MetricAction::limit:
            return MetricRuleAction::limit;
    }
    return MetricRuleAction::keep;
}

MetricRule metric_rule(const MetricRuleConfig& config) {
    MetricRule rule{.name = config.name,
                    .action = metric_action(config.action),
                    .metric = config.metric,
                    .labels = config.labels,
                    .to = config.to,
                    .set = config.set,
                    .series_max = config.series_max,
                    .line = config.line};
    for (const std::string& label : config.remove) {
        rule.set[label] = "";
    }
    return rule;
}

std::size_t share(std::size_t all, std::size_t threads) {
    return std::max<std::size_t>((all + threads - 1) / threads, 1);
}

SeriesLimits series_limits(const MetricsConfig& metrics, std::size_t threads) {
    SeriesLimits limits;
    limits.series_max = share(metrics.series_max, threads);
    limits.series_per_device_max = metrics.series_per_device_max;
    // A device and the series that tell of it are two to the table.
    limits.devices_max = 2 * share(metrics.devices_max, threads);
    limits.batch_samples_max = metrics.batch.samples_max;
    limits.batch_bytes_max = metrics.batch.bytes_max;
    limits.batch_age_max_ns = as_ns(metrics.batch.age_max);
    limits.stale_intervals = static_cast<unsigned>(metrics.stale_intervals);
    limits.stale_min_ns = as_ns(metrics.stale_min);
    limits.stale_disconnect_ns = as_ns(metrics.stale_after_disconnect);
    limits.repeat_after_ns = as_ns(metrics.repeat_after);
    return limits;
}

}  // namespace

bool takes_telemetry(const Config& config) {
    return std::any_of(
        config.listeners.begin(), config.listeners.end(),
        [](const ListenerConfig& listener) { return listener.protocol == Protocol::mdt; });
}

Result<MdtSettings> make_mdt_settings(const Config& config, std::size_t threads) {
    const MetricsConfig& metrics = config.metrics;
    MdtSettings settings;
    settings.series_labels = config.labels;
    settings.series_labels["job"] = "mdt";
    settings.stream_labels = {{"job", "weir"},
                              {"service_name", "mdt"},
                              {"source_type", "mdt"},
                              {"cluster", config.cluster}};
    for (const auto& [name, value] : config.labels) {
        settings.stream_labels[name] = value;
    }
    auto mapping = std::make_shared<TelemetryMapping>();
    mapping->network_interface = metrics.network_interface;
    mapping->state_sets = metrics.state_sets;
    mapping->info_leaves = metrics.info;
    settings.mapping = std::move(mapping);
    std::vector<MetricRule> rules;
    for (const MetricRuleConfig& rule : config.metric_rules) {
        rules.push_back(metric_rule(rule));
    }
    if (!rules.empty()) {
        Result<std::shared_ptr<const MetricRules>> built = MetricRules::build(std::move(rules));
        if (!built) {
            return tl::unexpected(built.error());
        }
        settings.rules = std::move(*built);
    }
    settings.series = series_limits(metrics, threads);
    settings.devices_max = share(metrics.devices_max, threads);
    settings.decode.row_fields_max = metrics.row_fields_max;
    settings.events = metrics.events;
    settings.kept_messages = metrics.kept_messages;
    return settings;
}

MdtLimits make_mdt_limits(const ListenerLimits& limits) {
    return {.message_bytes_max = limits.message_bytes_max,
            .connections_per_source_max = limits.connections_per_source_max,
            .idle_timeout_ns = as_ns(limits.idle_timeout),
            .handshake_timeout_ns = as_ns(limits.handshake_timeout),
            .coalesce_ns = as_ns(limits.coalesce_max)};
}

void set_shared_limits(MdtShared& shared, const ListenerLimits& limits) {
    shared.connections.set_max(limits.connections_max);
    shared.streams.session_bytes.set_max(limits.session_bytes_max);
}

MdtListener::Options make_mdt_options(const ListenerConfig& listener) {
    MdtListener::Options options{.name = listener.name,
                                 .framing = listener.framing,
                                 .tls_only = listener.transport == Transport::tls,
                                 .limits = make_mdt_limits(listener.limits)};
    options.grpc.connection_age_max_ns = as_ns(listener.limits.connection_age_max);
    options.grpc.quota_bytes = listener.limits.grpc_bytes_max;
    if (!listener.tls.certificate.empty()) {
        options.grpc.tls = {listener.tls.certificate, listener.tls.key, listener.tls.client_ca};
    }
    return options;
}

}  // namespace weir
