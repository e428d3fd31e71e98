#include "receivers/mdt_tcp_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir {

namespace {

constexpr std::size_t header_bytes = 12;

std::uint32_t u16(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])) << 8 |
           static_cast<unsigned char>(bytes[at + 1]);
}

}  // namespace

// What the front of the bytes turned out to be.
struct MdtTcpSession::Step {
    std::size_t consumed = 0;  // 0: incomplete
    std::string_view body;
    bool is_message = false;
    bool oversize = false;
    MdtBody encoding = MdtBody::any;
};

MdtTcpSession::MdtTcpSession(MdtStream::Options options, MdtStreamShared& shared, MdtSink& sink)
    : stream_(std::move(options), shared, sink), buffer_(shared.session_bytes) {}

MdtTcpSession::Step MdtTcpSession::next(std::string_view bytes, std::size_t message_bytes_max) {
    if (bytes.size() < header_bytes) {
        needed_ = header_bytes;
        return {};
    }
    const std::uint32_t type = u16(bytes, 0);
    const std::uint32_t encap = u16(bytes, 2);
    const std::size_t length = std::size_t{u16(bytes, 8)} << 16 | u16(bytes, 10);
    if (type < 1 || type > 2 || u16(bytes, 4) != 1 || u16(bytes, 6) != 0) {
        failure_ = "not a header of telemetry";
        return {};
    }
    if (length > message_bytes_max) {
        skip_ = length;
        return {.consumed = header_bytes, .oversize = true};
    }
    needed_ = header_bytes + length;
    if (bytes.size() < needed_) {
        return {};
    }
    return {.consumed = needed_,
            .body = bytes.substr(header_bytes, length),
            .is_message = type == 1,
            .encoding = encap == 2 ? MdtBody::json : MdtBody::gpb};
}

bool MdtTcpSession::take(std::size_t bytes, Timestamp now, std::size_t message_bytes_max) {
    std::string_view rest = buffer_.filled(bytes);
    while (!rest.empty()) {
        const std::size_t skipped = std::min(skip_, rest.size());
        rest.remove_prefix(skipped);
        skip_ -= skipped;
        if (rest.empty()) {
            break;
        }
        const Step step = next(rest, message_bytes_max);
        if (!failure_.empty()) {
            buffer_.clear();
            return false;
        }
        if (step.consumed == 0) {
            break;
        }
        if (step.oversize) {
            stream_.refuse_frame(skip_, RejectReason::oversize);
        }
        if (step.is_message) {
            ++messages_;
            stream_.take_body(step.body, step.encoding, now);
        }
        rest.remove_prefix(step.consumed);
    }
    if (!buffer_.keep(rest, needed_)) {
        // session_bytes_max has no room: the frame is skipped when the rest of it comes.
        stream_.refuse_frame(needed_ - header_bytes, RejectReason::session_bytes);
        skip_ = needed_ - rest.size();
        buffer_.clear();
    }
    return true;
}

void MdtTcpSession::end() {
    if (!buffer_.kept().empty()) {
        stream_.refuse_frame(buffer_.kept().size(), RejectReason::bad_frame);
    }
    buffer_.clear();
}

}  // namespace weir
