#include "pipeline/reassembly.h"

#include "core/assert.h"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

// What the containers add to the text: list and map nodes with their allocator's share.
constexpr std::size_t message_overhead = 512;
constexpr std::size_t part_overhead = 96;

// Address, category and id in one key. The length keeps "a"+"bc" apart from "ab"+"c".
std::string name_of(const PartView& part) {
    std::string name(part.peer.address.bytes.begin(), part.peer.address.bytes.end());
    // Parts of one message come by one way; counting them stays with one listener then.
    name += std::to_string(part.context);
    name += ' ';
    name += std::to_string(part.category.size());
    name += ' ';
    name += part.category;
    name += part.id;
    return name;
}

const auto* find_index(const auto& parts, std::uint16_t index) {
    const auto found =
        std::lower_bound(parts.begin(), parts.end(), index,
                         [](const auto& part, std::uint16_t key) { return part.index < key; });
    return found != parts.end() && found->index == index ? &*found : nullptr;
}

}  // namespace

PartVerdict Reassembler::add(const PartView& part, std::int64_t now_ns, std::vector<Merged>& out) {
    WEIR_ASSERT(part.text_at <= part.frame.size());
    flush(now_ns, out);
    std::string name = name_of(part);
    const std::size_t message_bytes = message_overhead + name.size() * 2;
    const std::size_t part_bytes = part_overhead + part.frame.size();
    if (part.total < 2 || part.total > parts_max || part.index >= part.total ||
        options_.messages_max == 0 || message_bytes + part_bytes > options_.bytes_max) {
        return PartVerdict::not_taken;
    }
    auto message = find(name);
    if (message != messages_.end() && contradicts(*message, part)) {
        ++counts_.superseded;
        release(message, out);
        message = messages_.end();
    }
    if (message != messages_.end() && find_index(message->parts, part.index) != nullptr) {
        message->merged.defects.add(Defect::parts_duplicate);
        ++message->merged.frames;
        ++held_frames_;
        return PartVerdict::held;
    }
    while (held_bytes_ + part_bytes + (message == messages_.end() ? message_bytes : 0) >
               options_.bytes_max ||
           (message == messages_.end() && messages_.size() >= options_.messages_max)) {
        message = message == messages_.begin() ? messages_.end() : message;
        ++counts_.evicted;
        release(messages_.begin(), out);
    }
    if (message == messages_.end()) {
        message = start(std::move(name), part, now_ns);
        message->bytes = message_bytes;
        held_bytes_ += message_bytes;
    }
    const auto place = std::find_if(message->parts.begin(), message->parts.end(),
                                    [&](const Part& held) { return held.index > part.index; });
    message->parts.insert(place, {part.index, part.text_at, std::string(part.frame)});
    message->bytes += part_bytes;
    held_bytes_ += part_bytes;
    message->merged.defects.add(part.defects);
    ++message->merged.frames;
    ++held_frames_;
    if (message->parts.size() < message->total) {
        return PartVerdict::held;
    }
    ++counts_.completed;
    release(message, out);
    return PartVerdict::completed;
}

Reassembler::Messages::iterator Reassembler::find(std::string_view name) {
    const auto found = names_.find(name);
    return found == names_.end() ? messages_.end() : found->second;
}

// The same part again with another text, or another number of parts, is not a repeat by the network
// but another message under an id that was used before.
bool Reassembler::contradicts(const Message& message, const PartView& part) const {
    const Part* held = find_index(message.parts, part.index);
    return message.total != part.total ||
           (held != nullptr &&
            std::string_view(held->frame).substr(held->text_at) != part.frame.substr(part.text_at));
}

Reassembler::Messages::iterator Reassembler::start(std::string name, const PartView& part,
                                                   std::int64_t now_ns) {
    Message message;
    message.name = std::move(name);
    message.total = part.total;
    message.deadline_ns = now_ns + options_.timeout_ns;
    message.merged.peer = part.peer;
    message.merged.received_at = part.received_at;
    message.merged.context = part.context;
    message.merged.frames = 0;
    messages_.push_back(std::move(message));
    const auto placed = std::prev(messages_.end());
    names_.emplace(placed->name, placed);
    return placed;
}

void Reassembler::release(Messages::iterator message, std::vector<Merged>& out) {
    Merged merged = std::move(message->merged);
    for (const Part& part : message->parts) {
        merged.line.append(part.frame, merged.line.empty() ? 0 : part.text_at);
    }
    if (message->parts.size() < message->total) {
        merged.defects.add(Defect::parts_missing);
    }
    if (message->parts.size() > 1) {
        merged.defects.add(Defect::merged_parts);
    }
    held_bytes_ -= message->bytes;
    held_frames_ -= merged.frames;
    out.push_back(std::move(merged));
    names_.erase(message->name);
    messages_.erase(message);
}

void Reassembler::flush(std::int64_t now_ns, std::vector<Merged>& out) {
    while (!messages_.empty() && messages_.front().deadline_ns <= now_ns) {
        ++counts_.timed_out;
        release(messages_.begin(), out);
    }
}

void Reassembler::flush_all(std::vector<Merged>& out) {
    while (!messages_.empty()) {
        ++counts_.flushed;
        release(messages_.begin(), out);
    }
}

std::optional<std::int64_t> Reassembler::next_deadline_ns() const {
    if (messages_.empty()) {
        return std::nullopt;
    }
    return messages_.front().deadline_ns;
}

}  // namespace weir
