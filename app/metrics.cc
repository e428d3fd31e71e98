#include "app/status.h"

#include <algorithm>
#include <map>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <tuple>

namespace weir {

namespace {

using Family = prometheus::MetricFamily;
using Type = prometheus::MetricType;
using Label = prometheus::ClientMetric::Label;
using LabelList = std::vector<Label>;

// Collects families in the order they are named; samples of one family stay together.
class Families {
  public:
    void counter(const char* name, const char* help, LabelList labels, double value) {
        prometheus::ClientMetric metric;
        metric.label = std::move(labels);
        metric.counter.value = value;
        family(name, help, Type::Counter).metric.push_back(std::move(metric));
    }

    void gauge(const char* name, const char* help, LabelList labels, double value) {
        prometheus::ClientMetric metric;
        metric.label = std::move(labels);
        metric.gauge.value = value;
        family(name, help, Type::Gauge).metric.push_back(std::move(metric));
    }

    template <typename Histogram>
    void histogram(const char* name, const char* help, LabelList labels,
                   const Histogram& durations) {
        prometheus::ClientMetric metric;
        metric.label = std::move(labels);
        metric.histogram.sample_count = durations.count;
        metric.histogram.sample_sum = durations.sum_s;
        for (std::size_t i = 0; i < Histogram::bounds_s.size(); ++i) {
            metric.histogram.bucket.push_back({durations.at_most[i], Histogram::bounds_s[i]});
        }
        family(name, help, Type::Histogram).metric.push_back(std::move(metric));
    }

    void counts(const char* name, const char* help, const LabelList& labels, const char* by,
                const std::map<std::string, std::uint64_t>& counts) {
        for (const auto& [key, count] : counts) {
            LabelList with = labels;
            with.push_back({by, key});
            counter(name, help, std::move(with), static_cast<double>(count));
        }
    }

    [[nodiscard]] const std::vector<Family>& all() const { return families_; }

  private:
    Family& family(const char* name, const char* help, Type type) {
        for (Family& known : families_) {
            if (known.name == name) {
                return known;
            }
        }
        Family added;
        added.name = name;
        added.help = help;
        added.type = type;
        return families_.emplace_back(std::move(added));
    }

