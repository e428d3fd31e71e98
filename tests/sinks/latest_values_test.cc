#include "sinks/latest_values.h"

#include "pipeline/memory_log.h"
#include "tests/support/event_recorder.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace weir {
namespace {

constexpr std::int64_t now_ns = 1000 * ns_per_s;

// A request put together by hand; its texts are literals.
WrittenSeries series(std::vector<MetricLabel> labels, double value, std::int64_t timestamp_ms) {
    return {.labels = std::move(labels),
            .samples = {{.value = value, .timestamp_ms = timestamp_ms}}};
}

std::string rendered(LatestTable& table, std::int64_t at_ns = now_ns) {
    return to_exposition(table.snapshot(at_ns));
}

TEST(LatestTableTest, RendersFamiliesWithTypeAndHelp) {
    LatestTable table({});
    table.apply(
        {.series = {series({{"__name__", "in_octets_total"}, {"device", "d"}}, 409369815291, 1),
                    series({{"__name__", "a"}}, 0.5, 1),
                    series({{"__name__", "in_octets_total"}, {"device", "e"}}, 2, 1)},
         .metadata = {{.type = 1, .family = "in_octets_total", .help = "Octets \\ in\nall"},
                      {.type = 2, .family = "a"},
                      {.type = 2, .family = "nothing_came"}}},
        now_ns);
    const std::string text = rendered(table);
    EXPECT_TRUE(
        text.starts_with("# TYPE a gauge\na 0.5\n"
                         "# HELP in_octets_total Octets \\\\ in\\nall\n"
                         "# TYPE in_octets_total counter\n"))
        << text;
    EXPECT_NE(text.find("\nin_octets_total{device=\"d\"} 409369815291\n"), std::string::npos);
    EXPECT_NE(text.find("\nin_octets_total{device=\"e\"} 2\n"), std::string::npos);
    EXPECT_EQ(text.find("nothing_came"), std::string::npos);
}

TEST(LatestTableTest, EscapesWhatIsInLabels) {
    LatestTable table({});
    table.apply({.series = {series({{"__name__", "a"}, {"b", "x\"y\\z\nw"}, {"c", "1"}}, 1, 1)}},
                now_ns);
    EXPECT_EQ(rendered(table), "# TYPE a untyped\na{b=\"x\\\"y\\\\z\\nw\",c=\"1\"} 1\n");
}

TEST(LatestTableTest, ValuesThatAreNoNumbersHaveNames) {
    using Limits = std::numeric_limits<double>;
    LatestTable table({});
    table.apply({.series = {series({{"__name__", "a"}}, Limits::infinity(), 1),
                            series({{"__name__", "b"}}, -Limits::infinity(), 1),
                            series({{"__name__", "c"}}, Limits::quiet_NaN(), 1),
                            series({{"__name__", "d"}}, 9007199254740993.0, 1)}},
                now_ns);
    EXPECT_EQ(rendered(table),
              "# TYPE a untyped\na +Inf\n# TYPE b untyped\nb -Inf\n# TYPE c untyped\nc NaN\n"
              "# TYPE d untyped\nd 9007199254740992\n");
}

TEST(LatestTableTest, TheLatestValueStaysAndAMarkerEndsIt) {
    LatestTable table({.timestamps = true});
    const std::vector<MetricLabel> labels{{"__name__", "a"}, {"b", "c"}};
    table.apply({.series = {series(labels, 1, 1000)}}, now_ns);
    table.apply({.series = {series(labels, 2, 2000)}}, now_ns);
    table.apply({.series = {series(labels, 3, 1500)}}, now_ns);  // of another thread, late
    EXPECT_EQ(rendered(table), "# TYPE a untyped\na{b=\"c\"} 2 2000\n");
    table.apply({.series = {series(labels, stale_marker(), 2500)}}, now_ns);
    EXPECT_EQ(rendered(table), "");
    EXPECT_EQ(table.series(), 0U);
    table.apply({.series = {series(labels, stale_marker(), 2600)}}, now_ns);
    table.apply({.series = {series(labels, 4, 3000)}}, now_ns);
    EXPECT_EQ(rendered(table), "# TYPE a untyped\na{b=\"c\"} 4 3000\n");
}

TEST(LatestTableTest, ASeriesThatIsSilentForFiveMinutesIsGone) {
    LatestTable table({});
    table.apply({.series = {series({{"__name__", "a"}}, 1, 1), series({{"__name__", "b"}}, 1, 1)}},
                now_ns);
    table.apply({.series = {series({{"__name__", "a"}}, 2, 2)}}, now_ns + 100 * ns_per_s);
    EXPECT_EQ(rendered(table, now_ns + 299 * ns_per_s),
              "# TYPE a untyped\na 2\n# TYPE b untyped\nb 1\n");
    EXPECT_EQ(rendered(table, now_ns + 300 * ns_per_s), "# TYPE a untyped\na 2\n");
    EXPECT_EQ(rendered(table, now_ns + 400 * ns_per_s), "");
}

TEST(LatestTableTest, PastItsBoundTheLongestSilentGoes) {
    LatestTable table({.series_max = 2});
    table.apply({.series = {series({{"__name__", "a"}}, 1, 1), series({{"__name__", "b"}}, 1, 1),
                            series({{"__name__", "a"}}, 2, 2), series({{"__name__", "c"}}, 1, 1)}},
                now_ns);
    EXPECT_EQ(rendered(table), "# TYPE a untyped\na 2\n# TYPE c untyped\nc 1\n");
    EXPECT_EQ(table.evicted(), 1U);
}

class LatestValuesTest : public ::testing::Test {
  protected:
    static std::unique_ptr<Batch> batch(double value, std::int64_t timestamp_ms) {
        return to_batch({.series = {series({{"__name__", "a"}}, value, timestamp_ms),
                                    series({{"__name__", "b"}}, value, timestamp_ms)}},
                        {1});
    }

