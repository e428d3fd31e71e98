#include "pipeline/batch_builder.h"

#include "core/assert.h"
#include "pipeline/loki_encoder.h"

#include <snappy-sinksource.h>
#include <snappy.h>

#include <algorithm>
#include <limits>

namespace weir {

namespace {

// Timestamps of one stream differ by at least this much; the thread's number is the remainder, so
// two threads that write to one stream never give the same nanosecond (at most 64 ingest threads).
constexpr std::int64_t timestamp_step_ns = 64;
// Device times are told apart within one millisecond, the finest that most devices send.
constexpr std::int64_t device_steps = ns_per_ms / timestamp_step_ns;
constexpr std::int64_t clock_step_ns = 5 * ns_per_s;
// Looking for idle streams walks all of them.
constexpr std::int64_t forget_interval_ns = 5 * ns_per_s;

// Where an entry stands in its batch's arena, and which entry of the same stream follows.
struct Slice {
    std::size_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t next = none;

    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
};

// One stream's share of an open batch.
struct Share {
    std::uint32_t stream = 0;
    std::uint32_t first = Slice::none;
    std::uint32_t last = Slice::none;
    std::size_t entries_bytes = 0;
    std::size_t header_offset = 0;  // in the headers, made at freeze
    std::size_t header_length = 0;
};

// Walks headers and entries in the order of the PushRequest, so that snappy reads the arena as if
// it were grouped by stream, without a copy that groups it.
class GatherSource final : public snappy::Source {
  public:
    GatherSource(const std::vector<Share>& shares, const std::vector<Slice>& slices,
                 const WireBuffer& headers, const WireBuffer& arena, std::size_t total)
        : shares_(shares), slices_(slices), headers_(headers), arena_(arena), left_(total) {
        load();
    }

    [[nodiscard]] std::size_t Available() const override { return left_; }

    const char* Peek(std::size_t* length) override {
        *length = piece_.size();
        return piece_.data();
    }

    void Skip(std::size_t count) override {
        left_ -= count;
        while (count > 0) {
            const std::size_t step = std::min(count, piece_.size());
            piece_.remove_prefix(step);
            count -= step;
            if (piece_.empty()) {
                load();
            }
        }
    }

  private:
    void load() {
        if (slice_ != Slice::none) {
            const Slice& slice = slices_[slice_];
            piece_ = arena_.view().substr(slice.offset, slice.length);
            slice_ = slice.next;
        } else if (share_ < shares_.size()) {
            const Share& share = shares_[share_++];
            piece_ = headers_.view().substr(share.header_offset, share.header_length);
            slice_ = share.first;
        }
    }

    const std::vector<Share>& shares_;
    const std::vector<Slice>& slices_;
    const WireBuffer& headers_;
    const WireBuffer& arena_;
    std::size_t left_;
    std::string_view piece_;
    std::size_t share_ = 0;
    std::uint32_t slice_ = Slice::none;
};

}  // namespace

struct BatchBuilder::Stream {
    std::string labels;
    std::string tenant;
    std::uint32_t generation = 0;
    bool counted = false;
    std::int64_t last_unix_ns = 0;  // the last timestamp given out
    std::int64_t last_used_ns = 0;  // monotonic
    std::int64_t device_sequence = 0;
    bool heavy = false;                 // kind of the batch that its entries go to
    std::uint32_t share = Slice::none;  // index in the open batch, none when it has no entry there
};

struct BatchBuilder::OpenBatch {
    std::string tenant;
    bool heavy = false;
    WireBuffer arena;
    WireBuffer headers;
    std::vector<Slice> slices;
    std::vector<Share> shares;
    std::size_t labels_bytes = 0;  // what the stream headers will take, roughly
    std::uint64_t line_bytes = 0;
    std::int64_t opened_ns = 0;
    Timestamp oldest;
    Timestamp newest;
    Timestamp first_received;
    FrameCounts frames;

    [[nodiscard]] bool empty() const { return slices.empty(); }

