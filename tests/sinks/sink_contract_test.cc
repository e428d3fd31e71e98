// What every sink must do, whatever it delivers to.
#include "sinks/file_sink.h"
#include "sinks/mimir_endpoint.h"
#include "tests/sinks/endpoint_harness.h"
#include "tests/sinks/fake_server.h"
#include "tests/support/temp_dir.h"

#include <deque>
#include <numeric>

namespace weir::test {
namespace {

// A log cursor that checks how it is used.
class StrictCursor final : public LogCursor {
  public:
    BatchPtr take() override {
        const std::lock_guard lock(mutex_);
        ++takes_;
        if (queued_.empty()) {
            return nullptr;
        }
        BatchPtr batch = queued_.front();
        queued_.pop_front();
        out_.push_back(batch->id);
        return batch;
    }

    void begin_live() override {}

    BatchPtr take_live() override { return nullptr; }

    void settle(const Batch& batch, const Outcome& outcome) override {
        const std::lock_guard lock(mutex_);
        EXPECT_EQ(std::erase(out_, batch.id), 1U) << "settled what was not out";
        const auto sum = [](std::uint64_t total, const auto& part) { return total + part.second; };
        const std::uint64_t ended =
            std::accumulate(outcome.dropped.begin(), outcome.dropped.end(), std::uint64_t{0}, sum) +
            std::accumulate(outcome.dead_lettered.begin(), outcome.dead_lettered.end(),
                            std::uint64_t{0}, sum);
        EXPECT_EQ(outcome.delivered + ended, batch.records);
        delivered_ += outcome.delivered;
    }

    void on_ready(std::function<void()> callback) override {
        const std::lock_guard lock(mutex_);
        callback_ = std::move(callback);
    }

    [[nodiscard]] DeliveryLedger ledger() const override { return {}; }

    void add(std::unique_ptr<Batch> batch) {
        const std::lock_guard lock(mutex_);
        batch->id = ++ids_;
        queued_.push_back(std::move(batch));
        if (callback_) {
            callback_();
        }
    }

    // Says that there is something when there is not.
    void cry_wolf() {
        const std::lock_guard lock(mutex_);
        if (callback_) {
            callback_();
        }
    }

    [[nodiscard]] std::uint64_t delivered() const { return locked(delivered_); }

    [[nodiscard]] std::uint64_t takes() const { return locked(takes_); }

    [[nodiscard]] bool has_callback() const {
        const std::lock_guard lock(mutex_);
        return static_cast<bool>(callback_);
    }

    [[nodiscard]] std::size_t out() const {
        const std::lock_guard lock(mutex_);
        return out_.size();
    }

  private:
    template <typename T>
    T locked(const T& value) const {
        const std::lock_guard lock(mutex_);
        return value;
    }

    mutable std::mutex mutex_;
    std::deque<BatchPtr> queued_;
    std::vector<std::uint64_t> out_;
    std::function<void()> callback_;
    std::uint64_t ids_ = 0;
    std::uint64_t delivered_ = 0;
    std::uint64_t takes_ = 0;
};

// What a sink of one kind needs, with a target that takes everything.
struct Bench {
    StrictCursor cursor;
    SystemClock clock;
    KeptEvents events;
    TempDir dir;
    FakeServer server{FakeServer::in_turn({})};

