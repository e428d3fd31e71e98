// The log of one signal: ingest threads append frozen batches, every endpoint reads them through a
// cursor of its own. This header is the contract that the in-memory log keeps today and the durable
// log keeps later; sinks know nothing else.
#pragma once

#include "pipeline/batch.h"
#include "pipeline/fair_share.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace weir {

// How the records of one batch ended at one endpoint. delivered + dropped + dead_lettered must be
// the batch's record count when it is settled.
struct Outcome {
    std::uint64_t delivered = 0;
    std::map<std::string, std::uint64_t> dropped;  // by reason, from the closed set in the docs
    std::map<std::string, std::uint64_t> dead_lettered;  // by reason

    void add(const Outcome& more);
    [[nodiscard]] std::uint64_t total() const;
};

// Value. The delivery balance of one endpoint, in records:
// appended = delivered + dropped{reason} + dead_lettered{reason} + queued. Each term is counted on
// its own.
struct DeliveryLedger {
    std::uint64_t appended = 0;
    std::uint64_t delivered = 0;
    std::map<std::string, std::uint64_t> dropped;
    std::map<std::string, std::uint64_t> dead_lettered;
    std::uint64_t queued = 0;  // in the log for this endpoint, in flight included

    std::uint64_t queued_batches = 0;
    std::uint64_t queued_bytes = 0;  // Batch::memory_bytes of what is queued
    std::uint64_t queue_bytes_max = 0;
    Timestamp oldest_queued;  // first_received of the oldest queued batch; 0 when none

    // appended - (delivered + dropped + dead_lettered + queued).
    [[nodiscard]] std::int64_t imbalance() const;

    [[nodiscard]] bool balances() const { return imbalance() == 0; }
};

// Resource interface. One endpoint's place in the log. Used by that endpoint's delivery thread
// only, except where said. Batches come oldest first; several may be out at a time.
class LogCursor {
  public:
    LogCursor() = default;
    LogCursor(const LogCursor&) = delete;
    LogCursor& operator=(const LogCursor&) = delete;
    virtual ~LogCursor() = default;

    // The oldest batch that is neither settled nor out; null when there is none.
    [[nodiscard]] virtual BatchPtr take() = 0;
    // What is appended from now on is live; it was not before the first call.
    virtual void begin_live() = 0;
    // The oldest live batch that is neither settled nor out, whatever waits before it.
    [[nodiscard]] virtual BatchPtr take_live() = 0;
    // Ends a batch that is out: counts the outcome and lets the cursor pass it. The cursor's
    // frontier moves over the longest run of settled batches. Aborts on a batch that is not out, or
    // on a total that is not the batch's.
    virtual void settle(const Batch& batch, const Outcome& outcome) = 0;
    // Called whenever take() may give something again, from any thread; must not block. Replaces
    // the former callback; an empty function removes it and returns after any call in progress.
    virtual void on_ready(std::function<void()> callback) = 0;
    // The balance right now, from any thread.
    [[nodiscard]] virtual DeliveryLedger ledger() const = 0;
};

// Resource. What a cursor does for on_ready. Any thread.
class ReadyCallback {
  public:
    // Returns after any call in progress.
    void set(std::function<void()> callback);
    void call();

  private:
    std::mutex mutex_;  // held during the call
    std::function<void()> callback_;
};

enum class AppendVerdict : std::uint8_t {
    accepted,  // every cursor will see it (or counts what its own queue policy drops)
    full,      // nothing was taken; the caller drops or stops reading
};

// Resource interface. The writing side; any ingest thread.
class Log {
  public:
    Log() = default;
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    virtual ~Log() = default;

    // Takes over the batch and gives it its id. Never blocks on an endpoint.
    [[nodiscard]] virtual AppendVerdict append(std::unique_ptr<Batch> batch) = 0;

    // What was counted without a batch to tell it with.
    virtual void note_intake(const IntakeAccount& counted) { static_cast<void>(counted); }

    // How full the fullest cursor's queue is. Any thread; cheap enough for every tick.
    [[nodiscard]] virtual LogFill fill() const = 0;
};

}  // namespace weir
