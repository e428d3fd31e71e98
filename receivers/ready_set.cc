#include "receivers/ready_set.h"

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <system_error>

namespace weir {

namespace {

constexpr int events_per_look = 256;  // then the thread's others get their turn

FileDescriptor make_epoll() {
    FileDescriptor epoll(epoll_create1(EPOLL_CLOEXEC));
    if (epoll.get() < 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    }
    return epoll;
}

}  // namespace

ReadySet::ReadySet(boost::asio::io_context& io, const Clock& clock)
    : epoll_(make_epoll()), reader_(io, epoll_.get(), clock, [this] { return look(); }) {}

void ReadySet::add(int socket, Member& member) {
    control(EPOLL_CTL_ADD, socket, member, EPOLLIN);
}

void ReadySet::watch_room(int socket, Member& member, bool wanted) {
    control(EPOLL_CTL_MOD, socket, member, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void ReadySet::watch_end(int socket, Member& member) {
    control(EPOLL_CTL_MOD, socket, member, 0);
}

void ReadySet::remove(int socket) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
}

void ReadySet::control(int operation, int socket, Member& member, std::uint32_t events) {
    // Edge-triggered: a session that may not read for a while is told once, not for ever.
    epoll_event event{.events = events | EPOLLRDHUP | EPOLLET, .data = {.ptr = &member}};
    if (epoll_ctl(epoll_.get(), operation, socket, &event) != 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
}

PacedReader::Reading ReadySet::look() {
    std::array<epoll_event, events_per_look> events{};
    const int count = epoll_wait(epoll_.get(), events.data(), events_per_look, 0);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const bool hung_up = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        static_cast<Member*>(event.data.ptr)->on_ready(hung_up);
    }
    return {.brought = count > 0 ? static_cast<std::size_t>(count) : 0,
            .dry = count < events_per_look};
}

}  // namespace weir
