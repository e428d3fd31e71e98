#include "sinks/loki_canary_book.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace weir::test {
namespace {

constexpr std::int64_t timeout_ns = 60 * ns_per_s;
const CanaryQueryFailure away{Reason::refused, false, "nobody listens"};
const CanaryQueryFailure forbidden{Reason::forbidden, true, "403 no"};

// A book, and a Loki whose lines the test decides.
struct LokiCanaryBook : testing::Test {
    CanaryBook book;
    CanaryMoment now{{1'700'000'000 * ns_per_s}, 5 * ns_per_s};
    std::uint64_t sequence = 0;
    std::vector<CanaryLine> stored;

    LokiCanaryBook() { book.set_timeout(std::chrono::nanoseconds(timeout_ns)); }

    ~LokiCanaryBook() override {
        const CanaryReport& report = book.report();
        EXPECT_EQ(report.verified + report.missing + report.unverified + report.waiting, sequence);
        EXPECT_LE(report.late, report.missing + report.unverified);
        EXPECT_EQ(report.latency.count, report.verified);
    }

    void pass(std::int64_t ns) {
        now.wall.unix_ns += ns;
        now.monotonic_ns += ns;
    }

    CanaryLine make() {
        const CanaryLine line{++sequence, now.wall};
        book.made(line, now);
        return line;
    }

    // Asks whatever is due until `ns` have passed, and says how often that was.
    int run_for(std::int64_t ns, const CanaryQueryFailure* failure = nullptr) {
        const std::int64_t end_ns = now.monotonic_ns + ns;
        int questions = 0;
        while (book.next_question_ns() <= end_ns) {
            pass(std::max<std::int64_t>(book.next_question_ns() - now.monotonic_ns, 0));
            const std::optional<CanaryQuestion> question = book.question(now.monotonic_ns);
            EXPECT_TRUE(question);
            if (!question) {
                break;
            }
            ++questions;
            if (failure != nullptr) {
                book.failed(*failure, now.monotonic_ns, now);
            } else {
                book.answered(found(*question), now.monotonic_ns, now);
            }
        }
        pass(end_ns - now.monotonic_ns);
        return questions;
    }

    [[nodiscard]] std::vector<CanaryLine> found(const CanaryQuestion& question) const {
        std::vector<CanaryLine> lines;
        for (const CanaryLine& line : stored) {
            if (line.made >= question.from && line.made <= question.to &&
                lines.size() < canary_query_lines_max) {
                lines.push_back(line);
            }
        }
        return lines;
    }
};

TEST_F(LokiCanaryBook, NothingIsAskedWhileNothingIsWaitedFor) {
    EXPECT_EQ(book.next_question_ns(), std::numeric_limits<std::int64_t>::max());
    EXPECT_FALSE(book.question(now.monotonic_ns));
    stored.push_back(make());
    EXPECT_EQ(run_for(3600 * ns_per_s), 1);
    EXPECT_EQ(book.next_question_ns(), std::numeric_limits<std::int64_t>::max());
}

TEST_F(LokiCanaryBook, ALineThatIsThereIsVerifiedWithItsLatency) {
    EXPECT_EQ(book.report().state, CanaryState::waiting);
    const CanaryLine line = make();
    EXPECT_EQ(run_for(ns_per_s), 5);
    EXPECT_EQ(book.report().state, CanaryState::waiting);
    stored.push_back(line);
    run_for(2 * ns_per_s);
    EXPECT_EQ(book.report().verified, 1U);
    EXPECT_EQ(book.report().state, CanaryState::verified);
    // There after a second, and no more than a quarter of that later it was seen.
    EXPECT_GE(book.report().latency_last, std::chrono::milliseconds(1000));
    EXPECT_LE(book.report().latency_last, std::chrono::milliseconds(1250));
}

TEST_F(LokiCanaryBook, PausesGrowWithTheAgeOfTheLine) {
    make();
    const int first_minute = run_for(timeout_ns - 1);
    EXPECT_LT(first_minute, 30);
    EXPECT_EQ(book.report().missing, 0U);
    run_for(1);
    EXPECT_EQ(book.report().missing, 1U) << "is decided on when its time is over";
    EXPECT_EQ(book.report().state, CanaryState::missing);
}

TEST_F(LokiCanaryBook, ALateLineCountsOnceAndDoesNotVerify) {
    const CanaryLine line = make();
    run_for(2 * timeout_ns);
    EXPECT_EQ(book.report().missing, 1U);
    stored.push_back(line);
    run_for(3600 * ns_per_s);
    EXPECT_EQ(book.report().late, 1U);
    EXPECT_EQ(book.report().missing, 1U);
    EXPECT_EQ(book.report().verified, 0U);
    EXPECT_EQ(book.report().state, CanaryState::missing);
    EXPECT_EQ(book.next_question_ns(), std::numeric_limits<std::int64_t>::max());
}

TEST_F(LokiCanaryBook, ALineOnTimeEndsTheAlarm) {
    make();
    run_for(2 * timeout_ns);
    stored.push_back(make());
    run_for(ns_per_s);
    EXPECT_EQ(book.report().state, CanaryState::verified);
    EXPECT_EQ(book.report().missing, 1U);
    EXPECT_EQ(book.report().verified, 1U);
}

TEST_F(LokiCanaryBook, WhatAnOutageHeldBackIsFoundSoonAfterIt) {
    std::vector<CanaryLine> held;
    for (int i = 0; i < 60; ++i) {
        held.push_back(make());
        run_for(30 * ns_per_s, &away);
    }
    EXPECT_EQ(book.report().state, CanaryState::missing);
    EXPECT_GT(book.report().missing, 55U);
    stored = held;
    stored.push_back(make());
    run_for(40 * ns_per_s);
    EXPECT_EQ(book.report().state, CanaryState::verified);
    EXPECT_EQ(book.report().late, book.report().missing);
}

TEST_F(LokiCanaryBook, AnEndpointThatIsAwayIsNotAskedWithoutEnd) {
    int questions = 0;
    for (int i = 0; i < 120; ++i) {
        make();
        questions += run_for(30 * ns_per_s, &away);
    }
    EXPECT_LT(questions, 3 * 120);
    EXPECT_EQ(book.report().query_failures.at("refused"), static_cast<std::uint64_t>(questions));
}

TEST_F(LokiCanaryBook, WhoeverRefusesTheQuestionSaysNothingOfTheLine) {
    make();
    run_for(2 * timeout_ns, &forbidden);
    EXPECT_EQ(book.report().unverified, 1U);
    EXPECT_EQ(book.report().missing, 0U);
    EXPECT_EQ(book.report().state, CanaryState::query_failed);
    EXPECT_EQ(book.report().last_query_error, "403 no");
}

TEST_F(LokiCanaryBook, ARefusalAfterAnAnswerDoesNotExcuseTheLine) {
    make();
    run_for(ns_per_s);
    run_for(2 * timeout_ns, &forbidden);
    EXPECT_EQ(book.report().missing, 1U);
    EXPECT_EQ(book.report().unverified, 0U);
}

TEST_F(LokiCanaryBook, WhatIsRememberedIsBounded) {
    const std::size_t lines = CanaryBook::waiting_max + 3 * CanaryBook::overdue_max;
    for (std::size_t i = 0; i < lines; ++i) {
        stored.push_back(make());
        pass(ns_per_ms);
    }
    EXPECT_EQ(book.report().waiting, CanaryBook::waiting_max);
    EXPECT_EQ(book.report().missing, 3 * CanaryBook::overdue_max);
    run_for(timeout_ns);
    // The oldest are not looked for any more.
    EXPECT_EQ(book.report().late, CanaryBook::overdue_max);
    EXPECT_EQ(book.report().verified, CanaryBook::waiting_max);
}

TEST_F(LokiCanaryBook, OverdueLinesFarApartAreAllLookedForInTurn) {
    // Each lost one has more verified ones behind it than an answer has room for.
    std::vector<CanaryLine> lost;
    for (int i = 0; i < 4; ++i) {
        lost.push_back(make());
        for (std::uint64_t n = 0; n <= canary_query_lines_max; ++n) {
            pass(ns_per_s);
            stored.push_back(make());
            run_for(ns_per_s / 2);
        }
    }
    EXPECT_EQ(book.report().missing, lost.size());
    // The one behind those that never come.
    stored.push_back(lost.back());
    run_for(3600 * ns_per_s);
    EXPECT_EQ(book.report().late, 1U);
    stored.insert(stored.end(), lost.begin(), lost.end());
    run_for(3600 * ns_per_s);
    EXPECT_EQ(book.report().late, lost.size());
}

TEST_F(LokiCanaryBook, AfterADayALineIsNotLookedForAnyMore) {
    make();
    run_for(CanaryBook::overdue_age_max_ns + 2 * CanaryBook::overdue_pause_max_ns);
    EXPECT_EQ(book.next_question_ns(), std::numeric_limits<std::int64_t>::max());
}

TEST_F(LokiCanaryBook, AClockThatWasSetBackHidesNoLine) {
    const CanaryLine first = make();
    now.wall.unix_ns -= 3600 * ns_per_s;
    const CanaryLine second = make();
    stored = {first, second};
    run_for(ns_per_s);
    EXPECT_EQ(book.report().verified, 2U);
}

TEST_F(LokiCanaryBook, LinesThatWereNeverMadeChangeNothing) {
    const CanaryLine line = make();
    pass(CanaryBook::pause_min_ns);
    ASSERT_TRUE(book.question(now.monotonic_ns));
    book.answered({{line.sequence + 1, line.made}, {line.sequence, {line.made.unix_ns + 1}}},
                  now.monotonic_ns, now);
    EXPECT_EQ(book.report().verified, 0U);
    EXPECT_EQ(book.report().waiting, 1U);
}

}  // namespace
}  // namespace weir::test
