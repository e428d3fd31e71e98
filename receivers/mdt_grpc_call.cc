#include "receivers/mdt_grpc_call.h"

#include <algorithm>
#include <grpc/grpc_security_constants.h>
#include <utility>
#include <vector>

namespace weir {

namespace {

constexpr std::string_view mdt_dialout = "/mdt_dialout.gRPCMdtDialout/MdtDialout";
// Until the log is asked again whether it has room.
constexpr std::int64_t room_pause_ns = 50 * ns_per_ms;
// Pauses are made of pieces, so that a limit that is raised, or the end, is noticed soon.
constexpr std::int64_t pause_piece_ns = 100 * ns_per_ms;
constexpr std::size_t method_shown_max = 100;

}  // namespace

MdtGrpcCall::MdtGrpcCall(MdtGrpcCalls& calls) : calls_(calls), reader_writer_(&context_) {}

void MdtGrpcCall::wait_for_call() {
    calls_.service().RequestCall(&context_, &reader_writer_, &calls_.queue(), &calls_.queue(),
                                 this);
}

void MdtGrpcCall::on_event(bool ok) {
    switch (state_) {
        case State::requested:
            if (!ok) {
                calls_.on_end(*this);  // the server ends
                return;
            }
            calls_.on_call();
            begin();
            return;
        case State::reading:
            if (!ok) {
                // The device has ended its side, or the connection has ended.
                stream_.reset();
                finish(grpc::Status::OK);
                return;
            }
            take_message();
            read_or_pause();
            return;
        case State::pausing:
            calls_.sink().begin_run();  // the limits may be new
            read_or_pause();
            return;
        case State::finishing:
            calls_.on_end(*this);
            return;
    }
}

void MdtGrpcCall::begin() {
    connection_ = calls_.connection_of(context_.peer());
    if (connection_ == nullptr) {
        finish({grpc::StatusCode::UNAVAILABLE, "the connection has ended"});
        return;
    }
    connection_->called = true;
    if (context_.method() != mdt_dialout) {
        calls_.on_unknown_method(connection_, context_.method().substr(0, method_shown_max));
        finish({grpc::StatusCode::UNIMPLEMENTED, "only mdt_dialout.gRPCMdtDialout/MdtDialout"});
        return;
    }
    stream_.emplace(MdtStream::Options{.listener = calls_.options().listener,
                                       .peer = connection_->client,
                                       .certificate_subject = certificate_subject()},
                    calls_.shared(), calls_.sink());
    read_or_pause();
}

// In the form of RFC 2253; gRPC has it of a certificate that it has verified.
std::string MdtGrpcCall::certificate_subject() const {
    const std::shared_ptr<const grpc::AuthContext> context = context_.auth_context();
    if (context == nullptr || !context->IsPeerAuthenticated()) {
        return {};
    }
    for (const char* name : {GRPC_X509_SUBJECT_PROPERTY_NAME, GRPC_X509_CN_PROPERTY_NAME}) {
        const std::vector<grpc::string_ref> values = context->FindPropertyValues(name);
        if (!values.empty()) {
            return {values.front().data(), values.front().size()};
        }
    }
    return {};
}

void MdtGrpcCall::take_message() {
    paused_ = false;
    RejectReason refused = RejectReason::bad_frame;
    const std::optional<std::string_view> args = calls_.contents(message_, refused);
    if (!args) {
        stream_->refuse_frame(message_.Length(), refused);
    } else if (const std::int64_t now_ns = calls_.clock().monotonic_ns();
               stream_->take_args(*args, {.time = calls_.clock().now(),
                                          .monotonic_ns = now_ns,
                                          .received_bytes = message_.Length(),
                                          .message_bytes_max = calls_.message_bytes_max()})) {
        connection_->progress_ns = now_ns;
        connection_->proven = true;
    }
    message_.Clear();
}

// What is not read closes the device's window, and nothing is lost.
void MdtGrpcCall::read_or_pause() {
    if (!calls_.sink().has_room()) {
        pause(room_pause_ns);
        return;
    }
    const std::int64_t pause_ns =
        calls_.sink().pause_ns(stream_->peer(), calls_.options().listener);
    if (pause_ns > 0) {
        pause(std::min(pause_ns, pause_piece_ns));
        return;
    }
    state_ = State::reading;
    reader_writer_.Read(&message_, this);
}

void MdtGrpcCall::pause(std::int64_t pause_ns) {
    if (!paused_) {
        paused_ = true;
        calls_.sink().stream_paused(calls_.options().listener);
    }
    connection_->progress_ns = calls_.clock().monotonic_ns();  // it is we who are silent
    state_ = State::pausing;
    alarm_.Set(
        &calls_.queue(),
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(pause_ns, GPR_TIMESPAN)),
        this);
}

void MdtGrpcCall::finish(const grpc::Status& status) {
    state_ = State::finishing;
    reader_writer_.Finish(status, this);
}

void MdtGrpcCall::expire(std::int64_t monotonic_ns) {
    if (stream_) {
        stream_->expire(monotonic_ns);
    }
}

}  // namespace weir
