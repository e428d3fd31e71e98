// The configuration as plain values, after reading, checking and expanding. app/config_load makes
// it from YAML by the table in app/settings; app/topology builds the machine from it.
#pragma once

#include "app/config_metrics.h"
#include "app/config_rules.h"
#include "core/address.h"
#include "core/dialect.h"
#include "core/labels.h"
#include "core/telemetry.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

enum class Protocol : std::uint8_t { syslog, mdt };
enum class Transport : std::uint8_t { udp, tcp, tls };

// Value. Every limit of one listener; reloadable unless said otherwise.
struct ListenerLimits {
    std::size_t message_bytes_max = 64 * 1024;
    bool oversize_drop = false;                 // false: truncate
    std::size_t messages_per_s = 0;             // all sources together; 0: no limit
    std::size_t messages_burst = 0;             // 0: one second's worth
    std::size_t messages_per_s_per_source = 0;  // 0: no limit
    std::size_t messages_burst_per_source = 0;  // 0: one second's worth
    std::size_t connections_max = 1000;
    std::size_t connections_per_source_max = 64;
    std::size_t handshakes_max = 256;                    // TLS handshakes in progress
    std::size_t session_bytes_max = 64UL * 1024 * 1024;  // of incomplete messages
    std::chrono::milliseconds idle_timeout{std::chrono::minutes{10}};
    std::chrono::milliseconds handshake_timeout{std::chrono::seconds{10}};
    std::size_t receive_buffer_bytes = 8 * 1024 * 1024;  // asked of the kernel, per socket
    std::chrono::milliseconds coalesce_max{4};           // between reads of a busy socket
    std::chrono::milliseconds connection_age_max{0};     // gRPC; 0: as long as the device likes
    std::size_t grpc_bytes_max = 64UL * 1024 * 1024;     // gRPC: of all its connections, a thread
};

// Value. Paths of PEM files, re-read on change.
struct TlsServerConfig {
    std::string certificate;
    std::string key;
    std::string client_ca;  // set: clients must present a certificate signed by it
};

struct ListenerConfig {
    std::string name;
    Protocol protocol = Protocol::syslog;
    Transport transport = Transport::udp;
    IpAddress address;  // "::" listens on IPv4 too
    std::uint16_t port = 0;
    Dialect dialect = Dialect::any;
    MdtFraming framing = MdtFraming::any;
    TlsServerConfig tls;
    std::vector<Prefix> allowed_sources;      // empty: everybody
    std::vector<Prefix> proxy_protocol_from;  // who must send a PROXY header; empty: nobody
    ListenerLimits limits;
};

// Value. A Loki or a Mimir: settings of HTTP that both have, and those of one kind.
struct HttpEndpointConfig {
    std::string name;
    std::string url;
    std::string tenant;  // X-Scope-OrgID
    std::string basic_user;
    std::string basic_password_file;  // secrets come from files, re-read on change
    std::string bearer_token_file;
    std::string tls_ca;           // PEM of trusted issuers; empty: the system's
    std::string tls_certificate;  // client certificate for mTLS
    std::string tls_key;
    std::string tls_server_name;  // overrides the name checked in the certificate
    std::chrono::milliseconds request_timeout{std::chrono::seconds{30}};
    std::chrono::milliseconds connect_timeout{std::chrono::seconds{5}};
    std::chrono::milliseconds backoff_min{500};
    std::chrono::milliseconds backoff_max{std::chrono::seconds{30}};
    std::chrono::milliseconds hold_probe_interval{std::chrono::seconds{30}};
    std::chrono::milliseconds replay_after{std::chrono::minutes{55}};
    std::size_t catch_up_stream_bytes_per_s = 2UL * 1024 * 1024;
    std::size_t requests_in_flight_max = 4;
    std::size_t queue_bytes_max = 256 * 1024 * 1024;
    bool remote_write_2 = false;   // mimir; otherwise 1.0
    bool canary = true;            // asked for the canary's lines, when there is one
    std::string query_url;         // empty: made from `url`
    std::string query_basic_user;  // for questions; none of the three: those of the pushes
    std::string query_basic_password_file;
    std::string query_bearer_token_file;
};

