#include "app/config_seal.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace weir {

namespace {

template <typename T>
const T* find_by_name(const std::vector<T>& items, const std::string& name) {
    const auto found = std::find_if(items.begin(), items.end(),
                                    [&name](const T& item) { return item.name == name; });
    return found == items.end() ? nullptr : &*found;
}

}  // namespace

void keep_sealed(const Config& running, Config& next) {
    std::vector<ListenerConfig> listeners = running.listeners;
    for (ListenerConfig& listener : listeners) {
        const ListenerConfig* changed = find_by_name(next.listeners, listener.name);
        if (changed == nullptr) {
            continue;
        }
        listener.dialect = changed->dialect;
        const std::size_t receive_buffer_bytes = listener.limits.receive_buffer_bytes;
        listener.limits = changed->limits;
        listener.limits.receive_buffer_bytes = receive_buffer_bytes;
        if (changed->transport == listener.transport) {
            listener.tls = changed->tls;
        }
    }
    next.listeners = std::move(listeners);

    std::vector<HttpEndpointConfig> endpoints = running.loki;
    for (HttpEndpointConfig& endpoint : endpoints) {
        if (const HttpEndpointConfig* changed = find_by_name(next.loki, endpoint.name)) {
            const std::size_t queue_bytes_max = endpoint.queue_bytes_max;
            endpoint = *changed;
            endpoint.queue_bytes_max = queue_bytes_max;
        }
    }
    next.loki = std::move(endpoints);

    next.cluster = running.cluster;
    next.file = running.file;
    next.admin = running.admin;
    next.ingest_threads = running.ingest_threads;
    next.sources_max = running.sources_max;
}

}  // namespace weir
