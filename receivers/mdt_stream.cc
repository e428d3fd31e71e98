#include "receivers/mdt_stream.h"

#include "parsers/mdt_dialout.h"

#include <utility>

namespace weir {

namespace {

// Sessions of different listeners must differ too.
constexpr int listener_shift = 48;

RejectReason reason_of(MdtChunkDrop drop) {
    switch (drop) {
        case MdtChunkDrop::oversize:
            return RejectReason::oversize;
        case MdtChunkDrop::memory:
            return RejectReason::session_bytes;
        default:
            return RejectReason::bad_chunk;
    }
}

}  // namespace

MdtStream::MdtStream(Options options, MdtStreamShared& shared, MdtSink& sink)
    : options_(std::move(options)),
      sink_(sink),
      id_((std::uint64_t{options_.listener} + 1) << listener_shift |
          (shared.sessions.fetch_add(1, std::memory_order_relaxed) + 1)),
      budget_(shared.session_bytes),
      chunks_(MdtChunks::Options{}, budget_) {
    sink_.session_opened(session(), options_.listener);
}

MdtStream::~MdtStream() {
    account(chunks_.end());
    sink_.session_closed(session(), options_.listener);
}

MdtSession MdtStream::session() const {
    return {.id = id_, .peer = options_.peer, .certificate_subject = options_.certificate_subject};
}

bool MdtStream::take_args(std::string_view bytes, const Now& now) {
    sink_.begin_run();
    MdtDialoutArgs args;
    if (!read_mdt_dialout(bytes, args)) {
        refuse_frame(now.received_bytes, RejectReason::bad_frame);
        return false;
    }
    if (!args.errors.empty()) {
        sink_.device_error(session(), args.errors, options_.listener);
    }
    if (args.data.empty()) {
        return false;  // NX-OS keeps its stream alive so
    }
    if (args.data.size() > now.message_bytes_max) {
        refuse_frame(now.received_bytes, RejectReason::oversize);
        return false;
    }
    sink_.frame_received(options_.listener, now.received_bytes);
    MdtChunks::Options options;
    options.message_bytes_max = now.message_bytes_max;
    chunks_.set_options(options);
    const MdtChunkStep step = chunks_.take(args, now.monotonic_ns);
    account(step);
    if (!step.has_message) {
        return false;
    }
    if (step.chunks > 1) {
        sink_.frames_merged(options_.listener, step.chunks - 1);
    }
    take(step.message, MdtBody::any, now.time);
    chunks_.release_message();
    return true;
}

void MdtStream::account(const MdtChunkStep& step) {
    if (step.held_dropped > 0) {
        sink_.frames_rejected(options_.listener, step.held_dropped, reason_of(step.held_drop));
    }
    if (step.given_drop != MdtChunkDrop::none) {
        sink_.frames_rejected(options_.listener, 1, reason_of(step.given_drop));
    }
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

void MdtStream::expire(std::int64_t monotonic_ns) {
    account(chunks_.expire(monotonic_ns));
}

}  // namespace weir
