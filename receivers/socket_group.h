// Socket groups: the sockets of one listener, one for every ingest thread, bound to one address
// with SO_REUSEPORT and steered by source address, so that one source always reaches one thread.
#pragma once

#include "core/address.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

// Resource. Owns one file descriptor; movable, closes when destroyed.
class FileDescriptor {
  public:
    FileDescriptor() = default;

    explicit FileDescriptor(int fd) : fd_(fd) {}

    FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}

    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    ~FileDescriptor();

    [[nodiscard]] int get() const { return fd_; }

    [[nodiscard]] int release();

  private:
    int fd_ = -1;
};

struct SocketGroupOptions {
    IpAddress address;       // "::" also takes IPv4; falls back to 0.0.0.0 where there is no IPv6
    std::uint16_t port = 0;  // 0: the kernel chooses one for the whole group
    bool datagram = true;    // UDP; otherwise listening TCP
    std::size_t sockets = 1;
    std::size_t receive_buffer_bytes = 0;  // 0: the kernel's default
};

// Value (movable). Bound sockets in the order of the kernel's group, ready before any is read.
struct SocketGroup {
    std::vector<FileDescriptor> sockets;
    std::uint16_t port = 0;
    bool ipv4_only = false;
    std::size_t receive_buffer_bytes = 0;  // what the kernel granted (its doubling taken out)
};

// Opens, binds and steers. Fails with the system's words (address in use, no permission, ...).
[[nodiscard]] Result<SocketGroup> open_socket_group(const SocketGroupOptions& options);

}  // namespace weir
