#include "sinks/loki_canary.h"

#include "pipeline/loki_rewrite.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <thread>

namespace weir {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t shown_body_bytes_max = 256;

// What a status other than 200 means for the question.
CanaryQueryFailure failure_of_status(unsigned status) {
    switch (status) {
        case 401:
            return {Reason::unauthorised, true, {}};
        case 403:
            return {Reason::forbidden, true, {}};
        case 404:
            return {Reason::not_found, true, {}};
        case 405:
            return {Reason::wrong_method, true, {}};
        case 400:
        case 422:
            return {Reason::rejected_unknown, true, {}};
        case 408:
        case 499:
            return {Reason::client_gave_up, false, {}};
        case 429:
            return {Reason::rate_limited, false, {}};
        default:
            break;
    }
    if (status >= 500) {
        return {Reason::server_error, false, {}};
    }
    return {status >= 300 && status < 400 ? Reason::redirected : Reason::gateway, true, {}};
}

CanaryQueryFailure failure_of_transport(TransportError error) {
    switch (error) {
        case TransportError::refused:
            return {Reason::refused, false, {}};
        case TransportError::connect_timeout:
            return {Reason::connect_timeout, false, {}};
        case TransportError::request_timeout:
            return {Reason::request_timeout, false, {}};
        case TransportError::resolve:
            return {Reason::name_not_resolved, true, {}};
        case TransportError::tls:
            return {Reason::tls_failed, true, {}};
        case TransportError::settings:
            return {Reason::bad_settings, true, {}};
        case TransportError::protocol:
            return {Reason::bad_answer, true, {}};
        case TransportError::closed:
        case TransportError::none:
            break;
    }
    return {Reason::closed, false, {}};
}

CanaryQueryFailure failure_of(const HttpResult& result) {
    if (result.error != TransportError::none) {
        CanaryQueryFailure failure = failure_of_transport(result.error);
        failure.text = result.error_text;
        return failure;
    }
    CanaryQueryFailure failure = failure_of_status(result.response.status);
    failure.text =
        fmt::format("{} {}", result.response.status,
                    std::string_view(result.response.body).substr(0, shown_body_bytes_max));
    return failure;
}

std::unique_ptr<Batch> batch_of(const LokiCanarySettings& settings, std::string text,
                                Timestamp now) {
    Labels labels = settings.labels;
    labels["job"] = canary_job;
    LokiPush push;
    push.streams.push_back({to_loki_labels(labels), {{now, std::move(text), {}}}});
    std::unique_ptr<Batch> batch = to_batch(push, now);
    batch->tenant = settings.tenant;
    batch->largest_stream_bytes = batch->raw_bytes;  // there is no other
    return batch;
}

}  // namespace

// The canary's thread and its io_context; everything but status() comes here by post.
class LokiCanary::Thread {
  public:
    explicit Thread(LokiCanaryParts parts)
        : parts_(parts), run_(fmt::format("{:016x}", parts.run)) {
        status_.run = run_;
    }

    ~Thread() { stop(); }

    void use(LokiCanarySettings settings) {
        const bool on = settings.interval.count() > 0;
        if (stopped_ || (!on && !thread_.joinable())) {
            return;
        }
        asio::post(io_, [this, settings = std::move(settings)]() mutable {
            take_over(std::move(settings));
        });
        if (!thread_.joinable()) {
            asio::co_spawn(io_, send_lines(), asio::detached);
            thread_ = std::thread([this] { io_.run(); });
        }
    }

