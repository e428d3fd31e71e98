// `weir decode mdt`: shows what a message of telemetry becomes: series in Prometheus text, events
// as comments; and on the error stream what was wrong with it, and which leaves became nothing, and
// why. For operators who ask where a number is, and for our tests.
#pragma once

#include "core/telemetry.h"
#include "pipeline/telemetry_mapper.h"

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string_view>

namespace weir {

// What is around the messages in the file.
enum class MdtCapture : std::uint8_t {
    raw,   // nothing: the file is one message
    grpc,  // messages of a gRPC call, each behind its 5 bytes, or one MdtDialoutArgs alone
    tcp,   // messages behind the 12 bytes of IOS-XR
};

struct DecodeMdtOptions {
    MdtCapture capture = MdtCapture::raw;
    MdtBody encoding = MdtBody::any;
    // When it was received; none: when the message says, so that its times are believed.
    std::optional<std::int64_t> received_ms;
    std::size_t message_bytes_max = 64 * 1024 * 1024;
    TelemetryMapping mapping;
};

// Reads `in` to its end. Returns 0, or 1 when a message was not whole or not telemetry, or the
// output failed. What is merely left out does not count.
[[nodiscard]] int run_decode_mdt_command(const DecodeMdtOptions& options, std::istream& in,
                                         std::ostream& out, std::ostream& errors);

// Values of --framing ("raw", "grpc", "tcp") and --encoding ("auto", "kvgpb", "json").
[[nodiscard]] std::optional<MdtCapture> mdt_capture_from_name(std::string_view name);
[[nodiscard]] std::optional<MdtBody> mdt_encoding_from_name(std::string_view name);

}  // namespace weir
