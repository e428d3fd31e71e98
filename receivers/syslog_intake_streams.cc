// Part of SyslogIntake: which stream a record belongs to.
#include "pipeline/loki_encoder.h"
#include "receivers/syslog_intake.h"

namespace weir {

namespace {

// Hostnames remembered behind trusted relays; a relay that invents names costs look-ups, not
// memory.
constexpr std::size_t relayed_max = 4096;

// A device on an overflow stream asks for one of its own again after so many records.
constexpr std::uint64_t ask_again_records = 1024;
// How long labels that rules make from messages are not asked about after a refusal.
constexpr std::int64_t refused_labels_pause_ns = ns_per_s;

}  // namespace

SyslogIntake::Route SyslogIntake::route_of(const Passing& passing) {
    const SourceState& source = passing.source;
    if (source.classification == nullptr || !source.classification->trusted_relay ||
        record_.hostname.empty()) {
        return {.classification = source.classification, .device = source.text()};
    }
    const std::string hostname(record_.hostname.substr(0, hostname_bytes_max));
    if (relayed_.size() >= relayed_max) {
        relayed_.clear();
    }
    const auto [place, is_new] = relayed_.try_emplace(hostname);
    RelayedDevice& device = place->second;
    if (is_new) {
        const Classification* own = settings_->classifier->classify_hostname(hostname);
        device.classification = own != nullptr ? own : source.classification;
    }
    return {.classification = device.classification, .device = place->first, .relayed = &device};
}

BatchBuilder::StreamHandle SyslogIntake::stream_of(const Passing& passing, const Route& route) {
    if (route.relayed != nullptr) {
        RelayedDevice& device = *route.relayed;
        if (!builder_.is_live(device.stream)) [[unlikely]] {
            const std::uint64_t hash = std::hash<std::string_view>{}(route.device);
            const OpenedStream opened = open_stream(labels_of(route.classification, route.device),
                                                    hash, device.had_own_stream);
            device.stream = opened.handle;
            device.had_own_stream = device.had_own_stream || opened.own;
        }
        return device.stream;
    }
    SourceState& source = passing.source;
    BatchBuilder::StreamHandle stream{.index = source.stream_index,
                                      .generation = source.stream_generation};
    const bool ask_again = !source.had_own_stream && source.records % ask_again_records == 0;
    if (!builder_.is_live(stream) || ask_again) [[unlikely]] {
        const OpenedStream opened =
            open_stream(labels_of(route.classification, route.device),
                        hash_address(source.address, options_.seed), source.had_own_stream);
        stream = opened.handle;
        source.had_own_stream = source.had_own_stream || opened.own;
        source.stream_index = stream.index;
        source.stream_generation = stream.generation;
    }
    return stream;
}

// The labels of this record are not its device's: rules have set some of them. When the ceiling has
// no place for them, the record goes where its device's other records go.
BatchBuilder::StreamHandle SyslogIntake::relabelled_stream(const Passing& passing,
                                                           const Route& route) {
    Labels labels = labels_of(route.classification, route.device);
    for (const RuleChange* change = rule_scratch_->begin_labels();
         change != rule_scratch_->end_labels(); ++change) {
        if (change->value.empty()) {
            labels.erase(std::string(change->name));
        } else {
            labels[std::string(change->name)] = change->value;
        }
    }
    const std::string text = to_loki_labels(labels);
    const std::string tenant = tenant_of(labels);
    // Text from a message that cannot be a tenant must not stop an endpoint for everybody.
    if (!tenant.empty() && !is_valid_tenant(tenant)) {
        return stream_of(passing, route);
    }
    if (builder_.knows(text, tenant)) {
        return builder_.stream(text, tenant);
    }
    const std::int64_t now_ns = parts_.clock.monotonic_ns();
    if (now_ns < no_new_labels_until_ns_) {
        return stream_of(passing, route);
    }
    const std::uint64_t hash = hash_address(passing.source.address, options_.seed);
    if (!parts_.ceiling.admit(hash, StreamClaim::labels, now_ns).own) {
        no_new_labels_until_ns_ = now_ns + refused_labels_pause_ns;
        parts_.events.emit({EventId::streams_collapsed, text,
                            "streams_max is reached; labels that rules set are left out"});
        return stream_of(passing, route);
    }
    return builder_.stream(text, tenant, true);
}

Labels SyslogIntake::labels_of(const Classification* classification,
                               std::string_view device) const {
    Labels labels = settings_->base_labels;
    if (classification != nullptr) {
        for (const auto& [name, value] : classification->labels) {
            labels[name] = value;
        }
    }
    labels.try_emplace("device", device);
    return labels;
}

std::string SyslogIntake::tenant_of(const Labels& labels) {
    const auto found = labels.find("tenant");
    return found == labels.end() ? "" : found->second;
}

SyslogIntake::OpenedStream SyslogIntake::open_stream(Labels labels, std::uint64_t device_hash,
                                                     bool known) {
    const std::string tenant = tenant_of(labels);
    std::string text = to_loki_labels(labels);
    if (builder_.knows(text, tenant)) {
        return {.handle = builder_.stream(text, tenant), .own = known};
    }
    const std::int64_t now_ns = parts_.clock.monotonic_ns();
    const StreamVerdict verdict = parts_.ceiling.admit(
        device_hash, known ? StreamClaim::known : StreamClaim::newcomer, now_ns);
    if (!verdict.own) {
        if (now_ns >= next_collapse_event_ns_) {
            next_collapse_event_ns_ = now_ns + refused_labels_pause_ns;
            parts_.events.emit({EventId::streams_collapsed, labels["device"],
                                "streams_max is reached; its lines go to an overflow stream"});
        }
        labels["device"] = overflow_device(verdict.overflow_slot);
        text = to_loki_labels(labels);
    }
    return {.handle = builder_.stream(text, tenant, verdict.own), .own = verdict.own};
}

}  // namespace weir
