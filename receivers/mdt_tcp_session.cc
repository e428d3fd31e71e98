#include "receivers/mdt_tcp_session.h"

#include <utility>

namespace weir {

MdtTcpSession::MdtTcpSession(MdtStream::Options options, MdtStreamShared& shared, MdtSink& sink,
                             std::size_t message_bytes_max)
    : stream_(std::move(options), shared, sink),
      buffer_(shared.session_bytes),
      framer_(message_bytes_max) {}

bool MdtTcpSession::take(std::size_t bytes, Timestamp now, std::size_t message_bytes_max) {
    framer_.set_message_bytes_max(message_bytes_max);
    std::string_view rest = buffer_.filled(bytes);
    for (;;) {
        const MdtFramingStep step = framer_.next(rest);
        if (step.error != MdtFramingError::none) {
            failure_ = mdt_framing_error_name(step.error);
            buffer_.clear();
            return false;
        }
        if (step.oversize) {
            stream_.refuse_frame(mdt_header_bytes, RejectReason::oversize);
        }
        if (step.has_frame) {
            ++messages_;
            stream_.take_body(step.frame, step.body, now);
        }
        rest.remove_prefix(step.consumed);
        if (step.consumed == 0) {
            if (!buffer_.keep(rest, step.needs)) {
                skip_incomplete(rest);
            }
            return true;
        }
    }
}

// session_bytes_max has no room for it: what is to come of it is passed over.
void MdtTcpSession::skip_incomplete(std::string_view rest) {
    stream_.refuse_frame(rest.size(), RejectReason::session_bytes);
    // Only a frame with its header and less than its length asks for room, so it is oversize now.
    framer_.set_message_bytes_max(rest.size() - mdt_header_bytes);
    std::size_t consumed = 0;
    while (consumed < rest.size()) {
        consumed += framer_.next(rest.substr(consumed)).consumed;
    }
    buffer_.clear();
}

void MdtTcpSession::end() {
    if (!buffer_.kept().empty()) {
        stream_.refuse_frame(buffer_.kept().size(), RejectReason::bad_frame);
    }
    buffer_.clear();
}

}  // namespace weir
