// The thread of one delivery and its io_context; everything it runs on comes there by post.
// Internal to sinks/.
#pragma once

#include "core/assert.h"
#include "pipeline/log.h"
#include "sinks/sink.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

namespace weir {

// Resource. `Delivery` is made on (io_context, parts, options, board) and has start, wake, drain
// and use.
template <typename Delivery, typename Parts, typename Options>
class DeliveryThread {
  public:
    DeliveryThread(Parts parts, std::shared_ptr<const Options> options)
        : cursor_(parts.cursor), delivery_(io_, parts, std::move(options), board_) {}

    DeliveryThread(const DeliveryThread&) = delete;
    DeliveryThread& operator=(const DeliveryThread&) = delete;

    ~DeliveryThread() {
        request_stop(std::chrono::milliseconds(0));
        join();
    }

    void start() {
        WEIR_ASSERT(!thread_.joinable());
        delivery_.start();
        cursor_.on_ready([this] { wake(); });
        thread_ = std::thread([this] { io_.run(); });
    }

    void request_stop(std::chrono::milliseconds drain) {
        boost::asio::post(io_, [this, drain] { delivery_.drain(drain); });
    }

    void join() {
        if (thread_.joinable()) {
            thread_.join();
            cursor_.on_ready({});
        }
    }

    void reload(std::shared_ptr<const Options> options) {
        boost::asio::post(io_, [this, options = std::move(options)] { delivery_.use(options); });
    }

    [[nodiscard]] EndpointStatus status() const { return board_.read(); }

  private:
    // Appends come in thousands; one wake under way is enough.
    void wake() {
        if (!waking_.exchange(true)) {
            boost::asio::post(io_, [this] {
                waking_ = false;
                delivery_.wake();
            });
        }
    }

    LogCursor& cursor_;
    StatusBoard board_;
    std::atomic<bool> waking_{false};
    // The delivery is destroyed first: its timers and connections belong to the io_context.
    boost::asio::io_context io_{1};
    Delivery delivery_;
    std::thread thread_;
};

}  // namespace weir
