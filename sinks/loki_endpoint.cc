#include "sinks/loki_endpoint.h"

#include "core/assert.h"
#include "sinks/loki_delivery.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <thread>

namespace weir {

namespace asio = boost::asio;

// The delivery thread and its io_context; everything it runs on comes here by post.
class LokiEndpoint::Thread {
  public:
    Thread(LokiEndpointParts parts, std::shared_ptr<const LokiEndpointOptions> options)
        : cursor_(parts.cursor), delivery_(io_, parts, std::move(options), board_) {}

    ~Thread() {
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
        asio::post(io_, [this, drain] { delivery_.drain(drain); });
    }

    void join() {
        if (thread_.joinable()) {
            thread_.join();
            cursor_.on_ready({});
        }
    }

    void reload(std::shared_ptr<const LokiEndpointOptions> options) {
        asio::post(io_, [this, options = std::move(options)] { delivery_.use(options); });
    }

    [[nodiscard]] EndpointStatus status() const { return board_.read(); }

  private:
    // Appends come in thousands; one wake under way is enough.
    void wake() {
        if (!waking_.exchange(true)) {
            asio::post(io_, [this] {
                waking_ = false;
                delivery_.wake();
            });
        }
    }

    LogCursor& cursor_;
    StatusBoard board_;
    std::atomic<bool> waking_{false};
    // The delivery is destroyed first: its timers and connections belong to the io_context.
    asio::io_context io_{1};
    LokiDelivery delivery_;
    std::thread thread_;
};

LokiEndpoint::LokiEndpoint(LokiEndpointParts parts,
                           std::shared_ptr<const LokiEndpointOptions> options)
    : thread_(std::make_unique<Thread>(parts, std::move(options))) {}

LokiEndpoint::~LokiEndpoint() = default;

void LokiEndpoint::start() {
    thread_->start();
}

void LokiEndpoint::request_stop(std::chrono::milliseconds drain) {
    thread_->request_stop(drain);
}

void LokiEndpoint::join() {
    thread_->join();
}

EndpointStatus LokiEndpoint::status() const {
    return thread_->status();
}

void LokiEndpoint::reload(std::shared_ptr<const LokiEndpointOptions> options) {
    thread_->reload(std::move(options));
}

}  // namespace weir
