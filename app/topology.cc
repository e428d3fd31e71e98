#include "app/topology.h"

#include "app/build_parts.h"
#include "app/build_telemetry.h"
#include "app/config_load.h"
#include "app/config_seal.h"
#include "app/memory_budget.h"
#include "app/topology_impl.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <thread>

namespace weir {

namespace {

// While draining: no frame for this long means quiet.
constexpr std::int64_t quiet_ns = 300 * ns_per_ms;
constexpr std::chrono::milliseconds drain_poll{20};
// With a spool, for an endpoint that is failing: one more try.
constexpr std::chrono::milliseconds drain_of_away{1000};

}  // namespace

void Topology::Impl::make_canary() {
    std::random_device entropy;
    canary_ = std::make_unique<LokiCanary>(
        LokiCanaryParts{.log = *log_,
                        .clock = clock_,
                        .events = events_,
                        .run = (std::uint64_t{entropy()} << 32U) | entropy()});
}

void Topology::Impl::make_threads() {
    std::random_device entropy;
    const std::uint64_t seed = (std::uint64_t{entropy()} << 32U) | entropy();
    const std::size_t count = ingest_thread_count(config_);
    for (std::size_t i = 0; i < count; ++i) {
        threads_.push_back(std::make_unique<IngestThread>(
            SyslogIntake::Parts{.settings = settings_,
                                .log = *log_,
                                .ceiling = ceiling_,
                                .clock = clock_,
                                .events = events_,
                                .allowances = allowances_},
            SyslogIntake::Options{.shard = static_cast<std::uint32_t>(i),
                                  .listeners_max = config_.listeners.size(),
                                  .sources_max = config_.sources_max,
                                  .seed = seed}));
        if (takes_telemetry(config_)) {
            threads_.back()->add_mdt_intake({.settings = settings_,
                                             .metrics_log = *metrics_log_,
                                             .logs_log = *log_,
                                             .ceiling = ceiling_,
                                             .clock = clock_,
                                             .events = events_,
                                             .allowances = allowances_,
                                             .kept_ids = kept_ids_},
                                            {.shard = static_cast<std::uint32_t>(i),
                                             .listeners_max = config_.listeners.size(),
                                             .seed = seed,
                                             .stop_when_full = spool_ != nullptr});
        }
    }
}

Result<void> Topology::Impl::open_listener(const ListenerConfig& config) {
    Listener& listener = listeners_.emplace_back();
    listener.config = config;
    const auto number = static_cast<std::uint32_t>(listeners_.size() - 1);
    if (config.protocol == Protocol::mdt) {
        listener.mdt = std::make_unique<MdtShared>();
        set_shared_limits(*listener.mdt, config.limits);
    } else {
        listener.shared = std::make_unique<StreamShared>();
        set_shared_limits(*listener.shared, config.limits);
    }
    if (!config.tls.certificate.empty()) {
        const Result<TlsContextPtr> context =
            make_tls_server_context({config.tls.certificate, config.tls.key, config.tls.client_ca});
        if (!context) {
            return fail(fmt::format("listener {}: {}", config.name, context.error().message));
        }
        listener.tls = std::make_unique<Snapshot<boost::asio::ssl::context>>(*context);
        listener.certificates = certificates_in(**context);
    }
    const bool datagram = config.transport == Transport::udp;
    Result<SocketGroup> group = open_socket_group(
        {.address = config.address,
         .port = config.port,
         .datagram = datagram,
         .sockets = threads_.size(),
         .receive_buffer_bytes = datagram ? config.limits.receive_buffer_bytes : 0});
    if (!group) {
        return fail(fmt::format("listener {} on {} port {}: {}", config.name,
                                config.address.to_string(), config.port, group.error().message));
    }
    listener.port = group->port;
    listener.ipv4_only = group->ipv4_only;
    listener.granted_bytes = group->receive_buffer_bytes;
    if (config.protocol == Protocol::mdt) {
        return open_mdt_sockets(std::move(*group), listener, number);
    }
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        if (datagram) {
            threads_[i]->add_udp(std::move(group->sockets[i]),
                                 {.name = config.name,
                                  .listener = number,
                                  .limits = make_udp_limits(config.limits),
                                  .receive_buffer_bytes = group->receive_buffer_bytes});
        } else {
            threads_[i]->add_stream(std::move(group->sockets[i]),
                                    {.name = config.name,
                                     .listener = number,
                                     .ipv4 = group->ipv4_only || config.address.is_v4(),
                                     .limits = make_stream_limits(config.limits),
                                     .tls = listener.tls.get()},
                                    *listener.shared);
        }
    }
    return {};
}

