// Part of Topology: the logs of records and of samples, in memory or on disk.
#include "app/build_parts.h"
#include "app/build_telemetry.h"
#include "app/topology_impl.h"

#include <fmt/format.h>

#include <filesystem>

namespace weir {

namespace {

// Without telemetry there is nothing to keep, but for what an earlier process has left.
bool keeps_samples(const Config& config, const std::string& directory) {
    std::error_code error;
    return takes_telemetry(config) || std::filesystem::exists(directory + "/meta.db", error);
}

}  // namespace

Result<void> Topology::Impl::open_log() {
    if (config_.spool.directory.empty()) {
        memory_log_ = std::make_unique<MemoryLog>(events_);
        log_ = memory_log_.get();
        return open_metrics_log();
    }
    Result<std::unique_ptr<SpoolLog>> spool =
        SpoolLog::open(make_spool_options(config_.spool), clock_, events_);
    if (!spool) {
        return tl::unexpected(spool.error());
    }
    spool_ = std::move(*spool);
    earlier_intake_ = spool_->earlier_intake();
    log_ = spool_.get();
    return open_metrics_log();
}

Result<void> Topology::Impl::open_metrics_log() {
    const SpoolOptions options = make_metrics_spool_options(config_.spool);
    if (config_.spool.directory.empty() || !keeps_samples(config_, options.directory)) {
        metrics_memory_log_ = std::make_unique<MemoryLog>(events_);
        metrics_log_ = metrics_memory_log_.get();
        return {};
    }
    Result<std::unique_ptr<SpoolLog>> spool = SpoolLog::open(options, clock_, events_);
    if (!spool) {
        return tl::unexpected(spool.error());
    }
    metrics_spool_ = std::move(*spool);
    add_account(earlier_intake_, metrics_spool_->earlier_intake());
    metrics_log_ = metrics_spool_.get();
    return {};
}

SpoolLog* Topology::Impl::spool_of(Signal signal) const {
    return signal == Signal::logs ? spool_.get() : metrics_spool_.get();
}

LogCursor& Topology::Impl::add_cursor(Signal signal, const std::string& endpoint,
                                      std::size_t queue_bytes_max) {
    if (SpoolLog* spool = spool_of(signal)) {
        return spool->add_cursor(endpoint);
    }
    MemoryLog& log = signal == Signal::logs ? *memory_log_ : *metrics_memory_log_;
    return log.add_cursor(endpoint, queue_bytes_max);
}

void Topology::Impl::remove_cursor(Signal signal, const LogCursor& cursor) {
    if (SpoolLog* spool = spool_of(signal)) {
        spool->remove_cursor(cursor);
    } else {
        (signal == Signal::logs ? *memory_log_ : *metrics_memory_log_).remove_cursor(cursor);
    }
}

void Topology::Impl::start_spool(Signal signal) {
    SpoolLog* spool = spool_of(signal);
    if (spool == nullptr) {
        return;
    }
    for (const auto& [endpoint, records] : spool->status().abandoned) {
        events_.emit({EventId::spool_abandoned, endpoint,
                      fmt::format("is not configured; it has not had {} {}", records,
                                  signal == Signal::logs ? "records" : "samples")});
    }
    spool->start();
}

}  // namespace weir
