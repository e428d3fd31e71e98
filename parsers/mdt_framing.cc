#include "parsers/mdt_framing.h"

#include <algorithm>

namespace weir {

namespace {

// No device sends a message near this; a length above it is taken from bytes that are no header.
constexpr std::uint32_t length_max = 256U * 1024 * 1024;

std::uint32_t read_number(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint32_t number = 0;
    for (const char c : bytes.substr(at, size)) {
        number = (number << 8U) | static_cast<unsigned char>(c);
    }
    return number;
}

// Value. A header, if it is one.
struct Header {
    bool valid = false;
    bool heartbeat = false;
    bool encap_known = true;
    MdtBody body = MdtBody::gpb;
    std::uint32_t flags = 0;
    std::uint32_t length = 0;
};

// u16 type {1 data, 2 heartbeat}, u16 encapsulation {1 GPB, 2 JSON, 3 compact GPB, 4 kvGPB},
// u16 version {1}, u16 flags, u32 length of what follows.
Header read_header_v1(std::string_view bytes) {
    const std::uint32_t type = read_number(bytes, 0, 2);
    const std::uint32_t encap = read_number(bytes, 2, 2);
    return {.valid = (type == 1 || type == 2) && read_number(bytes, 4, 2) == 1,
            .heartbeat = type == 2,
            .encap_known = type == 2 || (encap >= 1 && encap <= 4),
            .body = encap == 2 ? MdtBody::json : MdtBody::gpb,
            .flags = read_number(bytes, 6, 2),
            .length = read_number(bytes, 8, 4)};
}

// Before that: u32 type {1 reset of the compressor, 2 JSON, 3 compact GPB, 4 kvGPB}, u32 flags,
// u32 length.
Header read_header_v0(std::string_view bytes) {
    const std::uint32_t type = read_number(bytes, 0, 4);
    return {.valid = type >= 1 && type <= 4,
            .heartbeat = type == 1,
            .body = type == 2 ? MdtBody::json : MdtBody::gpb,
            .flags = read_number(bytes, 4, 4),
            .length = read_number(bytes, 8, 4)};
}

// The first two bytes are 0 before version 1, and never since.
Header read_header(std::string_view bytes) {
    return read_number(bytes, 0, 2) == 0 ? read_header_v0(bytes) : read_header_v1(bytes);
}

// What is wrong with a header that is valid.
MdtFramingError error_of(const Header& header) {
    if (header.flags != 0) {
        return MdtFramingError::flags;
    }
    if (!header.encap_known) {
        return MdtFramingError::encap;
    }
    return header.length > length_max ? MdtFramingError::length : MdtFramingError::none;
}

}  // namespace

std::string_view mdt_framing_error_name(MdtFramingError error) {
    switch (error) {
        case MdtFramingError::none:
            return "none";
        case MdtFramingError::bad_header:
            return "bad_header";
        case MdtFramingError::out_of_step:
            return "out_of_step";
        case MdtFramingError::flags:
            return "flags";
        case MdtFramingError::encap:
            return "encap";
        case MdtFramingError::length:
            return "length";
    }
    return "unknown";
}

MdtFramingStep MdtFramer::fail(MdtFramingError error) {
    error_ = error;
    return {.error = error};
}

MdtFramingStep MdtFramer::next(std::string_view buffered) {
    if (error_ != MdtFramingError::none) {
        return {.error = error_};
    }
    if (discard_bytes_ > 0) {
        const std::uint64_t gone = std::min<std::uint64_t>(discard_bytes_, buffered.size());
        discard_bytes_ -= gone;
        return {.consumed = static_cast<std::size_t>(gone),
                .needs = static_cast<std::size_t>(gone == 0 ? 1 : 0)};
    }
    if (buffered.size() < mdt_header_bytes) {
        return {.needs = mdt_header_bytes};
    }
    const Header header = read_header(buffered);
    if (!header.valid) {
        return fail(in_step_ ? MdtFramingError::out_of_step : MdtFramingError::bad_header);
    }
    if (const MdtFramingError error = error_of(header); error != MdtFramingError::none) {
        return fail(error);
    }
    const bool oversize = header.length > message_bytes_max_;
    if (!oversize && buffered.size() - mdt_header_bytes < header.length) {
        return {.needs = mdt_header_bytes + header.length};
    }
    in_step_ = true;
    if (oversize) {
        discard_bytes_ = header.length;
        return {.consumed = mdt_header_bytes, .oversize = !header.heartbeat, .body = header.body};
    }
    return {.consumed = mdt_header_bytes + header.length,
            .has_frame = !header.heartbeat,
            .heartbeat = header.heartbeat,
            .frame = buffered.substr(mdt_header_bytes, header.length),
            .body = header.body};
}

MdtDatagram read_mdt_datagram(std::string_view datagram) {
    if (datagram.size() < mdt_header_bytes) {
        return {.message = datagram};
    }
    const Header header = read_header(datagram);
    // No message begins as a header does: a message of `Telemetry` begins with no byte 0, and what
    // begins with 1 would be a field 0.
    if (!header.valid) {
        return {.message = datagram};
    }
    MdtDatagram result{.message = datagram.substr(mdt_header_bytes),
                       .body = header.body,
                       .heartbeat = header.heartbeat,
                       .error = error_of(header)};
    if (result.error == MdtFramingError::none && header.length > result.message.size()) {
        result.error = MdtFramingError::length;
    }
    result.message = result.message.substr(0, header.length);
    return result;
}

}  // namespace weir
