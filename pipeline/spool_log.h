// SpoolLog: the log that survives the process. Batches are appended to segment files by a thread of
// its own; what every endpoint has had of them is kept in meta.db.
//
//     <directory>/lock                       held while a weir uses the directory
//     <directory>/meta.db                    SpoolMeta
//     <directory>/logs-<first>-<position>.db SpoolSegment, oldest first
//     <directory>/damaged/                   segments that could not be read whole, once passed
//
// A batch is given to the endpoints from memory while they keep up, whether it is on disk already
// or not: a full, broken or slow disk costs durability, not delivery.
#pragma once

#include "core/events.h"
#include "core/result.h"
#include "core/time.h"
#include "pipeline/log.h"
#include "pipeline/spool_meta.h"
#include "pipeline/spool_segment.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace weir {

struct SpoolOptions {
    std::string directory;
    std::uint64_t bytes_max = 20ULL << 30U;  // of all segment files
    std::uint64_t segment_bytes_max = 256ULL << 20U;
    std::uint64_t free_bytes_min = 1ULL << 30U;  // that the file system keeps for others
    // For batches in memory: not written yet, or kept for endpoints that keep up.
    std::uint64_t memory_bytes_max = 256ULL << 20U;
    bool drop_newest = false;  // when full: refuse new batches instead of dropping the oldest
    bool full_sync = false;    // survive power loss, not only the end of the process
};

// Where the log of samples is, in the directory of the log of records.
inline constexpr std::string_view metrics_spool_folder = "metrics";

// Value. For the status and metrics.
struct SpoolStatus {
    std::uint64_t head = 0;   // number of the last batch
    std::uint64_t bytes = 0;  // of segment files
    std::uint64_t bytes_max = 0;
    std::size_t segments = 0;
    std::uint64_t unwritten_batches = 0;  // in memory only
    std::uint64_t unwritten_bytes = 0;
    std::uint64_t memory_bytes = 0;  // all batches in memory
    bool healthy = true;
    std::string last_error;                          // empty: none yet
    std::map<std::string, std::uint64_t> abandoned;  // endpoint that is no more: records it missed
};

// Value. What lies in a spool directory, for whoever looks from outside.
struct SpoolContents {
    SpoolMeta meta;
    std::size_t segments = 0;
    std::uint64_t bytes = 0;  // of segment files
};

// Resource. append() from any ingest thread; cursors come and go by one other thread.
class SpoolLog final : public Log {
  public:
    // Takes over the directory, making it if need be, with what an earlier process left there.
    // Clock and events must outlive the log.
    [[nodiscard]] static Result<std::unique_ptr<SpoolLog>> open(SpoolOptions options,
                                                                const Clock& clock,
                                                                EventSink& events);
    // Without taking the directory over; while a weir uses it, what it told last.
    [[nodiscard]] static Result<SpoolContents> look(const std::string& directory);

    // For open(), which recovers what there is.
    SpoolLog(SpoolOptions options, const Clock& clock, EventSink& events);
    ~SpoolLog() override;

    // The endpoint's place: where it was, or at the end of the log if it is new. An endpoint that
    // was there and is not added keeps its place for a later process, but no file for its sake. The
    // log owns the cursor.
    LogCursor& add_cursor(const std::string& endpoint);
    // Of an endpoint that is no more and whose sink has ended.
    void remove_cursor(const LogCursor& cursor);

    void start();
    // Writes what is in memory, and where the endpoints are. After the endpoints have stopped.
    void stop();

    [[nodiscard]] AppendVerdict append(std::unique_ptr<Batch> batch) override;
    void note_intake(const IntakeAccount& counted) override;
    [[nodiscard]] LogFill fill() const override;

    // What the listeners had counted before this process; what was held then has ended.
    [[nodiscard]] const IntakeAccount& earlier_intake() const { return earlier_intake_; }

    // Any thread.
    [[nodiscard]] SpoolStatus status() const;

