// Framing of telemetry over TCP: a header of 12 bytes in front of every message, in the form that
// IOS-XR has now and the one it had before. Does no I/O and owns no buffer: the session keeps the
// bytes, the framer says what they are. Of UDP: the same header, or none.
#pragma once

#include "core/telemetry.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

inline constexpr std::size_t mdt_header_bytes = 12;

// Why a stream cannot be read on. It is to be closed: nothing tells where the next header is.
enum class MdtFramingError : std::uint8_t {
    none,
    bad_header,   // the first bytes are no header
    out_of_step,  // messages were read, and what follows them is no header
    flags,        // a header with flags, which nobody documents; perhaps compressed
    encap,        // an encapsulation that is neither GPB nor JSON
    length,       // a length beyond all reason
};
// "none", "bad_header", ...
[[nodiscard]] std::string_view mdt_framing_error_name(MdtFramingError error);

// Value that borrows from the bytes given to MdtFramer::next.
struct MdtFramingStep {
    std::size_t consumed = 0;  // bytes the caller may forget, counted from the front
    std::size_t needs = 0;     // nothing was consumed: the buffer must hold so many bytes in all
    bool has_frame = false;    // `frame` is a message, perhaps an empty one
    bool heartbeat = false;    // a header that only says that the device is there
    bool oversize = false;     // a message longer than message_bytes_max begins; it is passed over
    std::string_view frame;
    MdtBody body = MdtBody::any;
    MdtFramingError error = MdtFramingError::none;
};

// Value. The framing state of one session. A step consumes bytes, or asks for more, or has an
// error, behind which there are no further steps. It never asks for more than
// buffer_bytes_needed(message_bytes_max).
class MdtFramer {
  public:
    explicit MdtFramer(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

    [[nodiscard]] static constexpr std::size_t buffer_bytes_needed(std::size_t message_bytes_max) {
        return message_bytes_max + mdt_header_bytes;
    }

    // Looks at the front of `buffered`.
    [[nodiscard]] MdtFramingStep next(std::string_view buffered);

    // For the messages to come (configuration reload).
    void set_message_bytes_max(std::size_t message_bytes_max) {
        message_bytes_max_ = message_bytes_max;
    }

    // Bytes of an oversize message that are still to come.
    [[nodiscard]] std::uint64_t passing_over_bytes() const { return discard_bytes_; }

    // Whether the stream may end here, if nothing is buffered.
    [[nodiscard]] bool between_messages() const { return discard_bytes_ == 0; }

  private:
    MdtFramingStep fail(MdtFramingError error);

    std::size_t message_bytes_max_;
    std::uint64_t discard_bytes_ = 0;
    bool in_step_ = false;  // a header was read
    MdtFramingError error_ = MdtFramingError::none;
};

// Value that borrows. What a datagram holds.
struct MdtDatagram {
    std::string_view message;
    MdtBody body = MdtBody::any;
    bool heartbeat = false;
    MdtFramingError error = MdtFramingError::none;  // flags, encap; or length: cut short
};

// IOS-XR sends its header over UDP too; others send the bare message.
[[nodiscard]] MdtDatagram read_mdt_datagram(std::string_view datagram);

}  // namespace weir
