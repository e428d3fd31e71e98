#include "app/memory_budget.h"

#include "app/build_telemetry.h"
#include "core/telemetry.h"
#include "pipeline/batch_builder.h"
#include "pipeline/source_table.h"
#include "receivers/mdt_intake.h"
#include "receivers/mdt_kept.h"
#include "receivers/mdt_listener.h"
#include "receivers/stream_listener.h"
#include "receivers/udp_listener.h"
#include "sinks/loki_endpoint.h"
#include "sinks/mimir_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <set>
#include <thread>

namespace weir {

namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;

constexpr std::size_t threads_max = 64;  // the timestamps' remainder has room for no more

// Code, libraries, events, the allocator's own: what an idle weir with nothing configured holds,
// rounded up.
constexpr std::uint64_t process_bytes = 32 * mib;
// A session: the object, its coroutine frames, the socket, and the beginning of a message that it
// may keep without asking (session_bytes_floor). Without that it was 3.3 KiB.
constexpr std::uint64_t session_bytes = 8 * kib;
// What OpenSSL holds for an open TLS connection in the middle of a record; 16 KiB less between two.
constexpr std::uint64_t tls_session_bytes = 40 * kib;
// And for a handshake in progress: the messages of both sides, certificates being verified.
constexpr std::uint64_t handshake_bytes = 64 * kib;
// A gRPC connection and its call, beside gRPC's quota: 34 KiB were measured over 2,000.
constexpr std::uint64_t grpc_session_bytes = 48 * kib;
// A series in the table: labels in wire form, its places in it, a sample that waits.
constexpr std::uint64_t series_bytes = 768;
// The same as it is exposed: as text, with its places.
constexpr std::uint64_t latest_series_bytes = 512;
// A device that sends telemetry, with what is remembered of its paths.
constexpr std::uint64_t device_bytes = 4 * kib;
// What a thread remembers of names in telemetry at most.
constexpr std::uint64_t names_bytes = 48 * mib;
// A connection to the admin port: head, answer, TLS.
constexpr std::uint64_t admin_session_bytes = 128 * kib;
// A remembered stream: its labels twice, its place in two tables.
constexpr std::uint64_t stream_bytes = kib;
// A prefix of the classification in the search tree, with its share of the labels.
constexpr std::uint64_t prefix_bytes = 256;
constexpr std::uint64_t relayed_bytes = 4096 * 640;  // hostnames remembered behind relays, a thread
// A request that is decoded, cut and encoded again.
constexpr std::uint64_t rewrite_copies = 4;
// Room that the allocator cannot use between what lives long.
constexpr std::uint64_t fragmentation_divisor = 10;

// Tenants that batches may be open for.
std::uint64_t tenant_count(const Config& config) {
    std::set<std::string> tenants = {""};
    const auto add = [&tenants](const Labels& labels) {
        const auto found = labels.find("tenant");
        if (found != labels.end()) {
            tenants.insert(found->second);
        }
    };
    add(config.labels);
    for (const ClassificationRule& rule : config.classification) {
        add(rule.labels);
    }
    for (const HostnameRule& rule : config.hostnames) {
        add(rule.labels);
    }
    for (const RuleConfig& rule : config.rules) {
        if (rule.action == RuleAction::set_label && rule.target == "tenant") {
            return BatchLimits{}.tenants_max;  // whatever the messages say
        }
    }
    return std::min<std::uint64_t>(tenants.size(), BatchLimits{}.tenants_max);
}

std::uint64_t slots_bytes(const Config& config) {
    std::uint64_t sum = 0;
    for (const ListenerConfig& listener : config.listeners) {
        if (listener.transport == Transport::udp) {
            sum += UdpListener::slots_memory_bytes(listener.limits.message_bytes_max);
        }
    }
    return sum;
}

// Chunks and incomplete messages, what gRPC takes by its quota on each thread and for each
// connection beside it, and the message that each thread reads, once as it came and once unpacked.
std::uint64_t mdt_sessions_bytes(const ListenerConfig& listener, std::size_t threads) {
    const ListenerLimits& limits = listener.limits;
    const bool grpc = listener.framing != MdtFraming::tcp;
    return limits.session_bytes_max +
           limits.connections_max * (grpc ? grpc_session_bytes : session_bytes) +
           threads * (MdtListener::scratch_bytes + 2 * limits.message_bytes_max +
                      (grpc ? limits.grpc_bytes_max : 0));
}

// The table of series with the samples that wait, names, the nodes of one row, kept messages.
std::uint64_t telemetry_bytes(const Config& config, std::size_t threads) {
    const MetricsConfig& metrics = config.metrics;
    if (!takes_telemetry(config)) {
        return 0;
    }
    const bool exposed = metrics.exposition && config.mimir.empty();
    return metrics.series_max * series_bytes + metrics.devices_max * device_bytes +
           threads * (SourceTable::memory_bytes({.sources_max = MdtIntake::Options{}.sources_max}) +
                      names_bytes + metrics.row_fields_max * sizeof(TelemetryNode) +
                      MdtKept::bytes_max + 4 * metrics.batch.bytes_max) +
           (exposed ? metrics.exposition_series_max * latest_series_bytes + exposition_queue_bytes
                    : 0);
}

std::uint64_t sessions_bytes(const Config& config, std::size_t threads) {
    std::uint64_t sum = 0;
    for (const ListenerConfig& listener : config.listeners) {
        const ListenerLimits& limits = listener.limits;
        if (listener.transport == Transport::udp) {
            continue;
        }
        if (listener.protocol == Protocol::mdt) {
            sum += mdt_sessions_bytes(listener, threads);
            continue;
        }
        sum += limits.session_bytes_max + limits.connections_max * session_bytes +
               threads * StreamListener::scratch_bytes;
        if (listener.transport == Transport::tls) {
            sum += limits.connections_max * tls_session_bytes +
                   std::min(limits.handshakes_max, limits.connections_max) * handshake_bytes;
        }
    }
    return sum;
}

// An open batch's arena may be twice the size of a batch; heavy records have batches of their own.
std::uint64_t open_batches_bytes(const Config& config) {
    const BatchConfig& batch = config.logs.batch;
    return tenant_count(config) * 2 * (2 * batch.bytes_max + 24 * batch.records_max);
}

std::uint64_t classification_bytes(const Config& config) {
    std::uint64_t prefixes = 0;
    for (const ClassificationRule& rule : config.classification) {
        prefixes += rule.sources.size();
    }
    for (const ListenerConfig& listener : config.listeners) {
        prefixes += listener.allowed_sources.size() + listener.proxy_protocol_from.size();
    }
    return 2 * (prefixes + config.hostnames.size()) * prefix_bytes;  // two while reloading
}

// Page caches of the spool's connections: one writes, one keeps the account, each endpoint reads.
constexpr std::uint64_t spool_cache_bytes = 18 * mib;

// Page cache of the dead letters, and the pages of a large transaction.
constexpr std::uint64_t dead_letters_bytes = 4 * mib;

std::uint64_t endpoints_bytes(const Config& config) {
    const bool queues = config.spool.directory.empty();  // otherwise the spool's memory serves all
    std::uint64_t sum = queues ? 0 : config.spool.memory_bytes_max * 3 / 2 + spool_cache_bytes;
    sum += queues && config.file.enabled ? config.file.queue_bytes_max : 0;
    sum += config.loki.empty() ? 0 : dead_letters_bytes;
    // Samples: as with records, a queue for each or one memory for all; what is taken ahead.
    const bool samples = !config.mimir.empty() || takes_telemetry(config);
    sum +=
        queues || !samples ? 0 : config.spool.metrics_memory_bytes_max * 3 / 2 + spool_cache_bytes;
    for (const HttpEndpointConfig& endpoint : config.mimir) {
        sum += (queues ? endpoint.queue_bytes_max : MimirEndpointOptions{}.bytes_ahead_max) +
               mimir_refused_bytes_max +
               endpoint.requests_in_flight_max * (HttpClientOptions{}.response_bytes_max +
                                                  rewrite_copies * config.metrics.batch.bytes_max);
    }
    for (const HttpEndpointConfig& endpoint : config.loki) {
        sum += (queues ? endpoint.queue_bytes_max : 0) + LokiEndpointOptions{}.slow_bytes_max +
               endpoint.requests_in_flight_max * HttpClientOptions{}.response_bytes_max +
               rewrite_copies * config.logs.batch.bytes_max;
    }
    return sum;
}

// An answer of a Loki that is asked for the canary's lines, as it came, copied and read.
constexpr std::uint64_t canary_endpoint_bytes = 2 * mib;

std::uint64_t canary_bytes(const Config& config) {
    return config.canary.interval.count() == 0 ? 0 : config.loki.size() * canary_endpoint_bytes;
}

bool has_relays(const Config& config) {
    return std::any_of(config.classification.begin(), config.classification.end(),
                       [](const ClassificationRule& rule) { return rule.trusted_relay; });
}

std::string in_mib(std::uint64_t bytes) {
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / static_cast<double>(mib));
}

}  // namespace