    [[nodiscard]] std::size_t bytes() const { return arena.size() + labels_bytes; }
};

BatchBuilder::BatchBuilder(BatchLimits limits, std::uint32_t shard, std::size_t listeners,
                           Flush flush)
    : limits_(limits), shard_(shard), listeners_(listeners), flush_(std::move(flush)) {
    WEIR_ASSERT(shard < timestamp_step_ns);
}

BatchBuilder::~BatchBuilder() = default;

std::size_t BatchBuilder::scratch_bytes(std::size_t bytes_max) {
    return snappy::MaxCompressedLength(bytes_max);
}

void BatchBuilder::reconfigure(BatchLimits limits, std::size_t listeners) {
    close_all();
    limits_ = limits;
    listeners_ = listeners;
    for (const auto& batch : batches_) {
        batch->frames.assign(listeners_, 0);
    }
}

bool BatchBuilder::is_live(StreamHandle handle) const {
    return handle.generation != 0 && handle.index < streams_.size() &&
           streams_[handle.index]->generation == handle.generation;
}

bool BatchBuilder::knows(std::string_view labels, std::string_view tenant) const {
    key_.assign(tenant).append(1, '\0').append(labels);
    return by_labels_.contains(key_);
}

BatchBuilder::StreamHandle BatchBuilder::stream(std::string_view labels, std::string_view tenant,
                                                bool counted) {
    key_.assign(tenant).append(1, '\0').append(labels);
    const auto found = by_labels_.find(key_);
    if (found != by_labels_.end()) {
        return {found->second, streams_[found->second]->generation};
    }
    std::uint32_t index = 0;
    if (free_streams_.empty()) {
        index = static_cast<std::uint32_t>(streams_.size());
        streams_.push_back(std::make_unique<Stream>());
    } else {
        index = free_streams_.back();
        free_streams_.pop_back();
    }
    Stream& stream = *streams_[index];
    stream.labels.assign(labels);
    stream.tenant.assign(tenant);
    stream.generation = next_generation_++;
    stream.last_used_ns = now_ns_;
    stream.counted = counted;
    by_labels_.emplace(key_, index);
    return {index, stream.generation};
}

BatchBuilder::OpenBatch& BatchBuilder::batch_of(const std::string& tenant, bool heavy) {
    for (const auto& batch : batches_) {
        if (batch->heavy == heavy && batch->tenant == tenant) {
            return *batch;
        }
    }
    if (batches_.size() >= std::max<std::size_t>(limits_.tenants_max, 1)) {
        const auto oldest = std::min_element(
            batches_.begin(), batches_.end(),
            [](const auto& a, const auto& b) { return a->opened_ns < b->opened_ns; });
        close(**oldest);
        batches_.erase(oldest);
    }
    auto batch = std::make_unique<OpenBatch>();
    batch->tenant = tenant;
    batch->heavy = heavy;
    batch->frames.assign(listeners_, 0);
    return *batches_.emplace_back(std::move(batch));
}

Timestamp BatchBuilder::unique_timestamp(const Entry& entry, Stream& stream) const {
    const std::int64_t rounded =
        entry.timestamp.unix_ns / timestamp_step_ns * timestamp_step_ns + shard_;
    if (entry.device_time) {
        stream.device_sequence = (stream.device_sequence + 1) % device_steps;
        return {rounded + stream.device_sequence * timestamp_step_ns};
    }
    // A wall clock that was set back starts anew: better than living in the future until it catches
    // up.
    const bool stepped_back = stream.last_unix_ns - rounded > clock_step_ns;
    stream.last_unix_ns =
        stepped_back ? rounded : std::max(rounded, stream.last_unix_ns + timestamp_step_ns);
    return {stream.last_unix_ns};
}

void BatchBuilder::append(const Entry& entry) {
    WEIR_ASSERT(is_live(entry.stream));
    Stream& stream = *streams_[entry.stream.index];
    // A stream changes its kind between batches: its entries are in one open batch at a time.
    if (stream.share == Slice::none) {
        stream.heavy = entry.heavy;
    }
    OpenBatch& batch = batch_of(stream.tenant, stream.heavy);
    // 48: tags, lengths and the timestamp of an entry, generously.
    const std::size_t estimate = entry.line.size() + entry.metadata.size() + 48;
    if (!batch.empty() && batch.bytes() + estimate > limits_.bytes_max) {
        close(batch);
    }
    const Timestamp timestamp = unique_timestamp(entry, stream);
    stream.last_used_ns = now_ns_;

    if (batch.empty()) {
        batch.opened_ns = now_ns_;
        batch.oldest = batch.newest = timestamp;
        batch.first_received = entry.received_at;
    }
    if (stream.share == Slice::none) {
        stream.share = static_cast<std::uint32_t>(batch.shares.size());
        batch.shares.push_back({.stream = entry.stream.index});
        batch.labels_bytes += stream.labels.size() + 16;
    }
    const std::size_t offset = batch.arena.size();
    append_entry(timestamp, entry.line, entry.metadata, batch.arena);

    const auto slice = static_cast<std::uint32_t>(batch.slices.size());
    const auto length = static_cast<std::uint32_t>(batch.arena.size() - offset);
    batch.slices.push_back({.offset = offset, .length = length});
    Share& share = batch.shares[stream.share];
    if (share.first == Slice::none) {
        share.first = slice;
    } else {
        batch.slices[share.last].next = slice;
    }
    share.last = slice;
    share.entries_bytes += length;
    batch.line_bytes += entry.line.size();
    batch.oldest = std::min(batch.oldest, timestamp);
    batch.newest = std::max(batch.newest, timestamp);
    ++batch.frames[entry.listener];

    if (batch.slices.size() >= limits_.records_max || batch.bytes() >= limits_.bytes_max) {
        close(batch);
    }
}

std::unique_ptr<Batch> BatchBuilder::freeze(OpenBatch& open) {
    // Loki lets the last stream of a request hide an earlier one's refusal (its instance keeps one
    // error); the largest stream is the likeliest to be refused, so its answer is the one that
    // counts.
    std::stable_sort(open.shares.begin(), open.shares.end(), [](const Share& a, const Share& b) {
        return a.entries_bytes < b.entries_bytes;
    });
    open.headers.clear();
    std::size_t total = open.arena.size();
    for (Share& share : open.shares) {
        share.header_offset = open.headers.size();
        append_stream_header(streams_[share.stream]->labels, share.entries_bytes, open.headers);
        share.header_length = open.headers.size() - share.header_offset;
    }
    total += open.headers.size();

    compressed_.resize(std::max(compressed_.size(), snappy::MaxCompressedLength(total)));
    GatherSource source(open.shares, open.slices, open.headers, open.arena, total);
    snappy::UncheckedByteArraySink sink(compressed_.data());
    const std::size_t length = snappy::Compress(&source, &sink);

    auto batch = std::make_unique<Batch>();
    batch->shard = shard_;
    batch->tenant = open.tenant;
    batch->heavy = open.heavy;
    batch->body.assign(compressed_, 0, length);
    batch->raw_bytes = total;
    batch->records = static_cast<std::uint32_t>(open.slices.size());
    batch->streams = static_cast<std::uint32_t>(open.shares.size());
    batch->largest_stream_bytes = open.shares.back().entries_bytes;
    batch->line_bytes = open.line_bytes;
    batch->oldest = open.oldest;
    batch->newest = open.newest;
    batch->first_received = open.first_received;
    return batch;
}

void BatchBuilder::close(OpenBatch& open) {
    if (open.empty()) {
        return;
    }
    flush_(freeze(open), open.frames);
    for (const Share& share : open.shares) {
        streams_[share.stream]->share = Slice::none;
    }
    open.arena.clear();
    open.slices.clear();
    open.shares.clear();
    open.labels_bytes = 0;
    open.line_bytes = 0;
    std::fill(open.frames.begin(), open.frames.end(), 0U);
    // One giant line must not keep its memory for ever.
    if (open.arena.capacity() > 2 * limits_.bytes_max) {
        open.arena.release();
    }
}

void BatchBuilder::close_aged(std::int64_t now_ns) {
    now_ns_ = now_ns;
    for (const auto& batch : batches_) {
        if (!batch->empty() && now_ns - batch->opened_ns >= limits_.age_max_ns) {
            close(*batch);
        }
    }
    if (now_ns >= next_forget_ns_) {
        next_forget_ns_ = now_ns + std::min(forget_interval_ns, limits_.stream_idle_ns);
        forget_idle();
    }
}

void BatchBuilder::close_all() {
    for (const auto& batch : batches_) {
        close(*batch);
    }
}

void BatchBuilder::forget_idle() {
    // A stream with entries in an open batch is not idle, whatever its age says.
    for (auto it = by_labels_.begin(); it != by_labels_.end();) {
        Stream& stream = *streams_[it->second];
        if (stream.share == Slice::none &&
            now_ns_ - stream.last_used_ns >= limits_.stream_idle_ns) {
            if (on_forget_) {
                on_forget_(stream.counted);
            }
            stream.generation = 0;
            free_streams_.push_back(it->second);
            it = by_labels_.erase(it);
        } else {
            ++it;
        }
    }
}

std::int64_t BatchBuilder::next_deadline_ns() const {
    std::int64_t deadline = std::numeric_limits<std::int64_t>::max();
    for (const auto& batch : batches_) {
        if (!batch->empty()) {
            deadline = std::min(deadline, batch->opened_ns + limits_.age_max_ns);
        }
    }
    return deadline;
}

void BatchBuilder::on_forget(std::function<void(bool counted)> callback) {
    on_forget_ = std::move(callback);
}

}  // namespace weir
