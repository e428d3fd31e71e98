// A run of parts, flushes and jumps in time against a model that keeps every part for ever: frames
// are conserved, bounds hold, each released line is a first frame plus payloads in order, and
// nothing waits beyond its time. Input: three bytes an operation.
#include "core/assert.h"
#include "pipeline/reassembly.h"

#include <cstdint>
#include <string>

namespace {

constexpr std::int64_t timeout_ns = 50;

// Every payload says which part of which message it is, so that a line can be checked alone.
std::string payload(int id, int index) {
    return "[" + std::to_string(id) + "." + std::to_string(index) + "]";
}

void check(const weir::Merged& merged, std::uint64_t& released) {
    WEIR_ASSERT(merged.frames > 0);
    released += merged.frames;
    WEIR_ASSERT(merged.line.rfind("head ", 0) == 0);
    const std::size_t head_end = merged.line.find('[');
    const auto total = static_cast<std::size_t>(std::stoi(merged.line.substr(5, head_end - 5)));
    int last = -1;
    std::size_t parts = 0;
    const std::string id = merged.line.substr(head_end + 1, merged.line.find('.') - head_end - 1);
    for (std::size_t at = head_end; at < merged.line.size(); ++parts) {
        const std::size_t dot = merged.line.find('.', at);
        const std::size_t end = merged.line.find(']', at);
        WEIR_ASSERT(dot < end && end != std::string::npos);
        WEIR_ASSERT(merged.line.substr(at + 1, dot - at - 1) == id);
        const int index = std::stoi(merged.line.substr(dot + 1, end - dot - 1));
        WEIR_ASSERT(index > last);
        last = index;
        at = end + 1;
    }
    WEIR_ASSERT(parts <= merged.frames);
    WEIR_ASSERT(merged.defects.has(weir::Defect::merged_parts) == (parts > 1));
    WEIR_ASSERT(merged.defects.has(weir::Defect::parts_duplicate) == (parts < merged.frames));
    WEIR_ASSERT(merged.defects.has(weir::Defect::parts_missing) == (parts != total));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weir;
    Reassembler table({.bytes_max = 4096, .messages_max = 4, .timeout_ns = timeout_ns});
    std::vector<Merged> out;
    std::int64_t now_ns = 0;
    std::uint64_t taken = 0;
    std::uint64_t released = 0;
    for (; size >= 3; data += 3, size -= 3) {
        const int id = data[0] % 8;
        const int index = data[1] % 16;
        now_ns += data[2] >> 4U;
        if (data[0] == 255) {
            table.flush(now_ns, out);
            WEIR_ASSERT(!table.next_deadline_ns() || *table.next_deadline_ns() > now_ns);
        } else if (data[0] == 254) {
            table.flush_all(out);
            WEIR_ASSERT(table.held_frames() == 0 && table.held_bytes() == 0);
        } else {
            const std::string head = "head " + std::to_string(data[2] & 0xf);
            const std::string frame = head + payload(id, index);
            const std::string name = std::to_string(id);
            PartView part;
            part.peer.address.bytes[15] = static_cast<std::uint8_t>(id % 2);
            part.category = "c";
            part.id = name;
            part.total = data[2] & 0xf;
            part.index = static_cast<std::uint16_t>(index);
            part.frame = frame;
            part.text_at = head.size();
            part.context = static_cast<std::uint32_t>(id / 4);
            taken += table.add(part, now_ns, out) == PartVerdict::not_taken ? 0U : 1U;
        }
        for (const Merged& merged : out) {
            check(merged, released);
        }
        out.clear();
        WEIR_ASSERT(taken == released + table.held_frames());
        WEIR_ASSERT(table.held_messages() <= 4 && table.held_bytes() <= 4096);
        WEIR_ASSERT(!table.next_deadline_ns() || *table.next_deadline_ns() <= now_ns + timeout_ns);
    }
    return 0;
}
