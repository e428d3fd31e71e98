#include "sinks/loki_delivery.h"

#include "core/assert.h"
#include "core/crash_point.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <limits>

namespace weir {

namespace asio = boost::asio;

namespace {

constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

}  // namespace

LokiDelivery::LokiDelivery(asio::io_context& io, LokiEndpointParts parts,
                           std::shared_ptr<const LokiEndpointOptions> options, StatusBoard& board)
    : io_(io),
      cursor_(parts.cursor),
      clock_(parts.clock),
      events_(parts.events),
      dead_letters_(parts.dead_letters),
      board_(board),
      health_(board, parts.clock, parts.events),
      wake_timer_(io),
      drain_timer_(io),
      backoff_(parts.seed),
      concurrency_(1) {
    use(std::move(options));
    board_.set_state(EndpointState::ok, Reason::none, clock_.now());
}

void LokiDelivery::use(std::shared_ptr<const LokiEndpointOptions> options) {
    if (aborted_) {
        return;
    }
    options_ = std::move(options);
    client_ = std::make_shared<HttpClient>(io_, options_->http, clock_);
    const auto gone = [](const std::weak_ptr<HttpClient>& known) { return known.expired(); };
    clients_.erase(std::remove_if(clients_.begin(), clients_.end(), gone), clients_.end());
    clients_.push_back(client_);
    board_.update([this](EndpointStatus& status) {
        status.name = options_->name;
        status.kind = "loki";
        status.url = client_->display_url();
        status.concurrency_limit = 1;
    });
    // Somebody changed something: what was learnt or feared may no longer be so.
    concurrency_ = AdaptiveConcurrency(std::max<std::size_t>(options_->requests_in_flight_max, 1));
    learned_.clear();
    refused_.clear();
    paused_until_ns_ = 0;
    for (LokiItem& item : waiting_) {
        item.due_ns = item.slow ? item.due_ns : 0;
    }
    wake();
}

void LokiDelivery::start() {
    asio::co_spawn(io_, pump(), rethrow);
}

void LokiDelivery::wake() {
    exhausted_ = false;
    take_again_at_ns_ = 0;
    wake_timer_.cancel();
}

void LokiDelivery::drain(std::chrono::milliseconds deadline) {
    if (aborted_) {
        return;
    }
    draining_ = true;
    paused_until_ns_ = 0;
    // What backs off gets its last chance now; later it would be after the deadline.
    for (LokiItem& item : waiting_) {
        item.due_ns = 0;
    }
    wake();
    drain_timer_.expires_after(deadline);
    drain_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            give_up();
        }
    });
}

void LokiDelivery::give_up() {
    aborted_ = true;
    for (const std::weak_ptr<HttpClient>& known : clients_) {
        if (const std::shared_ptr<HttpClient> client = known.lock()) {
            client->abort();
        }
    }
    wake_timer_.cancel();
}

bool LokiDelivery::done() const {
    return aborted_ || (draining_ && exhausted_ && waiting_.empty() && in_flight_ == 0);
}

// While the endpoint fails, one request at a time finds out whether it still does.
std::size_t LokiDelivery::at_once() const {
    if (health_.state() != EndpointState::ok) {
        return 1;
    }
    return concurrency_.limit();
}

bool LokiDelivery::may_send(std::int64_t now_ns) const {
    return in_flight_ < at_once() && now_ns >= paused_until_ns_ && now_ns >= rate_.ready_at_ns();
}

// Items that wait for their turn hold their batches out; the slow lane has bounds of its own and
// must not stop the rest.
bool LokiDelivery::may_take() const {
    const auto is_slow = [](const LokiItem& item) { return item.slow; };
    const auto slow =
        static_cast<std::size_t>(std::count_if(waiting_.begin(), waiting_.end(), is_slow));
    return !exhausted_ && waiting_.size() - slow < 2 * options_->requests_in_flight_max + 2;
}

// Of the items that are due the one that failed least often, the oldest of those: a request that
// fails for a reason of its own must not stand in the way of those that would pass.
std::list<LokiItem>::iterator LokiDelivery::next_waiting(std::int64_t now_ns) {
    auto best = waiting_.end();
    bool replay_seen = replay_in_flight_;
    for (auto item = waiting_.begin(); item != waiting_.end(); ++item) {
        // The replay stream is written strictly oldest first: a later entry would shut the window
        // behind an earlier one.
        if (item->replay && !item->slow) {
            const bool may_go = !replay_seen;
            replay_seen = true;
            if (!may_go) {
                continue;
            }
        }
        const bool better = best == waiting_.end() || item->attempts < best->attempts;
        if (item->due_ns <= now_ns && better) {
            best = item;
        }
    }
    return best;
}

