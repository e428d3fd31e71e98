#include "sinks/delivery_parts.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace weir {

namespace {

constexpr std::size_t shown_body_bytes_max = 512;

}  // namespace

CommonVerdict transport_verdict(TransportError error) {
    switch (error) {
        case TransportError::resolve:
            return {true, Reason::name_not_resolved};
        case TransportError::tls:
            return {true, Reason::tls_failed};
        case TransportError::settings:
            return {true, Reason::bad_settings};
        case TransportError::refused:
            return {false, Reason::refused};
        case TransportError::connect_timeout:
            return {false, Reason::connect_timeout};
        case TransportError::request_timeout:
            return {false, Reason::request_timeout};
        case TransportError::protocol:
            return {false, Reason::bad_answer};
        case TransportError::none:
        case TransportError::closed:
            break;
    }
    return {false, Reason::closed};
}

CommonVerdict status_verdict(unsigned status) {
    switch (status) {
        case 401:
            return {true, Reason::unauthorised};
        case 403:
            return {true, Reason::forbidden};
        case 404:
            return {true, Reason::not_found};
        case 405:
            return {true, Reason::wrong_method};
        case 408:
        case 425:
        case 499:
            return {false, Reason::client_gave_up};
        case 501:
            return {true, Reason::not_implemented};
        default:
            break;
    }
    if (status / 100 == 3) {
        return {true, Reason::redirected};
    }
    if (status / 100 == 5) {
        return {false, Reason::server_error};
    }
    return {true, Reason::gateway};
}

std::string describe(const HttpResult& result) {
    if (result.error != TransportError::none) {
        return result.error_text;
    }
    std::string text = std::to_string(result.response.status);
    if (!result.response.body.empty()) {
        text += ' ';
        for (const char c :
             std::string_view(result.response.body).substr(0, shown_body_bytes_max)) {
            text += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return text;
}

std::string request_label(const HttpResult& result) {
    if (result.error != TransportError::none) {
        return std::string(transport_error_name(result.error));
    }
    return std::to_string(result.response.status);
}

void rethrow(const std::exception_ptr& error) {
    if (error) {
        std::rethrow_exception(error);
    }
}

void EndpointHealth::set(const std::string& endpoint, EndpointState state, Reason reason,
                         const std::string& words) {
    const bool changed = state != state_ || reason != reason_;
    state_ = state;
    reason_ = reason;
    board_.set_state(state, reason, clock_.now());
    if (changed) {
        std::string detail(endpoint_state_name(state));
        if (reason != Reason::none) {
            detail += fmt::format(" ({}): {}", reason_name(reason), words);
        }
        events_.emit({EventId::endpoint_state, endpoint, std::move(detail)});
    }
}

}  // namespace weir
