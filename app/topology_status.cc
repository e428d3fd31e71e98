#include "app/build_parts.h"
#include "app/memory_budget.h"
#include "app/topology_impl.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace weir {

namespace {

std::uint64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t total_pages = 0;
    std::uint64_t resident_pages = 0;
    file >> total_pages >> resident_pages;
    return resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The thread goes on counting meanwhile: between two of its steps the terms add up, within one they
// may not. A balance that is really broken never adds up, and is told.
IntakeLedger read_at_rest(const ListenerCounters& counters) {
    constexpr int tries_max = 100;
    for (int tries = 1;; ++tries) {
        IntakeLedger ledger;
        ledger.add(counters);
        if (ledger.balances() || tries == tries_max) {
            return ledger;
        }
        std::this_thread::yield();
    }
}

// How often a limit on messages was met: a datagram was refused, or a stream made to wait.
void add_rates(const ListenerLimits& limits, const ListenerStatus& status,
               std::vector<LimitStatus>& result) {
    const auto rejected = [&status](const char* reason) {
        const auto found = status.ledger.rejected.find(reason);
        return found == status.ledger.rejected.end() ? std::uint64_t{0} : found->second;
    };
    result.push_back({.name = "messages_per_s",
                      .unit = "messages_per_second",
                      .limit = limits.messages_per_s,
                      .current = status.messages_per_s,
                      .refused = rejected("listener_rate")});
    const auto dropped = status.ledger.dropped.find("source_rate");
    result.push_back({.name = "messages_per_s_per_source",
                      .unit = "messages_per_second",
                      .limit = limits.messages_per_s_per_source,
                      .current = status.source_messages_per_s,
                      .refused = rejected("source_rate") +
                                 (dropped == status.ledger.dropped.end() ? 0 : dropped->second)});
}

void add_thread(const IngestThread& thread, Status& status) {
    const IntakeGauges& gauges = thread.intake().gauges();
    status.sources += gauges.sources.value();
    status.sources_evicted_total += gauges.sources_evicted.value();
    status.reassembly_held_bytes += gauges.reassembly_bytes.value();
    status.batches_total += gauges.batches.value();
    ThreadStatus& own = status.threads.emplace_back();
    own.number = status.threads.size() - 1;
    for (const auto& counters : thread.intake().all_counters()) {
        own.received += counters->received.value();
    }
    if (const MdtIntake* mdt = thread.mdt()) {
        const MdtCounts counts = mdt->counts();
        for (const auto& counters : mdt->all_counters()) {
            own.received += counters->received.value();
        }
        add_counts(status.telemetry ? *status.telemetry : status.telemetry.emplace(), counts);
        status.batches_total += counts.series.batches;
    }
}

}  // namespace

void Topology::Impl::add_stream_limits(const Listener& listener, const ListenerStatus& status,
                                       std::vector<LimitStatus>& result) const {
    const ListenerLimits& limits = listener.config.limits;
    const auto refused = [&status](const char* reason) {
        const auto found = status.refused_connections.find(reason);
        return found == status.refused_connections.end() ? std::uint64_t{0} : found->second;
    };
    const auto number = static_cast<std::size_t>(&listener - listeners_.data());
    const auto found = status.ledger.rejected.find("session_bytes");
    const std::uint64_t rejected = found == status.ledger.rejected.end() ? 0 : found->second;
    std::uint64_t busiest = 0;
    std::uint64_t without_room = 0;
    for (const auto& thread : threads_) {
        const ListenerCounters& counters = thread->counters(number, listener.config.protocol);
        busiest = std::max(busiest, counters.source_sessions.value());
        without_room += counters.session_bytes_refused.value();
    }
    const auto add = [&result](LimitStatus limit) { result.push_back(std::move(limit)); };
    const auto as_ms = [](std::chrono::milliseconds time) {
        return static_cast<std::uint64_t>(time.count());
    };
    add({.name = "connections_max",
         .unit = "connections",
         .limit = limits.connections_max,
         .current = listener.connections_open(),
         .refused = refused("connections_max") + refused("evicted")});
    add({.name = "connections_per_source_max",
         .unit = "connections",
         .limit = limits.connections_per_source_max,
         .current = busiest,
         .refused = refused("connections_per_source_max")});
    add({.name = "session_bytes_max",
         .unit = "bytes",
         .limit = limits.session_bytes_max,
         .current = listener.session_bytes_used(),
         .refused = listener.mdt ? rejected : without_room});
    add({.name = "idle_timeout",
         .unit = "milliseconds",
         .limit = as_ms(limits.idle_timeout),
         .refused = refused("idle_timeout")});
    if (listener.tls || listener.mdt || !listener.config.proxy_protocol_from.empty()) {
        add({.name = "handshake_timeout",
             .unit = "milliseconds",
             .limit = as_ms(limits.handshake_timeout),
             .refused = refused("handshake_timeout")});
    }
    if (listener.tls && !listener.mdt) {
        add({.name = "handshakes_max",
             .unit = "handshakes",
             .limit = limits.handshakes_max,
             .current = listener.shared->handshakes.open(),
             .refused = refused("handshakes_max")});
    }
}

