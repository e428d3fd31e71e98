// The few socket calls that the programs of this folder share. Everything is IPv4 on loopback, and
// whatever fails ends the program: a benchmark that goes on would measure something else.
#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace weir::bench {

[[noreturn]] inline void fail(const char* what) {
    std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

inline int must(int result, const char* what) {
    if (result < 0) {
        fail(what);
    }
    return result;
}

// Resource: one descriptor, closed by the destructor.
class Fd {
  public:
    explicit Fd(int fd = -1) : fd_(fd) {}

    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;

    ~Fd() { reset(); }

    [[nodiscard]] int get() const { return fd_; }

    void reset() {
        if (fd_ >= 0) {
            ::close(std::exchange(fd_, -1));
        }
    }

  private:
    int fd_;
};

inline sockaddr_in address_of(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
        errno = EINVAL;
        fail(host.c_str());
    }
    return address;
}

inline const sockaddr* generic(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

inline void set_option(int fd, int level, int name, int value) {
    must(setsockopt(fd, level, name, &value, sizeof value), "setsockopt");
}

// A bound socket, listening if it is a stream.
inline Fd bound(int type, const sockaddr_in& address, bool shared_port = false) {
    Fd fd(must(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket"));
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (shared_port) {
        set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    }
    must(bind(fd.get(), generic(address), sizeof address), "bind");
    if ((type & SOCK_STREAM) == SOCK_STREAM) {
        must(listen(fd.get(), 1024), "listen");
    }
    return fd;
}

// A connected socket, from the address `from` and any port.
inline Fd connected(int type, const sockaddr_in& from, const sockaddr_in& to) {
    Fd fd(must(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket"));
    must(bind(fd.get(), generic(from), sizeof from), "bind");
    must(connect(fd.get(), generic(to), sizeof to), "connect");
    return fd;
}

}  // namespace weir::bench
