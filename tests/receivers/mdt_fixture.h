// An MdtListener on loopback with a thread of its own, and clients as devices are.
#pragma once

#include "receivers/mdt_listener.h"
#include "tests/receivers/mdt_client.h"
#include "tests/receivers/mdt_recorder.h"
#include "tests/support/event_recorder.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

namespace weir {

// A frame of IOS-XR's TCP framing, version 1.
inline std::string mdt_tcp_frame(const std::string& body, std::uint16_t encap = 1,
                                 std::uint16_t type = 1) {
    const auto u16 = [](std::size_t n) {
        return std::string{static_cast<char>(n >> 8 & 0xff), static_cast<char>(n & 0xff)};
    };
    return u16(type) + u16(encap) + u16(1) + u16(0) + u16(body.size() >> 16) + u16(body.size()) +
           body;
}

class MdtFixture : public ::testing::Test {
  public:
    using Socket = boost::asio::ip::tcp::socket;

  protected:
    void open(MdtListener::Options options = {}) {
        Result<SocketGroup> group = open_socket_group(
            {.address = *IpAddress::parse("127.0.0.1"), .datagram = false, .sockets = 1});
        ASSERT_TRUE(group) << group.error().message;
        port_ = group->port;
        options.name = "mdt";
        options.ipv4 = true;
        auto listener = MdtListener::open(io_, std::move(group->sockets[0]), options, shared_,
                                          recorder_, clock_, events_);
        ASSERT_TRUE(listener) << listener.error().message;
        listener_ = std::move(*listener);
        listener_->start();
        thread_ = std::thread([this] { io_.run(); });
    }

    void TearDown() override { stop(); }

    // Ends the listener; every place must be back afterwards.
    void stop() {
        if (!thread_.joinable()) {
            return;
        }
        boost::asio::post(io_, [this] { listener_->stop(); });
        thread_.join();
        EXPECT_EQ(shared_.connections.open(), 0U);
        EXPECT_EQ(shared_.streams.session_bytes.used(), 0U);
        EXPECT_EQ(recorder_.open_sessions(), 0U);
        EXPECT_EQ(recorder_.counted().held.value(), 0U);
        EXPECT_TRUE(recorder_.balances());
        EXPECT_EQ(recorder_.taken_wrongly, 0);
    }

    // On the listener's thread.
    void on_thread(const std::function<void()>& what) {
        std::promise<void> done;
        boost::asio::post(io_, [&] {
            what();
            done.set_value();
        });
        done.get_future().wait();
    }

    static bool wait_until(const std::function<bool()>& done, int seconds = 20) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return done();
    }

    bool wait_for_messages(std::size_t count) {
        return wait_until([&] { return recorder_.count() >= count; });
    }

    bool wait_for_refused(RefusalReason reason, std::uint64_t count = 1) {
        return wait_until([&] { return recorder_.refused(reason) >= count; });
    }

    bool wait_for_rejected(RejectReason reason, std::uint64_t count = 1) {
        return wait_until([&] { return recorder_.rejected(reason) >= count; });
    }

    bool wait_for_connections(std::size_t count) {
        return wait_until([&] { return shared_.connections.open() == count; });
    }

    Socket connect(const std::string& from = "127.0.0.1") {
        Socket socket(client_io_, boost::asio::ip::tcp::v4());
        socket.set_option(boost::asio::socket_base::reuse_address(true));
        socket.bind({boost::asio::ip::make_address(from), 0});
        socket.connect({boost::asio::ip::address_v4::loopback(), port_});
        socket.set_option(boost::asio::ip::tcp::no_delay(true));
        return socket;
    }

    static void send(Socket& socket, const std::string& bytes) {
        boost::asio::write(socket, boost::asio::buffer(bytes));
    }

    // Whether the listener has closed the connection; waits for it.
    static bool is_closed(Socket& socket) {
        std::array<char, 4096> bytes{};
        boost::system::error_code error;
        while (!error) {
            socket.read_some(boost::asio::buffer(bytes), error);
        }
        return true;
    }

    boost::asio::io_context io_;
    boost::asio::io_context client_io_;
    SystemClock clock_;
    EventRecorder events_;
    MdtRecorder recorder_;
    MdtShared shared_;
    std::unique_ptr<MdtListener> listener_;
    std::thread thread_;
    std::uint16_t port_ = 0;
};

}  // namespace weir
