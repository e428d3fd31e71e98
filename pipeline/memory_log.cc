#include "pipeline/memory_log.h"

#include "core/assert.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <mutex>

namespace weir {

// One endpoint's queue. Its mutex is held for a few pointer moves, once per batch.
class MemoryLog::Cursor final : public LogCursor {
  public:
    Cursor(std::string name, std::size_t queue_bytes_max) : name_(std::move(name)) {
        ledger_.queue_bytes_max = queue_bytes_max;
    }

    [[nodiscard]] const std::string& name() const { return name_; }

    // The records that had to go for it.
    std::uint64_t push(const BatchPtr& batch) {
        std::uint64_t dropped = 0;
        {
            const std::lock_guard lock(mutex_);
            ledger_.appended += batch->records;
            add_to_queue(*batch);
            items_.push_back({batch, false});
            last_id_ = std::max(last_id_, batch->id);
            dropped = drop_over_limit();
        }
        ready_.call();
        return dropped;
    }

    [[nodiscard]] BatchPtr take() override { return take_from(0); }

    void begin_live() override {
        const std::lock_guard lock(mutex_);
        live_from_ = last_id_ + 1;
    }

    [[nodiscard]] BatchPtr take_live() override {
        return live_from_ == 0 ? nullptr : take_from(live_from_);
    }

    void settle(const Batch& batch, const Outcome& outcome) override {
        WEIR_ASSERT(outcome.total() == batch.records);
        const std::lock_guard lock(mutex_);
        const auto item =
            std::find_if(items_.begin(), items_.end(), [&batch](const Item& candidate) {
                return candidate.out && candidate.batch->id == batch.id;
            });
        WEIR_ASSERT(item != items_.end());
        ends_.add(outcome);
        remove(item);
    }

    void on_ready(std::function<void()> callback) override { ready_.set(std::move(callback)); }

    [[nodiscard]] DeliveryLedger ledger() const override {
        const std::lock_guard lock(mutex_);
        DeliveryLedger copy = ledger_;
        copy.delivered = ends_.delivered;
        copy.dropped = ends_.dropped;
        copy.dead_lettered = ends_.dead_lettered;
        copy.oldest_queued = items_.empty() ? Timestamp{} : items_.front().batch->first_received;
        return copy;
    }

    [[nodiscard]] LogFill fill() const {
        const std::lock_guard lock(mutex_);
        const std::uint64_t max = std::max<std::uint64_t>(ledger_.queue_bytes_max, 1);
        return {.percent = static_cast<unsigned>(ledger_.queued_bytes * 100 / max),
                .light_percent = static_cast<unsigned>(light_bytes_ * 100 / max)};
    }

  private:
    [[nodiscard]] BatchPtr take_from(std::uint64_t id) {
        const std::lock_guard lock(mutex_);
        const auto item = std::find_if(items_.begin(), items_.end(), [id](const Item& candidate) {
            return !candidate.out && candidate.batch->id >= id;
        });
        if (item == items_.end()) {
            return nullptr;
        }
        item->out = true;
        return item->batch;
    }

    struct Item {
        BatchPtr batch;
        bool out = false;  // taken, not settled
    };

    // What may be given up; heavy or not, as asked.
    [[nodiscard]] std::deque<Item>::iterator oldest_waiting(bool heavy) {
        return std::find_if(items_.begin(), items_.end(), [heavy](const Item& candidate) {
            return !candidate.out && candidate.batch->heavy == heavy;
        });
    }

    void add_to_queue(const Batch& batch) {
        light_bytes_ += batch.heavy ? 0 : batch.memory_bytes();
        ledger_.queued += batch.records;
        ledger_.queued_batches += 1;
        ledger_.queued_bytes += batch.memory_bytes();
    }

    void remove(std::deque<Item>::iterator item) {
        light_bytes_ -= item->batch->heavy ? 0 : item->batch->memory_bytes();
        ledger_.queued -= item->batch->records;
        ledger_.queued_batches -= 1;
        ledger_.queued_bytes -= item->batch->memory_bytes();
        items_.erase(item);
    }

    // Heavy batches go first, then the oldest of all, but never one that an endpoint is being asked
    // about: its fate is not ours to decide any more.
    std::uint64_t drop_over_limit() {
        std::uint64_t dropped = 0;
        while (ledger_.queued_bytes > ledger_.queue_bytes_max) {
            const bool some_heavy = ledger_.queued_bytes > light_bytes_;
            auto item = some_heavy ? oldest_waiting(true) : items_.end();
            if (item == items_.end()) {
                item = oldest_waiting(false);
            }
            if (item == items_.end()) {
                break;
            }
            dropped += item->batch->records;
            remove(item);
        }
        if (dropped > 0) {
            ends_.dropped["queue_full"] += dropped;
        }
        return dropped;
    }

    const std::string name_;
    mutable std::mutex mutex_;
    std::deque<Item> items_;  // oldest first
    DeliveryLedger ledger_;   // but for how records ended
    Outcome ends_;
    std::uint64_t light_bytes_ = 0;  // of queued_bytes, what is not heavy
    std::uint64_t last_id_ = 0;
    std::uint64_t live_from_ = 0;  // the delivery thread's; 0: nothing is live
    ReadyCallback ready_;
};

MemoryLog::MemoryLog(EventSink& events) : events_(events) {}

MemoryLog::~MemoryLog() = default;

LogCursor& MemoryLog::add_cursor(std::string name, std::size_t queue_bytes_max) {
    const std::unique_lock lock(cursors_mutex_);
    return *cursors_.emplace_back(std::make_unique<Cursor>(std::move(name), queue_bytes_max));
}

void MemoryLog::remove_cursor(const LogCursor& cursor) {
    const std::unique_lock lock(cursors_mutex_);
    std::erase_if(cursors_, [&cursor](const auto& known) { return known.get() == &cursor; });
}

LogFill MemoryLog::fill() const {
    LogFill fullest;
    const std::shared_lock lock(cursors_mutex_);
    for (const auto& cursor : cursors_) {
        const LogFill fill = cursor->fill();
        if (fill.percent >= fullest.percent) {
            fullest = fill;
        }
    }
    return fullest;
}

AppendVerdict MemoryLog::append(std::unique_ptr<Batch> batch) {
    batch->id = next_id_.fetch_add(1, std::memory_order_relaxed);
    const BatchPtr frozen = std::move(batch);
    const std::shared_lock lock(cursors_mutex_);
    for (const auto& cursor : cursors_) {
        const std::uint64_t dropped = cursor->push(frozen);
        if (dropped > 0) {
            events_.emit({EventId::queue_full, cursor->name(),
                          fmt::format("the {} oldest records made room", dropped)});
        }
    }
    return AppendVerdict::accepted;
}

}  // namespace weir
