// Framing of syslog over a byte stream (RFC 6587, RFC 5425): octet counting or a trailer (LF, CRLF,
// NUL), decided for every frame anew, because real senders mix them on one connection. Does no I/O
// and owns no buffer: the session keeps the bytes, the framer says what they are.
#pragma once

#include "core/defects.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

// What to do with a message longer than message_bytes_max.
enum class Oversize : std::uint8_t {
    truncate,  // deliver the first message_bytes_max bytes, discard the rest of that message
    drop,      // deliver nothing of it; the caller counts it
};

// Which framing a stream uses; `automatic` decides per frame.
enum class FramingMode : std::uint8_t { automatic, octet, lf, nul };

// Value that borrows from the bytes given to Framer::next.
struct FramingStep {
    std::size_t consumed = 0;  // bytes the caller may forget, counted from the front
    bool has_frame = false;    // `frame` is a message (possibly empty text was skipped silently)
    bool dropped = false;      // an oversize message was refused under Oversize::drop
    std::string_view frame;
    Defects defects;
    bool octet_counted = false;
};

// Value. The framing state of one session. A step either consumes bytes, delivers a frame, or asks
// for more (consumed == 0 and no frame). It never asks for more once `buffered` holds
// buffer_bytes_needed(message_bytes_max), so a buffer of that size always makes progress.
class Framer {
  public:
    struct Options {
        std::size_t message_bytes_max = 64 * 1024;
        Oversize oversize = Oversize::truncate;
        FramingMode mode = FramingMode::automatic;
    };

    explicit Framer(Options options) : options_(options) {}

    // The session's buffer must be able to hold this much: the longest message, its count, and what
    // must be seen behind it to believe the count.
    [[nodiscard]] static constexpr std::size_t buffer_bytes_needed(std::size_t message_bytes_max) {
        return message_bytes_max + 32;
    }

    // Looks at the front of `buffered`. With `end_of_stream` the rest is delivered as the last
    // frame, marked unterminated_frame where its trailer or counted bytes are missing.
    [[nodiscard]] FramingStep next(std::string_view buffered, bool end_of_stream);

    // New limits for the messages to come (configuration reload).
    void set_options(Options options) { options_ = options; }

  private:
    // Value. An octet count at the front.
    struct Count {
        std::size_t header_bytes = 0;  // digits and the blank; 0: none
        std::size_t message_bytes = 0;
        bool undecided = false;  // more bytes are needed to tell
    };

    [[nodiscard]] FramingStep discard(std::string_view buffered);
    [[nodiscard]] Count read_count(std::string_view buffered, bool end_of_stream) const;
    [[nodiscard]] FramingStep next_counted(std::string_view buffered, const Count& count,
                                           bool end_of_stream);
    [[nodiscard]] FramingStep next_oversize_counted(std::string_view buffered, const Count& count,
                                                    bool end_of_stream);
    [[nodiscard]] FramingStep next_trailed(std::string_view buffered, bool end_of_stream);
    [[nodiscard]] std::size_t find_trailer(std::string_view text, std::size_t from) const;
    FramingStep deliver(FramingStep step);

    Options options_;
    std::uint64_t discard_counted_bytes_ = 0;  // rest of an oversize counted message
    bool discard_to_trailer_ = false;          // rest of an oversize trailed message
    bool behind_count_ =
        false;                 // the previous bytes ended a counted message, no trailer seen since
    std::size_t scanned_ = 0;  // bytes at the front already searched, so that growing buffers
                               // are not searched again
};

}  // namespace weir