std::vector<LimitStatus> Topology::Impl::limits_of(const Listener& listener,
                                                   const ListenerStatus& status) const {
    const ListenerLimits& limits = listener.config.limits;
    const auto count = [](const std::map<std::string, std::uint64_t>& by, const char* key) {
        const auto found = by.find(key);
        return found == by.end() ? std::uint64_t{0} : found->second;
    };
    std::uint64_t largest = 0;
    std::uint64_t truncated = 0;
    for (const auto& thread : threads_) {
        const auto number = static_cast<std::size_t>(&listener - listeners_.data());
        const ListenerCounters& counters = thread->counters(number, listener.config.protocol);
        largest = std::max(largest, counters.largest_message_bytes.value());
        truncated += counters.truncated.value();
    }
    std::vector<LimitStatus> result = {
        {.name = "message_bytes_max",
         .unit = "bytes",
         .limit = limits.message_bytes_max,
         .current = largest,
         .refused = truncated + count(status.ledger.rejected, "oversize")}};
    add_rates(limits, status, result);
    if (listener.config.transport == Transport::udp) {
        result.push_back({.name = "receive_buffer_bytes",
                          .unit = "bytes",
                          .limit = listener.granted_bytes,
                          .current = 0,
                          .refused = status.kernel_dropped});
        return result;
    }
    add_stream_limits(listener, status, result);
    return result;
}

ListenerStatus Topology::Impl::listener_status(std::size_t number) const {
    const Listener& listener = listeners_[number];
    const std::string ip = listener.config.address.to_string();
    const std::string host = listener.config.address.is_v4() ? ip : "[" + ip + "]";
    const bool mdt = listener.config.protocol == Protocol::mdt;
    ListenerStatus status{.name = listener.config.name,
                          .protocol = mdt ? "mdt" : "syslog",
                          .transport = transport_name(listener.config.transport),
                          .address = fmt::format("{}:{}", host, listener.port),
                          .dialect = std::string(dialect_name(listener.config.dialect))};
    if (const auto earlier = earlier_intake_.find(status.name); earlier != earlier_intake_.end()) {
        status.ledger = earlier->second;
    }
    for (const auto& thread : threads_) {
        const ListenerCounters& counters = thread->counters(number, listener.config.protocol);
        status.ledger.add(read_at_rest(counters));
        status.received_bytes += counters.received_bytes.value();
        status.paused += counters.paused.value();
        status.messages_per_s += counters.messages_per_s.value();
        status.source_messages_per_s =
            std::max(status.source_messages_per_s, counters.source_messages_per_s.value());
        status.counter_gap_lost += counters.counter_gap_lost.value();
        status.kernel_dropped += counters.kernel_dropped.value();
        status.sessions_total += counters.sessions_opened.value();
        for (int i = 0; i < defect_count; ++i) {
            const auto defect = static_cast<std::size_t>(i);
            status.defects[std::string(defect_name(static_cast<Defect>(i)))] +=
                counters.defects[defect].value();
        }
        for (std::size_t i = 0; i < refusal_reason_count; ++i) {
            const auto reason = static_cast<RefusalReason>(i);
            status.refused_connections[std::string(refusal_reason_name(reason))] +=
                counters.refused[i].value();
        }
    }
    status.sessions = listener.connections_open();
    if (listener.config.transport == Transport::udp) {
        status.receive_buffer_asked_bytes = listener.config.limits.receive_buffer_bytes;
        status.receive_buffer_granted_bytes = listener.granted_bytes;
    }
    status.limits = limits_of(listener, status);
    return status;
}

