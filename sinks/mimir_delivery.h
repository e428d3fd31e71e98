// The work of a MimirEndpoint on its own thread: which request goes out when, and what becomes of
// it after the answer. Internal to sinks/.
//
// Mimir takes the samples of one series in time order only, and weir's batches hold a series' later
// samples in later batches of the same shard. So each shard has a lane, and a lane has one request
// under way: a newer batch is not sent before every sample of the older one has ended.
#pragma once

#include "sinks/adaptive_concurrency.h"
#include "sinks/aimd_rate.h"
#include "sinks/backoff.h"
#include "sinks/delivery_parts.h"
#include "sinks/mimir_decision.h"
#include "sinks/mimir_endpoint.h"
#include "sinks/mimir_refused.h"
#include "sinks/mimir_work.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Resource. Every member function runs on the io_context's thread; the constructor and start() may
// run before that thread does.
class MimirDelivery {
  public:
    MimirDelivery(boost::asio::io_context& io, MimirEndpointParts parts,
                  std::shared_ptr<const MimirEndpointOptions> options, StatusBoard& board);

    void start();
    // Something may be there to do.
    void wake();
    // Ends when nothing is left, or after `deadline`. The io_context runs out of work then.
    void drain(std::chrono::milliseconds deadline);
    void use(std::shared_ptr<const MimirEndpointOptions> options);

  private:
    // One shard's batches, oldest first.
    struct Lane {
        std::deque<BatchPtr> waiting;
        std::optional<MimirWork> work;  // of the batch whose turn it is
        std::int64_t due_ns = 0;        // not before, monotonic
        std::uint32_t attempts = 0;     // failures of the request whose turn it is
        std::uint32_t put_off = 0;      // of them, those in which the server said "later"
        bool held = false;              // waits because the whole endpoint holds
        bool in_flight = false;
    };

    using Lanes = std::map<std::uint32_t, Lane>;  // by shard

    // Value. What became of one request, and how it went out.
    struct Answered {
        HttpResult result;
        RequestEnd request;
        const HttpClient* client = nullptr;
        bool version_2 = false;
    };

    // Value. A request's bytes; `own` unless they are the batch's.
    struct Body {
        std::string own;
        bool is_own = false;
        bool version_2 = false;
    };

    // Choosing (mimir_delivery.cc).
    [[nodiscard]] boost::asio::awaitable<void> pump();
    [[nodiscard]] boost::asio::awaitable<void> deliver(Lane& lane, Body body,
                                                       std::shared_ptr<HttpClient> client);
    [[nodiscard]] std::size_t at_once() const;
    [[nodiscard]] bool may_send(std::int64_t now_ns) const;
    [[nodiscard]] bool may_take() const;
    void take_ahead();
    [[nodiscard]] bool is_earlier(const Batch& batch) const;
    [[nodiscard]] Lane* next_lane(std::int64_t now_ns);
    [[nodiscard]] std::int64_t wake_at_ns(std::int64_t now_ns) const;
    [[nodiscard]] bool done() const;
    [[nodiscard]] std::optional<Body> make_body(MimirWork& work);
    [[nodiscard]] std::string request_headers(const Lane& lane, bool version_2) const;
    void send(Lane& lane, std::int64_t now_ns);
    // The lane's oldest batch has its turn. False if nothing of it is to be sent.
    [[nodiscard]] bool begin(Lane& lane, std::int64_t now_ns);
    void show_in_flight();
    void give_up();

    // Carrying out a decision (mimir_delivery_answers.cc).
    void answered(Lane& lane, const Answered& answer);
    [[nodiscard]] bool is_outdated(const Answered& answer);
    void set_pace(const Answered& answer, const MimirDecision& decision);
    void note_answer(const HttpResult& result, const MimirDecision& decision);
    void carry_out(Lane& lane, const MimirDecision& decision);
    void on_ok(Lane& lane, const MimirDecision& decision);
    void on_refused(Lane& lane, const MimirDecision& decision);
    void on_drop(Lane& lane, Reason reason);
    void on_split(Lane& lane, const MimirDecision& decision);
    void on_retry(Lane& lane, const MimirDecision& decision);
    void on_hold(Lane& lane, const MimirDecision& decision);
    void on_fall_back(Lane& lane);
    void tell_dropped(Reason reason, std::uint64_t samples, std::string_view why);
    void note_delivered(const Batch& batch, std::uint64_t samples);
    // The lane's next request is another one; settles its batch if there is none.
    void next_piece(Lane& lane);
    void set_state(EndpointState state, Reason reason);
    void alive();

    boost::asio::io_context& io_;
    LogCursor& cursor_;
    const Clock& clock_;
    EventSink& events_;
    const Timestamp started_at_;
    std::shared_ptr<const MimirEndpointOptions> options_;
    StatusBoard& board_;
    EndpointHealth health_;
    std::shared_ptr<HttpClient> client_;
    std::vector<std::weak_ptr<HttpClient>> clients_;  // also those before a reload
    boost::asio::steady_timer wake_timer_;
    boost::asio::steady_timer drain_timer_;
    Backoff backoff_;
    AimdRate rate_{AimdRate::mimir_samples};
    AdaptiveConcurrency concurrency_;

    Lanes lanes_;
    BatchPtr next_;  // taken, but it has to wait for what an earlier process left
    std::size_t batches_ahead_ = 0;
    std::size_t bytes_ahead_ = 0;
    std::size_t earlier_ahead_ = 0;  // of an earlier process

    RefusedSeries refused_;
    std::string server_text_;     // of the answer being worked on, as shown
    std::string server_body_;     // all of it
    std::size_t sent_bytes_ = 0;  // of its request
    std::uint32_t failures_ = 0;  // in a row, of the endpoint
    std::int64_t paused_until_ns_ = 0;
    std::int64_t version_1_until_ns_ = 0;
    std::size_t in_flight_ = 0;
    bool exhausted_ = false;  // the cursor had nothing the last time
    bool draining_ = false;
    bool aborted_ = false;
};

}  // namespace weir
