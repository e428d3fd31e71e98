// The inside of Topology, shared by topology.cc (building, reloading, draining) and
// topology_status.cc (telling). Nobody else includes this.
#pragma once

#include "app/ingest_thread.h"
#include "app/topology.h"
#include "pipeline/memory_log.h"
#include "pipeline/spool_log.h"
#include "sinks/dead_letter_table.h"
#include "sinks/latest_values.h"
#include "sinks/loki_canary.h"
#include "sinks/loki_endpoint.h"
#include "sinks/mimir_endpoint.h"
#include "sinks/sink.h"

#include <atomic>
#include <mutex>

namespace weir {

// One configured listener: what all threads share of it.
struct Listener {
    ListenerConfig config;
    std::unique_ptr<StreamShared> shared;
    std::unique_ptr<MdtShared> mdt;  // of telemetry, instead of it
    std::unique_ptr<Snapshot<boost::asio::ssl::context>> tls;
    std::vector<TlsCertificate> certificates;  // what is in `tls`; the main thread's
    std::uint16_t port = 0;
    bool ipv4_only = false;
    std::size_t granted_bytes = 0;

    [[nodiscard]] std::size_t connections_open() const {
        return mdt ? mdt->connections.open() : shared->connections.open();
    }

    [[nodiscard]] std::size_t session_bytes_used() const {
        return mdt ? mdt->streams.session_bytes.used() : shared->session_bytes.used();
    }
};

// Of which log an endpoint has its batches.
enum class Signal : std::uint8_t { logs, metrics };

// One endpoint: its place in its log and its sink. `loki` or `mimir` is set for those that can
// reload.
struct Endpoint {
    std::string name;
    LogCursor& cursor;
    Signal signal = Signal::logs;
    std::unique_ptr<Sink> sink = nullptr;
    LokiEndpoint* loki = nullptr;
    MimirEndpoint* mimir = nullptr;
    std::vector<TlsCertificate> certificates = {};  // the client's; the main thread's
};

class Topology::Impl {
  public:
    Impl(Config config, std::shared_ptr<const IntakeSettings> settings, const Clock& clock,
         EventLog& events)
        : config_(std::move(config)),
          clock_(clock),
          events_(events),
          started_at_(clock.now()),
          settings_(std::move(settings)),
          ceiling_(config_.logs.batch.streams_max),
          allowances_(config_.listeners.size()) {
        config_status_ = {.path = config_.path, .sha256 = config_.sha256, .loaded_at = started_at_};
    }

    [[nodiscard]] Result<void> open_log();
    [[nodiscard]] Result<void> open_metrics_log();
    [[nodiscard]] LogCursor& add_cursor(Signal signal, const std::string& endpoint,
                                        std::size_t queue_bytes_max);
    void remove_cursor(Signal signal, const LogCursor& cursor);
    // The spool of that signal; null when its log is in memory.
    [[nodiscard]] SpoolLog* spool_of(Signal signal) const;
    [[nodiscard]] std::unique_ptr<Endpoint> make_loki(const HttpEndpointConfig& config);
    [[nodiscard]] std::unique_ptr<Endpoint> make_mimir(const HttpEndpointConfig& config);
    [[nodiscard]] std::unique_ptr<Endpoint> make_endpoint(Signal signal,
                                                          const HttpEndpointConfig& config);
    void make_endpoints();
    void make_canary();
    void make_threads();
    [[nodiscard]] Result<void> open_listener(const ListenerConfig& config);
    [[nodiscard]] Result<void> open_mdt_sockets(SocketGroup group, const Listener& listener,
                                                std::uint32_t number);

    void start();
    [[nodiscard]] Result<void> reload(Config next);
    void apply_limits();
    void tell_memory();
    void start_spool(Signal signal);
    void reload_endpoints(const Config& before);
    void reload_endpoints(Signal signal, const std::vector<HttpEndpointConfig>& before,
                          std::vector<std::unique_ptr<Endpoint>>& ordered);
    [[nodiscard]] std::unique_ptr<Endpoint> begin_endpoint(Signal signal,
                                                           const HttpEndpointConfig& config);
    void end_endpoint(Endpoint& endpoint);
    void tell_new_url(const Endpoint& endpoint, const HttpEndpointConfig& before,
                      const HttpEndpointConfig& now);
    void reload_certificates();
    void look_at_client_certificates();
    [[nodiscard]] std::vector<CertificateStatus> certificates() const;
    void watch_sources();
    [[nodiscard]] SourceOverview source_overview() const;
    [[nodiscard]] bool drain();
    [[nodiscard]] std::chrono::milliseconds drain_time(const Endpoint& endpoint,
                                                       std::int64_t left_ns) const;
    void wait_until_quiet(std::int64_t deadline_ns) const;
    [[nodiscard]] Status status() const;
    [[nodiscard]] ListenerStatus listener_status(std::size_t number) const;
    [[nodiscard]] std::vector<LimitStatus> limits_of(const Listener& listener,
                                                     const ListenerStatus& status) const;
    void add_stream_limits(const Listener& listener, const ListenerStatus& status,
                           std::vector<LimitStatus>& result) const;
    [[nodiscard]] EndpointReport endpoint_report(const Endpoint& endpoint) const;

    // Guards config_, listeners_' configs, config_status_ and the list of endpoints.
    mutable std::mutex mutex_;
    Config config_;
    const Clock& clock_;
    EventLog& events_;
    const Timestamp started_at_;
    ConfigStatus config_status_;
    std::atomic<bool> ready_{false};
    bool addresses_hidden_ = false;  // as last told

    Snapshot<IntakeSettings> settings_;
    StreamCeiling ceiling_;
    // One of them; log_ is which.
    std::unique_ptr<MemoryLog> memory_log_;
    std::unique_ptr<SpoolLog> spool_;
    Log* log_ = nullptr;
    // The same for samples.
    std::unique_ptr<MemoryLog> metrics_memory_log_;
    std::unique_ptr<SpoolLog> metrics_spool_;
    Log* metrics_log_ = nullptr;
    std::atomic<std::uint64_t> kept_ids_{0};
    IntakeAccount earlier_intake_;  // counted before this process
    ListenerAllowances allowances_;
    std::unique_ptr<DeadLetterTable> dead_letters_;
    std::vector<Listener> listeners_;
    std::vector<std::unique_ptr<Endpoint>> endpoints_;
    LatestValues* latest_values_ = nullptr;  // one of the endpoints', if there is one
    std::unique_ptr<LokiCanary> canary_;
    // Last, so that threads end before what they use.
    std::vector<std::unique_ptr<IngestThread>> threads_;
};

}  // namespace weir
