#include "sinks/loki_endpoint.h"

#include "sinks/delivery_thread.h"
#include "sinks/loki_delivery.h"

#include <utility>

namespace weir {

class LokiEndpoint::Thread
    : public DeliveryThread<LokiDelivery, LokiEndpointParts, LokiEndpointOptions> {
    using DeliveryThread::DeliveryThread;
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