EndpointReport Topology::Impl::endpoint_report(const Endpoint& endpoint) const {
    const EndpointStatus status = endpoint.sink->status();
    return EndpointReport{
        .name = status.name,
        .kind = status.kind,
        .url = status.url,
        .state = std::string(endpoint_state_name(status.state)),
        .state_since = status.state_since,
        .last_error = status.last_error,
        .last_error_at = status.last_error_at,
        .last_success_at = status.last_success_at,
        .ledger = endpoint.cursor.ledger(),
        .requests = status.requests,
        .retries = status.retries,
        .sent_bytes = status.sent_bytes,
        .in_flight = status.in_flight,
        .concurrency_limit = status.concurrency_limit,
        .state_reason = std::string(reason_name(status.state_reason)),
        .repaired = status.repaired,
        .slow_records = status.slow_records,
        .rate_bytes_per_s = status.rate_bytes_per_s,
        .rate_samples_per_s = status.rate_samples_per_s,
        .files = status.files,
        .files_bytes = status.files_bytes,
        .files_deleted = status.files_deleted,
        .request_duration = status.request_duration,
        .delivery_latency = status.delivery_latency,
        .latency_last_s = std::chrono::duration<double>(status.latency_last).count(),
        .latency_max_s = std::chrono::duration<double>(status.latency_max).count()};
}

SourceOverview Topology::Impl::source_overview() const {
    std::vector<std::shared_ptr<const SurveyReport>> reports;
    for (const auto& thread : threads_) {
        reports.push_back(thread->intake().survey().report());
    }
    return make_source_overview(reports);
}

Status Topology::Impl::status() const {
    const std::lock_guard lock(mutex_);
    Status status{.version = WEIR_VERSION,
                  .now = clock_.now(),
                  .started_at = started_at_,
                  .ready = ready_,
                  .cluster = config_.cluster,
                  .config = config_status_,
                  .streams_active = ceiling_.active(),
                  .streams_max = config_.logs.batch.streams_max,
                  .streams_collapsed_total = ceiling_.collapsed(),
                  .sources_max = config_.sources_max * threads_.size(),
                  .source_overview = source_overview(),
                  .reassembly_bytes_max = config_.reassembly.bytes_max * threads_.size(),
                  .resident_bytes = resident_bytes(),
                  .memory_budget_bytes = make_memory_budget(config_, threads_.size()).total(),
                  .memory_bytes_max = config_.memory_bytes_max,
                  .cpu_seconds = cpu_seconds(),
                  .events = events_.counts()};
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        status.listeners.push_back(listener_status(i));
    }
    for (const auto& [name, ledger] : earlier_intake_) {
        const bool former = std::none_of(
            listeners_.begin(), listeners_.end(),
            [&name = name](const Listener& listener) { return listener.config.name == name; });
        if (former) {
            status.former_listeners.emplace(name, ledger);
        }
    }
    for (const auto& endpoint : endpoints_) {
        status.endpoints.push_back(endpoint_report(*endpoint));
    }
    status.canary = canary_->status();
    if (spool_) {
        status.spool = spool_->status();
    }
    if (metrics_spool_) {
        status.metrics_spool = metrics_spool_->status();
    }
    status.dead_letters = dead_letters_->status();
    for (const auto& thread : threads_) {
        add_thread(*thread, status);
    }
    for (std::size_t i = 0; i < config_.rules.size(); ++i) {
        RuleStatus rule{.name = config_.rules[i].name,
                        .action = rule_action_name(config_.rules[i].action)};
        for (const auto& thread : threads_) {
            const RuleTally& tally = *thread->intake().rule_tallies()[i];
            rule.hits += tally.hits.value();
            rule.dropped += tally.dropped.value();
        }
        status.rules.push_back(std::move(rule));
    }
    return status;
}

}  // namespace weir
