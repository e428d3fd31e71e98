#include "receivers/proxy_reader.h"

#include "parsers/proxy_header.h"

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace weir {

ProxyReader::State ProxyReader::refuse(std::string_view failure) {
    failure_ = failure;
    return State::refused;
}

ProxyReader::State ProxyReader::read(int socket) {
    std::array<char, 512> seen{};
    const ssize_t count = recv(socket, seen.data(), seen.size(), MSG_PEEK | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return State::wait;
    }
    if (count <= 0) {
        return header_.empty() ? State::ended : refuse("ended within its PROXY header");
    }
    const std::size_t before = header_.size();
    header_.append(seen.data(), static_cast<std::size_t>(count));
    const ProxyHeader header = read_proxy_header(header_);
    if (header.verdict == ProxyVerdict::absent) {
        return refuse("sent no PROXY header, and is in proxy_protocol_from");
    }
    if (header.verdict == ProxyVerdict::malformed) {
        return refuse("sent a malformed PROXY header");
    }
    const bool whole = header.verdict == ProxyVerdict::header;
    const std::size_t taken = (whole ? header.bytes : header_.size()) - before;
    static_cast<void>(recv(socket, seen.data(), taken, MSG_DONTWAIT));
    if (!whole) {
        return State::more;
    }
    client_ = header.client;
    return State::whole;
}

}  // namespace weir