std::optional<LokiItem> LokiDelivery::next_item(std::int64_t now_ns) {
    while (true) {
        const auto best = next_waiting(now_ns);
        const bool found = best != waiting_.end();
        const bool try_another =
            found && best->attempts > 0 && health_.state() == EndpointState::retry;
        if ((!found || try_another) && may_take() && take_batch(now_ns)) {
            continue;
        }
        if (!found) {
            return std::nullopt;
        }
        LokiItem chosen = std::move(*best);
        waiting_.erase(best);
        return chosen;
    }
}

bool LokiDelivery::take_batch(std::int64_t now_ns) {
    if (now_ns < take_again_at_ns_) {
        return false;
    }
    const bool replay_waits = std::any_of(waiting_.begin(), waiting_.end(),
                                          [](const LokiItem& item) { return item.replay; });
    const CatchUp::Backlog backlog = draining_      ? CatchUp::Backlog::hurried
                                     : replay_waits ? CatchUp::Backlog::stopped
                                                    : CatchUp::Backlog::paced;
    CatchUp::Taken taken =
        catch_up_.take(cursor_,
                       {.behind_after = options_->catch_up_after,
                        .stream_bytes_per_s = options_->catch_up_stream_bytes_per_s,
                        .bytes_per_s = rate_.per_s()},
                       clock_.now(), now_ns, backlog);
    if (taken.batch) {
        admit(std::move(taken.batch));
        return true;
    }
    take_again_at_ns_ = taken.again_at_ns;
    exhausted_ = taken.again_at_ns == 0;
    return false;
}

std::int64_t LokiDelivery::wake_at_ns(std::int64_t now_ns) const {
    if (in_flight_ >= at_once()) {
        return never_ns;  // the next answer wakes
    }
    std::int64_t due = may_take() ? std::max(now_ns, take_again_at_ns_) : never_ns;
    bool replay_seen = replay_in_flight_;
    for (const LokiItem& item : waiting_) {
        if (item.replay && !item.slow) {
            if (replay_seen) {
                continue;
            }
            replay_seen = true;
        }
        due = std::min(due, item.due_ns);
    }
    return due == never_ns ? never_ns : std::max({due, paused_until_ns_, rate_.ready_at_ns()});
}

asio::awaitable<void> LokiDelivery::pump() {
    constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
    while (!done()) {
        const std::int64_t now_ns = clock_.monotonic_ns();
        if (may_send(now_ns)) {
            if (std::optional<LokiItem> item = next_item(now_ns)) {
                send(std::move(*item), now_ns);
                continue;
            }
            if (done()) {
                break;
            }
        }
        const std::int64_t wake_ns = wake_at_ns(now_ns);
        if (wake_ns == never_ns) {
            wake_timer_.expires_at(asio::steady_timer::time_point::max());
        } else {
            // A full queue of waiting items must not make this a busy loop.
            constexpr std::int64_t nap_min_ns = ns_per_ms;
            wake_timer_.expires_after(
                std::chrono::nanoseconds(std::max(wake_ns - now_ns, nap_min_ns)));
        }
        const auto [error] = co_await wake_timer_.async_wait(as_result);
        static_cast<void>(error);
    }
    drain_timer_.cancel();
}

void LokiDelivery::send(LokiItem item, std::int64_t now_ns) {
    ++in_flight_;
    replay_in_flight_ = replay_in_flight_ || (item.replay && !item.slow);
    rate_.spend(item.raw_bytes, now_ns);
    const std::size_t in_flight = in_flight_;
    board_.update([in_flight](EndpointStatus& status) { status.in_flight = in_flight; });
    asio::co_spawn(io_, deliver(std::move(item), client_), rethrow);
}

asio::awaitable<void> LokiDelivery::deliver(LokiItem item, std::shared_ptr<HttpClient> client) {
    const std::string tenant =
        item.parent->batch->tenant.empty() ? options_->tenant : item.parent->batch->tenant;
    const HttpRequest request{item.body(), "application/x-protobuf", tenant};
    crash_point(CrashPoint::send);
    Answered answer;
    answer.client = client.get();
    answer.request.bytes = request.body.size();
    answer.request.began_ns = clock_.monotonic_ns();
    answer.result = co_await client->post(request);
    answer.request.ended_ns = clock_.monotonic_ns();
    answer.request.in_flight = in_flight_;
    if (answer.result.error == TransportError::none) {
        crash_point(CrashPoint::acknowledged);
    }
    --in_flight_;
    if (item.replay && !item.slow) {
        replay_in_flight_ = false;
    }
    const std::size_t in_flight = in_flight_;
    board_.update([in_flight](EndpointStatus& status) { status.in_flight = in_flight; });
    // After the deadline an unanswered request stays unsettled, so that its batch stays queued.
    if (!aborted_ || answer.result.error == TransportError::none) {
        answered(std::move(item), answer);
    }
    take_again_at_ns_ = 0;
    wake_timer_.cancel();
}

}  // namespace weir
