// Turns the plain configuration into the parts that the machine is made of. Pure but for reading
// files that the configuration names (zones, certificates).
#pragma once

#include "app/config.h"
#include "core/result.h"
#include "pipeline/spool_log.h"
#include "receivers/intake_settings.h"
#include "receivers/stream_listener.h"
#include "receivers/udp_listener.h"
#include "sinks/file_sink.h"
#include "sinks/loki_canary.h"
#include "sinks/loki_endpoint.h"
#include "sinks/mimir_endpoint.h"

#include <memory>
#include <string>

namespace weir {

// Fails naming the line of the configuration that cannot be carried out.
[[nodiscard]] Result<std::shared_ptr<const IntakeSettings>> make_intake_settings(
    const Config& config, std::size_t threads);

[[nodiscard]] UdpLimits make_udp_limits(const ListenerLimits& limits);
// What the threads of a stream listener share takes the limits at once.
void set_shared_limits(StreamShared& shared, const ListenerLimits& limits);
[[nodiscard]] StreamLimits make_stream_limits(const ListenerLimits& limits);
[[nodiscard]] SpoolOptions make_spool_options(const SpoolConfig& spool);
// Of the log of samples, in the folder `metrics` of the other's.
[[nodiscard]] SpoolOptions make_metrics_spool_options(const SpoolConfig& spool);
[[nodiscard]] std::shared_ptr<const LokiEndpointOptions> make_loki_options(
    const HttpEndpointConfig& endpoint, const LogsConfig& logs);
[[nodiscard]] std::shared_ptr<const MimirEndpointOptions> make_mimir_options(
    const HttpEndpointConfig& endpoint);
// Where the endpoint answers questions; empty if that is neither given nor to be told from its url.
[[nodiscard]] std::string query_url(const HttpEndpointConfig& endpoint);
// With every Loki that may be asked; off if `canary` is.
[[nodiscard]] LokiCanarySettings make_canary_settings(const Config& config);

[[nodiscard]] FileSinkOptions make_file_options(const FileSinkConfig& file);

// "udp", "tcp", "tls".
[[nodiscard]] std::string transport_name(Transport transport);
// "drop", "keep", ... as in the configuration.
[[nodiscard]] std::string rule_action_name(RuleAction action);

}  // namespace weir
