#include "sinks/mimir_delivery.h"

#include "core/crash_point.h"
#include "pipeline/remote_write_v2.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace weir {

namespace asio = boost::asio;

namespace {

constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

}  // namespace

MimirDelivery::MimirDelivery(asio::io_context& io, MimirEndpointParts parts,
                             std::shared_ptr<const MimirEndpointOptions> options,
                             StatusBoard& board)
    : io_(io),
      cursor_(parts.cursor),
      clock_(parts.clock),
      events_(parts.events),
      started_at_(parts.clock.now()),
      board_(board),
      health_(board, parts.clock, parts.events),
      wake_timer_(io),
      drain_timer_(io),
      backoff_(parts.seed),
      concurrency_(1) {
    use(std::move(options));
    board_.set_state(EndpointState::ok, Reason::none, clock_.now());
}

void MimirDelivery::use(std::shared_ptr<const MimirEndpointOptions> options) {
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
        status.kind = "mimir";
        status.url = client_->display_url();
        status.concurrency_limit = 1;
    });
    // Somebody changed something: what was learnt or feared may no longer be so.
    concurrency_ = AdaptiveConcurrency(std::max<std::size_t>(options_->requests_in_flight_max, 1));
    refused_.clear();
    version_1_until_ns_ = 0;
    paused_until_ns_ = 0;
    for (auto& [shard, lane] : lanes_) {
        lane.due_ns = 0;
    }
    wake();
}

void MimirDelivery::start() {
    asio::co_spawn(io_, pump(), rethrow);
}

void MimirDelivery::wake() {
    exhausted_ = false;
    wake_timer_.cancel();
}

void MimirDelivery::drain(std::chrono::milliseconds deadline) {
    if (aborted_) {
        return;
    }
    draining_ = true;
    paused_until_ns_ = 0;
    // What backs off gets its last chance now; later it would be after the deadline.
    for (auto& [shard, lane] : lanes_) {
        lane.due_ns = 0;
    }
    wake();
    drain_timer_.expires_after(deadline);
    drain_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            give_up();
        }
    });
}

void MimirDelivery::give_up() {
    aborted_ = true;
    for (const std::weak_ptr<HttpClient>& known : clients_) {
        if (const std::shared_ptr<HttpClient> client = known.lock()) {
            client->abort();
        }
    }
    wake_timer_.cancel();
}

bool MimirDelivery::done() const {
    return aborted_ || (draining_ && exhausted_ && batches_ahead_ == 0 && !next_);
}

// While the endpoint fails, one request at a time finds out whether it still does.
std::size_t MimirDelivery::at_once() const {
    return health_.state() == EndpointState::ok ? concurrency_.limit() : 1;
}

bool MimirDelivery::may_send(std::int64_t now_ns) const {
    return in_flight_ < at_once() && now_ns >= paused_until_ns_ && now_ns >= rate_.ready_at_ns();
}

bool MimirDelivery::may_take() const {
    const bool waits = next_ && !is_earlier(*next_) && earlier_ahead_ > 0;
    return !exhausted_ && !waits && batches_ahead_ < options_->batches_ahead_max &&
           bytes_ahead_ < options_->bytes_ahead_max;
}

// Its shards may have been other devices' then.
bool MimirDelivery::is_earlier(const Batch& batch) const {
    return batch.first_received < started_at_;
}

void MimirDelivery::take_ahead() {
    while (may_take()) {
        BatchPtr batch = next_ ? std::exchange(next_, nullptr) : cursor_.take();
        if (!batch) {
            exhausted_ = true;
            return;
        }
        const bool earlier = is_earlier(*batch);
        if (!earlier && earlier_ahead_ > 0) {
            next_ = std::move(batch);
            return;
        }
        ++batches_ahead_;
        bytes_ahead_ += batch->memory_bytes();
        earlier_ahead_ += earlier ? 1U : 0U;
        lanes_[batch->shard].waiting.push_back(std::move(batch));
    }
}

// Of the lanes that are due the one that failed least often, the oldest of those: a request that
// fails for a reason of its own must not stand in the way of other shards.
MimirDelivery::Lane* MimirDelivery::next_lane(std::int64_t now_ns) {
    Lane* best = nullptr;
    const auto number = [](const Lane& lane) {
        return lane.work ? lane.work->batch()->id : lane.waiting.front()->id;
    };
    for (auto& [shard, lane] : lanes_) {
        const bool idle = !lane.work && lane.waiting.empty();
        if (idle || lane.in_flight || lane.due_ns > now_ns) {
            continue;
        }
        if (best == nullptr || lane.attempts < best->attempts ||
            (lane.attempts == best->attempts && number(lane) < number(*best))) {
            best = &lane;
        }
    }
    return best;
}

