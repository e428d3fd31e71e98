// Framing of telemetry over TCP: however the stream is cut into reads, the same messages and the
// same error come out, no more is ever asked for than the contract says, and progress is made.
#include "fuzz/record_checks.h"
#include "parsers/mdt_framing.h"

#include <algorithm>
#include <string>
#include <vector>

namespace {

std::vector<std::string> run(std::string_view stream, std::size_t limit, std::size_t read_bytes) {
    std::vector<std::string> seen;
    weir::MdtFramer framer(limit);
    std::string buffer;
    while (true) {
        const weir::MdtFramingStep step = framer.next(buffer);
        WEIR_ASSERT(step.consumed <= buffer.size());
        if (step.error != weir::MdtFramingError::none) {
            WEIR_ASSERT(step.consumed == 0 && !step.has_frame);
            seen.emplace_back(weir::mdt_framing_error_name(step.error));
            return seen;
        }
        if (step.has_frame) {
            weir::fuzz::check_inside(buffer, step.frame);
            WEIR_ASSERT(step.frame.size() <= limit && step.body != weir::MdtBody::any);
            seen.push_back(std::string(step.frame) + "|frame");
        }
        if (step.heartbeat || step.oversize) {
            seen.emplace_back(step.heartbeat ? "heartbeat" : "oversize");
        }
        buffer.erase(0, step.consumed);
        if (step.consumed > 0) {
            continue;
        }
        WEIR_ASSERT(step.needs > buffer.size());
        WEIR_ASSERT(step.needs <= weir::MdtFramer::buffer_bytes_needed(limit));
        if (stream.empty()) {
            return seen;
        }
        const std::size_t size = std::min(read_bytes, stream.size());
        buffer.append(stream.substr(0, size));
        stream.remove_prefix(size);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::string_view stream = weir::fuzz::as_text(data, size).substr(2);
    const std::size_t limit = data[0] * 8U;
    const std::vector<std::string> whole = run(stream, limit, stream.size() + 1);
    WEIR_ASSERT(whole == run(stream, limit, 1U + data[1] % 32U));
    const weir::MdtDatagram datagram = weir::read_mdt_datagram(stream);
    weir::fuzz::check_inside(stream, datagram.message);
    return 0;
}