Result<void> Topology::Impl::open_mdt_sockets(SocketGroup group, const Listener& listener,
                                              std::uint32_t number) {
    const ListenerConfig& config = listener.config;
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        if (config.transport == Transport::udp) {
            threads_[i]->add_mdt_udp(std::move(group.sockets[i]),
                                     {.name = config.name,
                                      .listener = number,
                                      .limits = make_udp_limits(config.limits),
                                      .receive_buffer_bytes = group.receive_buffer_bytes});
            continue;
        }
        MdtListener::Options options = make_mdt_options(config);
        options.listener = number;
        options.ipv4 = group.ipv4_only || config.address.is_v4();
        const Result<void> added =
            threads_[i]->add_mdt(std::move(group.sockets[i]), std::move(options), *listener.mdt);
        if (!added) {
            return fail(fmt::format("listener {}: {}", config.name, added.error().message));
        }
    }
    return {};
}

void Topology::Impl::start() {
    for (const Listener& listener : listeners_) {
        const ListenerConfig& config = listener.config;
        events_.emit({EventId::listener_opened, config.name,
                      fmt::format("{} on {} port {}", transport_name(config.transport),
                                  config.address.to_string(), listener.port)});
        if (config.transport == Transport::udp &&
            listener.granted_bytes < config.limits.receive_buffer_bytes) {
            events_.emit({EventId::receive_buffer_short, config.name,
                          fmt::format("asked for {} bytes, the kernel granted {}; raise "
                                      "net.core.rmem_max",
                                      config.limits.receive_buffer_bytes, listener.granted_bytes)});
        }
    }
    tell_memory();
    start_spool(Signal::logs);
    start_spool(Signal::metrics);
    if (!config_.loki.empty()) {
        dead_letters_->open();
    }
    for (const auto& endpoint : endpoints_) {
        endpoint->sink->start();
    }
    for (const auto& thread : threads_) {
        thread->start();
    }
    canary_->use(make_canary_settings(config_));
    look_at_client_certificates();
    ready_ = true;
}

void Topology::Impl::tell_memory() {
    const MemoryBudget budget = make_memory_budget(config_, threads_.size());
    std::string text = budget.to_string();
    if (const std::uint64_t allowed = container_memory_bytes(); allowed < budget.total()) {
        text += fmt::format("; more than the {} MiB that the container may use", allowed >> 20U);
    }
    events_.emit({EventId::memory_budget, "limits", text});
}

Result<void> Topology::Impl::reload(Config next) {
    const std::vector<std::string> sealed = sealed_changes(config_, next);
    std::string path = next.path;
    std::string sha256 = next.sha256;
    keep_sealed(config_, next);
    Result<std::shared_ptr<const IntakeSettings>> settings =
        make_intake_settings(next, threads_.size());
    if (!settings) {
        return tl::unexpected(settings.error());
    }
    const std::string refusal = memory_refusal(next, make_memory_budget(next, threads_.size()));
    if (!refusal.empty()) {
        return fail(refusal);
    }
    {
        const std::lock_guard lock(mutex_);
        config_status_ = {.path = std::move(path),
                          .sha256 = std::move(sha256),
                          .loaded_at = clock_.now(),
                          .needs_restart = sealed};
        std::swap(config_, next);
    }
    settings_.publish(std::move(*settings));
    ceiling_.set_streams_max(config_.logs.batch.streams_max);
    apply_limits();
    tell_memory();
    reload_endpoints(next);
    canary_->use(make_canary_settings(config_));
    reload_certificates();
    for (const std::string& setting : sealed) {
        events_.emit({EventId::config_needs_restart, setting, "takes effect with the next start"});
    }
    return {};
}

