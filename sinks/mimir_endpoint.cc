#include "sinks/mimir_endpoint.h"

#include "sinks/delivery_thread.h"
#include "sinks/mimir_delivery.h"

#include <utility>

namespace weir {

class MimirEndpoint::Thread
    : public DeliveryThread<MimirDelivery, MimirEndpointParts, MimirEndpointOptions> {
    using DeliveryThread::DeliveryThread;
};

MimirEndpoint::MimirEndpoint(MimirEndpointParts parts,
                             std::shared_ptr<const MimirEndpointOptions> options)
    : thread_(std::make_unique<Thread>(parts, std::move(options))) {}

MimirEndpoint::~MimirEndpoint() = default;

void MimirEndpoint::start() {
    thread_->start();
}

void MimirEndpoint::request_stop(std::chrono::milliseconds drain) {
    thread_->request_stop(drain);
}

void MimirEndpoint::join() {
    thread_->join();
}

EndpointStatus MimirEndpoint::status() const {
    return thread_->status();
}

void MimirEndpoint::reload(std::shared_ptr<const MimirEndpointOptions> options) {
    thread_->reload(std::move(options));
}

}  // namespace weir
