// The work of a LokiEndpoint on its own thread: which request goes out when, and what becomes of it
// after the answer. Internal to sinks/.
#pragma once

#include "sinks/adaptive_concurrency.h"
#include "sinks/aimd_rate.h"
#include "sinks/backoff.h"
#include "sinks/catch_up.h"
#include "sinks/delivery_parts.h"
#include "sinks/loki_decision.h"
#include "sinks/loki_endpoint.h"
#include "sinks/loki_work.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir {

// Resource. Every member function runs on the io_context's thread; the constructor and start() may
// run before that thread does.
class LokiDelivery {
  public:
    LokiDelivery(boost::asio::io_context& io, LokiEndpointParts parts,
                 std::shared_ptr<const LokiEndpointOptions> options, StatusBoard& board);

    void start();
    // Something may be there to do.
    void wake();
    // Ends when nothing is left, or after `deadline`. The io_context runs out of work then.
    void drain(std::chrono::milliseconds deadline);
    void use(std::shared_ptr<const LokiEndpointOptions> options);

  private:
    // Choosing (loki_delivery.cc).
    [[nodiscard]] boost::asio::awaitable<void> pump();
    [[nodiscard]] boost::asio::awaitable<void> deliver(LokiItem item,
                                                       std::shared_ptr<HttpClient> client);
    [[nodiscard]] std::size_t at_once() const;
    [[nodiscard]] bool may_send(std::int64_t now_ns) const;
    [[nodiscard]] bool may_take() const;
    [[nodiscard]] std::optional<LokiItem> next_item(std::int64_t now_ns);
    // False when there is nothing to take now.
    [[nodiscard]] bool take_batch(std::int64_t now_ns);
    [[nodiscard]] std::list<LokiItem>::iterator next_waiting(std::int64_t now_ns);
    [[nodiscard]] std::int64_t wake_at_ns(std::int64_t now_ns) const;
    [[nodiscard]] bool done() const;
    void send(LokiItem item, std::int64_t now_ns);
    void give_up();

    // Taking a batch apart before its first send (loki_delivery_items.cc).
    void admit(BatchPtr batch);
    void admit_old(const std::shared_ptr<ParentBatch>& parent, LokiPush push);
    void queue(LokiItem item);
    // Makes an item of `push` that inherits from `from`; nothing for an empty push.
    void derive(const LokiItem& from, const LokiPush& push, void (*change)(LokiItem&) = nullptr);
    [[nodiscard]] LokiPush decode(const LokiItem& item) const;
    [[nodiscard]] RepairContext repair_context(const LokiItem& item) const;
    void learn(const std::vector<Repair>& repairs);
    [[nodiscard]] std::vector<Repair> learned_now();
    [[nodiscard]] bool is_readable(const LokiItem& item) const;
    // The labels of these streams were refused: what comes next of them is not sent for a while.
    void refuse_streams(Reason reason, const LokiPush& push);
    [[nodiscard]] bool any_refused();
    void dead_letter_refused(const LokiItem& whole, LokiPush& push);

    // Ends of records.
    void delivered(const LokiItem& item, std::uint64_t records);
    void dead_letter(const LokiItem& item, Reason reason, const LokiPush& push);
    void drop(const LokiItem& item, Reason reason, std::uint64_t records);
    void item_ended(const LokiItem& item);

    // Value. What became of one request, and how it went out.
    struct Answered {
        HttpResult result;
        RequestEnd request;
        const HttpClient* client = nullptr;
    };

    // Carrying out a decision (loki_delivery_answers.cc).
    void answered(LokiItem item, const Answered& answer);
    [[nodiscard]] bool is_outdated(const Answered& answer);
    void set_pace(const Answered& answer, const LokiDecision& decision);
    void carry_out(LokiItem item, const LokiDecision& decision);
    void note_answer(const HttpResult& result, const LokiDecision& decision);
    void on_ok(const LokiItem& item);
    void on_retry(LokiItem item, const LokiDecision& decision);
    void on_hold(LokiItem item, const LokiDecision& decision);
    void on_split_by_stream(const LokiItem& item, const LokiDecision& decision);
    void on_split_by_entries(const LokiItem& item, const LokiDecision& decision);
    void on_repair(const LokiItem& item, const LokiDecision& decision);
    void on_slow_lane(LokiItem item, const LokiDecision& decision);
    void halve_slow(const LokiItem& item, Reason reason, std::int64_t due_ns);
    void to_slow_lane(LokiItem item, Reason reason, std::int64_t due_ns);
    void ask_again(const LokiItem& item, const LokiPush& rest, Reason reason);
    void set_state(EndpointState state, Reason reason);
    void alive();
    void release_held();
    void count_slow();

    boost::asio::io_context& io_;
    LogCursor& cursor_;
    const Clock& clock_;
    EventSink& events_;
    DeadLetterSink* dead_letters_;
    std::shared_ptr<const LokiEndpointOptions> options_;
    StatusBoard& board_;
    EndpointHealth health_;  // slow is shown, not kept
    std::shared_ptr<HttpClient> client_;
    std::vector<std::weak_ptr<HttpClient>> clients_;  // also those before a reload
    boost::asio::steady_timer wake_timer_;
    boost::asio::steady_timer drain_timer_;
    Backoff backoff_;
    AimdRate rate_{AimdRate::loki_bytes};
    CatchUp catch_up_;
    std::int64_t take_again_at_ns_ = 0;  // the backlog has to wait so long
    AdaptiveConcurrency concurrency_;

    std::list<LokiItem> waiting_;  // by batch, oldest first

    // Value. Why a stream's labels were refused, in the server's words, and for how long to mind
    // it.
    struct RefusedStream {
        Reason reason = Reason::none;
        std::string server_text;
        std::int64_t until_ns = 0;
    };

    std::unordered_map<std::string, RefusedStream> refused_;  // by labels as sent
    std::vector<Repair> learned_;
    std::int64_t learned_until_ns_ = 0;
    std::string server_text_;            // of the answer being worked on, for dead letters
    Reason slow_reason_ = Reason::none;  // why the slow lane is not empty
    std::uint32_t failures_ = 0;         // in a row, of the endpoint
    std::int64_t paused_until_ns_ = 0;
    std::size_t in_flight_ = 0;
    bool replay_in_flight_ = false;
    bool exhausted_ = false;  // the cursor had nothing the last time
    bool draining_ = false;
    bool aborted_ = false;
};

}  // namespace weir
