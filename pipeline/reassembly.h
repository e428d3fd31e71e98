// Reassembly: puts the parts of one message (Cisco ISE sends long ones as several datagrams) back
// together. Sits between parse and append of one ingest thread.
//
// The joining rule: the frame of the part with the lowest number, whole, followed by the payloads
// of the other parts in the order of their numbers, with nothing in between. With all parts present
// that is the first part's header and the message as the device held it before cutting. Nothing is
// invented: a missing part leaves no mark in the text, but Defect::parts_missing.
//
// Intake ledger: every frame taken is held until its message is released; a released message of n
// frames is one record accepted and n-1 frames merged.
#pragma once

#include "core/address.h"
#include "core/defects.h"
#include "core/time.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

inline constexpr std::uint16_t parts_max = 256;  // in one message; ISE sends some ten

// Value that borrows; copied by Reassembler::add if the part is taken.
struct PartView {
    Peer peer;
    std::string_view category;  // with the peer's address and the id, names the message
    std::string_view id;
    std::uint16_t total = 0;
    std::uint16_t index = 0;  // 0-based
    std::string_view frame;   // the whole line
    std::size_t text_at = 0;  // where the payload begins in `frame`, after the part header
    Timestamp received_at;
    Defects defects;            // of the frame
    std::uint32_t context = 0;  // the caller's (a listener's number); parts of one message share it
};

// Value. A released message.
struct Merged {
    Peer peer;  // of the part that came first, as are the next two
    Timestamp received_at;
    std::uint32_t context = 0;
    std::uint32_t frames = 1;  // that went into it, duplicates too
    Defects defects;           // the frames', and parts_missing, parts_duplicate, merged_parts
    std::string line;
};

enum class PartVerdict : std::uint8_t {
    not_taken,  // one part only, numbers that make no sense, or too large: an ordinary message
    held,       // waits for the others
    completed,  // the message is in `out`
};

// Value. Why messages left, in messages, since the start.
struct ReassemblyCounts {
    std::uint64_t completed = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t evicted = 0;     // the oldest, for room
    std::uint64_t superseded = 0;  // another message came under the same id
    std::uint64_t flushed = 0;     // flush_all
};

// Resource. One thread. `now_ns` is monotonic.
class Reassembler {
  public:
    // Value.
    struct Options {
        std::size_t bytes_max = 4 * 1024 * 1024;
        std::size_t messages_max = 1024;
        std::int64_t timeout_ns = 5 * ns_per_s;  // from the first part that came
    };

    explicit Reassembler(const Options& options) : options_(options) {}

    Reassembler(const Reassembler&) = delete;
    Reassembler& operator=(const Reassembler&) = delete;

    // Takes a part. Appends to `out` what it completes and what had to leave (timed out, the oldest
    // for room, or one with the same name whose parts contradict this one), in that order.
    [[nodiscard]] PartVerdict add(const PartView& part, std::int64_t now_ns,
                                  std::vector<Merged>& out);

    // Appends every message whose time is up.
    void flush(std::int64_t now_ns, std::vector<Merged>& out);
    // Appends everything, oldest first.
    void flush_all(std::vector<Merged>& out);
    // When flush has something to do; none while nothing is held.
    [[nodiscard]] std::optional<std::int64_t> next_deadline_ns() const;

    // New bounds for what comes; what is held stays until its time is up or room is needed.
    void set_options(const Options& options) { options_ = options; }

    [[nodiscard]] std::uint64_t held_frames() const { return held_frames_; }

    [[nodiscard]] std::size_t held_messages() const { return messages_.size(); }

    // At most bytes_max, as set when the last part was taken.
    [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }

    [[nodiscard]] const ReassemblyCounts& counts() const { return counts_; }

  private:
    struct Part {
        std::uint16_t index = 0;
        std::size_t text_at = 0;
        std::string frame;
    };

    struct Message {
        std::string name;
        std::uint16_t total = 0;
        std::int64_t deadline_ns = 0;
        std::size_t bytes = 0;
        std::vector<Part> parts;  // by index
        Merged merged;            // all but the line
    };

    using Messages = std::list<Message>;  // by age
    using Names = std::map<std::string, Messages::iterator, std::less<>>;

    [[nodiscard]] Messages::iterator find(std::string_view name);
    [[nodiscard]] bool contradicts(const Message& message, const PartView& part) const;
    [[nodiscard]] Messages::iterator start(std::string name, const PartView& part,
                                           std::int64_t now_ns);
    void release(Messages::iterator message, std::vector<Merged>& out);

    Options options_;
    Messages messages_;
    Names names_;
    std::size_t held_bytes_ = 0;
    std::uint64_t held_frames_ = 0;
    ReassemblyCounts counts_;
};

}  // namespace weir
