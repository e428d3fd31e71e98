// Part of Topology: endpoints and their places in the log, and how they come and go with a reload.
#include "app/build_parts.h"
#include "app/build_telemetry.h"
#include "app/find_by_name.h"
#include "app/topology_impl.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <random>

namespace weir {

namespace {

constexpr std::string_view exposition_name = "exposition";

}  // namespace

std::unique_ptr<Endpoint> Topology::Impl::make_loki(const HttpEndpointConfig& config) {
    std::random_device entropy;
    LogCursor& cursor = add_cursor(Signal::logs, config.name, config.queue_bytes_max);
    auto sink =
        std::make_unique<LokiEndpoint>(LokiEndpointParts{.cursor = cursor,
                                                         .clock = clock_,
                                                         .events = events_,
                                                         .dead_letters = dead_letters_.get(),
                                                         .seed = entropy()},
                                       make_loki_options(config, config_.logs));
    LokiEndpoint* loki = sink.get();
    return std::make_unique<Endpoint>(
        Endpoint{.name = config.name, .cursor = cursor, .sink = std::move(sink), .loki = loki});
}

std::unique_ptr<Endpoint> Topology::Impl::make_mimir(const HttpEndpointConfig& config) {
    std::random_device entropy;
    LogCursor& cursor = add_cursor(Signal::metrics, config.name, config.queue_bytes_max);
    auto sink = std::make_unique<MimirEndpoint>(
        MimirEndpointParts{.cursor = cursor, .clock = clock_, .events = events_, .seed = entropy()},
        make_mimir_options(config));
    MimirEndpoint* mimir = sink.get();
    return std::make_unique<Endpoint>(Endpoint{.name = config.name,
                                               .cursor = cursor,
                                               .signal = Signal::metrics,
                                               .sink = std::move(sink),
                                               .mimir = mimir});
}

std::unique_ptr<Endpoint> Topology::Impl::make_endpoint(Signal signal,
                                                        const HttpEndpointConfig& config) {
    return signal == Signal::logs ? make_loki(config) : make_mimir(config);
}

void Topology::Impl::make_endpoints() {
    dead_letters_ = std::make_unique<DeadLetterTable>(
        DeadLetterTableOptions{.path = config_.dead_letters.path,
                               .bytes_max = config_.dead_letters.bytes_max,
                               .full_sync = config_.spool.full_sync},
        clock_, events_);
    for (const HttpEndpointConfig& config : config_.loki) {
        endpoints_.push_back(make_loki(config));
    }
    for (const HttpEndpointConfig& config : config_.mimir) {
        endpoints_.push_back(make_mimir(config));
    }
    if (takes_telemetry(config_) && config_.metrics.exposition && config_.mimir.empty()) {
        LogCursor& cursor =
            add_cursor(Signal::metrics, std::string(exposition_name), exposition_queue_bytes);
        auto sink = std::make_unique<LatestValues>(
            cursor, clock_,
            LatestValuesOptions{.name = std::string(exposition_name),
                                .table = {.series_max = config_.metrics.exposition_series_max}});
        latest_values_ = sink.get();
        endpoints_.push_back(
            std::make_unique<Endpoint>(Endpoint{.name = std::string(exposition_name),
                                                .cursor = cursor,
                                                .signal = Signal::metrics,
                                                .sink = std::move(sink)}));
    }
    if (config_.file.enabled) {
        LogCursor& cursor = add_cursor(Signal::logs, "file", config_.file.queue_bytes_max);
        endpoints_.push_back(std::make_unique<Endpoint>(
            Endpoint{.name = "file",
                     .cursor = cursor,
                     .sink = std::make_unique<FileSink>(cursor, clock_, events_,
                                                        make_file_options(config_.file))}));
    }
}

void Topology::Impl::reload_endpoints(const Config& before) {
    std::vector<std::unique_ptr<Endpoint>> ordered;  // as configured, the files last
    reload_endpoints(Signal::logs, before.loki, ordered);
    reload_endpoints(Signal::metrics, before.mimir, ordered);
    {
        const std::lock_guard lock(mutex_);
        const auto stays =
            std::stable_partition(endpoints_.begin(), endpoints_.end(), [](const auto& endpoint) {
                return endpoint->loki != nullptr || endpoint->mimir != nullptr;
            });
        std::move(stays, endpoints_.end(), std::back_inserter(ordered));
        endpoints_.erase(stays, endpoints_.end());
        std::swap(endpoints_, ordered);
    }
    for (const auto& endpoint : ordered) {
        end_endpoint(*endpoint);
    }
}

void Topology::Impl::reload_endpoints(Signal signal, const std::vector<HttpEndpointConfig>& before,
                                      std::vector<std::unique_ptr<Endpoint>>& ordered) {
    const bool logs = signal == Signal::logs;
    for (const HttpEndpointConfig& config : logs ? config_.loki : config_.mimir) {
        const auto known =
            std::find_if(endpoints_.begin(), endpoints_.end(), [&](const auto& endpoint) {
                return (logs ? endpoint->loki != nullptr : endpoint->mimir != nullptr) &&
                       endpoint->name == config.name;
            });
        if (known == endpoints_.end()) {
            ordered.push_back(begin_endpoint(signal, config));
            continue;
        }
        if (logs) {
            (*known)->loki->reload(make_loki_options(config, config_.logs));
        } else {
            (*known)->mimir->reload(make_mimir_options(config));
        }
        tell_new_url(**known, *find_by_name(before, config.name), config);
        const std::lock_guard lock(mutex_);
        ordered.push_back(std::move(*known));
        endpoints_.erase(known);
    }
}

std::unique_ptr<Endpoint> Topology::Impl::begin_endpoint(Signal signal,
                                                         const HttpEndpointConfig& config) {
    std::unique_ptr<Endpoint> endpoint = make_endpoint(signal, config);
    const std::uint64_t queued = endpoint->cursor.ledger().queued;
    events_.emit({EventId::endpoint_changed, config.name,
                  queued > 0
                      ? fmt::format("added; it goes on with {} records that it has not had", queued)
                      : "added; it begins with what is received from now on"});
    endpoint->sink->start();
    return endpoint;
}

void Topology::Impl::end_endpoint(Endpoint& endpoint) {
    endpoint.sink->stop(std::chrono::milliseconds(0));
    const std::uint64_t queued = endpoint.cursor.ledger().queued;
    const LogCursor& cursor = endpoint.cursor;
    endpoint.sink.reset();
    remove_cursor(endpoint.signal, cursor);
    const char* fate = spool_of(endpoint.signal) != nullptr
                           ? "its place in the spool is kept, but no file for its sake"
                           : "they are not kept";
    events_.emit({EventId::endpoint_changed, endpoint.name,
                  queued == 0
                      ? "removed; it has had everything"
                      : fmt::format("removed; it has not had {} records: {}", queued, fate)});
}

void Topology::Impl::tell_new_url(const Endpoint& endpoint, const HttpEndpointConfig& before,
                                  const HttpEndpointConfig& now) {
    if (before.url != now.url) {
        events_.emit({EventId::endpoint_changed, now.name,
                      fmt::format("has another URL; the {} records it has not had go there too",
                                  endpoint.cursor.ledger().queued)});
    }
}

}  // namespace weir
