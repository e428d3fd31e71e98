// What one Loki has shown of the canary's lines, and when to ask it again: bookkeeping without a
// clock or a network.
#pragma once

#include "sinks/loki_canary_answer.h"
#include "sinks/reason.h"
#include "sinks/sink.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class CanaryState : std::uint8_t {
    waiting,       // no line has been decided on yet
    verified,      // the last one was read back
    missing,       // the last one was not there in time
    query_failed,  // the last one could not be looked for: Loki refuses the question
};

inline constexpr std::size_t canary_state_count = 4;

// "waiting", ...; stable, used in metrics.
[[nodiscard]] std::string_view canary_state_name(CanaryState state);

// Value. One Loki at one moment. Of the lines made while it was asked:
// made = verified + missing + unverified + waiting.
struct CanaryReport {
    std::string name;
    std::string query_url;
    CanaryState state = CanaryState::waiting;
    Timestamp state_since;
    std::uint64_t verified = 0;    // read back before they were given up
    std::uint64_t missing = 0;     // not read back in time
    std::uint64_t unverified = 0;  // Loki refused the question until the time was over
    std::uint64_t late = 0;        // of missing and unverified: read back afterwards
    std::uint64_t waiting = 0;
    DeliveryLatencies latency;  // of the verified: from the making to the first answer with it
    std::chrono::nanoseconds latency_last{0};
    Timestamp last_verified_at;  // 0: never
    std::uint64_t queries = 0;
    std::map<std::string, std::uint64_t> query_failures;  // by reason
    std::string last_query_error;
    Timestamp last_query_error_at;  // 0: never
};

// Value. The canary at one moment.
struct CanaryStatus {
    bool on = false;
    std::string run;
    std::uint64_t sent = 0;     // lines that the log took
    std::uint64_t refused = 0;  // lines that it did not take
    Timestamp last_sent_at;     // 0: never
    std::vector<CanaryReport> endpoints;
};

// Value. What to ask about: the lines made in a time.
struct CanaryQuestion {
    Timestamp from;
    Timestamp to;
};

// Value. How a question failed. `refused`: Loki is there and will not answer this, so that a line's
// absence tells nothing.
struct CanaryQueryFailure {
    Reason reason = Reason::none;
    bool refused = false;
    std::string text;
};

// Value. A moment by both clocks.
struct CanaryMoment {
    Timestamp wall;
    std::int64_t monotonic_ns = 0;
};

// Value.
class CanaryBook {
  public:
    // Bounds of what is remembered. Over the first the oldest line is given up before its time,
    // over the second the oldest overdue one is not looked for any more.
    static constexpr std::size_t waiting_max = 256;
    static constexpr std::size_t overdue_max = 128;
    static constexpr std::int64_t overdue_age_max_ns = 24 * 3600 * ns_per_s;
    // Questions come at least so far apart; a line is asked for when it is so old, and then again
    // when it is a quarter older, at most every pause_max_ns.
    static constexpr std::int64_t pause_min_ns = 200 * ns_per_ms;
    static constexpr std::int64_t pause_max_ns = 5 * ns_per_s;
    // Pauses after failures, and between questions for overdue lines: doubling.
    static constexpr std::int64_t slow_pause_min_ns = ns_per_s;
    static constexpr std::int64_t failure_pause_max_ns = 30 * ns_per_s;
    static constexpr std::int64_t overdue_pause_max_ns = 300 * ns_per_s;

    void set_timeout(std::chrono::nanoseconds timeout) { timeout_ns_ = timeout.count(); }

    // A line was handed to the log.
    void made(const CanaryLine& line, const CanaryMoment& now);

    // When to call question(), monotonic; INT64_MAX while there is nothing to ask.
    [[nodiscard]] std::int64_t next_question_ns() const;
    // What to ask now; nothing before that time.
    [[nodiscard]] std::optional<CanaryQuestion> question(std::int64_t now_ns);
    // What came of the question that was asked at `asked_ns`. Then lines whose time was over when
    // it was asked are decided on.
    void answered(const std::vector<CanaryLine>& lines, std::int64_t asked_ns,
                  const CanaryMoment& now);
    void failed(const CanaryQueryFailure& failure, std::int64_t asked_ns, const CanaryMoment& now);

    // Without name and query_url.
    [[nodiscard]] const CanaryReport& report() const { return report_; }

  private:
    struct Line {
        CanaryLine line;
        std::int64_t made_ns = 0;
    };

    void see(const CanaryLine& line, const CanaryMoment& now);
    void give_up_older_than(std::int64_t made_ns, const CanaryMoment& now);
    void give_up_oldest(const CanaryMoment& now);
    void decide(CanaryState state, Timestamp now);
    void plan(const CanaryMoment& now);
    [[nodiscard]] CanaryQuestion overdue_question();

    std::int64_t timeout_ns_ = 60 * ns_per_s;
    std::deque<Line> waiting_;         // by sequence
    std::deque<Line> overdue_;         // likewise; what was given up and may come late
    std::uint64_t overdue_asked_ = 0;  // the last sequence of the last question for them
    std::int64_t next_waiting_ns_ = 0;
    std::int64_t next_overdue_ns_ = 0;
    std::int64_t failure_pause_ns_ = 0;  // 0: the last question was answered
    std::int64_t overdue_pause_ns_ = slow_pause_min_ns;
    bool refused_ = false;                // the last question was
    std::int64_t answered_from_ns_ = -1;  // when the last answered question was asked; -1: never
    bool asking_overdue_ = false;
    CanaryReport report_;
};

}  // namespace weir
