// A load balancer for tests: takes one connection after another and passes bytes on to a listener,
// behind a PROXY header if it is given one, and can fall silent as a dead path does.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

// g++ 12 sees Asio's allocation of a coroutine's frame, which it inlines here, but not the
// deallocation that belongs to it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace weir {

// Resource.
class MdtRelay {
  public:
    struct Options {
        std::uint16_t to = 0;
        std::string from = "127.0.0.9";  // its own address
        std::string header;              // in front of every connection
    };

    explicit MdtRelay(Options options)
        : options_(std::move(options)),
          acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {
        boost::asio::co_spawn(io_, accept(), boost::asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }

    ~MdtRelay() {
        io_.stop();
        thread_.join();
    }

    MdtRelay(const MdtRelay&) = delete;
    MdtRelay& operator=(const MdtRelay&) = delete;

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    // From now on what comes is thrown away, and nobody is told.
    void fall_silent() { silent_ = true; }

  private:
    using Socket = boost::asio::ip::tcp::socket;

    boost::asio::awaitable<void> accept() {
        for (;;) {
            Socket client = co_await acceptor_.async_accept(boost::asio::use_awaitable);
            auto near = std::make_shared<Socket>(std::move(client));
            auto far = std::make_shared<Socket>(io_, boost::asio::ip::tcp::v4());
            far->bind({boost::asio::ip::make_address(options_.from), 0});
            far->connect({boost::asio::ip::address_v4::loopback(), options_.to});
            boost::asio::write(*far, boost::asio::buffer(options_.header));
            boost::asio::co_spawn(io_, pass(near, far), boost::asio::detached);
            boost::asio::co_spawn(io_, pass(far, near), boost::asio::detached);
        }
    }

    boost::asio::awaitable<void> pass(std::shared_ptr<Socket> from, std::shared_ptr<Socket> to) {
        constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);
        std::array<char, 65536> bytes{};
        for (;;) {
            auto [error, count] =
                co_await from->async_read_some(boost::asio::buffer(bytes), as_result);
            if (silent_) {
                if (error) {
                    co_return;
                }
                continue;
            }
            if (error) {
                boost::system::error_code ignored;
                to->shutdown(Socket::shutdown_send, ignored);
                co_return;
            }
            auto [failed, sent] = co_await boost::asio::async_write(
                *to, boost::asio::buffer(bytes.data(), count), as_result);
            if (failed) {
                co_return;
            }
        }
    }

    Options options_;
    boost::asio::io_context io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::atomic<bool> silent_{false};
    std::thread thread_;
};

}  // namespace weir

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
