// BatchBuilder: the open batches of one ingest thread. Records are appended once, in wire form, to
// one arena a batch; closing a batch gathers the arena by stream straight into snappy and freezes
// it.
#pragma once

#include "core/time.h"
#include "pipeline/batch.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

// Value. When an open batch is closed, and how many streams are remembered.
struct BatchLimits {
    std::size_t bytes_max = 1024 * 1024;  // of the PushRequest, before snappy
    std::uint32_t records_max = 5000;
    std::int64_t age_max_ns = 1000 * ns_per_ms;
    std::size_t tenants_max = 64;                 // open batches, one a tenant
    std::int64_t stream_idle_ns = 60 * ns_per_s;  // forgotten after that long without a record
};

// Value. Frames per listener that a batch stands for; index is the listener's number.
using FrameCounts = std::vector<std::uint32_t>;

// Resource. One thread.
class BatchBuilder {
  public:
    // Identifies a remembered stream. Stale handles are recognised by their generation.
    struct StreamHandle {
        std::uint32_t index = 0;
        std::uint32_t generation = 0;  // 0: no stream
    };

    // What append needs to know about one record. Views are copied before append returns.
    struct Entry {
        StreamHandle stream;
        Timestamp timestamp;  // wished; made unique within the stream
        // Receive time only moves on, so a clash is solved by going past the last one. A device's
        // own time may lie behind its neighbour's and must stay there.
        bool device_time = false;
        Timestamp received_at;
        std::string_view line;
        std::string_view metadata;  // from append_metadata_pair
        std::uint32_t listener = 0;
        bool heavy = false;  // goes into a batch of its kind; see FairShare
    };

    // Receives every closed batch with the frames it stands for.
    using Flush = std::function<void(std::unique_ptr<Batch>, const FrameCounts&)>;

    BatchBuilder(BatchLimits limits, std::uint32_t shard, std::size_t listeners, Flush flush);
    ~BatchBuilder();
    BatchBuilder(const BatchBuilder&) = delete;
    BatchBuilder& operator=(const BatchBuilder&) = delete;

    // What compressing a batch of this size takes beside it.
    [[nodiscard]] static std::size_t scratch_bytes(std::size_t bytes_max);

    // New limits and listener count for the batches to come; closes what is open.
    void reconfigure(BatchLimits limits, std::size_t listeners);

    // True while the handle still names its stream.
    [[nodiscard]] bool is_live(StreamHandle handle) const;
    // The stream of a label set, for a tenant; remembered until idle. Never fails: the ceiling on
    // label sets is StreamCeiling's business, asked by the caller before a new set is made.
    // `counted` is handed to on_forget, for the place that the ceiling gave.
    [[nodiscard]] StreamHandle stream(std::string_view labels, std::string_view tenant,
                                      bool counted = false);
    [[nodiscard]] bool knows(std::string_view labels, std::string_view tenant) const;

    // Adds one record; closes the batch first when it would not fit, or afterwards when it is full.
    void append(const Entry& entry);

    // Closes batches older than age_max_ns and forgets idle streams. `now_ns` is monotonic.
    void close_aged(std::int64_t now_ns);
    // Closes everything that is open.
    void close_all();

    // When the oldest open batch must be closed, monotonic; INT64_MAX when none is open.
    [[nodiscard]] std::int64_t next_deadline_ns() const;

    // Must be called before a run of appends: the monotonic time that ages are counted from.
    void set_now(std::int64_t now_ns) { now_ns_ = now_ns; }

    [[nodiscard]] std::size_t stream_count() const { return by_labels_.size(); }

    // Called for every stream forgotten, with what was said of it when it was made.
    void on_forget(std::function<void(bool counted)> callback);

  private:
    struct Stream;
    struct OpenBatch;

    OpenBatch& batch_of(const std::string& tenant, bool heavy);
    void close(OpenBatch& batch);
    [[nodiscard]] Timestamp unique_timestamp(const Entry& entry, Stream& stream) const;
    void forget_idle();
    [[nodiscard]] std::unique_ptr<Batch> freeze(OpenBatch& batch);

    BatchLimits limits_;
    std::uint32_t shard_;
    std::size_t listeners_;
    Flush flush_;
    std::function<void(bool)> on_forget_;
    std::int64_t now_ns_ = 0;
    std::int64_t next_forget_ns_ = 0;
    std::uint32_t next_generation_ = 1;

    std::vector<std::unique_ptr<Stream>> streams_;  // index of StreamHandle
    std::vector<std::uint32_t> free_streams_;
    std::unordered_map<std::string, std::uint32_t> by_labels_;  // tenant NUL labels -> index
    std::vector<std::unique_ptr<OpenBatch>> batches_;  // one a tenant, two if some are heavy
    std::string compressed_;                           // scratch of snappy
    mutable std::string key_;                          // scratch of lookups
};

}  // namespace weir
