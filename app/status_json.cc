#include "app/status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace weir {

namespace {

using Json = nlohmann::ordered_json;

// Null rather than 1970 for what has not happened.
Json time_or_null(Timestamp time) {
    return time.unix_ns == 0 ? Json(nullptr) : Json(to_rfc3339(time, 3));
}

Json counts(const std::map<std::string, std::uint64_t>& counts, bool with_zeros = false) {
    Json object = Json::object();
    for (const auto& [name, count] : counts) {
        if (with_zeros || count > 0) {
            object[name] = count;
        }
    }
    return object;
}

Json listener_json(const ListenerStatus& listener) {
    Json limits = Json::object();
    for (const LimitStatus& limit : listener.limits) {
        limits[limit.name] = {{"limit", limit.limit},
                              {"current", limit.current},
                              {"refused", limit.refused},
                              {"unit", limit.unit}};
    }
    return {{"name", listener.name},
            {"protocol", listener.protocol},
            {"transport", listener.transport},
            {"address", listener.address},
            {"dialect", listener.dialect},
            {"received", listener.ledger.received},
            {"received_bytes", listener.received_bytes},
            {"accepted", listener.ledger.accepted},
            {"held", listener.ledger.held},
            {"merged", listener.ledger.merged},
            {"rejected", counts(listener.ledger.rejected)},
            {"dropped", counts(listener.ledger.dropped)},
            {"balances", listener.ledger.balances()},
            {"imbalance", listener.ledger.imbalance()},
            {"sessions", listener.sessions},
            {"sessions_total", listener.sessions_total},
            {"refused_connections", counts(listener.refused_connections)},
            {"paused", listener.paused},
            {"kernel_dropped", listener.kernel_dropped},
            {"network_lost", listener.counter_gap_lost},
            {"limits", std::move(limits)},
            {"defects", counts(listener.defects)}};
}

Json endpoint_json(const EndpointReport& endpoint) {
    const DeliveryLedger& ledger = endpoint.ledger;
    return {{"name", endpoint.name},
            {"kind", endpoint.kind},
            {"url", endpoint.url},
            {"state", endpoint.state},
            {"state_reason", endpoint.state == "ok" ? Json(nullptr) : Json(endpoint.state_reason)},
            {"state_since", time_or_null(endpoint.state_since)},
            {"last_error", endpoint.last_error.empty() ? Json(nullptr) : Json(endpoint.last_error)},
            {"last_error_at", time_or_null(endpoint.last_error_at)},
            {"last_success_at", time_or_null(endpoint.last_success_at)},
            {"appended", ledger.appended},
            {"delivered", ledger.delivered},
            {"dropped", counts(ledger.dropped)},
            {"dead_lettered", counts(ledger.dead_lettered)},
            {"queued", ledger.queued},
            {"queued_batches", ledger.queued_batches},
            {"queued_bytes", ledger.queued_bytes},
            {"queue_bytes_max", ledger.queue_bytes_max},
            {"oldest_queued", time_or_null(ledger.oldest_queued)},
            {"balances", ledger.balances()},
            {"imbalance", ledger.imbalance()},
            {"in_flight", endpoint.in_flight},
            {"concurrency_limit", endpoint.concurrency_limit},
            {"requests", counts(endpoint.requests)},
            {"retries", counts(endpoint.retries)},
            {"repaired", counts(endpoint.repaired)},
            {"slow_records", endpoint.slow_records},
            {"rate_bytes_per_s", endpoint.rate_bytes_per_s},
            {"rate_samples_per_s", endpoint.rate_samples_per_s},
            {"files", endpoint.files},
            {"files_bytes", endpoint.files_bytes},
            {"files_deleted", endpoint.files_deleted},
            {"sent_bytes", endpoint.sent_bytes},
            {"latency_seconds", endpoint.latency_last_s},
            {"latency_max_seconds", endpoint.latency_max_s}};
}

Json config_json(const ConfigStatus& config) {
    return {{"path", config.path.empty() ? Json("embedded default") : Json(config.path)},
            {"sha256", config.sha256},
            {"loaded_at", time_or_null(config.loaded_at)},
            {"last_reload_ok", config.last_reload_ok},
            {"last_reload_error",
             config.last_reload_error.empty() ? Json(nullptr) : Json(config.last_reload_error)},
            {"needs_restart", config.needs_restart}};
}

Json rules_json(const std::vector<RuleStatus>& rules) {
    Json array = Json::array();
    for (const RuleStatus& rule : rules) {
        array.push_back({{"name", rule.name},
                         {"action", rule.action},
                         {"hits", rule.hits},
                         {"dropped", rule.dropped}});
    }
    return array;
}

Json sources_json(const Status& status) {
    const SourceOverview& overview = status.source_overview;
    Json top = Json::array();
    for (const SourceOverview::Talker& talker : overview.top) {
        top.push_back({{"address", talker.activity.address.to_string()},
                       {"messages_per_second", talker.messages_per_s},
                       {"bytes_per_second", talker.bytes_per_s},
                       {"share", talker.share},
                       {"hostnames", talker.activity.hostnames}});
    }
    Json silent = Json::array();
    for (const SilentSource& source : overview.silent) {
        silent.push_back({{"address", source.address.to_string()},
                          {"last_seen", time_or_null(source.last_seen)},
                          {"messages", source.messages}});
    }
    return {{"known", status.sources},
            {"max", status.sources_max},
            {"evicted_total", status.sources_evicted_total},
            {"active", overview.active_sources},
            {"addresses_hidden", overview.addresses_hidden},
            {"hidden_by", overview.hidden_by.empty() ? Json(nullptr) : Json(overview.hidden_by)},
            {"top", std::move(top)},
            {"silent_total", overview.silent_sources},
            {"silent", std::move(silent)}};
}

Json certificates_json(const std::vector<CertificateStatus>& certificates) {
    Json array = Json::array();
    for (const CertificateStatus& held : certificates) {
        array.push_back({{"role", held.role},
                         {"name", held.name},
                         {"kind", held.certificate.kind},
                         {"subject", held.certificate.subject},
                         {"not_after", time_or_null(held.certificate.not_after)}});
    }
    return array;
}

Json spool_json(const SpoolStatus& spool) {
    return {{"healthy", spool.healthy},
            {"last_error", spool.last_error.empty() ? Json(nullptr) : Json(spool.last_error)},
            {"bytes", spool.bytes},
            {"bytes_max", spool.bytes_max},
            {"segments", spool.segments},
            {"batches_total", spool.head},
            {"unwritten_batches", spool.unwritten_batches},
            {"unwritten_bytes", spool.unwritten_bytes},
            {"memory_bytes", spool.memory_bytes},
            {"abandoned", spool.abandoned}};
}

Json dead_letters_json(const DeadLetterStatus& dead_letters) {
    Json by_endpoint = Json::object();
    std::uint64_t letters = 0;
    for (const auto& [key, count] : dead_letters.letters) {
        by_endpoint[key.first][key.second] = count;
        letters += count;
    }
    return {{"healthy", dead_letters.healthy},
            {"last_error",
             dead_letters.last_error.empty() ? Json(nullptr) : Json(dead_letters.last_error)},
            {"letters", letters},
            {"by_endpoint", std::move(by_endpoint)},
            {"bytes", dead_letters.bytes},
            {"bytes_max", dead_letters.bytes_max},
            {"full", dead_letters.full},
            {"refused", dead_letters.refused}};
}

Json canary_json(const CanaryStatus& canary) {
    Json endpoints = Json::array();
    for (const CanaryReport& endpoint : canary.endpoints) {
        endpoints.push_back(
            {{"name", endpoint.name},
             {"query_url", endpoint.query_url},
             {"state", canary_state_name(endpoint.state)},
             {"state_since", time_or_null(endpoint.state_since)},
             {"verified", endpoint.verified},
             {"missing", endpoint.missing},
             {"unverified", endpoint.unverified},
             {"late", endpoint.late},
             {"waiting", endpoint.waiting},
             {"last_verified_at", time_or_null(endpoint.last_verified_at)},
             {"latency_seconds", std::chrono::duration<double>(endpoint.latency_last).count()},
             {"queries", endpoint.queries},
             {"query_failures", counts(endpoint.query_failures)},
             {"last_query_error",
              endpoint.last_query_error.empty() ? Json(nullptr) : Json(endpoint.last_query_error)},
             {"last_query_error_at", time_or_null(endpoint.last_query_error_at)}});
    }
    return {{"on", canary.on},
            {"run", canary.run},
            {"sent", canary.sent},
            {"refused", canary.refused},
            {"last_sent_at", time_or_null(canary.last_sent_at)},
            {"endpoints", std::move(endpoints)}};
}

Json threads_json(const std::vector<ThreadStatus>& threads) {
    Json array = Json::array();
    for (const ThreadStatus& thread : threads) {
        array.push_back({{"number", thread.number}, {"received", thread.received}});
    }
    return array;
}

Json telemetry_json(const MdtCounts& counts) {
    Json defects = Json::object();
    for (std::size_t i = 0; i < telemetry_defect_count; ++i) {
        defects[telemetry_defect_name(static_cast<TelemetryDefect>(i))] = counts.defects[i];
    }
    Json skipped = Json::object();
    for (std::size_t i = 0; i < leaf_skip_count; ++i) {
        skipped[leaf_skip_name(static_cast<LeafSkip>(i))] = counts.skipped[i];
    }
    Json dropped = Json::object();
    for (std::size_t i = 0; i < sample_drop_count; ++i) {
        dropped[sample_drop_name(static_cast<SampleDrop>(i))] = counts.series.dropped[i];
    }
    return {{"messages", counts.messages},
            {"rows", counts.rows},
            {"leaves", counts.mapper.leaves},
            {"leaves_skipped", std::move(skipped)},
            {"message_defects", std::move(defects)},
            {"samples", counts.series.given},
            {"samples_repeated", counts.series.repeated},
            {"samples_retimed", counts.series.retimed},
            {"samples_appended", counts.series.appended},
            {"samples_waiting", counts.series.waiting},
            {"samples_dropped", std::move(dropped)},
            {"stale_markers", counts.series.stale_markers},
            {"stale_waiting", counts.series.stale_waiting},
            {"deletions_skipped", counts.series.vanish_skipped},
            {"series", counts.series.series},
            {"devices", counts.devices},
            {"device_sessions", counts.sessions},
            {"devices_refused", counts.devices_refused},
            {"device_errors", counts.device_errors},
            {"log_lines", counts.events},
            {"keys_by_table", counts.mapper.keys_by_table},
            {"keys_by_siblings", counts.mapper.keys_by_siblings},
            {"keys_by_index", counts.mapper.keys_by_index},
            {"precision_lost", counts.mapper.precision_lost},
            {"rows_clock_skewed", counts.mapper.clock_skewed},
            {"name_clashes", counts.mapper.name_clashes},
            {"names_bytes", counts.mapper_bytes},
            {"series_bytes", counts.series_bytes}};
}

}  // namespace

