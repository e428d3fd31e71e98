// Takes messages of telemetry to a receiver as devices do: each device over a connection of its
// own, by gRPC dial-out, TCP or UDP. For `weir send mdt`.
#pragma once

#include "core/result.h"
#include "core/telemetry.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weir {

enum class MdtTransport : std::uint8_t { grpc, tcp, udp };

struct MdtSenderOptions {
    std::string host;
    std::string port;
    MdtTransport transport = MdtTransport::grpc;
    std::uint32_t devices = 1;
    std::size_t chunk_bytes = 0;   // gRPC: messages in chunks of this size, as NX-OS; 0: whole
    bool gzip = false;             // gRPC
    bool datagram_header = false;  // UDP: the header of IOS-XR in front
    std::string source;            // TCP, UDP: IPv4 address of device 0; the next ones follow it
    bool tls = false;              // gRPC; so it is when a file below is named
    std::string tls_ca;            // PEM; empty: the system's
    std::string tls_cert;          // PEM, of the device
    std::string tls_key;           // PEM
    std::string tls_name;          // that the receiver's certificate must have; empty: the host
};

// Value.
struct MdtSenderCounts {
    std::uint64_t messages = 0;  // handed to the connections
    std::uint64_t bytes = 0;     // of these messages, without what is around them
    std::uint64_t chunks = 0;    // of those that were sent in chunks
    std::uint64_t refused = 0;   // not sent: longer than a datagram, or the connection was gone
    std::uint64_t replies = 0;   // MdtDialoutArgs that came back
    std::uint64_t sessions_opened = 0;
    std::uint64_t sessions_failed = 0;
    std::string first_error;
};

// Resource interface. One thread.
class MdtSender {
  public:
    MdtSender() = default;
    MdtSender(const MdtSender&) = delete;
    MdtSender& operator=(const MdtSender&) = delete;
    virtual ~MdtSender() = default;

    // Whether the device's connection takes another message now.
    [[nodiscard]] virtual bool ready(std::uint32_t device) const = 0;
    // Whether it never will again.
    [[nodiscard]] virtual bool failed(std::uint32_t device) const = 0;
    // Only when ready. Copies the message.
    virtual void send(std::uint32_t device, std::string_view message,
                      TelemetryEncoding encoding) = 0;
    // Until a connection may have become ready or failed, or the time is over.
    virtual void wait(std::chrono::milliseconds at_most) = 0;
    // Sends what is left, ends every connection and waits until the receiver has ended them too,
    // which is how it says that it has read everything. False if the time was over first.
    [[nodiscard]] virtual bool finish(std::chrono::milliseconds at_most) = 0;

    [[nodiscard]] virtual const MdtSenderCounts& counts() const = 0;
};

// Begins to connect every device.
[[nodiscard]] Result<std::unique_ptr<MdtSender>> make_mdt_sender(const MdtSenderOptions& options);
[[nodiscard]] Result<std::unique_ptr<MdtSender>> make_mdt_grpc_sender(
    const MdtSenderOptions& options);
[[nodiscard]] Result<std::unique_ptr<MdtSender>> make_mdt_socket_sender(
    const MdtSenderOptions& options);

}  // namespace weir