void Topology::Impl::apply_limits() {
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        const ListenerConfig& config = config_.listeners[i];
        {
            const std::lock_guard lock(mutex_);
            listeners_[i].config = config;
        }
        if (listeners_[i].mdt) {
            set_shared_limits(*listeners_[i].mdt, config.limits);
        } else {
            set_shared_limits(*listeners_[i].shared, config.limits);
        }
        const auto number = static_cast<std::uint32_t>(i);
        for (const auto& thread : threads_) {
            if (config.transport == Transport::udp) {
                thread->set_udp_limits(number, make_udp_limits(config.limits));
            } else if (listeners_[i].mdt) {
                thread->set_mdt_limits(number, make_mdt_limits(config.limits));
            } else {
                thread->set_stream_limits(number, make_stream_limits(config.limits));
            }
        }
    }
}

void Topology::Impl::reload_certificates() {
    for (Listener& listener : listeners_) {
        if (!listener.tls) {
            continue;
        }
        const TlsServerConfig& files = listener.config.tls;
        const Result<TlsContextPtr> context =
            make_tls_server_context({files.certificate, files.key, files.client_ca});
        if (context) {
            listener.tls->publish(*context);
            listener.certificates = certificates_in(**context);
            events_.emit({EventId::tls_reloaded, listener.config.name, files.certificate});
        } else {
            events_.emit({EventId::tls_reload_failed, listener.config.name,
                          fmt::format("{}; the old certificate stays", context.error().message)});
        }
    }
    look_at_client_certificates();
}

void Topology::Impl::watch_sources() {
    const SourceOverview overview = source_overview();
    if (overview.addresses_hidden && !addresses_hidden_) {
        events_.emit({EventId::sources_hidden, overview.hidden_by,
                      "nearly all messages come from there under many hostnames; the sources' own "
                      "addresses were probably rewritten on the way, and classification by them "
                      "means nothing"});
    }
    addresses_hidden_ = overview.addresses_hidden;
}

// The endpoint's own thread reads the file for itself, when it changes; this is only to tell.
void Topology::Impl::look_at_client_certificates() {
    // In the order of the configuration, Lokis first.
    std::size_t number = 0;
    for (const auto* list : {&config_.loki, &config_.mimir}) {
        for (const HttpEndpointConfig& config : *list) {
            endpoints_[number++]->certificates = certificate_in_file(config.tls_certificate);
        }
    }
}

std::vector<CertificateStatus> Topology::Impl::certificates() const {
    std::vector<CertificateStatus> all;
    for (const Listener& listener : listeners_) {
        for (const TlsCertificate& certificate : listener.certificates) {
            all.push_back({"listener", listener.config.name, certificate});
        }
    }
    for (const auto& endpoint : endpoints_) {
        for (const TlsCertificate& certificate : endpoint->certificates) {
            all.push_back({"endpoint", endpoint->name, certificate});
        }
    }
    return all;
}

void Topology::Impl::wait_until_quiet(std::int64_t deadline_ns) const {
    for (;;) {
        const std::int64_t now_ns = clock_.monotonic_ns();
        const bool quiet =
            std::all_of(threads_.begin(), threads_.end(), [now_ns](const auto& thread) {
                const auto last = static_cast<std::int64_t>(thread->last_frame_ns());
                return now_ns - last >= quiet_ns;
            });
        if (quiet || now_ns >= deadline_ns) {
            return;
        }
        std::this_thread::sleep_for(drain_poll);
    }
}

// What an endpoint that is away does not take now, it gets from the spool; nobody waits for it.
std::chrono::milliseconds Topology::Impl::drain_time(const Endpoint& endpoint,
                                                     std::int64_t left_ns) const {
    const std::chrono::milliseconds left(left_ns / ns_per_ms);
    const EndpointState state = endpoint.sink->status().state;
    const bool away = state == EndpointState::retry || state == EndpointState::hold;
    const SpoolLog* spool = spool_of(endpoint.signal);
    return spool != nullptr && spool->status().healthy && away ? std::min(left, drain_of_away)
                                                               : left;
}

