// Status: everything weir says of itself at one moment, as plain values. Collected once by
// app/topology; rendered as JSON by app/status_json and as Prometheus text by app/metrics, so that
// the two can never disagree.
#pragma once

#include "app/certificate_expiry.h"
#include "app/source_overview.h"
#include "app/telemetry_status.h"
#include "core/time.h"
#include "pipeline/intake_ledger.h"
#include "pipeline/log.h"
#include "pipeline/spool_log.h"
#include "sinks/dead_letter_status.h"
#include "sinks/loki_canary_book.h"
#include "sinks/sink.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {

// One limit in force: how close it is and what it refused. `unit` is "bytes", "connections", ...
struct LimitStatus {
    std::string name;
    std::string unit;
    std::uint64_t limit = 0;
    std::uint64_t current = 0;
    std::uint64_t refused = 0;
};

struct ListenerStatus {
    std::string name;
    std::string protocol;   // "syslog", "mdt"
    std::string transport;  // "udp", "tcp", "tls"
    std::string address;    // as bound, with the port
    std::string dialect;
    IntakeLedger ledger;
    std::uint64_t received_bytes = 0;
    std::map<std::string, std::uint64_t> defects;
    std::map<std::string, std::uint64_t> refused_connections;
    std::uint64_t sessions = 0;
    std::uint64_t sessions_total = 0;
    std::uint64_t paused = 0;                 // times a stream was not read, to keep to a rate
    std::uint64_t messages_per_s = 0;         // received in the last full second
    std::uint64_t source_messages_per_s = 0;  // the busiest source's, in that second
    std::uint64_t counter_gap_lost = 0;
    std::uint64_t kernel_dropped = 0;
    std::uint64_t receive_buffer_asked_bytes = 0;
    std::uint64_t receive_buffer_granted_bytes = 0;
    std::vector<LimitStatus> limits;
};

// The records of one that is a "mimir" are samples.
struct EndpointReport {
    std::string name;
    std::string kind;   // "loki", "mimir", "file"
    std::string url;    // without credentials, or the directory
    std::string state;  // "ok", "retry", "hold", "slow"
    Timestamp state_since;
    std::string last_error;
    Timestamp last_error_at;
    Timestamp last_success_at;
    DeliveryLedger ledger;
    std::map<std::string, std::uint64_t> requests;  // by status code or transport error
    std::map<std::string, std::uint64_t> retries;   // by reason
    std::uint64_t sent_bytes = 0;
    std::uint64_t in_flight = 0;
    std::uint64_t concurrency_limit = 0;            // pushes at a time, now; 0 for files
    std::string state_reason;                       // why the state is not ok
    std::map<std::string, std::uint64_t> repaired;  // records rewritten to be taken, by reason
    std::uint64_t slow_records = 0;                 // waiting in the slow lane
    std::uint64_t rate_bytes_per_s = 0;             // limit put on ourselves after 429; 0: none
    std::uint64_t rate_samples_per_s = 0;           // the same for samples
    std::uint64_t files = 0;                        // file sink only
    std::uint64_t files_bytes = 0;
    std::uint64_t files_deleted = 0;  // the oldest, for room
    RequestDurations request_duration;
    DeliveryLatencies delivery_latency;  // receive to accepted push
    double latency_last_s = 0;           // of the last accepted push
    double latency_max_s = 0;            // since start
};

struct RuleStatus {
    std::string name;
    std::string action;
    std::uint64_t hits = 0;
    std::uint64_t dropped = 0;
};

struct ConfigStatus {
    std::string path;
    std::string sha256;
    Timestamp loaded_at;
    bool last_reload_ok = true;
    std::string last_reload_error;
    std::vector<std::string> needs_restart;  // changed settings that wait for a restart
};

// The admin port's.
struct AdminStatus {
    std::string address;  // as bound, with the port
    std::uint64_t connections = 0;
    std::uint64_t connections_max = 0;
    std::map<std::string, std::uint64_t> refused;  // by reason
};

struct ThreadStatus {
    std::uint64_t number = 0;
    std::uint64_t received = 0;  // frames, over all listeners
};

struct Status {
    std::string version;
    Timestamp now;
    Timestamp started_at;
    bool ready = false;
    std::string cluster;
    ConfigStatus config;
    std::vector<ListenerStatus> listeners;
    IntakeAccount former_listeners;  // that a spool still counts and no one configures
    std::vector<EndpointReport> endpoints;
    std::vector<RuleStatus> rules;
    std::uint64_t streams_active = 0;
    std::uint64_t streams_max = 0;
    std::uint64_t streams_collapsed_total = 0;
    std::uint64_t sources = 0;  // entries in the source tables
    std::uint64_t sources_max = 0;
    std::uint64_t sources_evicted_total = 0;
    SourceOverview source_overview;
    std::uint64_t reassembly_held_bytes = 0;
    std::uint64_t reassembly_bytes_max = 0;
    std::uint64_t batches_total = 0;
    std::vector<ThreadStatus> threads;  // that receive
    std::uint64_t resident_bytes = 0;
    std::uint64_t memory_budget_bytes = 0;  // the sum of all limits
    std::uint64_t memory_bytes_max = 0;     // 0: not compared
    double cpu_seconds = 0;
    std::map<std::string, std::uint64_t> events;
    std::uint64_t event_lines_lost = 0;        // not written: nobody read standard error
    std::optional<SpoolStatus> spool;          // none: the log is in memory
    std::optional<SpoolStatus> metrics_spool;  // the same of the log of samples
    DeadLetterStatus dead_letters;
    CanaryStatus canary;
    std::optional<MdtCounts> telemetry;  // none: no listener takes any
    AdminStatus admin;
    std::vector<CertificateStatus> certificates;
};

// Renders one JSON object, the body of /api/v1/status.
[[nodiscard]] std::string to_json(const Status& status);

// Renders the Prometheus text exposition format, the body of /metrics. Names: docs/metrics.md.
[[nodiscard]] std::string to_prometheus(const Status& status);

// One line for the log: every balance, term by term.
[[nodiscard]] std::string ledger_line(const Status& status);

}  // namespace weir
