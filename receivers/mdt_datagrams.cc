#include "receivers/mdt_datagrams.h"

#include "parsers/mdt_framing.h"

namespace weir {

void MdtDatagrams::take(const Frame& frame, std::uint32_t listener) {
    const MdtDatagram datagram = read_mdt_datagram(frame.bytes);
    if (datagram.error == MdtFramingError::none && datagram.heartbeat) {
        return;  // says only that the device is there
    }
    sink_.frame_received(listener, frame.bytes.size());
    if (!sink_.allows(frame.peer, listener)) {
        sink_.frames_rejected(listener, 1, RejectReason::not_allowed);
        return;
    }
    if (frame.defects.has(Defect::truncated)) {
        sink_.frames_rejected(listener, 1, RejectReason::oversize);  // half of it says nothing
        return;
    }
    if (datagram.error != MdtFramingError::none) {
        sink_.frames_rejected(listener, 1, RejectReason::bad_frame);
        return;
    }
    Frame message = frame;
    message.bytes = datagram.message;
    sink_.take_message(message, datagram.body, {.id = 0, .peer = frame.peer}, listener);
}

}  // namespace weir