bool Topology::Impl::drain() {
    ready_ = false;
    const std::int64_t started_ns = clock_.monotonic_ns();
    const std::int64_t budget_ns = std::chrono::nanoseconds(config_.drain_timeout).count();
    for (const auto& thread : threads_) {
        thread->stop_accepting();
    }
    // A sender that never pauses gets half of the time; the endpoints need the rest.
    wait_until_quiet(started_ns + budget_ns / 2);
    for (const auto& thread : threads_) {
        thread->finish();
    }
    for (const auto& thread : threads_) {
        thread->join();
    }
    canary_->stop();
    const std::int64_t left_ns =
        std::max<std::int64_t>(started_ns + budget_ns - clock_.monotonic_ns(), 0);
    for (const auto& endpoint : endpoints_) {
        endpoint->sink->request_stop(drain_time(*endpoint, left_ns));
    }
    for (const auto& endpoint : endpoints_) {
        endpoint->sink->join();
    }
    for (const Signal signal : {Signal::logs, Signal::metrics}) {
        if (SpoolLog* spool = spool_of(signal)) {
            spool->stop();
        }
    }
    bool delivered = true;
    for (const auto& endpoint : endpoints_) {
        const SpoolLog* spool = spool_of(endpoint->signal);
        const bool kept = spool != nullptr && spool->status().unwritten_batches == 0;
        const DeliveryLedger ledger = endpoint->cursor.ledger();
        if (ledger.queued > 0 && !kept) {
            delivered = false;
            events_.emit(
                {EventId::drain_incomplete, endpoint->sink->status().name,
                 fmt::format("{} {} are undelivered and end with the process", ledger.queued,
                             endpoint->mimir != nullptr ? "samples" : "records")});
        }
    }
    return delivered;
}

Topology::Topology(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Topology::~Topology() = default;

Result<std::unique_ptr<Topology>> Topology::build(Config config, const Clock& clock,
                                                  EventLog& events) {
    Result<std::shared_ptr<const IntakeSettings>> settings =
        make_intake_settings(config, ingest_thread_count(config));
    if (!settings) {
        return tl::unexpected(settings.error());
    }
    const std::string refusal =
        memory_refusal(config, make_memory_budget(config, ingest_thread_count(config)));
    if (!refusal.empty()) {
        return fail(refusal);
    }
    auto impl = std::make_unique<Impl>(std::move(config), std::move(*settings), clock, events);
    if (const Result<void> opened = impl->open_log(); !opened) {
        return tl::unexpected(opened.error());
    }
    impl->make_endpoints();
    impl->make_canary();
    impl->make_threads();
    for (const ListenerConfig& listener : impl->config_.listeners) {
        if (const Result<void> opened = impl->open_listener(listener); !opened) {
            return tl::unexpected(opened.error());
        }
    }
    return std::make_unique<Topology>(std::move(impl));
}

void Topology::start() {
    impl_->start();
}

Result<void> Topology::reload(Config next) {
    return impl_->reload(std::move(next));
}

void Topology::note_refused_reload(const std::string& error) {
    const std::lock_guard lock(impl_->mutex_);
    impl_->config_status_.last_reload_ok = false;
    impl_->config_status_.last_reload_error = error;
}

void Topology::reload_certificates() {
    impl_->reload_certificates();
}

void Topology::watch_sources() {
    impl_->watch_sources();
}

void Topology::look_at_client_certificates() {
    impl_->look_at_client_certificates();
}

std::vector<CertificateStatus> Topology::certificates() const {
    return impl_->certificates();
}

bool Topology::drain() {
    return impl_->drain();
}

Status Topology::status() const {
    return impl_->status();
}

std::vector<MdtDeviceStatus> Topology::telemetry_devices() const {
    std::vector<MdtDeviceStatus> devices;
    for (const auto& thread : impl_->threads_) {
        if (const MdtIntake* mdt = thread->mdt()) {
            std::vector<MdtDeviceStatus> more = mdt->devices();
            devices.insert(devices.end(), more.begin(), more.end());
        }
    }
    return devices;
}

std::vector<KeptMessage> Topology::kept_messages() const {
    std::vector<KeptMessage> messages;
    for (const auto& thread : impl_->threads_) {
        if (const MdtIntake* mdt = thread->mdt()) {
            std::vector<KeptMessage> more = mdt->kept();
            messages.insert(messages.end(), more.begin(), more.end());
        }
    }
    return messages;
}

std::optional<std::string> Topology::exposition() const {
    if (impl_->latest_values_ == nullptr) {
        return std::nullopt;
    }
    return impl_->latest_values_->render();
}

bool Topology::ready() const {
    return impl_->ready_;
}

const Config& Topology::config() const {
    return impl_->config_;
}

}  // namespace weir
