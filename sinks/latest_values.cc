#include "sinks/latest_values.h"

#include "core/assert.h"
#include "pipeline/remote_write.h"

#include <utility>

namespace weir {

LatestValues::LatestValues(LogCursor& cursor, const Clock& clock, LatestValuesOptions options)
    : cursor_(cursor), clock_(clock), options_(std::move(options)), table_(options_.table) {
    board_.update([this](EndpointStatus& status) {
        status.name = options_.name;
        status.kind = "exposition";
        status.url = options_.path;
    });
    board_.set_state(EndpointState::ok, Reason::none, clock_.now());
}

LatestValues::~LatestValues() {
    request_stop(std::chrono::milliseconds(0));
    join();
}

void LatestValues::start() {
    WEIR_ASSERT(!thread_.joinable());
    cursor_.on_ready([this] {
        {
            const std::lock_guard lock(mutex_);
            ready_ = true;
        }
        changed_.notify_all();
    });
    thread_ = std::thread([this] { run(); });
}

void LatestValues::request_stop(std::chrono::milliseconds drain) {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        deadline_ns_ = clock_.monotonic_ns() + std::chrono::nanoseconds(drain).count();
    }
    changed_.notify_all();
}

void LatestValues::join() {
    if (thread_.joinable()) {
        thread_.join();
        cursor_.on_ready({});
    }
}

void LatestValues::run() {
    while (true) {
        const BatchPtr batch = cursor_.take();
        if (batch) {
            take(*batch);
        }
        std::unique_lock lock(mutex_);
        if (stopping_ && (!batch || clock_.monotonic_ns() >= deadline_ns_)) {
            return;
        }
        if (!batch) {
            changed_.wait(lock, [this] { return ready_ || stopping_; });
            ready_ = false;
        }
    }
}

void LatestValues::take(const Batch& batch) {
    Outcome outcome;
    const Result<WriteRequest> request = decode_write_request(batch.body);
    if (request && request->samples() == batch.records) {
        const std::lock_guard lock(table_mutex_);
        table_.apply(*request, clock_.monotonic_ns());
        outcome.delivered = batch.records;
    } else {
        outcome.dropped[std::string(reason_name(Reason::batch_unreadable))] = batch.records;
    }
    const Timestamp now = clock_.now();
    // The status first: whoever sees the batch settled sees it counted.
    board_.update([&](EndpointStatus& status) {
        if (outcome.delivered > 0) {
            status.sent_records += batch.records;
            status.sent_bytes += batch.body.size();
            status.last_success_at = now;
            status.add_latency(
                std::chrono::nanoseconds(now.unix_ns - batch.first_received.unix_ns));
        }
    });
    cursor_.settle(batch, outcome);
}

std::string LatestValues::render() {
    LatestSnapshot snapshot;
    {
        const std::lock_guard lock(table_mutex_);
        snapshot = table_.snapshot(clock_.monotonic_ns());
    }
    return to_exposition(snapshot);
}

std::size_t LatestValues::series() const {
    const std::lock_guard lock(table_mutex_);
    return table_.series();
}

std::uint64_t LatestValues::evicted() const {
    const std::lock_guard lock(table_mutex_);
    return table_.evicted();
}

}  // namespace weir
