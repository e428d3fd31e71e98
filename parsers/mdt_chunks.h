// Chunks of NX-OS put together: what a switch sends with `use-chunking` comes in pieces of one
// stream, each with the size of the whole and none with a number. Never joins what may not belong
// together, never holds more than a message, and says of every chunk what became of it.
#pragma once

#include "parsers/mdt_dialout.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// Resource interface. Where the memory of a stream's open message is asked for: the device's share.
class MdtChunkBudget {
  public:
    MdtChunkBudget() = default;
    MdtChunkBudget(const MdtChunkBudget&) = delete;
    MdtChunkBudget& operator=(const MdtChunkBudget&) = delete;
    virtual ~MdtChunkBudget() = default;

    [[nodiscard]] virtual bool charge(std::size_t bytes) = 0;
    virtual void release(std::size_t bytes) = 0;
};

// Why chunks were dropped.
enum class MdtChunkDrop : std::uint8_t {
    none,
    interrupted,   // another message began before the last one was complete
    out_of_step,   // a chunk before it was lost: it does not begin a message, and none is open
    overrun,       // more bytes than the whole was said to have: a chunk was lost before
    oversize,      // the whole is longer than the limit
    bad_size,      // the size of the whole is negative
    timeout,       // the rest did not come in time
    memory,        // the device's share of memory is used up
    stream_ended,  // the stream ended before the rest came
};
inline constexpr std::size_t mdt_chunk_drop_count = 9;  // with `none`
// "none", "interrupted", ...
[[nodiscard]] std::string_view mdt_chunk_drop_name(MdtChunkDrop drop);

// Value that borrows. What one chunk brought about.
struct MdtChunkStep {
    // A whole message of so many chunks, valid until release_message() or the next call.
    bool has_message = false;
    std::string_view message;
    std::uint32_t chunks = 0;
    // Chunks that are lost, first those that were held and then the one that was given.
    MdtChunkDrop held_drop = MdtChunkDrop::none;
    std::uint32_t held_dropped = 0;
    std::uint64_t held_dropped_bytes = 0;
    MdtChunkDrop given_drop = MdtChunkDrop::none;
};

// Resource. The chunks of one stream. Every chunk given is, in the end, part of one message or
// dropped for one reason, and between the two it is held(). Nothing in a chunk says which message
// it is of; but all messages of a stream begin with the name of the device, and middles do not.
class MdtChunks {
  public:
    struct Options {
        std::size_t message_bytes_max = 16 * 1024 * 1024;
        std::int64_t timeout_ns = 30'000'000'000;  // from the last chunk to the next
    };

    // `budget` outlives it.
    MdtChunks(Options options, MdtChunkBudget& budget) : options_(options), budget_(budget) {}

    MdtChunks(const MdtChunks&) = delete;
    MdtChunks& operator=(const MdtChunks&) = delete;

    ~MdtChunks() { forget(); }

    // One MdtDialoutArgs with data. Data without the size of a whole is a message of its own,
    // handed on at once; what is held stays held.
    [[nodiscard]] MdtChunkStep take(const MdtDialoutArgs& args, std::int64_t now_ns);

    // Gives back the memory of the message that the last step handed on.
    void release_message();

    // Drops what has waited too long. Also done by take().
    [[nodiscard]] MdtChunkStep expire(std::int64_t now_ns);

    // The stream is over.
    [[nodiscard]] MdtChunkStep end();

    // Chunks that wait for the rest of their message.
    [[nodiscard]] std::uint32_t held() const { return chunks_; }

    [[nodiscard]] std::size_t charged_bytes() const { return charged_bytes_; }

    // For the messages to come (configuration reload).
    void set_options(Options options) { options_ = options; }

  private:
    [[nodiscard]] bool is_middle(const MdtDialoutArgs& args) const;
    [[nodiscard]] bool continues(const MdtDialoutArgs& args) const;
    [[nodiscard]] bool make_room(std::size_t bytes);
    [[nodiscard]] bool is_beginning(std::string_view data) const;
    void begin(const MdtDialoutArgs& args);
    void add(const MdtDialoutArgs& args, MdtChunkStep& step);
    void drop_held(MdtChunkDrop reason, MdtChunkStep& step);
    void pass_over(MdtChunkDrop reason, const MdtDialoutArgs& args, MdtChunkStep& step);
    void forget();

    Options options_;
    MdtChunkBudget& budget_;
    std::string buffer_;
    std::size_t charged_bytes_ = 0;
    std::size_t total_size_ = 0;  // of the open message; 0: none is open
    std::uint64_t seen_bytes_ = 0;
    std::uint32_t chunks_ = 0;
    std::int64_t req_id_ = 0;
    std::int64_t last_ns_ = 0;
    // Why the open message is passed over until its end, instead of kept.
    MdtChunkDrop passing_over_ = MdtChunkDrop::none;
    std::string start_;         // what the messages of this stream begin with
    bool out_of_step_ = false;  // a chunk was lost: the next message begins where one is seen to
    bool delivered_ = false;    // the buffer was handed on with the last step
};

}  // namespace weir