  private:
    class Cursor;

    // A segment file. `last` and `end` are of what is on disk.
    struct Segment {
        SegmentName name;
        std::string path;
        std::uint64_t last = 0;
        std::uint64_t end = 0;  // position
        std::uint64_t bytes = 0;
        bool damaged = false;
    };

    using Lock = std::unique_lock<std::mutex>;

    // At the start.
    [[nodiscard]] Result<void> open_meta();
    [[nodiscard]] Result<void> recover();
    [[nodiscard]] Result<void> find_segments(const SpoolMeta& meta);
    void restore_books(SpoolMeta meta);
    void restore_intake(const SpoolMeta& meta);

    // Under the lock.
    using Memory = std::deque<PlacedBatch>;
    // The first at or behind `number`.
    [[nodiscard]] Memory::const_iterator memory_from(std::uint64_t number) const;
    [[nodiscard]] const PlacedBatch* in_memory(std::uint64_t number) const;
    [[nodiscard]] const Segment* on_disk(std::uint64_t number) const;
    // The first batch behind `number` that there is, or the end of the log.
    [[nodiscard]] SpoolBook::Next first_behind(std::uint64_t number) const;
    void trim_memory();
    [[nodiscard]] bool make_room_in_memory(std::uint64_t bytes);
    void forget(Memory::const_iterator place);
    void no_longer_unwritten(const Batch& batch);

    // The spool thread.
    void run();
    [[nodiscard]] std::vector<PlacedBatch> to_write() const;
    void write(Lock& lock);
    [[nodiscard]] Result<void> write_batches(const std::vector<PlacedBatch>& batches, Lock& lock);
    [[nodiscard]] Result<void> make_room_on_disk(std::uint64_t bytes, Lock& lock);
    [[nodiscard]] bool drop_oldest_segment(Lock& lock);
    void close_segment();
    void save_meta(Lock& lock);
    void remove_passed(std::uint64_t frontier, Lock& lock);
    void remove_file(const Segment& segment);
    [[nodiscard]] Result<void> store_meta(const SpoolMeta& meta);
    void wake_those_that_wait(Lock& lock);
    // Tells whether writing batches (or else meta.db) works; empty: it does.
    void note_write(const std::string& failure);
    void note_meta(const std::string& failure);
    void tell_health(const std::string& failure);

    const SpoolOptions options_;
    const Clock& clock_;
    EventSink& events_;
    int lock_file_ = -1;
    std::optional<SpoolMetaFile> meta_file_;  // none: a full disk had no room for one yet

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::map<std::uint64_t, Segment> segments_;  // by first number
    Memory memory_;                              // ascending; the end of the log
    std::uint64_t memory_bytes_ = 0;
    std::uint64_t unwritten_bytes_ = 0;
    std::uint64_t unwritten_light_bytes_ = 0;
    std::uint64_t written_ = 0;  // the last number that is on disk, or was given up
    std::uint64_t head_ = 0;
    std::uint64_t head_position_ = 0;
    std::uint64_t disk_bytes_ = 0;
    std::map<std::string, SpoolBook::State> left_;  // of endpoints that were not added
    std::vector<std::shared_ptr<Cursor>> cursors_;
    IntakeAccount intake_;
    IntakeAccount earlier_intake_;  // constant once recovered
    bool begin_at_oldest_ = false;  // what the endpoints have had is not known
    bool meta_changed_ = false;
    bool stopping_ = false;
    bool healthy_ = true;  // as last told: neither of the next two
    bool write_failed_ = false;
    bool meta_failed_ = false;
    std::string last_error_;

    // The spool thread's.
    std::optional<SegmentWriter> writer_;
    std::uint64_t writing_to_ = 0;  // first number of its segment
    std::int64_t retry_at_ns_ = 0;
    std::int64_t wake_at_ns_ = 0;
    std::int64_t meta_due_ns_ = 0;
    std::thread thread_;
};

}  // namespace weir