// Value. A line of weir's own every so often, read back from every Loki.
struct CanaryConfig {
    std::chrono::milliseconds interval{0};  // 0: off
    std::chrono::milliseconds timeout{std::chrono::minutes{1}};
    std::string tenant;  // of the line; empty: each endpoint's own
};

// Value. The durable log. Without a directory the log is in memory.
struct SpoolConfig {
    std::string directory;
    std::size_t bytes_max = 20ULL << 30U;
    std::size_t segment_bytes_max = 256ULL << 20U;
    std::size_t free_bytes_min = 1ULL << 30U;
    std::size_t memory_bytes_max = 128ULL << 20U;
    std::size_t metrics_bytes_max = 5ULL << 30U;  // the same two for the log of samples
    std::size_t metrics_memory_bytes_max = 64ULL << 20U;
    bool drop_newest = false;  // when full; otherwise the oldest go
    bool full_sync = false;    // survives power loss, not only the end of the process
};

struct BatchConfig {
    std::size_t bytes_max = 1024 * 1024;  // PushRequest before snappy
    std::size_t records_max = 5000;
    std::chrono::milliseconds age_max{200};
    std::size_t streams_max = 5000;  // active streams before `device` collapses
};

enum class TimestampSource : std::uint8_t { receive, device };
enum class LineSource : std::uint8_t { frame, msg };

struct LogsConfig {
    TimestampSource timestamp = TimestampSource::receive;
    std::chrono::milliseconds timestamp_skew_max{std::chrono::minutes{5}};
    LineSource line = LineSource::frame;
    std::size_t line_bytes_max = 250 * 1024;  // under Loki's max_line_size of 256KB
    BatchConfig batch;
};

// Value. The embedded default: NDJSON files.
struct FileSinkConfig {
    bool enabled = false;
    std::string directory = "weir-data";
    std::size_t file_bytes_max = 64 * 1024 * 1024;
    std::size_t total_bytes_max = 1024UL * 1024 * 1024;
    bool zstd = false;  // compress rotated files
    std::size_t queue_bytes_max = 64 * 1024 * 1024;
};

// Value. Where records go that an endpoint refused for good.
struct DeadLettersConfig {
    std::string path = "weir-data/dead-letters.db";
    std::size_t bytes_max = 64 * 1024 * 1024;
};

struct ReassemblyConfig {
    bool enabled = true;
    std::size_t bytes_max = 4 * 1024 * 1024;  // per ingest thread
    std::chrono::milliseconds timeout{std::chrono::seconds{5}};
};

struct AdminConfig {
    IpAddress address{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}};  // 127.0.0.1
    std::uint16_t port = 12345;
    std::string token_file;  // set: requests need its token, or a client certificate
    TlsServerConfig tls;     // certificate set: the port speaks TLS
    std::size_t connections_max = 64;
};

struct Config {
    std::string path;    // the file it came from; empty for the embedded default
    std::string sha256;  // of the file's bytes
    std::string cluster = "weir";
    Labels labels;  // on every stream; classification overrides
    std::vector<ListenerConfig> listeners;
    std::vector<ClassificationRule> classification;
    std::vector<HostnameRule> hostnames;
    std::vector<RuleConfig> rules;
    LogsConfig logs;
    MetricsConfig metrics;
    std::vector<MetricRuleConfig> metric_rules;
    ReassemblyConfig reassembly;
    std::vector<HttpEndpointConfig> loki;
    std::vector<HttpEndpointConfig> mimir;
    FileSinkConfig file;
    SpoolConfig spool;
    DeadLettersConfig dead_letters;
    CanaryConfig canary;
    AdminConfig admin;
    std::size_t ingest_threads = 0;   // 0: cores, at most 64
    std::size_t sources_max = 65536;  // entries in each thread's source table
    std::chrono::milliseconds source_silent_after{std::chrono::minutes{15}};  // 0: never told
    std::size_t memory_bytes_max = 0;  // of the sum of all limits; 0: not compared
    std::chrono::milliseconds drain_timeout{std::chrono::seconds{20}};
};

}  // namespace weir