    [[nodiscard]] bool settled(std::uint64_t records) const {
        for (int i = 0; i < 1000; ++i) {
            const DeliveryLedger ledger = cursor_.ledger();
            if (ledger.queued == 0 && ledger.appended == records) {
                return ledger.balances();
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return false;
    }

    EventRecorder events_;
    SystemClock clock_;
    MemoryLog log_{events_};
    LogCursor& cursor_ = log_.add_cursor("exposition", 1 << 20);
    LatestValues sink_{cursor_, clock_, {}};
};

TEST_F(LatestValuesTest, ServesWhatTheLogHasAndSettlesIt) {
    ASSERT_EQ(log_.append(batch(1, 1)), AppendVerdict::accepted);
    sink_.start();
    ASSERT_EQ(log_.append(batch(2, 2)), AppendVerdict::accepted);
    ASSERT_TRUE(settled(4));
    EXPECT_EQ(sink_.render(), "# TYPE a untyped\na 2\n# TYPE b untyped\nb 2\n");
    EXPECT_EQ(cursor_.ledger().delivered, 4U);
    EXPECT_EQ(sink_.status().kind, "exposition");
    EXPECT_EQ(sink_.status().sent_records, 4U);
    EXPECT_EQ(sink_.series(), 2U);
    sink_.stop(std::chrono::seconds(5));
}

TEST_F(LatestValuesTest, DropsWhatCannotBeRead) {
    auto broken = batch(1, 1);
    broken->body = "no snappy";
    ASSERT_EQ(log_.append(std::move(broken)), AppendVerdict::accepted);
    auto short_one = batch(1, 1);
    short_one->records = 3;
    ASSERT_EQ(log_.append(std::move(short_one)), AppendVerdict::accepted);
    sink_.start();
    ASSERT_TRUE(settled(5));
    EXPECT_EQ(cursor_.ledger().dropped.at("batch_unreadable"), 5U);
    EXPECT_EQ(sink_.render(), "");
}

TEST_F(LatestValuesTest, DrainsBeforeItEnds) {
    for (int i = 1; i <= 50; ++i) {
        ASSERT_EQ(log_.append(batch(i, i)), AppendVerdict::accepted);
    }
    sink_.start();
    sink_.stop(std::chrono::seconds(20));
    EXPECT_EQ(cursor_.ledger().queued, 0U);
    EXPECT_EQ(sink_.render(), "# TYPE a untyped\na 50\n# TYPE b untyped\nb 50\n");
}

TEST_F(LatestValuesTest, IsReadWhileItIsWritten) {
    sink_.start();
    std::thread reader([this] {
        for (int i = 0; i < 200; ++i) {
            EXPECT_LE(sink_.render().size(), 100U);
        }
    });
    for (int i = 1; i <= 200; ++i) {
        ASSERT_EQ(log_.append(batch(i, i)), AppendVerdict::accepted);
    }
    reader.join();
    EXPECT_TRUE(settled(400));
}

}  // namespace
}  // namespace weir
