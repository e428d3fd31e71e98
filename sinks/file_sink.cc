#include "sinks/file_sink.h"

#include "core/assert.h"
#include "pipeline/loki_decoder.h"
#include "sinks/ndjson.h"

#include <algorithm>

namespace weir {

namespace {

// Lines are rendered and written in pieces of about this size, to bound memory and to let other
// readers see them early.
constexpr std::size_t piece_bytes = 256UL * 1024;

}  // namespace

FileSink::FileSink(LogCursor& cursor, const Clock& clock, EventSink& events,
                   FileSinkOptions options)
    : cursor_(cursor),
      clock_(clock),
      events_(events),
      options_(std::move(options)),
      files_(options_.files, clock) {
    board_.update([this](EndpointStatus& status) {
        status.name = options_.name;
        status.kind = "file";
        status.url = options_.files.directory;
    });
    board_.set_state(EndpointState::ok, Reason::none, clock_.now());
}

FileSink::~FileSink() {
    request_stop(std::chrono::milliseconds(0));
    join();
}

void FileSink::start() {
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

void FileSink::request_stop(std::chrono::milliseconds drain) {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        deadline_ns_ = clock_.monotonic_ns() + std::chrono::nanoseconds(drain).count();
    }
    changed_.notify_all();
}

void FileSink::join() {
    if (thread_.joinable()) {
        thread_.join();
        cursor_.on_ready({});
    }
}

bool FileSink::past_deadline() const {
    return stopping_ && clock_.monotonic_ns() >= deadline_ns_;
}

void FileSink::wait_ready() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ready_ || stopping_; });
    ready_ = false;
}

bool FileSink::wait_backoff() {
    std::chrono::milliseconds wait = options_.backoff_min;
    for (std::uint32_t i = 1; i < failures_ && wait < options_.backoff_max; ++i) {
        wait *= 2;
    }
    wait = std::min(wait, options_.backoff_max);
    std::unique_lock lock(mutex_);
    if (stopping_) {
        const std::chrono::nanoseconds left(deadline_ns_ - clock_.monotonic_ns());
        wait = std::min(wait, std::chrono::duration_cast<std::chrono::milliseconds>(left));
    }
    // A request to stop ends the wait early, for one more try.
    const bool was_stopping = stopping_;
    changed_.wait_for(lock, wait, [&] { return stopping_ && !was_stopping; });
    return !past_deadline();
}

void FileSink::run() {
    while (true) {
        bool stopping = false;
        {
            const std::lock_guard lock(mutex_);
            if (past_deadline()) {
                break;
            }
            stopping = stopping_;
        }
        const BatchPtr batch = cursor_.take();
        if (!batch) {
            if (stopping) {
                break;
            }
            wait_ready();
        } else if (!write_batch(*batch)) {
            break;
        }
    }
    files_.sync();
}

bool FileSink::write_batch(const Batch& batch) {
    const Result<LokiPush> push = decode_loki_push(batch.body);
    if (!push || push->records() != batch.records) {
        Outcome outcome;
        outcome.dropped[std::string(reason_name(Reason::batch_unreadable))] = batch.records;
        cursor_.settle(batch, outcome);
        return true;
    }
    std::string lines;
    std::uint64_t bytes = 0;
    for (const LokiStream& stream : push->streams) {
        const std::string labels = labels_json(stream.labels);
        for (const LokiEntry& entry : stream.entries) {
            append_ndjson(entry, labels, lines);
            if (lines.size() < piece_bytes) {
                continue;
            }
            if (!write_lines(lines)) {
                return false;
            }
            bytes += lines.size();
            lines.clear();
        }
    }
    if (!write_lines(lines)) {
        return false;
    }
    settle_written(batch, bytes + lines.size());
    return true;
}

// False when the time to end came before everything was written.
bool FileSink::write_lines(std::string_view lines) {
    while (true) {
        const Result<void> written = files_.write(lines);
        if (written) {
            worked();
            return true;
        }
        failed(written.error().message);
        if (!wait_backoff()) {
            return false;
        }
    }
}

void FileSink::settle_written(const Batch& batch, std::uint64_t bytes) {
    Outcome outcome;
    outcome.delivered = batch.records;
    const Timestamp now = clock_.now();
    const std::chrono::nanoseconds latency(now.unix_ns - batch.first_received.unix_ns);
    const RotatingFilesStatus& files = files_.status();
    // The status first: whoever sees the batch settled sees it counted.
    board_.update([&](EndpointStatus& status) {
        status.sent_records += batch.records;
        status.sent_bytes += bytes;
        status.last_success_at = now;
        status.add_latency(latency);
        status.files = files.files;
        status.files_bytes = files.bytes;
        status.files_deleted = files.deleted;
    });
    cursor_.settle(batch, outcome);
}

void FileSink::failed(const std::string& text) {
    ++failures_;
    board_.set_error(text, clock_.now());
    board_.set_state(EndpointState::hold, Reason::write_failed, clock_.now());
    board_.update([](EndpointStatus& status) {
        ++status.retries[std::string(reason_name(Reason::write_failed))];
    });
    if (reported_ != text) {
        reported_ = text;
        events_.emit({EventId::endpoint_state, options_.name, "hold: " + text});
    }
}

void FileSink::worked() {
    if (failures_ > 0) {
        failures_ = 0;
        reported_.clear();
        board_.set_state(EndpointState::ok, Reason::none, clock_.now());
        events_.emit({EventId::endpoint_state, options_.name, "ok"});
    }
    // Compression of a file put aside may fail while writing goes on.
    if (const std::string& text = files_.side_error(); !text.empty() && text != reported_) {
        reported_ = text;
        board_.set_error(text, clock_.now());
        events_.emit({EventId::endpoint_error, options_.name, text});
    }
}

}  // namespace weir
