#include "receivers/mdt_stream.h"

#include <utility>

namespace weir {

namespace {

// Sessions of different listeners must differ too.
constexpr int listener_shift = 48;

}  // namespace

MdtStream::MdtStream(Options options, MdtStreamShared& shared, MdtSink& sink)
    : options_(std::move(options)),
      sink_(sink),
      id_((std::uint64_t{options_.listener} + 1) << listener_shift |
          (shared.sessions.fetch_add(1, std::memory_order_relaxed) + 1)) {
    sink_.session_opened(session(), options_.listener);
}

MdtStream::~MdtStream() {
    sink_.session_closed(session(), options_.listener);
}

MdtSession MdtStream::session() const {
    return {.id = id_, .peer = options_.peer, .certificate_subject = options_.certificate_subject};
}

bool MdtStream::take_args(std::string_view args, Timestamp now, std::size_t message_bytes_max) {
    sink_.begin_run();
    sink_.frame_received(options_.listener, args.size());
    if (args.size() > message_bytes_max) {
        sink_.frames_rejected(options_.listener, 1, RejectReason::oversize);
        return false;
    }
    take(args, MdtBody::any, now);
    return true;
}

void MdtStream::take_body(std::string_view body, MdtBody encoding, Timestamp now) {
    sink_.begin_run();
    sink_.frame_received(options_.listener, body.size());
    take(body, encoding, now);
}

void MdtStream::take(std::string_view message, MdtBody encoding, Timestamp now) {
    const Frame frame{.bytes = message, .peer = options_.peer, .received_at = now};
    sink_.take_message(frame, encoding, session(), options_.listener);
}

void MdtStream::refuse_frame(std::size_t bytes, RejectReason reason) {
    sink_.frame_received(options_.listener, bytes);
    sink_.frames_rejected(options_.listener, 1, reason);
}

void MdtStream::expire(Timestamp /*now*/) {}

}  // namespace weir