    std::vector<Family> families_;
};

double as_double(std::uint64_t value) {
    return static_cast<double>(value);
}

double seconds(Timestamp time) {
    return static_cast<double>(time.unix_ns) / ns_per_s;
}

void add_listener_traffic(Families& out, const ListenerStatus& listener, const LabelList& labels) {
    out.counter("weir_receive_bytes_total", "Bytes of message text received.", labels,
                as_double(listener.received_bytes));
    out.counts("weir_receive_defects_total", "Messages with a defect, by defect.", labels, "defect",
               listener.defects);
    out.counter("weir_network_lost_messages_total",
                "Messages that the devices' own counters say never arrived.", labels,
                as_double(listener.counter_gap_lost));
    out.counter("weir_socket_dropped_datagrams_total",
                "Datagrams the kernel dropped because the receive buffer was full.", labels,
                as_double(listener.kernel_dropped));
    out.gauge("weir_sessions", "Open connections.", labels, as_double(listener.sessions));
    out.counter("weir_sessions_total", "Connections accepted since start.", labels,
                as_double(listener.sessions_total));
    out.counts("weir_refused_connections_total", "Connections refused or ended, by reason.", labels,
               "reason", listener.refused_connections);
    out.counter("weir_paused_reads_total", "Times a stream was not read, to keep to a rate.",
                labels, as_double(listener.paused));
    out.gauge("weir_receive_buffer_asked_bytes", "Receive buffer asked for, per socket.", labels,
              as_double(listener.receive_buffer_asked_bytes));
    out.gauge("weir_receive_buffer_granted_bytes", "Receive buffer granted by the kernel.", labels,
              as_double(listener.receive_buffer_granted_bytes));
}

void add_imbalance(Families& out, const char* balance, const std::string& name,
                   std::int64_t imbalance) {
    out.gauge("weir_ledger_imbalance", "What is missing from a balance of the ledger: always 0.",
              {{"balance", balance}, {"name", name}}, static_cast<double>(imbalance));
}

void add_listener(Families& out, const ListenerStatus& listener) {
    const LabelList labels = {{"listener", listener.name}, {"transport", listener.transport}};
    const IntakeLedger& ledger = listener.ledger;
    out.counter("weir_receive_frames_total", "Messages received.", labels,
                as_double(ledger.received));
    out.counter("weir_accepted_frames_total", "Messages that reached the log.", labels,
                as_double(ledger.accepted));
    out.counter("weir_merged_frames_total", "Messages merged into another record.", labels,
                as_double(ledger.merged));
    out.gauge("weir_held_frames", "Messages in a reassembly or an open batch.", labels,
              as_double(ledger.held));
    out.counts("weir_rejected_frames_total", "Messages refused before parsing, by reason.", labels,
               "reason", ledger.rejected);
    out.counts("weir_dropped_frames_total", "Messages dropped after parsing, by reason.", labels,
               "reason", ledger.dropped);
    add_imbalance(out, "intake", listener.name, ledger.imbalance());
    add_listener_traffic(out, listener, labels);
    for (const LimitStatus& limit : listener.limits) {
        LabelList with = labels;
        with.push_back({"limit", limit.name});
        with.push_back({"unit", limit.unit});
        out.gauge("weir_limit", "A limit in force.", with, as_double(limit.limit));
        out.gauge("weir_limit_current", "How close the limit is.", with, as_double(limit.current));
        out.counter("weir_limit_refused_total", "What the limit refused or cut.", with,
                    as_double(limit.refused));
    }
}

void add_endpoint_ledger(Families& out, const DeliveryLedger& ledger, const LabelList& labels) {
    out.counter("weir_endpoint_appended_records_total", "Records put in this endpoint's queue.",
                labels, as_double(ledger.appended));
    out.counter("weir_endpoint_delivered_records_total", "Records the endpoint acknowledged.",
                labels, as_double(ledger.delivered));
    out.counts("weir_endpoint_dropped_records_total", "Records dropped, by reason.", labels,
               "reason", ledger.dropped);
    out.counts("weir_endpoint_dead_lettered_records_total", "Records dead-lettered, by reason.",
               labels, "reason", ledger.dead_lettered);
    out.gauge("weir_endpoint_queued_records", "Records waiting, in flight included.", labels,
              as_double(ledger.queued));
    out.gauge("weir_endpoint_queued_bytes", "Memory the waiting batches take.", labels,
              as_double(ledger.queued_bytes));
    out.gauge("weir_endpoint_queue_bytes_max", "Limit of the endpoint's queue.", labels,
              as_double(ledger.queue_bytes_max));
    out.gauge("weir_endpoint_oldest_queued_timestamp_seconds",
              "Receive time of the oldest waiting record, 0 when nothing waits.", labels,
              seconds(ledger.oldest_queued));
}

void add_endpoint(Families& out, const EndpointReport& endpoint) {
    const LabelList labels = {{"endpoint", endpoint.name}};
    add_endpoint_ledger(out, endpoint.ledger, labels);
    add_imbalance(out, "delivery", endpoint.name, endpoint.ledger.imbalance());
    for (const char* state : {"ok", "retry", "hold", "slow"}) {
        out.gauge("weir_endpoint_state", "1 for the state the endpoint is in.",
                  {labels[0], {"state", state}}, endpoint.state == state ? 1 : 0);
    }
    out.counts("weir_endpoint_requests_total", "Pushes, by status code or transport error.", labels,
               "code", endpoint.requests);
    out.counts("weir_endpoint_retries_total", "Pushes repeated, by reason.", labels, "reason",
               endpoint.retries);
    out.counts("weir_endpoint_repaired_records_total",
               "Records rewritten because the endpoint refused them, by reason.", labels, "reason",
               endpoint.repaired);
    out.gauge("weir_endpoint_slow_records", "Records of streams that wait in the slow lane.",
              labels, as_double(endpoint.slow_records));
    out.gauge("weir_endpoint_rate_limit_bytes",
              "Bytes a second that weir allows itself after 429, 0 for no limit.", labels,
              as_double(endpoint.rate_bytes_per_s));
    if (endpoint.kind == "mimir") {
        out.gauge("weir_endpoint_rate_limit_samples",
                  "Samples a second that weir allows itself after 429, 0 for no limit.", labels,
                  as_double(endpoint.rate_samples_per_s));
    }
    if (endpoint.kind == "file") {
        out.gauge("weir_file_sink_bytes", "Bytes in the sink's files.", labels,
                  as_double(endpoint.files_bytes));
        out.counter("weir_file_sink_deleted_files_total", "Files removed for room, oldest first.",
                    labels, as_double(endpoint.files_deleted));
    }
    out.counter("weir_endpoint_sent_bytes_total", "Compressed bytes of acknowledged pushes.",
                labels, as_double(endpoint.sent_bytes));
    out.gauge("weir_endpoint_in_flight_requests", "Pushes awaiting their answer.", labels,
              as_double(endpoint.in_flight));
    if (endpoint.kind != "file") {
        out.gauge("weir_endpoint_concurrency_limit", "Pushes that may be in flight now.", labels,
                  as_double(endpoint.concurrency_limit));
    }
    out.gauge("weir_endpoint_last_success_timestamp_seconds", "When a push last succeeded.", labels,
              seconds(endpoint.last_success_at));
    out.gauge("weir_endpoint_latency_max_seconds", "Longest time from receive to accepted push.",
              labels, endpoint.latency_max_s);
    out.histogram("weir_endpoint_request_duration_seconds", "Time a push took.", labels,
                  endpoint.request_duration);
    out.histogram("weir_endpoint_delivery_latency_seconds",
                  "Time from the receipt of a batch's first record to its acknowledgement.", labels,
                  endpoint.delivery_latency);
}

// Of several certificates of one kind the first to expire.
void add_certificates(Families& out, const Status& status) {
    std::map<std::tuple<bool, std::string, std::string>, Timestamp> first;
    for (const CertificateStatus& held : status.certificates) {
        const Timestamp not_after = held.certificate.not_after;
        const auto [known, is_new] = first.try_emplace(
            {held.role == "endpoint", held.name, held.certificate.kind}, not_after);
        known->second = std::min(known->second, not_after);
    }
    for (const auto& [key, not_after] : first) {
        const auto& [of_endpoint, name, kind] = key;
        if (of_endpoint) {
            out.gauge("weir_endpoint_certificate_expiry_timestamp_seconds",
                      "When the client certificate for the endpoint expires.", {{"endpoint", name}},
                      seconds(not_after));
        } else {
            out.gauge("weir_tls_certificate_expiry_timestamp_seconds",
                      "When a certificate expires; of several, the first.",
                      {{"listener", name}, {"kind", kind}}, seconds(not_after));
        }
    }
}

void add_spool(Families& out, const char* signal, const SpoolStatus& spool) {
    const LabelList labels = {{"signal", signal}};
    out.gauge("weir_spool_healthy", "1 while the spool can be written.", labels,
              spool.healthy ? 1 : 0);
    out.gauge("weir_spool_bytes", "Size of the spool's segment files.", labels,
              as_double(spool.bytes));
    out.gauge("weir_spool_bytes_max", "Limit of that size.", labels, as_double(spool.bytes_max));
    out.gauge("weir_spool_segments", "Segment files.", labels, as_double(spool.segments));
    out.gauge("weir_spool_unwritten_batches", "Batches that are in memory only.", labels,
              as_double(spool.unwritten_batches));
    out.gauge("weir_spool_unwritten_bytes", "Memory of those batches.", labels,
              as_double(spool.unwritten_bytes));
    out.gauge("weir_spool_memory_bytes", "Memory of all batches that the spool keeps in memory.",
              labels, as_double(spool.memory_bytes));
    for (const auto& [endpoint, records] : spool.abandoned) {
        out.gauge("weir_spool_abandoned_records",
                  "Records that an endpoint which is not configured any more has not had.",
                  {labels[0], {"endpoint", endpoint}}, as_double(records));
    }
}

void add_dead_letters(Families& out, const DeadLetterStatus& dead_letters) {
    for (const auto& [key, count] : dead_letters.letters) {
        out.gauge("weir_dead_letters", "Dead letters that are kept, by endpoint and reason.",
                  {{"endpoint", key.first}, {"reason", key.second}}, as_double(count));
    }
    out.gauge("weir_dead_letters_healthy", "1 while dead letters can be kept.", {},
              dead_letters.healthy ? 1 : 0);
    out.gauge("weir_dead_letters_bytes", "Size of the table of dead letters.", {},
              as_double(dead_letters.bytes));
    out.gauge("weir_dead_letters_bytes_max", "Limit of that size.", {},
              as_double(dead_letters.bytes_max));
    out.counter("weir_dead_letters_refused_total",
                "Dead letters that were not kept and count as dropped.", {},
                as_double(dead_letters.refused));
}

void add_canary(Families& out, const CanaryStatus& canary) {
    if (!canary.on) {
        return;
    }
    out.counter("weir_canary_sent_total", "Lines of weir's own that the log took.", {},
                as_double(canary.sent));
    out.counter("weir_canary_refused_total", "Lines of weir's own that the log did not take.", {},
                as_double(canary.refused));
    for (const CanaryReport& endpoint : canary.endpoints) {
        const LabelList labels = {{"endpoint", endpoint.name}};
        for (std::size_t i = 0; i < canary_state_count; ++i) {
            const auto state = static_cast<CanaryState>(i);
            out.gauge("weir_canary_state", "1 for the state of the proof of delivery.",
                      {labels[0], {"state", std::string(canary_state_name(state))}},
                      endpoint.state == state ? 1 : 0);
        }
        out.counter("weir_canary_verified_total", "Lines of weir's own that were read back.",
                    labels, as_double(endpoint.verified));
        out.counter("weir_canary_missing_total", "Lines that could not be read back in time.",
                    labels, as_double(endpoint.missing));
        out.counter("weir_canary_unverified_total",
                    "Lines that the endpoint refused to be asked for in time.", labels,
                    as_double(endpoint.unverified));
        out.counter("weir_canary_late_total", "Lines that were read back after their time.", labels,
                    as_double(endpoint.late));
        out.counts("weir_canary_query_failures_total", "Questions that failed, by reason.", labels,
                   "reason", endpoint.query_failures);
        out.histogram("weir_canary_latency_seconds",
                      "Time from the making of a line to the first answer with it.", labels,
                      endpoint.latency);
    }
}

void add_process(Families& out, const Status& status) {
    out.gauge("weir_build_info", "1, with the version as a label.", {{"version", status.version}},
              1);
    out.gauge("weir_ready", "1 while the readiness probe answers yes.", {}, status.ready ? 1 : 0);
    out.gauge("weir_config_info", "1, with the hash of the configuration file as a label.",
              {{"sha256", status.config.sha256}}, 1);
    out.gauge("weir_config_last_reload_successful", "0 after a reload that was refused.", {},
              status.config.last_reload_ok ? 1 : 0);
    out.gauge("weir_config_loaded_timestamp_seconds", "When the running configuration was loaded.",
              {}, seconds(status.config.loaded_at));
    out.gauge("weir_streams", "Streams that hold a place under the ceiling.", {},
              as_double(status.streams_active));
    out.gauge("weir_streams_max", "Label sets after which the device label collapses.", {},
              as_double(status.streams_max));
    out.counter("weir_streams_collapsed_total", "Devices put on an overflow stream.", {},
                as_double(status.streams_collapsed_total));
    out.gauge("weir_sources", "Sources in the bounded source tables.", {},
              as_double(status.sources));
    out.gauge("weir_sources_max", "Places in the source tables.", {},
              as_double(status.sources_max));
    out.counter("weir_sources_evicted_total", "Sources that lost their place to another.", {},
                as_double(status.sources_evicted_total));
    out.gauge("weir_sources_active", "Sources that sent in the last ten seconds or so.", {},
              as_double(status.source_overview.active_sources));
    out.gauge("weir_sources_silent", "Sources that sent regularly and do not any more.", {},
              as_double(status.source_overview.silent_sources));
    out.gauge("weir_source_addresses_hidden",
              "1 when the sources' addresses seem to be rewritten on the way to weir.", {},
              status.source_overview.addresses_hidden ? 1 : 0);
    out.gauge("weir_reassembly_held_bytes", "Bytes of parts that wait for their rest.", {},
              as_double(status.reassembly_held_bytes));
    out.counter("weir_batches_total", "Batches frozen.", {}, as_double(status.batches_total));
    out.counter("weir_event_lines_lost_total",
                "Lines of the event log that were lost because nobody read it.", {},
                as_double(status.event_lines_lost));
    out.gauge("weir_admin_connections", "Open connections to the admin port.", {},
              as_double(status.admin.connections));
    out.counts("weir_admin_refused_total",
               "Requests and connections that the admin port refused, by reason.", {}, "reason",
               status.admin.refused);
    out.counts("weir_events_total", "Operational events, by id (docs/events.md).", {}, "event",
               status.events);
    out.gauge("weir_memory_budget_bytes", "What all limits add up to.", {},
              as_double(status.memory_budget_bytes));
    out.gauge("process_resident_memory_bytes", "Resident memory.", {},
              as_double(status.resident_bytes));
    out.counter("process_cpu_seconds_total", "User and system CPU time.", {}, status.cpu_seconds);
    out.gauge("process_start_time_seconds", "When the process started.", {},
              seconds(status.started_at));
}

void add_telemetry(Families& out, const MdtCounts& counts) {
    const auto counter = [&out](const char* name, const char* help, std::uint64_t value) {
        out.counter(name, help, {}, as_double(value));
    };
    counter("weir_telemetry_messages_total", "Messages of telemetry that were read.",
            counts.messages);
    counter("weir_telemetry_rows_total", "Rows in them.", counts.rows);
    counter("weir_telemetry_leaves_total", "Leaves of the rows, those that are skipped included.",
            counts.mapper.leaves);
    for (std::size_t i = 0; i < leaf_skip_count; ++i) {
        const std::string reason(leaf_skip_name(static_cast<LeafSkip>(i)));
        out.counter("weir_telemetry_skipped_leaves_total", "Leaves that became no sample.",
                    {{"reason", reason}}, as_double(counts.skipped[i]));
    }
    for (std::size_t i = 0; i < telemetry_defect_count; ++i) {
        const std::string defect(telemetry_defect_name(static_cast<TelemetryDefect>(i)));
        out.counter("weir_telemetry_defects_total", "What was wrong with messages, by defect.",
                    {{"defect", defect}}, as_double(counts.defects[i]));
    }
    counter("weir_telemetry_samples_total", "Samples made of leaves and of devices' health.",
            counts.series.given);
    counter("weir_telemetry_repeated_samples_total",
            "Values told again, of series that are sent on change only.", counts.series.repeated);
    counter("weir_telemetry_retimed_samples_total",
            "Samples later than a repeat was, which were given the next time.",
            counts.series.retimed);
    counter("weir_telemetry_appended_samples_total",
            "Samples that went to the endpoints' log; stale markers not counted.",
            counts.series.appended);
    for (std::size_t i = 0; i < sample_drop_count; ++i) {
        const std::string reason(sample_drop_name(static_cast<SampleDrop>(i)));
        out.counter("weir_telemetry_dropped_samples_total", "Samples that did not.",
                    {{"reason", reason}}, as_double(counts.series.dropped[i]));
    }
    counter("weir_telemetry_stale_markers_total", "Series that were marked stale.",
            counts.series.stale_markers);
    counter("weir_telemetry_skipped_deletions_total",
            "Deletions past what may be looked through in a second.", counts.series.vanish_skipped);
    out.gauge("weir_telemetry_series", "Live series.", {}, as_double(counts.series.series));
    out.gauge("weir_telemetry_series_bytes", "Memory that they take.", {},
              as_double(counts.series_bytes));
    out.gauge("weir_telemetry_devices", "Devices known.", {}, as_double(counts.devices));
    counter("weir_telemetry_refused_devices_total", "Messages of devices past devices_max.",
            counts.devices_refused);
    counter("weir_telemetry_device_errors_total", "Errors that devices reported.",
            counts.device_errors);
    counter("weir_telemetry_log_lines_total", "Log lines made of what happened.", counts.events);
    const auto keys = [&out](const char* by, std::uint64_t value) {
        out.counter("weir_telemetry_list_keys_total", "Lists, by how their keys were found.",
                    {{"by", by}}, as_double(value));
    };
    keys("table", counts.mapper.keys_by_table);
    keys("siblings", counts.mapper.keys_by_siblings);
    keys("index", counts.mapper.keys_by_index);
    counter("weir_telemetry_precision_lost_total", "Gauges past 2^53.",
            counts.mapper.precision_lost);
    counter("weir_telemetry_skewed_rows_total", "Rows whose time was not believed.",
            counts.mapper.clock_skewed);
    counter("weir_telemetry_name_clashes_total", "Pairs of paths that would share a name.",
            counts.mapper.name_clashes);
}

}  // namespace

std::string to_prometheus(const Status& status) {
    Families out;
    for (const ListenerStatus& listener : status.listeners) {
        add_listener(out, listener);
    }
    for (const EndpointReport& endpoint : status.endpoints) {
        add_endpoint(out, endpoint);
    }
    add_canary(out, status.canary);
    if (status.telemetry) {
        add_telemetry(out, *status.telemetry);
    }
    for (const RuleStatus& rule : status.rules) {
        const LabelList labels = {{"rule", rule.name}, {"action", rule.action}};
        out.counter("weir_rule_hits_total", "Messages a rule matched.", labels,
                    as_double(rule.hits));
        out.counter("weir_rule_dropped_total", "Messages a rule dropped.", labels,
                    as_double(rule.dropped));
    }
    add_certificates(out, status);
    if (status.spool) {
        add_spool(out, "logs", *status.spool);
    }
    if (status.metrics_spool) {
        add_spool(out, "metrics", *status.metrics_spool);
    }
    add_dead_letters(out, status.dead_letters);
    add_process(out, status);
    return prometheus::TextSerializer().Serialize(out.all());
}

}  // namespace weir
