#include "parsers/mdt_chunks.h"

#include <algorithm>

namespace weir {

namespace {

constexpr std::size_t json_start_bytes = 24;

// What this message has in common with all others of its stream: of JSON the first bytes, of GPB
// the field with the node's name. Empty if it does not look like a beginning.
std::string_view start_of(std::string_view data) {
    if (data.starts_with("{\"")) {
        return data.substr(0, json_start_bytes);
    }
    if (data.size() < 3 || data[0] != '\x0A' || data[1] <= 0) {
        return {};
    }
    const std::size_t length = 2 + static_cast<std::size_t>(data[1]);
    // The tag of a field that can follow.
    constexpr std::string_view next_tags = "\x12\x1A\x20\x2A\x32\x3A\x40\x48\x50\x5A\x62\x68";
    const bool followed = length < data.size() && next_tags.find(data[length]) != next_tags.npos;
    return followed ? data.substr(0, length) : std::string_view{};
}

}  // namespace

std::string_view mdt_chunk_drop_name(MdtChunkDrop drop) {
    switch (drop) {
        case MdtChunkDrop::none:
            return "none";
        case MdtChunkDrop::interrupted:
            return "interrupted";
        case MdtChunkDrop::out_of_step:
            return "out_of_step";
        case MdtChunkDrop::overrun:
            return "overrun";
        case MdtChunkDrop::oversize:
            return "oversize";
        case MdtChunkDrop::bad_size:
            return "bad_size";
        case MdtChunkDrop::timeout:
            return "timeout";
        case MdtChunkDrop::memory:
            return "memory";
        case MdtChunkDrop::stream_ended:
            return "stream_ended";
    }
    return "unknown";
}

// Ends the open message, if there is one, and gives its memory back.
void MdtChunks::forget() {
    if (charged_bytes_ > 0) {
        std::string().swap(buffer_);
        budget_.release(charged_bytes_);
        charged_bytes_ = 0;
    }
    total_size_ = 0;
    seen_bytes_ = 0;
    chunks_ = 0;
    passing_over_ = MdtChunkDrop::none;
    delivered_ = false;
}

void MdtChunks::drop_held(MdtChunkDrop reason, MdtChunkStep& step) {
    if (chunks_ > 0) {
        out_of_step_ = true;
        step.held_drop = reason;
        step.held_dropped = chunks_;
        step.held_dropped_bytes = seen_bytes_;
    }
    forget();
}

bool MdtChunks::is_beginning(std::string_view data) const {
    return !start_.empty() && data.starts_with(start_);
}

// Whether the chunk cannot be the first of a message: a chunk was lost before, or the messages of
// this stream have a beginning that is known and this is none. What is whole needs no beginning.
bool MdtChunks::is_middle(const MdtDialoutArgs& args) const {
    const bool whole = args.data.size() == static_cast<std::size_t>(args.total_size);
    return !whole && (out_of_step_ || !start_.empty()) && start_of(args.data).empty();
}

// Whether the chunk can belong to the open message.
bool MdtChunks::continues(const MdtDialoutArgs& args) const {
    return total_size_ == static_cast<std::size_t>(args.total_size) && args.req_id >= req_id_ &&
           !is_beginning(args.data);
}

bool MdtChunks::make_room(std::size_t bytes) {
    const std::size_t needed = buffer_.size() + bytes;
    if (needed <= charged_bytes_) {
        return true;
    }
    const std::size_t wanted = std::min(std::max(needed, charged_bytes_ * 2), total_size_);
    if (!budget_.charge(wanted - charged_bytes_)) {
        return false;
    }
    charged_bytes_ = wanted;
    buffer_.reserve(wanted);
    return true;
}

void MdtChunks::begin(const MdtDialoutArgs& args) {
    out_of_step_ = false;
    if (const std::string_view start = start_of(args.data); !start.empty() && start != start_) {
        start_ = start;
    }
    total_size_ = static_cast<std::size_t>(args.total_size);
    if (total_size_ > options_.message_bytes_max) {
        passing_over_ = MdtChunkDrop::oversize;
    }
}

// This chunk and the rest of its message are dropped, until as many bytes have gone by as it has.
void MdtChunks::pass_over(MdtChunkDrop reason, const MdtDialoutArgs& args, MdtChunkStep& step) {
    step.given_drop = reason;
    passing_over_ = reason;
    seen_bytes_ += args.data.size();
    if (seen_bytes_ >= total_size_) {
        forget();
    }
}

void MdtChunks::add(const MdtDialoutArgs& args, MdtChunkStep& step) {
    if (passing_over_ != MdtChunkDrop::none) {
        pass_over(passing_over_, args, step);
        return;
    }
    if (args.data.size() > total_size_ - seen_bytes_) {
        drop_held(MdtChunkDrop::overrun, step);
        out_of_step_ = true;
        step.given_drop = MdtChunkDrop::overrun;
        return;
    }
    const bool alone = chunks_ == 0 && args.data.size() == total_size_;
    if (alone) {
        step.has_message = true;
        step.message = args.data;
        step.chunks = 1;
        forget();
        return;
    }
    if (!make_room(args.data.size())) {
        const std::uint64_t seen = seen_bytes_;
        const std::size_t total = total_size_;
        drop_held(MdtChunkDrop::memory, step);
        out_of_step_ = false;
        total_size_ = total;
        seen_bytes_ = seen;
        pass_over(MdtChunkDrop::memory, args, step);
        return;
    }
    buffer_.append(args.data);
    seen_bytes_ += args.data.size();
    ++chunks_;
    if (seen_bytes_ == total_size_) {
        step.has_message = true;
        step.message = buffer_;
        step.chunks = chunks_;
        chunks_ = 0;
        total_size_ = 0;
        delivered_ = true;
    }
}

MdtChunkStep MdtChunks::take(const MdtDialoutArgs& args, std::int64_t now_ns) {
    MdtChunkStep step = expire(now_ns);
    if (args.total_size == 0) {
        step.has_message = true;
        step.message = args.data;
        step.chunks = 1;
        return step;
    }
    if (args.total_size < 0) {
        drop_held(MdtChunkDrop::interrupted, step);
        step.given_drop = MdtChunkDrop::bad_size;
        return step;
    }
    if (total_size_ > 0 && !continues(args)) {
        drop_held(MdtChunkDrop::interrupted, step);
    }
    if (total_size_ == 0) {
        if (is_middle(args)) {
            step.given_drop = MdtChunkDrop::out_of_step;
            return step;
        }
        begin(args);
    }
    req_id_ = args.req_id;
    last_ns_ = now_ns;
    add(args, step);
    return step;
}

void MdtChunks::release_message() {
    if (delivered_) {
        forget();
    }
}

MdtChunkStep MdtChunks::expire(std::int64_t now_ns) {
    MdtChunkStep step;
    release_message();
    if (total_size_ > 0 && now_ns - last_ns_ > options_.timeout_ns) {
        drop_held(MdtChunkDrop::timeout, step);
    }
    return step;
}

MdtChunkStep MdtChunks::end() {
    MdtChunkStep step;
    release_message();
    drop_held(MdtChunkDrop::stream_ended, step);
    return step;
}

}  // namespace weir
