// `weir send mdt`: plays telemetry of devices that do not exist, or that was recorded, to a
// receiver. To try a configuration, to measure, and for our tests.
#pragma once

#include "app/mdt_generator.h"
#include "app/mdt_sender.h"

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct SendMdtOptions {
    std::string to = "127.0.0.1:57000";  // HOST:PORT, [IPV6]:PORT
    MdtSenderOptions sender;             // but for host and port
    MdtGenerator::Options generator;
    // Played instead of what is generated: files of one raw message each, or of messages behind
    // TCP headers.
    std::vector<std::string> files;
    double rate_messages_per_s = 0;         // of all devices together; 0: as fast as it goes
    std::optional<std::uint64_t> messages;  // of all devices together; none: one round of each
    std::chrono::milliseconds duration{0};  // 0: until the messages are sent
    std::chrono::milliseconds finish_timeout{30'000};
    std::chrono::milliseconds stall_timeout{60'000};  // without a message sent, it gives up
};

// Sends, and prints what was sent as one JSON object on one line. Returns the exit status: 0 when
// everything was sent and every connection ended well, 1 when not, 2 when the options make no
// sense.
[[nodiscard]] int run_send_mdt_command(const SendMdtOptions& options, std::ostream& out,
                                       std::ostream& errors);

// "grpc", "tcp", "udp"
[[nodiscard]] std::optional<MdtTransport> mdt_transport_from_name(std::string_view name);

}  // namespace weir