    [[nodiscard]] std::unique_ptr<Batch> batch(int records) const {
        LokiPush push;
        push.streams.push_back({R"({job="contract"})", {}});
        for (int i = 0; i < records; ++i) {
            push.streams[0].entries.push_back({clock.now(), "line " + std::to_string(i), {}});
        }
        return to_batch(push, clock.now());
    }
};

struct Kind {
    const char* name;
    std::function<std::unique_ptr<Sink>(Bench&)> make;
};

std::unique_ptr<Sink> make_loki(Bench& bench) {
    auto options = std::make_shared<LokiEndpointOptions>();
    options->name = "loki";
    options->http.url = bench.server.url();
    return std::make_unique<LokiEndpoint>(
        LokiEndpointParts{bench.cursor, bench.clock, bench.events, nullptr, 1}, options);
}

std::unique_ptr<Sink> make_mimir(Bench& bench) {
    auto options = std::make_shared<MimirEndpointOptions>();
    options->name = "mimir";
    options->http.url = bench.server.url();
    return std::make_unique<MimirEndpoint>(
        MimirEndpointParts{bench.cursor, bench.clock, bench.events, 1}, options);
}

std::unique_ptr<Sink> make_file(Bench& bench) {
    FileSinkOptions options;
    options.files.directory = bench.dir.path();
    return std::make_unique<FileSink>(bench.cursor, bench.clock, bench.events, options);
}

class SinkContract : public testing::TestWithParam<Kind> {
  protected:
    Bench bench_;
    std::unique_ptr<Sink> sink_ = GetParam().make(bench_);
};

TEST_P(SinkContract, SettlesEverythingItTook) {
    for (int i = 1; i <= 20; ++i) {
        bench_.cursor.add(bench_.batch(i));
    }
    sink_->start();
    for (int i = 1; i <= 20; ++i) {
        bench_.cursor.add(bench_.batch(i));
    }
    EXPECT_TRUE(eventually([this] { return bench_.cursor.delivered() == 420; }));
    EXPECT_EQ(bench_.cursor.out(), 0U);
}

TEST_P(SinkContract, SurvivesAnEmptyLogAndFalseAlarms) {
    sink_->start();
    for (std::uint64_t i = 1; i <= 5; ++i) {
        const std::uint64_t takes = bench_.cursor.takes();
        bench_.cursor.cry_wolf();
        ASSERT_TRUE(eventually([&] { return bench_.cursor.takes() > takes; }));
    }
    // An idle sink does not spin.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::uint64_t takes = bench_.cursor.takes();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_LE(bench_.cursor.takes(), takes + 1);
    bench_.cursor.add(bench_.batch(1));
    EXPECT_TRUE(eventually([this] { return bench_.cursor.delivered() == 1; }));
}

TEST_P(SinkContract, DrainsWithinTheDeadline) {
    for (int i = 0; i < 50; ++i) {
        bench_.cursor.add(bench_.batch(10));
    }
    sink_->start();
    sink_->stop(std::chrono::seconds(20));
    EXPECT_EQ(bench_.cursor.delivered(), 500U);
    EXPECT_FALSE(bench_.cursor.has_callback());
}

TEST_P(SinkContract, StopsAtOnceWhenThereIsNothingToDo) {
    sink_->start();
    const auto begin = std::chrono::steady_clock::now();
    sink_->stop(std::chrono::seconds(30));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_P(SinkContract, EndsWithoutStopAndWithoutStart) {
    bench_.cursor.add(bench_.batch(1));
    sink_ = GetParam().make(bench_);  // the first one was never started
    sink_->start();
    sink_.reset();
    EXPECT_FALSE(bench_.cursor.has_callback());
}

TEST_P(SinkContract, SaysHowItIs) {
    const EndpointStatus before = sink_->status();
    EXPECT_EQ(before.name, GetParam().name);
    EXPECT_EQ(before.kind, GetParam().name);
    EXPECT_FALSE(before.url.empty());
    EXPECT_EQ(before.state, EndpointState::ok);
    EXPECT_GT(before.state_since.unix_ns, 0);
    EXPECT_EQ(before.last_success_at.unix_ns, 0);
    sink_->start();
    bench_.cursor.add(bench_.batch(3));
    ASSERT_TRUE(eventually([this] { return sink_->status().sent_records == 3; }));
    const EndpointStatus after = sink_->status();
    EXPECT_GT(after.sent_bytes, 0U);
    EXPECT_GE(after.last_success_at, before.state_since);
    EXPECT_GT(after.latency_max.count(), 0);
    EXPECT_EQ(after.last_error, "");
}

INSTANTIATE_TEST_SUITE_P(Sinks, SinkContract,
                         testing::Values(Kind{"loki", make_loki}, Kind{"mimir", make_mimir},
                                         Kind{"file", make_file}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace weir::test
