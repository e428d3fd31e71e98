#include "receivers/socket_group.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace weir {

namespace {

// Connections waiting to be accepted, per socket; the kernel caps it at net.core.somaxconn.
constexpr int listen_backlog = 1024;

Error system_error(std::string_view what) {
    return {fmt::format("{}: {}", what, std::strerror(errno))};
}

// Classic BPF that returns hash(source address) mod the group's size. SKF_NET_OFF makes offsets
// relative to the IP header. A dual-stack socket sees both versions, so the version nibble decides.
bool steer_by_source(int fd, std::size_t sockets) {
    const auto net = [](int offset) { return static_cast<std::uint32_t>(SKF_NET_OFF + offset); };
    std::array<sock_filter, 19> program = {{
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, net(0)),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net(12)),  // IPv4 source address
        BPF_JUMP(BPF_JMP | BPF_JA, 10, 0, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net(8)),  // IPv6 source address, four words
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net(12)),
        BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net(16)),
        BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net(20)),
        BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
        // Multiplicative hash: neighbouring addresses must not share a socket by parity alone.
        BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, static_cast<std::uint32_t>(sockets)),
        BPF_STMT(BPF_RET | BPF_A, 0),
    }};
    const sock_fprog filter{.len = program.size(), .filter = program.data()};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter) == 0;
}

bool set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

std::size_t set_receive_buffer(int fd, std::size_t bytes) {
    if (bytes > 0) {
        const int wanted = static_cast<int>(bytes);
        // FORCE passes net.core.rmem_max where we hold NET_ADMIN; without it the kernel caps
        // silently.
        if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, wanted)) {
            set_option(fd, SOL_SOCKET, SO_RCVBUF, wanted);
        }
    }
    int granted = 0;
    socklen_t length = sizeof granted;
    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &length);
    return static_cast<std::size_t>(granted) / 2;  // the kernel reports twice what was asked
}

struct BindAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
    int family = AF_INET6;
};

BindAddress bind_address(const IpAddress& address, std::uint16_t port, bool ipv4_only) {
    BindAddress bound;
    const bool any = address == IpAddress{};
    if (address.is_v4() || ipv4_only) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        if (!any) {
            std::memcpy(&v4.sin_addr, address.bytes.data() + 12, 4);
        }
        std::memcpy(&bound.storage, &v4, sizeof v4);
        bound.length = sizeof v4;
        bound.family = AF_INET;
    } else {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
        std::memcpy(&bound.storage, &v6, sizeof v6);
        bound.length = sizeof v6;
    }
    return bound;
}

Result<std::uint16_t> bound_port(int fd) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* generic = reinterpret_cast<sockaddr*>(&storage);
    if (getsockname(fd, generic, &length) != 0) {
        return tl::unexpected(system_error("getsockname"));
    }
    if (storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof v4);
        return ntohs(v4.sin_port);
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    return ntohs(v6.sin6_port);
}

Result<FileDescriptor> open_one(const SocketGroupOptions& options, SocketGroup& group) {
    const BindAddress bound = bind_address(options.address, group.port, group.ipv4_only);
    const int type = (options.datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    FileDescriptor fd(socket(bound.family, type, 0));
    if (fd.get() < 0) {
        return tl::unexpected(system_error("socket"));
    }
    set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    if (bound.family == AF_INET6) {
        set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.address == IpAddress{} ? 0 : 1);
    }
    if (!options.datagram) {
        set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    }
    group.receive_buffer_bytes = set_receive_buffer(fd.get(), options.receive_buffer_bytes);
    const auto* generic = reinterpret_cast<const sockaddr*>(&bound.storage);
    if (bind(fd.get(), generic, bound.length) != 0) {
        return tl::unexpected(system_error("bind"));
    }
    if (!options.datagram && listen(fd.get(), listen_backlog) != 0) {
        return tl::unexpected(system_error("listen"));
    }
    return fd;
}

// With SO_REUSEPORT a second weir would share the port in silence and take half of the lines. A
// bind without it fails while anybody else holds the port.
Result<void> check_port_is_free(const SocketGroupOptions& options, const SocketGroup& group) {
    const BindAddress bound = bind_address(options.address, group.port, group.ipv4_only);
    const int type = (options.datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC;
    const FileDescriptor probe(socket(bound.family, type, 0));
    if (bound.family == AF_INET6) {
        set_option(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.address == IpAddress{} ? 0 : 1);
    }
    if (!options.datagram) {
        set_option(probe.get(), SOL_SOCKET, SO_REUSEADDR,
                   1);  // connections in TIME_WAIT are no holder
    }
    const auto* generic = reinterpret_cast<const sockaddr*>(&bound.storage);
    if (bind(probe.get(), generic, bound.length) != 0) {
        return tl::unexpected(system_error("bind"));
    }
    return {};
}

bool host_lacks_ipv6() {
    const FileDescriptor probe(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return probe.get() < 0 && errno == EAFNOSUPPORT;
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
        const FileDescriptor closing(std::exchange(fd_, other.release()));
    }
    return *this;
}

FileDescriptor::~FileDescriptor() {
    if (fd_ >= 0) {
        close(fd_);
    }
}

int FileDescriptor::release() {
    return std::exchange(fd_, -1);
}

Result<SocketGroup> open_socket_group(const SocketGroupOptions& options) {
    SocketGroup group;
    group.port = options.port;
    group.ipv4_only = options.address == IpAddress{} && host_lacks_ipv6();
    if (group.port != 0) {
        if (const Result<void> is_free = check_port_is_free(options, group); !is_free) {
            return tl::unexpected(is_free.error());
        }
    }
    for (std::size_t i = 0; i < options.sockets; ++i) {
        Result<FileDescriptor> fd = open_one(options, group);
        if (!fd) {
            return tl::unexpected(fd.error());
        }
        if (group.port == 0) {
            const Result<std::uint16_t> port = bound_port(fd->get());
            if (!port) {
                return tl::unexpected(port.error());
            }
            group.port = *port;
        }
        group.sockets.push_back(std::move(*fd));
    }
    if (options.sockets > 1 && !steer_by_source(group.sockets.front().get(), options.sockets)) {
        return tl::unexpected(system_error("SO_ATTACH_REUSEPORT_CBPF"));
    }
    return group;
}

}  // namespace weir
