#include "pipeline/source_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>

namespace weir {
namespace {

IpAddress address(std::uint32_t number) {
    const std::array<std::uint8_t, 4> four{
        static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
        static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
    return IpAddress::from_v4(four.data());
}

Timestamp second(std::int64_t count) {
    return {count * ns_per_s};
}

TEST(SourceTable, RemembersWhatCallersStore) {
    SourceTable table({.sources_max = 8, .seed = 3});
    const SourceTable::Touch first = table.touch(address(0x0a000001), second(1));
    EXPECT_TRUE(first.is_new);
    EXPECT_FALSE(first.evicted);
    first.source.records = 7;
    EXPECT_EQ(first.source.text(), "10.0.0.1");
    EXPECT_EQ(first.source.first_seen, second(1));
    const SourceTable::Touch touch = table.touch(address(0x0a000001), second(2));
    EXPECT_FALSE(touch.is_new);
    EXPECT_EQ(touch.source.records, 7U);
    EXPECT_EQ(touch.source.first_seen, second(1));
    EXPECT_EQ(touch.source.last_seen, second(2));
    EXPECT_EQ(table.find(address(1)), nullptr);
    EXPECT_EQ(table.size(), 1U);
}

TEST(SourceTable, TextIsTheAddressesOwn) {
    SourceTable table({.sources_max = 4});
    for (const char* text : {"0.0.0.0", "255.255.255.255", "::", "2001:db8::1:0:0:1",
                             "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"}) {
        const IpAddress parsed = IpAddress::parse(text).value();
        EXPECT_EQ(table.touch(parsed, second(1)).source.text(), parsed.to_string());
    }
}

TEST(SourceTable, NeverGrowsBeyondItsCapacity) {
    for (const std::size_t sources_max : {1U, 2U, 7U, 64U, 1000U}) {
        SourceTable table({.sources_max = sources_max, .seed = 11});
        for (std::uint32_t i = 0; i < 5000; ++i) {
            const auto touch = table.touch(address(i * 7919), second(i));
            ASSERT_TRUE(touch.is_new);
            ASSERT_EQ(touch.evicted, i >= sources_max);
            ASSERT_EQ(touch.source.records, 0U) << "state of an evicted source leaked";
            touch.source.records = 1;
        }
        EXPECT_EQ(table.size(), sources_max);
        EXPECT_EQ(table.evictions(), 5000 - sources_max);
    }
}

TEST(SourceTable, AFloodOfNewcomersDoesNotEvictDevices) {
    SourceTable table({.sources_max = 1024, .seed = 5});
    for (std::uint32_t device = 0; device < 800; ++device) {
        (void)table.touch(address(device), second(0));
        table.touch(address(device), second(1)).source.records = device + 1;
    }
    for (std::uint32_t forged = 0; forged < 200'000; ++forged) {
        (void)table.touch(address(0x40000000 + forged), second(2 + forged / 1000));
    }
    for (std::uint32_t device = 0; device < 800; ++device) {
        const SourceState* found = table.find(address(device));
        ASSERT_NE(found, nullptr) << device;
        EXPECT_EQ(found->records, device + 1);
    }
}

TEST(SourceTable, AFullHouseOfDevicesStandsTheFirstMomentOfAFlood) {
    SourceTable table({.sources_max = 1024, .seed = 5});
    for (int round = 0; round < 2; ++round) {
        for (std::uint32_t device = 0; device < 1024; ++device) {
            (void)table.touch(address(device), second(round));
        }
    }
    for (std::uint32_t forged = 0; forged < 10'000; ++forged) {
        (void)table.touch(address(0x40000000 + forged), second(3));
    }
    std::size_t left = 0;
    for (std::uint32_t device = 0; device < 1024; ++device) {
        left += table.find(address(device)) != nullptr ? 1U : 0U;
    }
    EXPECT_EQ(left, 896U);
}

TEST(SourceTable, SilentDevicesMakeRoomForOnesThatReturn) {
    SourceTable table({.sources_max = 16, .seed = 5, .idle_ns = 100 * ns_per_s});
    for (int round = 0; round < 2; ++round) {
        for (std::uint32_t device = 0; device < 14; ++device) {
            (void)table.touch(address(device), second(round));
        }
    }
    // All fourteen promoted places are taken and none is idle: newcomers push each other out.
    for (std::int64_t now = 2; now < 50; ++now) {
        (void)table.touch(address(100), second(now));
        (void)table.touch(address(200 + static_cast<std::uint32_t>(now)), second(now));
    }
    for (std::uint32_t device = 0; device < 14; ++device) {
        EXPECT_NE(table.find(address(device)), nullptr);
    }
    // Now they are.
    (void)table.touch(address(100), second(200));
    (void)table.touch(address(100), second(201));
    for (std::uint32_t i = 0; i < 100; ++i) {
        (void)table.touch(address(1000 + i), second(202));
    }
    EXPECT_NE(table.find(address(100)), nullptr);
    EXPECT_EQ(table.size(), 16U);
}

// Random use against a plain set: what the table holds is what find and for_each say, and every
// address it holds is found again after any number of evictions (the slots stay whole).
TEST(SourceTable, StaysWholeUnderRandomUse) {
    std::mt19937 random(9);
    for (const std::size_t sources_max : {1U, 3U, 16U, 100U}) {
        SourceTable table({.sources_max = sources_max, .seed = random(), .idle_ns = 50});
        for (std::int64_t step = 0; step < 20'000; ++step) {
            const IpAddress chosen = address(static_cast<std::uint32_t>(random() % 150));
            const bool known = table.find(chosen) != nullptr;
            // The clock may step back.
            const Timestamp now{step + static_cast<std::int64_t>(random() % 40) - 20};
            ASSERT_EQ(table.touch(chosen, now).is_new, !known);
            ASSERT_NE(table.find(chosen), nullptr);
            if (step % 100 == 0) {
                std::set<IpAddress> held;
                table.for_each([&](const SourceState& source) { held.insert(source.address); });
                ASSERT_EQ(held.size(), table.size());
                ASSERT_LE(table.size(), sources_max);
                for (const IpAddress& one : held) {
                    ASSERT_NE(table.find(one), nullptr);
                }
            }
        }
    }
}

TEST(SourceTable, StatesItsMemory) {
    EXPECT_LT(SourceTable::memory_bytes({.sources_max = 65'536}), 20U * 1024 * 1024);
}

}  // namespace
}  // namespace weir
