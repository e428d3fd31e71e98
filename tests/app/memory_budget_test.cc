#include "app/memory_budget.h"

#include "app/config_load.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;

std::uint64_t term(const Config& config, const std::string& name, std::size_t threads = 2) {
    for (const MemoryBudget::Term& term : make_memory_budget(config, threads).terms) {
        if (term.name == name) {
            return term.bytes;
        }
    }
    ADD_FAILURE() << "no term " << name;
    return 0;
}

TEST(MemoryBudget, EveryLimitIsInTheSum) {
    const Config base = default_config();
    const auto total = [](const Config& config) { return make_memory_budget(config, 2).total(); };
    const auto grows = [&](const auto& change) {
        Config config = base;
        change(config);
        return total(config) > total(base);
    };
    EXPECT_TRUE(grows([](Config& c) { c.listeners.push_back(c.listeners[0]); }));
    EXPECT_TRUE(grows([](Config& c) { c.sources_max *= 2; }));
    EXPECT_TRUE(grows([](Config& c) { c.logs.batch.bytes_max *= 2; }));
    EXPECT_TRUE(grows([](Config& c) { c.logs.batch.streams_max *= 2; }));
    EXPECT_TRUE(grows([](Config& c) { c.reassembly.bytes_max *= 2; }));
    EXPECT_TRUE(grows([](Config& c) { c.file.queue_bytes_max *= 2; }));
    EXPECT_TRUE(grows([](Config& c) { c.loki.push_back({.name = "a"}); }));
    EXPECT_TRUE(grows([&](Config& c) {
        c.loki.push_back({.name = "a"});
        const std::uint64_t without = total(c);
        c.canary.interval = std::chrono::seconds(30);
        EXPECT_GT(total(c), without);
    }));
    EXPECT_TRUE(grows([](Config& c) { c.classification.push_back({.trusted_relay = true}); }));
    EXPECT_TRUE(grows([](Config& c) {
        c.classification.push_back({.labels = {{"tenant", "a"}}});
    }));
    EXPECT_TRUE(grows([](Config& c) {
        for (ListenerConfig& listener : c.listeners) {
            listener.limits.session_bytes_max *= 2;
        }
    }));
    EXPECT_TRUE(grows([](Config& c) {
        for (ListenerConfig& listener : c.listeners) {
            listener.limits.connections_max *= 2;
        }
    }));
}

TEST(MemoryBudget, ThreadsMultiplyWhatIsTheirs) {
    const Config config = default_config();
    EXPECT_EQ(term(config, "udp slots", 8), 4 * term(config, "udp slots", 2));
    EXPECT_EQ(term(config, "source tables", 8), 4 * term(config, "source tables", 2));
    EXPECT_EQ(term(config, "endpoints", 8), term(config, "endpoints", 2));
    EXPECT_EQ(term(config, "endpoints"), 64 * mib);
}

TEST(MemoryBudget, ASumOverTheLimitIsRefusedWithItsLargestTerms) {
    Config config = default_config();
    const MemoryBudget budget = make_memory_budget(config, 2);
    EXPECT_EQ(memory_refusal(config, budget), "") << "no limit is given";
    config.memory_bytes_max = budget.total();
    EXPECT_EQ(memory_refusal(config, budget), "");
    config.memory_bytes_max = 100 * mib;
    const std::string refusal = memory_refusal(config, budget);
    EXPECT_EQ(refusal.find("memory_bytes_max is 100.0 MiB, but the limits add up to "), 0U);
    EXPECT_NE(refusal.find("the largest are telemetry "), std::string::npos) << refusal;
}

TEST(MemoryBudget, TelemetryTakesNothingWhereNobodyListensForIt) {
    Config config = default_config();
    EXPECT_GT(term(config, "telemetry", 2), config.metrics.series_max * 512);
    EXPECT_GT(term(config, "telemetry", 4), term(config, "telemetry", 2));
    config.listeners.pop_back();
    EXPECT_EQ(term(config, "telemetry", 2), 0U);
}

TEST(MemoryBudget, TheTextNamesEveryTermThatTakesRoom) {
    const std::string text = make_memory_budget(default_config(), 2).to_string();
    for (const char* name : {"process", "udp slots", "sessions", "endpoints", " = "}) {
        EXPECT_NE(text.find(name), std::string::npos) << text;
    }
    EXPECT_EQ(text.find("relayed"), std::string::npos) << text;
}

}  // namespace
}  // namespace weir