    void stop() {
        stopped_ = true;
        io_.stop();
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    [[nodiscard]] CanaryStatus status() const {
        const std::lock_guard lock(mutex_);
        return status_;
    }

  private:
    // One Loki. Its coroutine holds on to it, also after others have let go.
    struct Target {
        Target(asio::io_context& io, const Clock& clock, LokiCanaryEndpoint its_settings)
            : settings(std::move(its_settings)), client(io, settings.http, clock), timer(io) {}

        const LokiCanaryEndpoint settings;
        HttpClient client;
        asio::steady_timer timer;
        CanaryBook book;
        bool retired = false;
    };

    using TargetPtr = std::shared_ptr<Target>;

    void take_over(LokiCanarySettings settings);
    void retire(Target& target);
    [[nodiscard]] CanaryMoment now() const;
    void wait_until(asio::steady_timer& timer, std::int64_t monotonic_ns) const;
    [[nodiscard]] asio::awaitable<void> send_lines();
    void send_line();
    [[nodiscard]] asio::awaitable<void> ask(TargetPtr target);
    void take_answer(Target& target, const HttpResult& result, std::int64_t asked_ns);
    void tell(const Target& target, CanaryState before);
    void publish();

    const LokiCanaryParts parts_;
    const std::string run_;
    mutable std::mutex mutex_;
    CanaryStatus status_;  // under the mutex
    bool stopped_ = false;

    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    asio::steady_timer send_timer_{io_};
    LokiCanarySettings settings_;
    std::vector<TargetPtr> targets_;
    std::uint64_t sequence_ = 0;
    std::int64_t next_line_ns_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t refused_ = 0;
    Timestamp last_sent_at_;
    std::thread thread_;
};

CanaryMoment LokiCanary::Thread::now() const {
    return {parts_.clock.now(), parts_.clock.monotonic_ns()};
}

void LokiCanary::Thread::wait_until(asio::steady_timer& timer, std::int64_t monotonic_ns) const {
    if (monotonic_ns == std::numeric_limits<std::int64_t>::max()) {
        timer.expires_at(asio::steady_timer::time_point::max());
    } else {
        timer.expires_after(std::chrono::nanoseconds(
            std::max<std::int64_t>(monotonic_ns - parts_.clock.monotonic_ns(), 0)));
    }
}

void LokiCanary::Thread::retire(Target& target) {
    target.retired = true;
    target.client.abort();
    target.timer.cancel();
}

void LokiCanary::Thread::take_over(LokiCanarySettings settings) {
    const bool was_on = settings_.interval.count() > 0;
    const auto interval_ns = std::chrono::nanoseconds(settings.interval).count();
    const std::int64_t now_ns = parts_.clock.monotonic_ns();
    next_line_ns_ = was_on ? std::min(next_line_ns_, now_ns + interval_ns) : now_ns;
    settings_ = std::move(settings);
    if (interval_ns == 0) {
        settings_.endpoints.clear();
    }
    std::vector<TargetPtr> former = std::move(targets_);
    targets_.clear();
    for (const LokiCanaryEndpoint& endpoint : settings_.endpoints) {
        const auto known =
            std::find_if(former.begin(), former.end(), [&endpoint](const TargetPtr& target) {
                return target && target->settings.name == endpoint.name;
            });
        if (known != former.end() && (*known)->settings == endpoint) {
            targets_.push_back(std::move(*known));
        } else {
            targets_.push_back(std::make_shared<Target>(io_, parts_.clock, endpoint));
            if (known != former.end()) {
                targets_.back()->book = (*known)->book;
            }
            asio::co_spawn(io_, ask(targets_.back()), asio::detached);
        }
        targets_.back()->book.set_timeout(settings_.timeout);
    }
    for (const TargetPtr& target : former) {
        if (target) {
            retire(*target);
        }
    }
    send_timer_.cancel();
    publish();
}

asio::awaitable<void> LokiCanary::Thread::send_lines() {
    for (;;) {
        if (settings_.interval.count() > 0 && parts_.clock.monotonic_ns() >= next_line_ns_) {
            send_line();
        }
        wait_until(send_timer_, settings_.interval.count() > 0
                                    ? next_line_ns_
                                    : std::numeric_limits<std::int64_t>::max());
        static_cast<void>(co_await send_timer_.async_wait(as_result));
    }
}

void LokiCanary::Thread::send_line() {
    const CanaryMoment made = now();
    next_line_ns_ = made.monotonic_ns + std::chrono::nanoseconds(settings_.interval).count();
    const CanaryLine line{++sequence_, made.wall};
    if (parts_.log.append(batch_of(settings_, canary_text(run_, line), made.wall)) ==
        AppendVerdict::accepted) {
        ++sent_;
        last_sent_at_ = made.wall;
        for (const TargetPtr& target : targets_) {
            const CanaryState before = target->book.report().state;
            target->book.made(line, made);
            tell(*target, before);
            target->timer.cancel();
        }
    } else {
        ++refused_;
    }
    publish();
}

asio::awaitable<void> LokiCanary::Thread::ask(TargetPtr target) {
    while (!target->retired) {
        const std::int64_t asked_ns = parts_.clock.monotonic_ns();
        const std::optional<CanaryQuestion> question = target->book.question(asked_ns);
        if (!question) {
            wait_until(target->timer, target->book.next_question_ns());
            static_cast<void>(co_await target->timer.async_wait(as_result));
            continue;
        }
        const std::string parameters = canary_query(run_, question->from, question->to);
        const std::string tenant =
            settings_.tenant.empty() ? target->settings.tenant : settings_.tenant;
        const HttpResult result = co_await target->client.get({parameters, tenant});
        if (!target->retired) {
            take_answer(*target, result, asked_ns);
        }
    }
}

void LokiCanary::Thread::take_answer(Target& target, const HttpResult& result,
                                     std::int64_t asked_ns) {
    const CanaryState before = target.book.report().state;
    if (result.error == TransportError::none && result.response.status == 200) {
        const Result<std::vector<CanaryLine>> lines =
            read_canary_answer(result.response.body, run_);
        if (lines) {
            target.book.answered(*lines, asked_ns, now());
        } else {
            target.book.failed({Reason::bad_answer, true, "200 " + lines.error().message}, asked_ns,
                               now());
        }
    } else {
        target.book.failed(failure_of(result), asked_ns, now());
    }
    tell(target, before);
    publish();
}

void LokiCanary::Thread::tell(const Target& target, CanaryState before) {
    const CanaryReport& report = target.book.report();
    if (report.state == before) {
        return;
    }
    const std::string& name = target.settings.name;
    const auto timeout_s = std::chrono::duration<double>(settings_.timeout).count();
    switch (report.state) {
        case CanaryState::verified:
            parts_.events.emit(
                {EventId::canary_verified, name,
                 fmt::format("a line of weir's own was read back after {:.3f} s",
                             std::chrono::duration<double>(report.latency_last).count())});
            break;
        case CanaryState::missing:
            parts_.events.emit(
                {EventId::canary_missing, name,
                 fmt::format("a line of weir's own could not be read back within {} s; the last "
                             "question {}",
                             timeout_s,
                             report.last_query_error_at > report.last_verified_at
                                 ? "failed: " + report.last_query_error
                                 : std::string("was answered, without it"))});
            break;
        case CanaryState::query_failed:
            parts_.events.emit({EventId::canary_query_failed, name,
                                fmt::format("{} refuses the question for a line of weir's own: {}",
                                            target.client.display_url(), report.last_query_error)});
            break;
        case CanaryState::waiting:
            break;
    }
}

void LokiCanary::Thread::publish() {
    std::vector<CanaryReport> endpoints;
    for (const TargetPtr& target : targets_) {
        CanaryReport report = target->book.report();
        report.name = target->settings.name;
        report.query_url = target->client.display_url();
        endpoints.push_back(std::move(report));
    }
    const std::lock_guard lock(mutex_);
    status_.on = settings_.interval.count() > 0;
    status_.sent = sent_;
    status_.refused = refused_;
    status_.last_sent_at = last_sent_at_;
    status_.endpoints = std::move(endpoints);
}

LokiCanary::LokiCanary(LokiCanaryParts parts) : thread_(std::make_unique<Thread>(parts)) {}

LokiCanary::~LokiCanary() = default;

void LokiCanary::use(LokiCanarySettings settings) {
    thread_->use(std::move(settings));
}

void LokiCanary::stop() {
    thread_->stop();
}

CanaryStatus LokiCanary::status() const {
    return thread_->status();
}

}  // namespace weir
