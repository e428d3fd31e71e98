// MdtTcpSession: IOS-XR's telemetry on plain TCP: cuts what is read into frames by their 12-byte
// headers and hands the bodies to an MdtStream. The caller reads the socket.
#pragma once

#include "core/time.h"
#include "parsers/mdt_framing.h"
#include "receivers/mdt_sink.h"
#include "receivers/mdt_stream.h"
#include "receivers/session_buffer.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

// Resource. One thread.
class MdtTcpSession {
  public:
    // The references must outlive it.
    MdtTcpSession(MdtStream::Options options, MdtStreamShared& shared, MdtSink& sink,
                  std::size_t message_bytes_max);

    // Where to read to.
    [[nodiscard]] std::span<char> space(std::span<char> scratch) { return buffer_.space(scratch); }

    // Takes what was read there. False: the stream is out of step and cannot go on; failure() says
    // why.
    [[nodiscard]] bool take(std::size_t bytes, Timestamp now, std::size_t message_bytes_max);

    // What is incomplete ends here.
    void end();

    // The name of an MdtFramingError.
    [[nodiscard]] std::string_view failure() const { return failure_; }

    // Whole messages so far.
    [[nodiscard]] std::uint64_t messages() const { return messages_; }

    // Whether bytes of an incomplete frame are here.
    [[nodiscard]] bool frame_begun() const {
        return !buffer_.kept().empty() || !framer_.between_messages();
    }

  private:
    void skip_incomplete(std::string_view rest);

    MdtStream stream_;
    SessionBuffer buffer_;
    MdtFramer framer_;
    std::uint64_t messages_ = 0;
    std::string_view failure_;
};

}  // namespace weir