std::string to_json(const Status& status) {
    Json root = {{"version", status.version},
                 {"now", to_rfc3339(status.now, 3)},
                 {"started_at", to_rfc3339(status.started_at, 3)},
                 {"ready", status.ready},
                 {"cluster", status.cluster},
                 {"config", config_json(status.config)}};
    root["listeners"] = Json::array();
    for (const ListenerStatus& listener : status.listeners) {
        root["listeners"].push_back(listener_json(listener));
    }
    root["former_listeners"] = Json::array();
    for (const auto& [name, ledger] : status.former_listeners) {
        root["former_listeners"].push_back({{"name", name},
                                            {"received", ledger.received},
                                            {"accepted", ledger.accepted},
                                            {"merged", ledger.merged},
                                            {"rejected", counts(ledger.rejected)},
                                            {"dropped", counts(ledger.dropped)},
                                            {"imbalance", ledger.imbalance()}});
    }
    root["endpoints"] = Json::array();
    for (const EndpointReport& endpoint : status.endpoints) {
        root["endpoints"].push_back(endpoint_json(endpoint));
    }
    root["rules"] = rules_json(status.rules);
    root["streams"] = {{"active", status.streams_active},
                       {"max", status.streams_max},
                       {"collapsed_total", status.streams_collapsed_total}};
    root["sources"] = sources_json(status);
    root["reassembly"] = {{"held_bytes", status.reassembly_held_bytes},
                          {"bytes_max", status.reassembly_bytes_max}};
    root["spool"] = status.spool ? spool_json(*status.spool) : Json(nullptr);
    root["metrics_spool"] =
        status.metrics_spool ? spool_json(*status.metrics_spool) : Json(nullptr);
    root["dead_letters"] = dead_letters_json(status.dead_letters);
    root["canary"] = canary_json(status.canary);
    root["telemetry"] = status.telemetry ? telemetry_json(*status.telemetry) : Json(nullptr);
    root["threads"] = threads_json(status.threads);
    root["process"] = {{"threads", status.threads.size()},
                       {"resident_bytes", status.resident_bytes},
                       {"memory_budget_bytes", status.memory_budget_bytes},
                       {"memory_bytes_max", status.memory_bytes_max},
                       {"cpu_seconds", status.cpu_seconds}};
    root["admin"] = {{"address", status.admin.address},
                     {"connections", status.admin.connections},
                     {"connections_max", status.admin.connections_max},
                     {"refused", counts(status.admin.refused)}};
    root["certificates"] = certificates_json(status.certificates);
    root["event_lines_lost"] = status.event_lines_lost;
    root["events"] = counts(status.events);
    // Device text may end up in error strings; a byte that is not UTF-8 must not break the answer.
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ledger_line(const Status& status) {
    std::string line;
    for (const ListenerStatus& listener : status.listeners) {
        const IntakeLedger& ledger = listener.ledger;
        std::uint64_t rejected = 0;
        for (const auto& [reason, count] : ledger.rejected) {
            rejected += count;
        }
        std::uint64_t dropped = 0;
        for (const auto& [reason, count] : ledger.dropped) {
            dropped += count;
        }
        line += fmt::format(
            "{}{}: received={} rejected={} dropped={} merged={} held={} accepted={}{}",
            line.empty() ? "" : "; ", listener.name, ledger.received, rejected, dropped,
            ledger.merged, ledger.held, ledger.accepted, ledger.balances() ? "" : " IMBALANCE");
    }
    for (const EndpointReport& endpoint : status.endpoints) {
        const DeliveryLedger& ledger = endpoint.ledger;
        const Outcome drops{.dropped = ledger.dropped};
        const Outcome dead{.dead_lettered = ledger.dead_lettered};
        line +=
            fmt::format("; {}: appended={} delivered={} dropped={} dead_lettered={} queued={}{}",
                        endpoint.name, ledger.appended, ledger.delivered, drops.total(),
                        dead.total(), ledger.queued, ledger.balances() ? "" : " IMBALANCE");
    }
    if (status.canary.sent > 0) {
        line += fmt::format("; canary: sent={}", status.canary.sent);
    }
    return line;
}

}  // namespace weir