std::int64_t MimirDelivery::wake_at_ns(std::int64_t now_ns) const {
    if (in_flight_ >= at_once()) {
        return never_ns;  // the next answer wakes
    }
    std::int64_t due = may_take() ? now_ns : never_ns;
    for (const auto& [shard, lane] : lanes_) {
        if (!lane.in_flight && (lane.work || !lane.waiting.empty())) {
            due = std::min(due, lane.due_ns);
        }
    }
    return due == never_ns ? never_ns : std::max({due, paused_until_ns_, rate_.ready_at_ns()});
}

asio::awaitable<void> MimirDelivery::pump() {
    constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
    while (!done()) {
        const std::int64_t now_ns = clock_.monotonic_ns();
        take_ahead();
        if (may_send(now_ns)) {
            if (Lane* lane = next_lane(now_ns)) {
                send(*lane, now_ns);
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
            constexpr std::int64_t nap_min_ns = ns_per_ms;
            wake_timer_.expires_after(
                std::chrono::nanoseconds(std::max(wake_ns - now_ns, nap_min_ns)));
        }
        const auto [error] = co_await wake_timer_.async_wait(as_result);
        static_cast<void>(error);
    }
    drain_timer_.cancel();
}

// The batch's own bytes where they are what is to be sent; nothing if it cannot be read back.
std::optional<MimirDelivery::Body> MimirDelivery::make_body(MimirWork& work) {
    const bool version_2 = options_->version_2 && clock_.monotonic_ns() >= version_1_until_ns_;
    if (!version_2 && !work.piece().request) {
        return Body{};
    }
    const WriteRequest* request = work.read();
    if (request == nullptr) {
        return std::nullopt;
    }
    if (version_2) {
        return Body{encode_write_request_v2(*request), true, true};
    }
    return Body{encode_write_request(*request), true, false};
}

std::string MimirDelivery::request_headers(const Lane& lane, bool version_2) const {
    std::string text =
        fmt::format("Content-Encoding: snappy\r\nX-Prometheus-Remote-Write-Version: {}\r\n",
                    version_2 ? "2.0.0" : "0.1.0");
    if (lane.put_off > 0) {
        // Mimir makes its Retry-After of it, which doubles each time. While it was away it said
        // nothing, and does not mean to be left alone for longer.
        text += fmt::format("Retry-Attempt: {}\r\n", lane.put_off);
    }
    return text;
}

bool MimirDelivery::begin(Lane& lane, std::int64_t now_ns) {
    lane.work.emplace(std::move(lane.waiting.front()));
    lane.waiting.pop_front();
    if (refused_.empty()) {
        return true;
    }
    const auto why_not = [this, now_ns](const WrittenSeries& series) {
        return refused_.find(series, now_ns);
    };
    for (const auto& [reason, samples] : lane.work->drop_known(why_not)) {
        tell_dropped(reason, samples, "of series that were refused less than a minute ago");
    }
    if (lane.work->done()) {
        next_piece(lane);
        return false;
    }
    return true;
}

void MimirDelivery::send(Lane& lane, std::int64_t now_ns) {
    if (!lane.work && !begin(lane, now_ns)) {
        return;
    }
    std::optional<Body> body = make_body(*lane.work);
    if (!body) {
        tell_dropped(Reason::batch_unreadable, lane.work->drop(Reason::batch_unreadable),
                     "it cannot be read back");
        next_piece(lane);
        return;
    }
    lane.in_flight = true;
    ++in_flight_;
    rate_.spend(lane.work->piece().samples, now_ns);
    show_in_flight();
    asio::co_spawn(io_, deliver(lane, std::move(*body), client_), rethrow);
}

void MimirDelivery::show_in_flight() {
    const std::size_t in_flight = in_flight_;
    board_.update([in_flight](EndpointStatus& status) { status.in_flight = in_flight; });
}

asio::awaitable<void> MimirDelivery::deliver(Lane& lane, Body body,
                                             std::shared_ptr<HttpClient> client) {
    const BatchPtr batch = lane.work->batch();
    const std::string tenant = batch->tenant.empty() ? options_->tenant : batch->tenant;
    const std::string headers = request_headers(lane, body.version_2);
    const HttpRequest request{
        body.is_own ? std::string_view(body.own) : std::string_view(batch->body),
        body.version_2 ? "application/x-protobuf;proto=io.prometheus.write.v2.Request"
                       : "application/x-protobuf",
        tenant, headers};
    crash_point(CrashPoint::send);
    Answered answer;
    answer.client = client.get();
    answer.version_2 = body.version_2;
    answer.request.bytes = request.body.size();
    answer.request.began_ns = clock_.monotonic_ns();
    answer.result = co_await client->post(request);
    answer.request.ended_ns = clock_.monotonic_ns();
    answer.request.in_flight = in_flight_;
    if (answer.result.error == TransportError::none) {
        crash_point(CrashPoint::acknowledged);
    }
    --in_flight_;
    lane.in_flight = false;
    show_in_flight();
    // After the deadline an unanswered request stays unsettled, so that its batch stays queued.
    if (!aborted_ || answer.result.error == TransportError::none) {
        answered(lane, answer);
    }
    wake_timer_.cancel();
}

}  // namespace weir
