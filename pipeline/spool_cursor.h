// The inside of SpoolLog's cursors. Internal to pipeline/spool_*.cc.
#pragma once

#include "pipeline/spool_log.h"

#include <functional>
#include <optional>

namespace weir {

// One endpoint's place. `book` is guarded by the log's mutex, the reader belongs to the endpoint's
// delivery thread.
class SpoolLog::Cursor final : public LogCursor {
  public:
    Cursor(SpoolLog& log, std::string name, SpoolBook begin)
        : book(std::move(begin)), log_(log), name_(std::move(name)) {}

    [[nodiscard]] BatchPtr take() override;
    void begin_live() override;
    [[nodiscard]] BatchPtr take_live() override;
    void settle(const Batch& batch, const Outcome& outcome) override;
    void on_ready(std::function<void()> callback) override;
    [[nodiscard]] DeliveryLedger ledger() const override;

    // Not under the log's mutex.
    void wake();

    [[nodiscard]] const std::string& name() const { return name_; }

    // Under the log's mutex: whether a file could not be read for now.
    [[nodiscard]] bool tries_again() const { return try_again_; }

    SpoolBook book;

  private:
    // The segment file that was read last for one of the two ways of taking.
    struct Reading {
        std::optional<SegmentReader> reader;
        std::string path;
    };

    // The oldest at or behind `from`.
    [[nodiscard]] BatchPtr take_from(SpoolBook::Next from, Reading& reading);
    // From the segment file. Null when it is not there; the book says then that it is lost. Gives
    // the lock back while it reads.
    [[nodiscard]] BatchPtr take_from_disk(SpoolBook::Next next, Reading& reading, Lock& lock);
    [[nodiscard]] SegmentRead read(const Segment& segment, std::uint64_t number, Reading& reading);
    void lose(SpoolBook::Next from, SpoolBook::Next end, const char* reason);
    [[nodiscard]] Timestamp oldest_queued() const;

    SpoolLog& log_;
    const std::string name_;
    Reading oldest_;
    Reading live_;
    std::optional<SpoolBook::Next> live_from_;  // the delivery thread's
    bool try_again_ = false;
    // When the batches were received that were read from disk and are out; under the log's mutex.
    std::map<std::uint64_t, Timestamp> read_;
    ReadyCallback ready_;
};

}  // namespace weir
