#include "pipeline/source_survey.h"

#include "pipeline/source_table.h"
#include "tests/support/event_recorder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

class SourceSurveyTest : public ::testing::Test {
  protected:
    SourceSurveyTest() { survey_.set_silent_after(900 * ns_per_s); }

    void send(const std::string& from, std::uint64_t messages, std::string_view host = "h") {
        SourceState& source = table_.touch(*IpAddress::parse(from), clock_.now()).source;
        source.records += messages;
        source.bytes += messages * 100;
        source.note_hostname(host);
    }

    // Ticks until the next pass is complete.
    std::shared_ptr<const SurveyReport> pass() {
        const auto before = survey_.report();
        for (int tick = 0; tick < 1000 && survey_.report() == before; ++tick) {
            clock_.advance_ns(25 * ns_per_ms);
            survey_.step(table_, clock_.now(), clock_.monotonic_ns());
        }
        return survey_.report();
    }

    // Only the clock moves; no pass is made.
    void wait_s(std::int64_t seconds) { clock_.advance_ns(seconds * ns_per_s); }

    ManualClock clock_{Timestamp{1'763'706'000 * ns_per_s}};
    EventRecorder events_;
    SourceTable table_{{.sources_max = 4096, .seed = 1}};
    SourceSurvey survey_{events_};
};

TEST_F(SourceSurveyTest, TheTopTalkersOfAPassComeFirst) {
    survey_.step(table_, clock_.now(), clock_.monotonic_ns());
    for (std::uint64_t i = 0; i < 1000; ++i) {
        send(fmt::format("10.0.{}.{}", i / 200, i % 200), i + 1);
    }
    const auto report = pass();
    EXPECT_EQ(report->active_sources, 1000U);
    ASSERT_EQ(report->top.size(), SurveyReport::top_max);
    EXPECT_EQ(report->top[0].messages, 1000U);
    EXPECT_EQ(report->top[0].address.to_string(), "10.0.4.199");
    EXPECT_EQ(report->top[19].messages, 981U);
    EXPECT_EQ(report->messages, 500'500U);
    EXPECT_EQ(pass()->messages, 0U) << "a pass counts only what came since the last";
}

TEST_F(SourceSurveyTest, DistinctHostnamesAreCounted) {
    survey_.step(table_, clock_.now(), clock_.monotonic_ns());
    for (int i = 0; i < 40; ++i) {
        send("10.0.0.1", 1, fmt::format("switch-{}.example", i));
        send("10.0.0.2", 1, "lone");
    }
    const auto report = pass();
    ASSERT_EQ(report->top.size(), 2U);
    for (const SourceActivity& source : report->top) {
        if (source.address.to_string() == "10.0.0.2") {
            EXPECT_EQ(source.hostnames, 1U);
        } else {
            EXPECT_GE(source.hostnames, 15U);
        }
    }
}

TEST_F(SourceSurveyTest, ARegularSourceThatFallsSilentIsToldOnce) {
    for (int minute = 0; minute < 30; ++minute) {
        send("10.0.0.1", 5);
        send("10.0.0.2", 5);
        wait_s(60);
    }
    send("10.0.0.3", 5000);  // seen once: not regular
    static_cast<void>(pass());
    EXPECT_EQ(survey_.report()->silent_sources, 0U);
    for (int minute = 0; minute < 16; ++minute) {
        send("10.0.0.2", 5);
        wait_s(60);
    }
    static_cast<void>(pass());
    static_cast<void>(pass());
    const auto report = survey_.report();
    ASSERT_EQ(report->silent.size(), 1U);
    EXPECT_EQ(report->silent[0].address.to_string(), "10.0.0.1");
    EXPECT_EQ(report->silent[0].messages, 150U);
    EXPECT_EQ(events_.count(EventId::source_silent), 1U);
    send("10.0.0.1", 1);
    static_cast<void>(pass());
    EXPECT_EQ(survey_.report()->silent_sources, 0U);
}

TEST_F(SourceSurveyTest, OneThatSendsRarelyMayPause) {
    for (int hour = 0; hour < 20; ++hour) {
        send("10.0.0.1", 1);
        wait_s(3600);
    }
    static_cast<void>(pass());
    EXPECT_EQ(survey_.report()->silent_sources, 0U);
    wait_s(10 * 3600);
    static_cast<void>(pass());
    EXPECT_EQ(survey_.report()->silent_sources, 1U);
}

}  // namespace
}  // namespace weir