std::size_t ingest_thread_count(const Config& config) {
    if (config.ingest_threads > 0) {
        return std::min(config.ingest_threads, threads_max);
    }
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, threads_max);
}

std::uint64_t MemoryBudget::total() const {
    std::uint64_t sum = 0;
    for (const Term& term : terms) {
        sum += term.bytes;
    }
    return sum;
}

std::string MemoryBudget::to_string() const {
    std::string text;
    for (const Term& term : terms) {
        if (term.bytes > 0) {
            text +=
                fmt::format("{}{} {}", text.empty() ? "" : " + ", term.name, in_mib(term.bytes));
        }
    }
    return text + " = " + in_mib(total());
}

MemoryBudget make_memory_budget(const Config& config, std::size_t threads) {
    const BatchConfig& batch = config.logs.batch;
    MemoryBudget budget{
        .terms = {
            {"process", process_bytes},
            {"udp slots", threads * slots_bytes(config)},
            {"source tables",
             threads * SourceTable::memory_bytes({.sources_max = config.sources_max})},
            {"open batches", threads * open_batches_bytes(config)},
            {"compression", threads * BatchBuilder::scratch_bytes(batch.bytes_max)},
            {"reassembly", config.reassembly.enabled ? threads * config.reassembly.bytes_max : 0},
            {"relayed hostnames", has_relays(config) ? threads * relayed_bytes : 0},
            {"streams", (batch.streams_max + batch.streams_max / 8) * stream_bytes},
            {"sessions", sessions_bytes(config, threads)},
            {"admin", config.admin.connections_max * admin_session_bytes},
            {"telemetry", telemetry_bytes(config, threads)},
            {"endpoints", endpoints_bytes(config)},
            {"canary", canary_bytes(config)},
            {"classification", classification_bytes(config)}}};
    budget.terms.push_back({"fragmentation", budget.total() / fragmentation_divisor});
    return budget;
}

std::uint64_t container_memory_bytes() {
    std::ifstream file("/sys/fs/cgroup/memory.max");
    std::uint64_t bytes = 0;
    return file >> bytes ? bytes : std::numeric_limits<std::uint64_t>::max();
}

std::string memory_refusal(const Config& config, const MemoryBudget& budget) {
    if (config.memory_bytes_max == 0 || budget.total() <= config.memory_bytes_max) {
        return {};
    }
    std::vector<MemoryBudget::Term> terms = budget.terms;
    std::sort(terms.begin(), terms.end(),
              [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    return fmt::format(
        "memory_bytes_max is {}, but the limits add up to {}; the largest are {} {}, {} {} and {} "
        "{}",
        in_mib(config.memory_bytes_max), in_mib(budget.total()), terms[0].name,
        in_mib(terms[0].bytes), terms[1].name, in_mib(terms[1].bytes), terms[2].name,
        in_mib(terms[2].bytes));
}

}  // namespace weir
