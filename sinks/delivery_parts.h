// What the deliveries to Loki and to Mimir do alike: which answers mean the same from any server,
// how an answer is shown, and the thread a delivery runs on. Internal to sinks/.
#pragma once

#include "core/events.h"
#include "sinks/http_answer.h"
#include "sinks/reason.h"
#include "sinks/sink.h"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

namespace weir {

// Value. What any server means by it.
struct CommonVerdict {
    bool hold = false;  // otherwise retry
    Reason reason = Reason::none;
};

// For a request that got no answer.
[[nodiscard]] CommonVerdict transport_verdict(TransportError error);

// For a status that is neither a success nor one that this kind of server explains in its text.
[[nodiscard]] CommonVerdict status_verdict(unsigned status);

// The status and the first 512 bytes of the body, or what went wrong.
[[nodiscard]] std::string describe(const HttpResult& result);

// "204", "refused", ...: for the count of requests.
[[nodiscard]] std::string request_label(const HttpResult& result);

// For co_spawn: nothing in a delivery throws but for want of memory, which ends the process.
void rethrow(const std::exception_ptr& error);

// Resource. The state an endpoint is in, shown on its board and told as an event when it changes.
// The delivery thread's.
class EndpointHealth {
  public:
    // All outlive it.
    EndpointHealth(StatusBoard& board, const Clock& clock, EventSink& events)
        : board_(board), clock_(clock), events_(events) {}

    [[nodiscard]] EndpointState state() const { return state_; }

    // `words` are the server's, for the event.
    void set(const std::string& endpoint, EndpointState state, Reason reason,
             const std::string& words);

  private:
    StatusBoard& board_;
    const Clock& clock_;
    EventSink& events_;
    EndpointState state_ = EndpointState::ok;
    Reason reason_ = Reason::none;
};

}  // namespace weir
